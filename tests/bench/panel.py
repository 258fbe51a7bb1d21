"""Compare 78 vision models with each other under every metric, and ask the pages' queries.

`python -m tests.bench.panel` runs it (some twenty minutes on two cores, 3 GB of scratch disk) and
writes docs/panel.md. Features are synthetic: a shared latent seen through random projections.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from rich.progress import track

from ingest.cli.console import err
from ingest.errors import Refused
from ingest.pipeline.features import record_features
from ingest.pipeline.maps import map_models
from ingest.pipeline.run import Run, record_dataset
from ingest.pipeline.scores.engine import score
from ingest.pipeline.scores.plan import Setting, Unit, open_features, plan, settings_for
from ingest.pipeline.scores.sides import prepare
from ingest.progress import Silent
from ingest.store.features import FeatureHeader, unit_key
from ingest.store.workspace import Workspace
from pages.competence.queries import map_of_models, model_measured, model_pairs
from pages.competence.statistics import bin_models
from pages.metrics.queries import metric_pairs
from pages.ui import answers, queries, warehouse
from prh_core.metrics import all_metrics, get_metric
from prh_core.metrics.registry import PrepareOptions
from tests.bench import machine
from tests.worlds import PlantedModel, planted_pairs, planted_probe, planted_record

PAGE = Path(__file__).resolve().parents[2] / "docs" / "panel.md"
MODELS, N, K = 78, 1000, 10
SLOW = ("procrustes",)
"""A singular value decomposition for every pair of layers: timed on a sample of pairs."""
SAMPLE = 2
ROUNDS = 5


def plant(workspace: Workspace, run: Run) -> list[Path]:
    """Write the features of 78 models, 12 to 24 layers of 192 to 768; return their files."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(N, 32)).astype(np.float32)
    dataset = planted_pairs("panel", N)
    record_dataset(workspace, dataset)
    files: list[Path] = []
    rows: list[dict[str, object]] = []
    for i in track(range(MODELS), "Planting features", console=err):
        depth, width = int(rng.integers(12, 25)), int(rng.choice([192, 384, 512, 768]))
        noise = float(rng.uniform(0.3, 6))
        model = PlantedModel(f"model-{i:02d}", "vision", f"Family {i % 6}", depth, width, noise)
        layers: dict[str, np.ndarray] = {}
        for layer in range(depth):
            seen = latent @ rng.normal(size=(32, width)).astype(np.float32)
            seen += noise * rng.normal(size=(N, width)).astype(np.float32)
            layers[f"layer {layer}"] = seen
        header = FeatureHeader(
            key=unit_key({"planted": model.id}), model_id=model.id, revision="1",
            dataset_id="panel", dataset_revision="1", row_order=dataset.row_order, n=N,
            pooling="cls", prompt="none", layer_names=tuple(layers), widths=(width,) * depth,
            dtype="float32", facts={},
        )  # fmt: skip
        path = workspace.features.write(header, layers)
        record_features(run, planted_record(model), header, path)
        files.append(path)
        for task in range(19):
            share = min(0.95, 0.2 + 0.7 / (1 + noise) + 0.05 * float(rng.normal()))
            rows.append(planted_probe(run, model, f"task-{task}", share))
    workspace.warehouse.append("competence", "planted", pl.DataFrame(rows))
    return files


def timed_scores(
    run: Run, workspace: Workspace, units: list[Unit], label: str
) -> tuple[float, int]:
    """Score units, leave their rows as parts; return seconds and rows."""
    started, rows = time.perf_counter(), 0
    refused: list[Refused] = []
    for frame in track(score(units, run.run_id, Silent(), refused), label, console=err):
        workspace.warehouse.append("scores", f"{label}-{rows}", frame)
        rows += frame.height
    assert not refused
    return time.perf_counter() - started, rows


def timed_families(run: Run, workspace: Workspace, units: list[Unit]) -> tuple[float, list[str]]:
    """Score everything in one go; return its seconds, and a line of the page per family."""
    refused: list[Refused] = []
    spent: dict[str, float] = {}
    counts: Counter[str] = Counter()
    started = before = time.perf_counter()
    frames = score(units, run.run_id, Silent(), refused)
    for i, frame in enumerate(track(frames, "Scoring", console=err)):
        family = get_metric(frame["metric"][0]).family.name
        workspace.warehouse.append("scores", f"scored-{i}", frame)
        now = time.perf_counter()
        spent[family] = spent.get(family, 0.0) + now - before
        counts[family] += frame.height
        before = now
    assert not refused
    names: dict[str, list[str]] = {}
    for name in dict.fromkeys(unit.setting.metric for unit in units):
        names.setdefault(get_metric(name).family.name, []).append(get_metric(name).label)
    lines = [f"| {', '.join(names[f])} | {spent[f]:.0f} | {counts[f]:,} |" for f in spent]
    return time.perf_counter() - started, lines


def timed_products(units: Sequence[Unit]) -> float:
    """Form X'Y for every pair of layers of some pairs of models: the least Procrustes can do."""
    family = get_metric("procrustes").family
    options = PrepareOptions(k=K, concatenate=True)
    spent = 0.0
    for unit in units:
        x, y = (prepare(side, family, "exact", options).ready for side in (unit.x, unit.y))
        started = time.perf_counter()
        for a in x.layers:
            for b in y.layers:
                np.matmul(a.T, b)
        spent += time.perf_counter() - started
    return spent


def queried(workspace: Workspace) -> list[tuple[str, float]]:
    """Time the pages' queries on the published panel, milliseconds, median of rounds."""
    os.environ["PRH_DATA"] = str(workspace.home)

    row = queries.model_settings("vision").frame.row(0, named=True)
    setting = answers.Setting.of(row)
    skill = "share of 19 tasks solved"
    pairs = model_pairs(setting, "vision", skill=skill).frame
    assert pairs.height == MODELS * (MODELS - 1) // 2
    asked = {
        "model_settings": lambda: queries.model_settings("vision"),
        "model_measured": lambda: model_measured(setting, "vision"),
        "model_pairs": lambda: model_pairs(setting, "vision", skill=skill),
        "map_of_models": lambda: map_of_models(setting, "vision", method="umap", skill=skill),
        "metric_pairs": lambda: metric_pairs("panel", setting.row_order, within="vision"),
        "bins and trend test": lambda: bin_models(pairs, count=5, rule="equal width"),
    }
    found: list[tuple[str, float]] = []
    for name, ask in asked.items():
        times: list[float] = []
        for _ in range(ROUNDS):
            warehouse._snapshot.cache_clear()  # noqa: SLF001 - as after a publication
            started = time.perf_counter()
            ask()
            times.append(time.perf_counter() - started)
        found.append((name, statistics.median(times) * 1e3))
    return found


def _within(names: Sequence[str]) -> tuple[Setting, ...]:
    """Return the settings of models within a modality: no permutations, no interval."""
    found = settings_for(names, [K], ["exact"], permutations=0)
    return tuple(replace(setting, interval=False) for setting in found)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="keep the data here instead of a scratch folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        _measure(Workspace(given.home or Path(scratch)))


def _measure(workspace: Workspace) -> None:
    names = [metric.name for metric in all_metrics() if metric.name not in SLOW]
    with Run(workspace) as run:
        files = [open_features(path) for path in plant(workspace, run)]
        layers = Counter(len(file.header.layer_names) for file in files)
        wanted = _within(names)
        total, lines = timed_families(run, workspace, plan(files, files, wanted))
        slow = plan(files, files, _within(SLOW))
        few = [slow[i] for i in np.random.default_rng(1).permutation(len(slow))[:SAMPLE]]
        seconds, _ = timed_scores(run, workspace, few, "sample")
        least = timed_products(few)
        started = time.perf_counter()
        map_models(run, Silent())
        maps = time.perf_counter() - started
    published = workspace.warehouse.publish()
    asked = queried(workspace)
    head = [
        "# A panel of 78 models among themselves",
        "",
        f"Synthetic features, n = {N:,}, {MODELS} models of {min(layers)} to {max(layers)} layers "
        f"(192 to 768 wide), all {MODELS * (MODELS - 1) // 2:,} unordered pairs, best pair of "
        f"layers of each, without intervals, k = {K}, exact truncation. Measured on {machine()}. "
        "Made by `python -m tests.bench.panel`, one run.",
        "",
        "| metrics that share their preparation | seconds | scores |",
        "|---|---|---|",
        *lines,
        f"| all of these | {total:.0f} | |",
        "",
        f"Procrustes takes a singular value decomposition for every pair of layers: {SAMPLE} pairs "
        f"of models took {seconds:.0f} s, so all would take "
        f"{seconds / SAMPLE * len(slow) / 3600:.0f} hours. Forming the products it decomposes "
        f"took {least:.1f} s of that, {least / SAMPLE * len(slow) / 60:.0f} minutes for all: no "
        "faster decomposition would bring it into ten. It is not among these.",
        "",
        f"Maps of every metric, UMAP and MDS: {maps:.0f} s. Publishing {published.scores:,} "
        f"scores: {published.seconds:.1f} s.",
        "",
        f"| what a page asks of it | milliseconds, median of {ROUNDS} |",
        "|---|---|",
        *[f"| {name} | {ms:.0f} |" for name, ms in asked],
        "",
    ]
    PAGE.write_text("\n".join(head), encoding="utf-8")
    err.print(f"Wrote {PAGE}", highlight=False)


if __name__ == "__main__":
    main()
