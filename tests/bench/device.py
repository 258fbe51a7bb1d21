"""Time the paper's panel on a torch device: `python -m tests.bench.device --device cuda`.

`make bench-gpu` runs it and writes how-fast-gpu.md among the documents. Every metric is prepared,
compared and relabeled 200 times (the best of every pair of models each time); beside it stand the
floor, one Gram product per layer there, and scoring pair at a time on the same device, as the field
does. Scores of some layers are held to the host's. `--scale 8` takes an eighth of the layers, for a
device without that memory or speed; compare rows of one run, never those of another's.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from ingest.cli.console import err
from ingest.pipeline.provenance import accelerators
from ingest.pipeline.scores.plan import FeatureFile, open_features
from ingest.pipeline.scores.sides import KeptLayers
from ingest.store.features import FeatureHeader, FeatureStore
from ingest.store.half import HALF
from ingest.store.precision import EXACT
from prh_core import all_metrics, get_metric
from prh_core.backend import backend
from prh_core.calibration import null_best, permutations
from prh_core.metrics import Metric, PrepareOptions
from prh_core.prepare import normalize, truncate
from prh_core.prepared import PreparedLayers
from tests.bench import machine
from tests.bench.__main__ import LANGUAGE, VISION, K, N, pair_at_a_time, synthetic

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-fast-gpu.md"
PAIRS_AT_A_TIME = 24
CHECKED = 4
"""Layers a side whose scores are held to the host's."""
FILES = 4
"""Models whose features are stored and read."""
WIDE = 1024
"""Dimensions of the layer of many samples."""


class Row(NamedTuple):
    """What one metric takes, in seconds."""

    label: str
    prepare: float
    compare: float
    relabel: float
    intervals: float
    differs: float
    """Largest difference from the host's scores."""


class Bench:
    """The panel, and the device it is measured on."""

    def __init__(self, device: str, scale: int, relabelings: int, many: int) -> None:
        """Make the layers: numbers drawn once, rows normalized."""
        self.device, self.relabelings, self.many = device, relabelings, many
        shapes = [(max(1, layers // scale), width) for layers, width in (*LANGUAGE, *VISION)]
        self.models: list[PreparedLayers] = [
            normalize(synthetic(shape, seed)) for seed, shape in enumerate(shapes)
        ]
        self.layers = [sum(map(len, side)) for side in self.sides(self.models)]

    @staticmethod
    def sides(models: list[Any]) -> tuple[list[Any], list[Any]]:
        """Part models into language and vision."""
        return models[: len(LANGUAGE)], models[len(LANGUAGE) :]

    def seconds(self, call: Callable[[], Any]) -> float:
        """Time one call, to the end of what it asked the device for."""
        self._wait()
        started = time.perf_counter()
        call()
        self._wait()
        return time.perf_counter() - started

    def _wait(self) -> None:
        if self.device.startswith("cuda"):
            torch.cuda.synchronize(self.device)

    def copy_and_floor(self) -> tuple[float, float]:
        """Return what copying every layer to the device takes, and one Gram product of each."""
        there: list[Any] = []

        def copy() -> None:
            there.extend(
                torch.from_numpy(layer.raw).to(self.device)
                for model in self.models
                for layer in model
            )

        copied = self.seconds(copy)
        first = there[0] @ there[0].T
        floor = self.seconds(lambda: [layer @ layer.T for layer in there])
        del first
        return copied, floor

    def truncation(self) -> tuple[float, float]:
        """Return what the exact threshold of every model and clamping take: there, and here."""
        found: list[float] = []
        for device in (self.device, None):
            run = backend(device).features
            total = 0.0
            for model in self.models:
                layers = [run.put_rows(layer.raw) for layer in model]
                total += self.seconds(lambda: truncate(layers, "exact", run=run))  # noqa: B023
            found.append(total)
        return found[0], found[1]

    def files(self, folder: Path) -> Iterator[tuple[str, float, int]]:
        """Yield what some models' files take, read, checked, truncated and normalized there.

        Yields:
            Their number format, seconds, and their bytes.
        """
        for store in (EXACT, HALF):
            written: list[FeatureFile] = []
            for number, model in enumerate(self.models[:: len(self.models) // FILES][:FILES]):
                layers = {f"block.{i}": layer.raw for i, layer in enumerate(model)}
                header = FeatureHeader(
                    key=f"{number:016d}{store}", model_id=f"model-{number}", revision="1",
                    dataset_id="synthetic", dataset_revision="1", row_order="0" * 64, n=N,
                    pooling="cls", prompt="none", layer_names=tuple(layers),
                    widths=tuple(layer.shape[1] for layer in layers.values()), dtype=store,
                    precision="float32", facts={},
                )  # fmt: skip
                written.append(open_features(FeatureStore(folder).write(header, layers)))
            kept = KeptLayers(0, self.device)
            kept.expect(written)
            seconds = self.seconds(
                lambda: [kept.of(file, "exact", None) for file in written]  # noqa: B023
            )
            yield store, seconds, sum(file.path.stat().st_size for file in written)

    def many_samples(self, n: int) -> float:
        """Return what exact neighbors of one layer of n samples take."""
        layers = normalize(synthetic((1, WIDE), 7, n))
        options = PrepareOptions(K, device=self.device)
        return self.seconds(lambda: get_metric("mutual_knn").family.prepare(layers, options))

    def pair_at_a_time(self) -> float:
        """Return what one pair of layers takes, neighbors sought anew, features on the device."""
        rng, times = np.random.default_rng(3), list[float]()
        for _ in range(PAIRS_AT_A_TIME + 1):
            x, y = (
                torch.from_numpy(model[rng.integers(len(model))].raw).to(self.device)
                for model in (side[rng.integers(len(side))] for side in self.sides(self.models))
            )
            times.append(self.seconds(lambda x=x, y=y: pair_at_a_time(x, y, K)))
        return statistics.fmean(times[1:])

    def of(self, metric: Metric) -> Row:
        """Measure one metric on the whole panel."""
        options = PrepareOptions(K, device=self.device)
        few = [[model[0] for model in side[:CHECKED]] for side in self.sides(self.models)]
        tables: list[Any] = []
        for how in (options, PrepareOptions(K)):
            x, y = (metric.family.prepare(side, how) for side in few)
            tables.append(metric.compare(x, y, [K])[0])
        ready: list[Any] = []
        prepare = self.seconds(
            lambda: ready.extend(metric.family.prepare(model, options) for model in self.models)
        )
        xs, ys = self.sides(ready)
        compare = self.seconds(lambda: [metric.compare(x, y, [K]) for x in xs for y in ys])
        orders = permutations(N, self.relabelings, 0)
        relabel = self.seconds(lambda: [null_best([metric], xs, y, [K], orders) for y in ys])
        best = [(x, y, metric.compare(x, y, [K])[0]) for x in xs for y in ys]
        intervals = self.seconds(lambda: [metric.best_interval(*one, K) for one in best])
        differs = float(np.abs(tables[0] - tables[1]).max())
        return Row(metric.label, prepare, compare, relabel, intervals, differs)

    def page(self, metrics: list[Metric]) -> Iterator[str]:
        """Yield the page, line by line, as its figures are measured."""
        pairs = self.layers[0] * self.layers[1]
        card = accelerators() if self.device.startswith("cuda") else None
        yield (
            f"# How fast on a device\n\nThe paper's panel: {self.layers[0]} layers of 12 language "
            f"models against {self.layers[1]} of 17 vision models, {pairs:,} pairs, n = {N}, "
            f"k = {K}, synthetic features. Written by `make bench-gpu`; all rows come from one "
            "run, so compare rows, not machines.\n\n"
            f"Measured on: {card or self.device}, torch {torch.__version__}; {machine()}.\n\n"
            "| what | time |\n|---|---|"
        )
        copied, floor = self.copy_and_floor()
        yield f"| copying float32 features to the device, pageable | {copied:.2f} s |"
        yield f"| floor: one Gram product per layer there | {floor:.2f} s |"
        there, here = self.truncation()
        yield f"| exact truncation of all models there; by the host | {there:.2f} s; {here:.2f} s |"
        with tempfile.TemporaryDirectory() as folder:
            for store, seconds, size in self.files(Path(folder)):
                yield (
                    f"| {FILES} models' {store} files ({size / 1e9:.2f} GB) read, checked, "
                    f"truncated and normalized there, the next read meanwhile | {seconds:.2f} s |"
                )
        yield (
            f"| exact neighbors of {self.many:,} samples, {WIDE} wide | "
            f"{self.many_samples(self.many):.2f} s |"
        )
        one = self.pair_at_a_time()
        yield (
            f"| mutual k-NN pair at a time there, without relabelings | {one * 1e3:.2f} ms a pair, "
            f"{one * pairs:.1f} s for all |\n\n"
            f"| metric | prepare | all pairs | {self.relabelings} relabelings, best of each pair "
            "of models | their intervals | differs from the host's by at most |\n"
            "|---|---|---|---|---|---|"
        )
        for metric in metrics:
            row = self.of(metric)
            yield (
                f"| {row.label} | {row.prepare:.2f} s | {row.compare:.3f} s | {row.relabel:.2f} s "
                f"| {row.intervals:.2f} s | {row.differs:.0e} |"
            )


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--scale", type=int, default=1, help="take so many times fewer layers")
    parser.add_argument("--relabelings", type=int, default=200)
    parser.add_argument("--many", type=int, default=100_000, help="samples of the largest layer")
    parser.add_argument("--metric", action="append", help="only these (default: all)")
    parser.add_argument("--print-only", action="store_true", help="do not write the page")
    given = parser.parse_args()
    metrics = [one for one in all_metrics() if one.name in (given.metric or [one.name])]
    lines: list[str] = []
    for line in Bench(given.device, given.scale, given.relabelings, given.many).page(metrics):
        err.print(line, markup=False)
        lines.append(line)
    if not given.print_only:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
