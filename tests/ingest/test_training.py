"""A training is probed: its own numbers stay the same bits, and what was found is kept."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ingest.errors import (
    CatalogError,
    MissingFeaturesError,
    MixedPrecisionError,
    ModelFailedError,
    RowOrderError,
)
from ingest.training import (
    Probe,
    Probed,
    batches,
    given_references,
    images,
    probe_after_step,
    probe_at_end,
    stored_references,
    undisturbed,
)
from ingest.training.log import to_tensorboard
from prh_core import align
from prh_core.curves import first_samples
from prh_core.errors import NeighborCountError, NotFiniteError, PRHError, SampleCountError
from tests.ingest.training_worlds import SAMPLES, N, Net, features, probe, scaled, store, train
from tests.worlds import query


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def same(one: Any, other: Any) -> bool:
    """Whether two trainings are the same to the bit."""
    return (
        one[0] == other[0]
        and one[2] == other[2]
        and one[1].keys() == other[1].keys()
        and all(torch.equal(one[1][name], other[1][name]) for name in one[1])
    )


def test_a_training_is_the_same_to_the_bit_with_and_without(tmp_path: Path) -> None:
    plain = train()
    with probe(tmp_path, permutations=9) as probing:
        found: list[Probed | None] = []
        probed = train(
            after=lambda model, step, loss: found.append(
                probe_after_step(probing, model, step, every_n_steps=2, budget=None, loss=loss)
            )
        )
    assert same(plain, probed)
    assert [f is not None for f in found] == [False, True] * 3
    assert not same(plain, train(steps=7))
    clock, cheap = Clock(), probe()
    assert same(plain, train(after=lambda m, s, _: cheap(m, s))) and clock.now == 0


def test_a_score_is_that_of_align_in_eval_mode() -> None:
    torch.manual_seed(0)
    model = Net().train()
    found = probe(permutations=19, truncation="none")(model, 0)
    model.eval()
    pixels = torch.stack([scaled(SAMPLES.image(i)) for i in range(N)])
    with torch.no_grad():
        layers = [model.body[:1](pixels).mean((2, 3)), model.body(pixels).mean((2, 3))]
    for name, seed in (("a", 1), ("b", 2)):
        expected = align(layers, features(seed), k=3, permutations=19)
        score = found.scores[name]
        assert score.score == pytest.approx(expected.score, abs=1e-6)
        assert score.layer == ["body.0", "body.3"][expected.layers[0]]
        assert score.reference_layer == f"layer.{expected.layers[1]}"
        assert score.last_layer_score == pytest.approx(expected.table[-1].max(), abs=1e-6)
        assert score.p_value == pytest.approx(expected.p_value)


def test_modes_buffers_gradients_and_hooks_are_left_as_they_were() -> None:
    model = Net().train()
    model.body[1].eval()  # a frozen normalization
    model.register_buffer("count", torch.zeros(()))
    model.register_forward_pre_hook(lambda module, _: module.get_buffer("count").add_(1) and None)
    nn.functional.cross_entropy(model(torch.randn(4, 3, 16, 16)), torch.arange(4)).backward()
    model.head.bias.grad = None
    before = {n: p.grad if p.grad is None else p.grad.clone() for n, p in model.named_parameters()}
    modes = [module.training for module in model.modules()]
    count, hooks = model.get_buffer("count"), len(model.body[0]._forward_hooks)
    probe()(model, 1)
    assert [module.training for module in model.modules()] == modes
    assert model.get_buffer("count") is count and count.item() == 1
    assert model.head.bias.grad is None and len(model.body[0]._forward_hooks) == hooks
    for name, parameter in model.named_parameters():
        assert parameter.grad is None or torch.equal(parameter.grad, before[name])  # type: ignore[arg-type]


def test_a_module_that_acts_on_its_mode_is_not_told() -> None:
    class Merging(Net):
        def train(self, mode: bool = True) -> "Merging":
            raise AssertionError("LoRA would merge its weights here")

    found = probe()(Merging(), 0)
    assert set(found.scores) == {"a", "b"}


def test_torch_keeps_its_threads_when_numba_starts_its_own() -> None:
    check = (
        "import torch\n"
        "torch.set_num_threads(1)\n"
        "from tests.ingest.training_worlds import Net, probe\n"
        "probing = probe()\n"
        "assert torch.get_num_threads() == 1\n"
        "probing(Net(), 0)\n"
        "assert torch.get_num_threads() == 1"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_an_error_leaves_the_model_as_it_was() -> None:
    model = Net().train()
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), undisturbed(model):
        torch.rand(3)
        assert not model.training and not torch.is_grad_enabled()
        raise ZeroDivisionError
    assert model.training and torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)


def test_autocast_is_off_inside_and_keeps_no_weights_without_gradients() -> None:
    model = Net().train()
    seen: list[bool] = []
    model.body[0].register_forward_hook(
        lambda *_: seen.append(torch.is_autocast_enabled("cpu")) or None
    )
    with torch.autocast("cpu", torch.bfloat16):
        probe()(model, 0)
        assert torch.is_autocast_enabled("cpu") and not any(seen)
        model(torch.randn(4, 3, 16, 16)).float().sum().backward()
    assert seen[-1] and all(p.grad is not None for p in model.parameters())


def test_wrappers_are_looked_through() -> None:
    class Compiled(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self._orig_mod = inner

    torch.manual_seed(0)
    model = Net()
    assert probe()(Compiled(nn.DataParallel(model)), 0).scores == probe()(model, 0).scores


def test_rows_reach_the_warehouse_and_a_resumed_training_doubles_none(tmp_path: Path) -> None:
    store(tmp_path, SAMPLES)
    torch.manual_seed(0)
    model = Net()

    def session(first: int, last: int) -> None:
        references = stored_references(tmp_path, SAMPLES, ["ref"])
        with probe(tmp_path, references=references, permutations=9, label="Tiny net") as probing:
            for step in range(first, last):
                probing(model, step, loss=1 / (step + 1), bad=float("nan"))

    session(0, 4)
    found = probe(tmp_path, references=stored_references(tmp_path, SAMPLES, ["ref"]))(model, 9)
    session(2, 4)  # killed at 9, gone on from 2
    published = probe(tmp_path)._workspace.warehouse.publish().path  # type: ignore[union-attr]
    table = query(published, "FROM training_scores ORDER BY step")
    assert table["step"].to_list() == [0, 1, 2, 3, 9]
    row = table.row(4, named=True)
    assert row["score"] == found.scores["ref"].score and row["reference_layer"].startswith("layer.")
    assert (row["n"], row["k"], row["metric"], row["truncation"]) == (N, 3, "mutual_knn", "exact")
    assert row["row_order"] == SAMPLES.row_order and row["precision"] == "float32"
    assert row["probe_seconds"] > 0 and row["set_aside"] == [] and row["pooling"] == "gap"
    curves = query(published, "FROM training_curves ORDER BY step")
    assert curves["step"].to_list() == [0, 1, 2, 3], "what came after the step gone on from is old"
    assert curves["dataset"][0] == "Tiny" and curves["chance"][0] == pytest.approx(3 / (N - 1))
    measures = query(published, "FROM training_measures WHERE measure = 'loss' ORDER BY step")
    assert measures["value"].to_list() == [1, 1 / 2, 1 / 3, 1 / 4]
    bad = query(published, "FROM training_measures WHERE measure = 'bad'")
    assert bad["value"].to_list() == [None] * 4
    runs = query(published, "FROM runs ORDER BY started_at")
    assert runs["outcome"].to_list() == ["done", "unfinished", "done"]


def test_references_of_other_samples_are_refused(tmp_path: Path) -> None:
    other = replace(SAMPLES, sample_ids=tuple(reversed(SAMPLES.sample_ids)))
    store(tmp_path, other)
    with pytest.raises(RowOrderError, match="ref: the stored features of tiny list other samples"):
        stored_references(tmp_path, SAMPLES, ["ref"])
    reversed_ones = stored_references(tmp_path, other, ["ref"])
    with pytest.raises(RowOrderError, match="expected features of ref of the probe's samples"):
        probe(references=reversed_ones)
    with pytest.raises(MissingFeaturesError, match="prh extract --dataset tiny --models none"):
        stored_references(tmp_path, SAMPLES, ["none"])
    with pytest.raises(SampleCountError, match=f"expected {N} rows of a, one a sample"):
        probe(references=given_references({"a": features(n=N - 1)}))
    with pytest.raises(PRHError, match="expected every reference once, got a twice"):
        probe(references=given_references({"a": features()}) * 2)
    with pytest.raises(PRHError, match="expected at least one reference, got none"):
        probe(references=given_references({}))
    with pytest.raises(NeighborCountError, match="k must be between 1 and n - 1"):
        probe(k=N)


def test_several_stored_features_of_a_model_are_told_apart(tmp_path: Path) -> None:
    store(tmp_path, SAMPLES)
    store(tmp_path, SAMPLES, pooling="cls")
    with pytest.raises(MissingFeaturesError, match="expected one set .*, got 2; stored are"):
        stored_references(tmp_path, SAMPLES, ["ref"])
    (reference,) = stored_references(tmp_path, SAMPLES, ["ref"], pooling="cls")
    assert reference.header is not None and reference.header.pooling == "cls"


def test_stored_features_of_another_precision_are_refused(tmp_path: Path) -> None:
    store(tmp_path, SAMPLES)
    probing = probe(references=stored_references(tmp_path, SAMPLES, ["ref"]))
    with pytest.raises(MixedPrecisionError, match="weights in training are bfloat16"):
        probing(Net().to(torch.bfloat16), 0)
    with pytest.raises(CatalogError, match="expected weights in float32"):
        probe()(Net().double(), 0)


def test_fewer_samples_are_the_first_of_one_random_order() -> None:
    torch.manual_seed(0)
    model = Net()
    rows = first_samples(N, 12).tolist()
    few = probe(samples=images(SAMPLES, scaled, ["body.3"], n=12))(model, 0)
    pixels = torch.stack([scaled(SAMPLES.image(row)) for row in rows])
    read = batches(
        [pixels],
        lambda m, x: {"body.3": m.get_submodule("body")(x).mean((2, 3))},
        SAMPLES,
        rows=rows,
    )
    again = probe(samples=read)(model, 0)
    assert few.scores["a"].score == pytest.approx(again.scores["a"].score, abs=1e-6)
    with pytest.raises(SampleCountError):
        images(SAMPLES, scaled, ["body.3"], n=N + 1)


def test_batches_of_ones_own_are_read_by_a_function() -> None:
    def layers(model: nn.Module, batch: Mapping[str, Any]) -> Mapping[str, Tensor]:
        assert not model.training
        return {"x": batch["pair"][0], "logits": model(batch["pair"][1])}

    torch.manual_seed(0)
    x, pictures = torch.from_numpy(features(1)[0]), torch.randn(N, 3, 16, 16)
    ready = [{"pair": (x[i : i + 8], pictures[i : i + 8])} for i in range(0, N, 8)]
    found = probe(samples=batches(ready, layers, "my samples"))(Net(), 0)
    assert found.scores["a"].score == 1 and found.scores["a"].layer == "x"
    wrong = batches(ready, lambda *_: {"x": torch.zeros(2)}, "my samples")
    with pytest.raises(ModelFailedError, match=r"a tensor \(samples, width\), got \(2,\)"):
        probe(samples=wrong)(Net(), 0)

    def full(*_: Any) -> Mapping[str, Tensor]:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    told: list[str] = []
    tight = probe(samples=batches(ready, full, "my samples"), tell=told.append)
    assert probe_after_step(tight, Net(), 0) is None
    assert "batch 0 of the probe does not fit the memory of cpu beside the training" in told[0]
    short = batches(ready[:1], layers, "my samples")
    with pytest.raises(PRHError, match="same samples"):
        probe(samples=short)(Net(), 0)


def test_layers_that_cannot_be_compared_are_set_aside_and_a_diverged_model_is_told() -> None:
    told: list[str] = []
    probing = probe(tell=told.append)
    model = Net()
    nn.init.zeros_(model.get_parameter("body.3.weight"))
    found = probing(model, 0)
    assert found.set_aside == ("body.3",) and found.scores["a"].layer == "body.0"
    assert found.scores["a"].last_layer_score is None
    with torch.no_grad():
        model.head.weight.fill_(1)
        model.get_parameter("body.0.weight").fill_(float("nan"))
    with pytest.raises(NotFiniteError):
        probing(model, 1)
    assert probe_after_step(probing, model, 2, every_n_steps=1, budget=None) is None
    assert "step 2: no score" in told[-1]


def test_probes_stay_within_their_share_of_the_time() -> None:
    clock = Clock()

    def layers(model: nn.Module, x: Tensor) -> Mapping[str, Tensor]:
        clock.now += 1.0  # a probe costs a second
        return {"x": x}

    samples = batches([torch.from_numpy(features(3)[0])], layers, "mine")
    probing = probe(samples=samples, clock=clock)
    at = []
    for step in range(200):
        if probe_after_step(probing, Net(), step, every_n_steps=10) is not None:
            at.append(step)
        clock.now += 0.5
    # 1 s spent and 1 s to come are 5 % of 40 s, the last of these to come.
    assert at == [0, 80, 120, 160, 190] and probing.spent == 5
    assert probing.spent <= 0.05 * clock.now
    assert probing.last is not None and probing.last.seconds == 1
    assert probing.last.seconds_since == 15
    free = probe(samples=samples, clock=clock)
    every = [probe_after_step(free, Net(), s, every_n_steps=10, budget=None) for s in range(40)]
    assert [f.step for f in every if f is not None] == [0, 10, 20, 30]
    assert probe_at_end(free, Net(), 39) is not None and probe_at_end(free, Net(), 39) is None
    with pytest.raises(PRHError, match="expected every_n_steps of at least 1, got 0"):
        probe_after_step(free, Net(), 1, every_n_steps=0)
    with pytest.raises(PRHError, match="expected a budget between 0 and 1, or None, got 5"):
        probe_after_step(free, Net(), 1, budget=5)


def test_scores_are_told_to_where_the_training_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched:
        """Stands for a run of W&B, for Trackio, and for a writer of TensorBoard."""

        def __init__(self) -> None:
            self.seen: list[Any] = []
            self.run = self.context_vars = self.current_run = self

        def get(self) -> "Watched":
            return self

        def define_metric(self, name: str, step_metric: str) -> None:
            assert (name, step_metric) == ("prh/*", "prh/step")

        def log(self, numbers: Mapping[str, float]) -> None:
            self.seen.append(dict(numbers))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            self.seen.append((name, value, step))

        def flush(self) -> None:
            self.seen.append("flushed")

    wandb, trackio, writer = Watched(), Watched(), Watched()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    monkeypatch.setitem(sys.modules, "trackio", trackio)
    probing = probe(sinks=[to_tensorboard(writer)])
    found = probing(Net(), 7)
    numbers = {f"prh/mutual_knn/{name}": found.scores[name].score for name in ("a", "b")}
    assert wandb.seen == trackio.seen == [{**numbers, "prh/step": 7}]
    assert writer.seen == [*((name, value, 7) for name, value in numbers.items()), "flushed"]
    probing.find_running = False
    probing(Net(), 8)
    assert len(wandb.seen) == 1 and len(writer.seen) == 6


def test_a_probe_tells_its_cost_and_keeps_nothing_where_no_folder_is_named() -> None:
    told: list[str] = []
    clock = Clock()
    probing = Probe(
        images(SAMPLES, scaled, ["body.3"]),
        {"a": features(1)},
        training="quiet", k=3, tell=told.append, clock=clock,
    )  # fmt: skip
    score = probing(Net(), 3).scores["a"].score
    assert told == [
        f"prh: quiet, step 3: mutual_knn a {score:.4f}; 0.00 s, 0.0 s after the last "
        "(0.0% of the time so far)"
    ]
    probing.close()
    assert np.isfinite(score)
