"""Measure the engine against pair-at-a-time scoring of the same definition; write the docs page.

`make bench` runs it. Everything compared is timed in one run on one machine; ratios travel,
seconds do not.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.progress import track

from ingest.cli.console import err
from prh_core.calibration import null_best, permutations
from prh_core.metrics import PrepareOptions, get_metric
from prh_core.metrics.cknna import LocalKernels
from prh_core.metrics.neighbor_lists import NeighborLists
from prh_core.metrics.neighbors import mutual_knn, nearest
from prh_core.metrics.search import search
from prh_core.prepare import exact_threshold, normalize
from tests.bench import machine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-fast.md"
N, K = 1024, 10
LANGUAGE = (
    (25, 1024), (25, 1536), (25, 2048), (31, 2560), (31, 4096), (27, 3200), (33, 4096), (41, 5120),
    (33, 4096), (41, 5120), (61, 6656), (81, 8192),
)  # fmt: skip
"""Layers and width of the paper's 12 language models: BLOOMZ, OpenLLaMA, LLaMA."""
VISION = (
    (12, 192), (12, 384), (12, 768), (24, 1024), (12, 768), (24, 1024), (32, 1280), (12, 384),
    (12, 768), (24, 1024), (40, 1536), (12, 768), (24, 1024), (32, 1280), (12, 768), (24, 1024),
    (32, 1280),
)  # fmt: skip
"""Blocks and width of its 17 vision transformers."""
SAMPLED_PAIRS = 24
SAMPLED_PERMUTATIONS = 5
LOCAL = ("mutual_knn", "cycle_knn", "lcs_knn", "edit_knn", "jaccard_knn", "cknna", "cknna_released")


class Timing(NamedTuple):
    """What was timed and how long it took."""

    what: str
    seconds: float
    note: str


def pair_at_a_time(x: torch.Tensor, y: torch.Tensor, k: int) -> float:
    """Mutual k-NN of one pair of layers as the field runs it (in torch): nothing is kept.

    The steps are those of the authors' released code: normalize, similarities, sort every row,
    mark neighbors in (n, n) masks, multiply the masks.
    """
    masks: list[torch.Tensor] = []
    for features in (x, y):
        rows = torch.nn.functional.normalize(features, dim=-1)
        similarity = (rows @ rows.T).fill_diagonal_(-torch.inf)
        near = similarity.argsort(dim=1, descending=True)[:, :k]
        masks.append(torch.zeros_like(similarity).scatter_(1, near, 1.0))
    return float(((masks[0] * masks[1]).sum(dim=1) / k).mean())


def sampled_pairs() -> list[float]:
    """Time layer pairs drawn at random from all of the panel; check each score."""
    rng = np.random.default_rng(11)
    widths = [np.repeat([w for _, w in side], [c for c, _ in side]) for side in (LANGUAGE, VISION)]
    times: list[float] = []
    for at in range(SAMPLED_PAIRS + 1):
        x, y = (synthetic((1, int(rng.choice(side))), 100 + 2 * at + i)[0]
                for i, side in enumerate(widths))  # fmt: skip
        started = time.perf_counter()
        score = pair_at_a_time(torch.from_numpy(x), torch.from_numpy(y), K)
        times.append(time.perf_counter() - started)
        expected = mutual_knn(nearest(normalize([x]), K), nearest(normalize([y]), K), [K])[0, 0, 0]
        assert abs(score - expected) < 1e-3, "the two do not compute the same score"
    return times[1:]


def synthetic(shape: tuple[int, int], seed: int, n: int = N) -> list[np.ndarray]:
    """Return one model's layers, (n, width) float32 each, rows normalized."""
    rng = np.random.default_rng(seed)
    layers, width = shape
    made = (rng.standard_normal((n, width), dtype=np.float32) for _ in range(layers))
    return [layer / np.linalg.norm(layer, axis=1, keepdims=True) for layer in made]


def measure() -> list[Timing]:
    """Run every measurement; models are made, searched and dropped one at a time."""
    warm = [normalize(synthetic((2, 64), seed)) for seed in (0, 1)]
    for metric in (*LOCAL, "cka"):
        x, y = (get_metric(metric).family.prepare(side, PrepareOptions(K)) for side in warm)
        get_metric(metric).compare(x, y, [K])
        null_best([get_metric(metric)], [x], y, [K], permutations(N, 1, 0))
    gram = searched = prepare_cka = truncation = 0.0
    found: list[NeighborLists] = []
    cka: list[Any] = []
    for seed, shape in enumerate(
        track((*LANGUAGE, *VISION), description="Preparing 806 layers", console=err)
    ):
        layers = synthetic(shape, seed)
        ready = normalize(layers)
        gram += seconds(lambda layers=layers: [layer @ layer.T for layer in layers])
        searched += seconds(lambda ready=ready: found.append(search(ready, PrepareOptions(K))))
        truncation += seconds(lambda layers=layers: exact_threshold(layers))
        prepare_cka += seconds(
            lambda ready=ready: cka.append(
                get_metric("cka").family.prepare(ready, PrepareOptions(K))
            )
        )
    xs, ys = found[: len(LANGUAGE)], found[len(LANGUAGE) :]
    pairs = sum(len(x.indices) for x in xs) * sum(len(y.indices) for y in ys)
    one_pair = sampled_pairs()
    slow = statistics.fmean(one_pair)

    def whole(metric: str, xs: list[Any], ys: list[Any]) -> float:
        compare = get_metric(metric).compare
        return seconds(lambda: [compare(x, y, [K]) for x in xs for y in ys])

    timings = []
    mutual = min(whole("mutual_knn", xs, ys) for _ in range(3))
    table = searched + mutual
    timings += [
        Timing("whole mutual k-NN table: neighbors and all pairs", table, f"{pairs:,} pairs"),
        Timing("its neighbors, 806 layers", searched, f"{searched / gram:.2f} × the floor"),
        Timing("floor: one Gram product per layer", gram, "numpy, float32"),
        Timing(
            "pair at a time, all pairs",
            slow * pairs,
            f"extrapolated from {SAMPLED_PAIRS} random pairs (mean {slow * 1e3:.0f} ms, "
            f"{min(one_pair) * 1e3:.0f} to {max(one_pair) * 1e3:.0f}): "
            f"{slow * pairs / table:,.0f} × the whole table at once",
        ),
        Timing("exact truncation threshold, all layers", truncation, "selected, not sorted"),
    ]
    rng = np.random.default_rng(7)
    for name in LOCAL:
        if name.startswith("cknna"):
            # The kernel's size does not matter after preparing: neighbors get synthetic values.
            sides = [
                [
                    LocalKernels(NeighborLists(g.indices, rng.random(g.indices.shape, np.float32)))
                    for g in side
                ]
                for side in (xs, ys)
            ]
        else:
            sides = [xs, ys]
        taken = mutual if name == "mutual_knn" else whole(name, *sides)
        timings.append(
            Timing(
                f"{get_metric(name).label}, all pairs after neighbors",
                taken,
                f"{taken / pairs * 1e6:.2f} µs a pair, {taken / mutual:.1f} × mutual k-NN",
            )
        )
    orders = permutations(N, SAMPLED_PERMUTATIONS, 0)
    mutual_null = seconds(
        lambda: [null_best([get_metric("mutual_knn")], xs, y, [K], orders) for y in ys]
    )
    timings.append(
        Timing(
            "200 max-corrected permutations of the mutual k-NN table",
            mutual_null * 200 / SAMPLED_PERMUTATIONS,
            f"extrapolated from {SAMPLED_PERMUTATIONS}",
        )
    )
    lx, ly = cka[: len(LANGUAGE)], cka[len(LANGUAGE) :]
    compare = whole("cka", lx, ly)
    timings += [
        Timing("linear CKA, all pairs", prepare_cka + compare, "kernels and comparison"),
        Timing("its comparison alone", compare, f"{compare / pairs * 1e6:.1f} µs a pair"),
    ]
    return timings


def seconds(call: Callable[[], Any]) -> float:
    """Time one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def report(timings: list[Timing]) -> str:
    """Write the page."""
    rows = [f"| {t.what} | {_seconds(t.seconds)} | {t.note} |" for t in timings]
    return "\n".join(
        [
            "# How fast",
            "",
            "The paper's panel: 12 language models (454 layers, 1,024 to 8,192 wide) against 17 "
            f"vision models (352 layers, 192 to 1,536 wide), n = {N}, k = {K}, synthetic features. "
            "Written by `make bench`; all rows come from one run, so compare rows, not machines.",
            "",
            f"Measured on: {machine()}.",
            "",
            "| what | time | note |",
            "|---|---|---|",
            *rows,
            "",
            "The pair-at-a-time row computes the same definition the way the authors' released "
            "code does, in torch on the same cores: normalizing, both products, both sorts and "
            "both masks again for every pair of layers.",
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
