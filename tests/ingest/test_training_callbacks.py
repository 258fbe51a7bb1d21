"""The callbacks for transformers' and Lightning's trainers, on tiny trainings."""

import importlib
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

import ingest.training
from ingest.errors import CatalogError, MissingExtraError
from ingest.extract.language import extract_language
from ingest.extract.loaded import Placement
from ingest.extract.transformers_models import wrap
from ingest.extract.variants import Variant
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from ingest.training import PRHCallback, Probe, captions, given_references
from prh_core.warehouse.reading import open_readonly
from tests.ingest import tiny
from tests.ingest.training_worlds import Net, features, probe

N = 20
CAPTIONS = tiny.dataset(N, side=8)
LIGHTNING = "ingest.training.lightning"


def gpt() -> GPT2LMHeadModel:
    """Return a tiny random GPT-2 with dropout over the tokenizer's words."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tiny.tokenizer()), n_positions=16, n_embd=16, n_layer=2, n_head=2
    )
    return GPT2LMHeadModel(config)


def language_probe(home: Path | None, **options: Any) -> Probe:
    """Return a probe of the captions against arrays."""
    references = given_references({"ref": features(n=N)})
    samples = captions(CAPTIONS, tiny.tokenizer())
    told: dict[str, Any] = {"training": "gpt", "k": 3, "tell": lambda _: None, **options}
    return Probe(samples, references, home=home, **told)


def trained(
    folder: Path, callbacks: list[Any], steps: int = 6, resume: bool = False
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Train the GPT-2 on random words; return logged losses and weights."""
    rng = np.random.default_rng(0)
    rows = [{"input_ids": (ids := rng.integers(0, 17, 12).tolist()), "labels": ids}] * 4
    rows += [{"input_ids": (ids := rng.integers(0, 17, 12).tolist()), "labels": ids}] * 20
    arguments = TrainingArguments(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=4, logging_steps=1,
        save_steps=3, report_to=[], use_cpu=True, disable_tqdm=True, seed=1, learning_rate=1e-3,
        lr_scheduler_type="constant",
    )  # fmt: skip
    model = gpt()
    trainer = Trainer(model=model, args=arguments, train_dataset=rows, callbacks=callbacks)  # type: ignore[arg-type]
    trainer.train(resume_from_checkpoint=True if resume else None)
    losses = [log["loss"] for log in trainer.state.log_history if "loss" in log]
    return losses, {name: value.clone() for name, value in model.state_dict().items()}


def test_the_trainer_gives_the_same_bits_and_a_resumed_run_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    plain_losses, plain = trained(tmp_path / "plain", [])
    callback = PRHCallback(language_probe(home), every_n_steps=2, budget=None, bytes_per_token=4.0)
    losses, weights = trained(tmp_path / "probed", [callback])
    assert losses == plain_losses and len(losses) == 6
    assert all(torch.equal(weights[name], plain[name]) for name in plain)

    warehouse = Workspace(home).warehouse
    with open_readonly(warehouse.publish().path) as connection:
        steps = connection.sql("SELECT step FROM training_curves ORDER BY step").fetchall()
        logged = connection.sql(
            "SELECT step, value FROM training_measures WHERE measure = 'loss' ORDER BY step"
        ).fetchall()
        bits = connection.sql(
            "SELECT value FROM training_measures WHERE measure = 'bits_per_byte' ORDER BY step"
        ).fetchall()
    assert steps == [(0,), (2,), (4,), (6,)]
    assert logged == list(enumerate(losses, start=1))
    assert bits[0][0] == pytest.approx(losses[0] / np.log(2) / 4)

    again = PRHCallback(language_probe(home), every_n_steps=2, budget=None)
    trained(tmp_path / "probed", [again], steps=9, resume=True)  # from the checkpoint of step 6
    with open_readonly(warehouse.publish().path) as connection:
        steps = connection.sql("SELECT step FROM training_scores ORDER BY step").fetchall()
        runs = connection.sql("SELECT DISTINCT outcome FROM runs").fetchall()
    assert steps == [(0,), (2,), (4,), (6,), (8,), (9,)] and runs == [("done",)]


def test_captions_are_read_as_they_are_extracted() -> None:
    model = gpt().train()
    read = language_probe(None).samples.read
    with ingest.training.undisturbed(model):
        layers = read(model)
    record = tiny.model("language", "transformers")
    loaded = wrap(record, gpt().eval(), tiny.tokenizer(), "seed-0")
    place = Placement(torch.device("cpu"), torch.float32)
    expected, _ = extract_language(
        record, loaded, CAPTIONS, [Variant("mean", "none")], place, None, Silent()
    )
    (states,) = expected.values()
    assert list(layers) == list(states)
    for name, state in states.items():
        np.testing.assert_array_equal(layers[name], state)
    assert model.training
    with pytest.raises(CatalogError, match="expects a model of transformers, got Net"):
        language_probe(None)(Net(), 0)


def test_only_the_first_process_probes_and_a_writer_is_told(tmp_path: Path) -> None:
    class Writer:
        seen: list[tuple[str, int]] = []

        def add_scalar(self, name: str, value: float, step: int) -> None:
            self.seen.append((name, step))

        def flush(self) -> None:
            pass

    from transformers import TrainerControl, TrainerState

    probing = language_probe(None)
    callback = PRHCallback(probing, writer=Writer(), every_n_steps=1, budget=None)
    arguments = TrainingArguments(output_dir=str(tmp_path), report_to=[], use_cpu=True)
    told = {"args": arguments, "control": TrainerControl(), "model": gpt()}
    for first in (False, True):
        state = TrainerState(is_world_process_zero=first, global_step=3)
        callback.on_train_begin(state=state, **told)
        callback.on_step_end(state=state, **told)
        callback.on_log(state=state, logs={"loss": 1.0, "epoch": 1}, **told)
        callback.on_train_end(state=state, **told)
        assert (probing.last is not None) is first
    assert Writer.seen == [("prh/mutual_knn/ref", 3)] * 2


def test_nothing_is_imported_before_a_callback_is_asked_for() -> None:
    check = (
        "import sys, ingest.training\n"
        "assert not {'transformers', 'lightning', 'wandb', 'trackio'} & set(sys.modules)\n"
        "assert not hasattr(ingest.training, 'PRHNothing')\n"
        "from ingest.training import PRHCallback\n"
        "assert 'transformers' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def _fake_lightning() -> types.ModuleType:
    fake = types.ModuleType("lightning.pytorch")
    fake.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
    return fake


def test_lightnings_hooks_probe_at_optimizer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stand-in for the library; the next test runs the library where it is installed."""
    monkeypatch.setitem(sys.modules, "lightning", types.ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, "lightning.pytorch", _fake_lightning())
    sys.modules.pop(LIGHTNING, None)
    callback_class = importlib.import_module(LIGHTNING).PRHLightningCallback
    sys.modules.pop(LIGHTNING)  # what it was made of is no library

    class Logger:
        def __init__(self) -> None:
            self.seen: list[tuple[int, list[str]]] = []

        def log_metrics(self, numbers: dict[str, float], step: int) -> None:
            self.seen.append((step, list(numbers)))

    class LightningTrainer:
        is_global_zero, global_step = True, 0
        loggers, callback_metrics = [Logger()], {"train_loss": torch.tensor(2.0), "lr": 1.0}

    net = nn.Module()
    net.inside = Net()
    trainer, probing = LightningTrainer(), probe()
    callback = callback_class(
        probing, every_n_steps=2, budget=None, model=lambda module: module.inside
    )
    callback.on_train_start(trainer, net)
    for batch in range(8):  # two batches a step
        trainer.global_step = (batch + 1) // 2
        callback.on_train_batch_end(trainer, net, {"loss": torch.tensor(0.5)}, None, batch)
    noted = dict(probing._measures)
    callback.on_train_end(trainer, net)
    names = ["prh/mutual_knn/a", "prh/mutual_knn/b"]
    assert trainer.loggers[0].seen == [(step, names) for step in (0, 2, 4)]
    assert noted == {} and probing.last is not None and probing.last.step == 4
    callback.on_exception(trainer, net, ValueError("diverged"))


def test_lightning_trains_the_same_bits(tmp_path: Path) -> None:
    lightning: Any = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.net = Net()

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.AdamW(self.parameters(), 1e-2)

    def weights(callbacks: list[Any]) -> dict[str, torch.Tensor]:
        lightning.seed_everything(0)
        data = torch.utils.data.TensorDataset(torch.randn(32, 3, 16, 16), torch.arange(32) % 4)
        module = Module()
        lightning.Trainer(
            max_epochs=2, accelerator="cpu", callbacks=callbacks, logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        ).fit(module, torch.utils.data.DataLoader(data, 8, shuffle=True))  # fmt: skip
        return module.state_dict()

    probing = probe(tmp_path)
    callback = ingest.training.PRHLightningCallback(
        probing, every_n_steps=4, budget=None, model=lambda module: module.net
    )
    plain, probed = weights([]), weights([callback])
    assert all(torch.equal(plain[name], probed[name]) for name in plain)
    with open_readonly(Workspace(tmp_path).warehouse.publish().path) as connection:
        found = connection.sql("SELECT DISTINCT step FROM training_scores ORDER BY 1").fetchall()
        measures = connection.sql("SELECT DISTINCT measure FROM training_measures").fetchall()
    assert found == [(0,), (4,), (8,)] and set(measures) == {("loss",), ("train_loss",)}


def test_without_lightning_the_callback_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sys.modules.pop(LIGHTNING, None)
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match="pip install lightning"):
        _ = ingest.training.PRHLightningCallback
