"""Measure the engine against pair-at-a-time scoring of the same definition; write the docs page.

`make bench` runs it. Everything compared is timed in one run on one machine; ratios travel,
seconds do not.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from rich.progress import track

from ingest.console import err
from prh_core.metrics.neighbours import mutual_knn, nearest
from prh_core.prepare import exact_threshold, normalize

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-fast.md"
LAYERS_X, LAYERS_Y, N, K = 33, 25, 1024, 10
WIDTH_X, WIDTH_Y = 4096, 1024
SAMPLED_PAIRS = 6


class Timing(NamedTuple):
    """What was timed and how long it took."""

    what: str
    seconds: float
    note: str


def median_seconds(call: Callable[[], Any], repeats: int) -> float:
    """Time a call several times, after one that is not counted; return the median."""
    call()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def pair_at_a_time(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """Mutual k-NN of one pair of layers, as the field's scripts do it: nothing is kept."""
    indices = []
    for features in (x, y):
        similarity = features @ features.T
        np.fill_diagonal(similarity, -np.inf)
        indices.append(np.argsort(-similarity, axis=1)[:, :k])
    shared = [len(np.intersect1d(a, b)) for a, b in zip(*indices, strict=True)]
    return float(np.mean(shared)) / k


def measure() -> list[Timing]:
    """Run every measurement."""
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(N, WIDTH_X)).astype(np.float32) for _ in range(LAYERS_X)]
    y = [rng.normal(size=(N, WIDTH_Y)).astype(np.float32) for _ in range(LAYERS_Y)]
    truncation = median_seconds(lambda: exact_threshold(x), 3)
    x, y = normalize(x), normalize(y)
    pairs = LAYERS_X * LAYERS_Y
    gram = median_seconds(lambda: [layer @ layer.T for layer in (*x, *y)], 3)
    search = median_seconds(lambda: (nearest(x, K), nearest(y, K)), 3)
    with_concatenation = median_seconds(lambda: (nearest(x, K, True), nearest(y, K, True)), 3)
    nx, ny = nearest(x, K), nearest(y, K)
    compare = median_seconds(lambda: mutual_knn(nx, ny, [K]), 20)
    table = mutual_knn(nx, ny, [K])[0]
    sampled = [
        (int(rng.integers(LAYERS_X)), int(rng.integers(LAYERS_Y))) for _ in range(SAMPLED_PAIRS)
    ]
    taken = []
    for a, b in track(sampled, description="Pair at a time", console=err):
        started = time.perf_counter()
        score = pair_at_a_time(x[a], y[b], K)
        taken.append(time.perf_counter() - started)
        assert abs(score - table[a, b]) < 1e-3, "the two do not compute the same score"
    slow = statistics.median(taken)
    whole = search + compare
    return [
        Timing(
            f"all {pairs} pairs after neighbours", compare, f"{compare / pairs * 1e6:.1f} µs a pair"
        ),
        Timing("neighbours of all 58 layers", search, f"{search / gram:.2f} × the floor below"),
        Timing("the same with the concatenated candidate", with_concatenation, ""),
        Timing("floor: one Gram product per layer", gram, "numpy, float32"),
        Timing("exact truncation threshold, 33 layers", truncation, "selected, not sorted"),
        Timing("pair at a time, one pair", slow, f"median of {SAMPLED_PAIRS} pairs"),
        Timing(
            f"pair at a time, {pairs} pairs",
            slow * pairs,
            f"extrapolated; {slow * pairs / whole:,.0f} × the whole table at once",
        ),
    ]


def report(timings: list[Timing]) -> str:
    """Write the page."""
    rows = [f"| {t.what} | {_seconds(t.seconds)} | {t.note} |" for t in timings]
    machine = (
        f"{platform.machine()}, {os.cpu_count()} CPU cores, Python {platform.python_version()}"
    )
    machine += f", numpy {np.__version__}, numba {numba.__version__}"
    return "\n".join(
        [
            "# How fast",
            "",
            "Mutual k-NN of two models, one of 33 layers 4,096 wide and one of 25 layers 1,024 "
            f"wide, n = {N}, k = {K}, synthetic features. Written by `make bench`; all rows come "
            "from one run, so compare rows, not machines.",
            "",
            f"Measured on: {machine}.",
            "",
            "| what | time | note |",
            "|---|---|---|",
            *rows,
            "",
            "The pair-at-a-time row computes the same definition the way the field's scripts do: "
            "both Gram matrices and both sorts again for every pair of layers.",
            "",
        ]
    )


def _seconds(value: float) -> str:
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.1f} s"


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print-only", action="store_true", help="do not write docs/how-fast.md")
    page = report(measure())
    err.print(page)
    if not parser.parse_args().print_only:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
