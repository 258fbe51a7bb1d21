"""How often p-values reject and intervals hold, on data as researchers have it.

`python -m tests.bench.battery` measures and writes docs/error-rates.md; the suite runs a bounded
slice of the same (tests/core/test_battery.py).

One file, since every rate is of the same simulated data.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from prh_core import all_metrics
from prh_core.calibration import calibrate, null_best, permutations
from prh_core.errors import DegenerateLayerError
from prh_core.layers import prepare_layers
from prh_core.metrics import Metric, PrepareOptions, get_metric
from prh_core.scoring import best_pair
from prh_core.types import as_layers

DOCS = Path(__file__).resolve().parents[2] / "docs" / "error-rates.md"
NULLS = "<!-- nulls -->"
"""Where the part of `tests.bench.nulls` begins."""
ALPHA = 0.05
N, K, PERMUTATIONS = 60, 5, 39

Side = list[np.ndarray]
World = Callable[[np.random.Generator, int, int], Side]
"""(random numbers, samples, layers) -> one model's layers."""


def _mixed(rng: np.random.Generator, base: np.ndarray, layers: int) -> Side:
    """Layers of one model: mixtures of the same base, each with a little noise of its own."""
    d = base.shape[1]
    return [
        base @ rng.normal(size=(d, d + 3 * at)) / d**0.5
        + 0.3 * base.std() * rng.normal(size=(len(base), d + 3 * at))
        for at in range(layers)
    ]


def gaussian(rng: np.random.Generator, n: int, layers: int) -> Side:
    """Normal numbers."""
    return _mixed(rng, rng.normal(size=(n, 6)), layers)


def heavy_tails(rng: np.random.Generator, n: int, layers: int) -> Side:
    """Student's t with two degrees of freedom: no variance."""
    return _mixed(rng, rng.standard_t(2, size=(n, 6)), layers)


def clusters(rng: np.random.Generator, n: int, layers: int) -> Side:
    """Eight clusters, far apart."""
    centers = 3 * rng.normal(size=(8, 6))
    return _mixed(rng, centers[rng.integers(8, size=n)] + 0.3 * rng.normal(size=(n, 6)), layers)


def one_hot(classes: int) -> World:
    """Labels of so many classes, a tenth of them drawn anew after the first layer."""

    def world(rng: np.random.Generator, n: int, layers: int) -> Side:
        labels = rng.integers(classes, size=n)
        noisy = np.where(rng.random(n) < 0.1, rng.integers(classes, size=n), labels)
        return [np.eye(classes)[labels], *[np.eye(classes)[noisy]] * (layers - 1)]

    return world


def repeated(rng: np.random.Generator, n: int, layers: int) -> Side:
    """A third of the rows repeat another, in every layer alike."""
    source = np.arange(n)
    copies = rng.permutation(n)[: n // 3]
    source[copies] = rng.integers(n, size=len(copies))
    return [layer[source] for layer in gaussian(rng, n, layers)]


def offset(size: float) -> World:
    """A common mean of that size beside a spread of one."""

    def world(rng: np.random.Generator, n: int, layers: int) -> Side:
        # The same mean for all models: samples that two see alike stand out by nothing else.
        means = np.random.default_rng(0).normal(size=(layers, 100))
        return [
            layer + size * mean[: layer.shape[1]]
            for layer, mean in zip(gaussian(rng, n, layers), means, strict=True)
        ]

    return world


def one_bit(rng: np.random.Generator, n: int, layers: int) -> Side:
    """Signs: similarities take a handful of values."""
    return [np.where(layer > 0, 1.0, -1.0) for layer in gaussian(rng, n, layers)]


def unequal_widths(rng: np.random.Generator, n: int, layers: int) -> Side:
    """Layers of 3 and of 200 dimensions."""
    base = rng.normal(size=(n, 6))
    widths = [3 if at % 2 else 200 for at in range(layers)]
    return [base @ rng.normal(size=(6, d)) + rng.normal(size=(n, d)) for d in widths]


WORLDS: dict[str, World] = {
    "Gaussian": gaussian,
    "heavy tails": heavy_tails,
    "clusters": clusters,
    "2 classes, one-hot": one_hot(2),
    "10 classes, one-hot": one_hot(10),
    "50 classes, one-hot": one_hot(50),
    "a third of rows repeated": repeated,
    "mean 1e2": offset(1e2),
    "mean 1e4": offset(1e4),
    "mean 1e6": offset(1e6),
    "one bit": one_bit,
    "widths 3 and 200": unequal_widths,
}


def related(
    make: World, rng: np.random.Generator, n: int, layers: tuple[int, int], share: float
) -> tuple[Side, Side]:
    """Two models of one world, of whose samples a share is seen alike by both."""
    seed = int(rng.integers(2**31))
    x = make(np.random.default_rng(seed), n, layers[0])
    y = make(np.random.default_rng(seed + 1), n, layers[1])
    alike = make(np.random.default_rng(seed), n, layers[1])
    rows = rng.permutation(n)[: int(share * n)]
    for there, here in zip(y, alike, strict=True):
        there[rows] = here[rows]
    return x, y


def p_values(x: Side, y: Side, seed: int, metrics: Sequence[Metric]) -> dict[str, float]:
    """Return each metric's p-value of the best of the table, concatenations included."""
    families: dict[str, list[Metric]] = {}
    for metric in metrics:
        families.setdefault(metric.family.name, []).append(metric)
    orders = permutations(len(x[0]), PERMUTATIONS, seed)
    options = PrepareOptions(K, concatenate=True)
    found: dict[str, float] = {}
    for same in families.values():
        try:
            left, right = (
                same[0].family.prepare(prepare_layers(as_layers(side), truncation=None), options)
                for side in (x, y)
            )
            null = null_best(same, [left], right, [K], orders)
        except DegenerateLayerError:
            continue
        for at, metric in enumerate(same):
            best = best_pair(metric.compare(left, right, [K])[0], metric.higher_is_closer)
            if best is not None:
                found[metric.name] = calibrate(
                    best.score,
                    null[at, 0, 0],
                    best=metric.best,
                    higher_is_closer=metric.higher_is_closer,
                ).p_value
    return found


class Rate(NamedTuple):
    """How often a metric rejects."""

    tried: int
    rejected: int

    @property
    def share(self) -> float:
        """Return the share of worlds rejected at 5 %."""
        return self.rejected / max(self.tried, 1)


def rejections(
    name: str, worlds: int, share: float = 0.0, metrics: Sequence[Metric] | None = None
) -> dict[str, Rate]:
    """Return each metric's rate of rejection where a share of samples is seen alike (0: none)."""
    chosen = metrics or all_metrics()
    counts = {metric.name: [0, 0] for metric in chosen}
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        x, y = related(WORLDS[name], rng, N, (3, 2), share)
        for metric, p in p_values(x, y, seed, chosen).items():
            counts[metric][0] += 1
            counts[metric][1] += p <= ALPHA
    return {metric: Rate(*count) for metric, count in counts.items()}


# ------------------------------------------------------------------- coverage


class Study(NamedTuple):
    """A world whose best-of-table scores are repeated."""

    layers: int
    n: int
    noise: float
    shared_noise: bool = False


class Coverage(NamedTuple):
    """How often an interval holds the expected score of the pair that was best."""

    metric: str
    study: Study
    worlds: int
    score: float
    """Mean best score."""
    expected: float
    """Mean expected score of the pair that was best."""
    estimate: float
    """Mean median-unbiased estimate."""
    held: float
    length: float


def views(study: Study, seed: int) -> tuple[Side, Side]:
    """Return two models that see six causes, each layer through a map of its own, with noise."""
    maps = np.random.default_rng(3)
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(study.n, 6))
    sides: list[Side] = []
    for d in (24, 20):
        common = rng.normal(size=(study.n, d))
        own = 0.2 if study.shared_noise else 1.0
        sides.append(
            [
                causes @ maps.normal(size=(6, d))
                + study.noise * (study.shared_noise * common + own * rng.normal(size=(study.n, d)))
                for _ in range(study.layers)
            ]
        )
    return sides[0], sides[1]


def covered(study: Study, worlds: int, metrics: Sequence[Metric], k: int = 10) -> list[Coverage]:
    """Repeat a world and count how often each metric's interval holds what it is said to hold."""
    tables: dict[str, list[np.ndarray]] = {metric.name: [] for metric in metrics}
    found: dict[str, list[tuple[float, ...]]] = {metric.name: [] for metric in metrics}
    for seed in range(worlds):
        sides = views(study, seed)
        ready: dict[str, tuple] = {}
        for metric in metrics:
            family = metric.family
            if family.name not in ready:
                ready[family.name] = tuple(
                    family.prepare(
                        prepare_layers(as_layers(side), truncation=None), PrepareOptions(k)
                    )
                    for side in sides
                )
            x, y = ready[family.name]
            table = metric.compare(x, y, [k])[0]
            best = best_pair(table, metric.higher_is_closer)
            assert best is not None
            interval = metric.best_interval(x, y, table, k, 0.95, 0)
            tables[metric.name].append(table)
            found[metric.name].append((*best, *interval))
    results: list[Coverage] = []
    for metric in metrics:
        truth = np.mean(tables[metric.name], axis=0)
        score, a, b, estimate, low, high = np.array(found[metric.name]).T
        expected = truth[a.astype(int), b.astype(int)]
        results.append(
            Coverage(
                metric.name,
                study,
                worlds,
                float(score.mean()),
                float(expected.mean()),
                float(estimate.mean()),
                float(np.mean((low <= expected) & (expected <= high))),
                float(np.mean(high - low)),
            )
        )
    return results


STUDIES = (
    *(Study(1, 200, noise) for noise in (1.0, 4.0, 30.0)),
    *(Study(6, 200, noise) for noise in (4.0, 30.0)),
    *(Study(20, 200, noise) for noise in (4.0, 10.0, 30.0)),
    Study(20, 200, 10.0, True),
    Study(30, 200, 10.0),
    Study(1, 1000, 4.0),
    Study(6, 1000, 4.0),
    Study(30, 1000, 4.0),
    Study(30, 1000, 12.0),
)
NEAR_ONE = Study(1, 200, 0.05)
NEIGHBORS = ("mutual_knn", "cycle_knn", "lcs_knn", "edit_knn", "jaccard_knn")
OTHERS = ("cknna", "cknna_released", "cka", "unbiased_cka", "cka_rbf")
RECOMPUTED = ("rsa", "svcca", "procrustes")
"""Scored anew without parts of the samples: too slow for the largest studies."""


# --------------------------------------------------------------------- report


def _jobs(worlds: int, metrics: Sequence[str]) -> Iterator[tuple]:
    for name in WORLDS:
        yield ("reject", name, worlds, 0.0, metrics)
    for name in WORLDS:
        yield ("reject", name, max(worlds // 3, 30), 0.3, metrics)
    for study in (*STUDIES, NEAR_ONE):
        count = worlds if study.n < 1000 or study.layers < 30 else max(worlds // 2, 60)
        yield ("cover", study, count, NEIGHBORS)
        if study.layers * study.n <= 6000:
            yield ("cover", study, count, OTHERS)
        if study.layers * study.n <= 1200:
            yield ("cover", study, count, RECOMPUTED)


def _run(job: tuple) -> tuple:
    kind, what, worlds, *rest = job
    started = time.perf_counter()
    if kind == "reject":
        share, names = rest
        found: object = rejections(what, worlds, share, list(map(get_metric, names)))
    else:
        (names,) = rest
        found = covered(what, worlds, list(map(get_metric, names)))
    sys.stderr.write(f"{kind} {what} {worlds}: {time.perf_counter() - started:.0f} s\n")
    return job, found


def _rates(title: str, rows: dict[str, dict[str, Rate]]) -> list[str]:
    names = list(next(iter(rows.values()), {}))
    lines = [f"### {title}", "", "| world | " + " | ".join(names) + " |", "|---" * (len(names) + 1)]
    lines[-1] += "|"
    for world, rates in rows.items():
        cells = [f"{rates[n].share:.3f}" if rates[n].tried else "refused" for n in names]
        lines.append(f"| {world} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def report(results: list[tuple], worlds: int) -> str:
    """Write the tables down."""
    level = 3 * (ALPHA * (1 - ALPHA) / worlds) ** 0.5
    nulls = {job[1]: found for job, found in results if job[0] == "reject" and job[3] == 0}
    powers = {job[1]: found for job, found in results if job[0] == "reject" and job[3] > 0}
    shares = [rate.share for rates in nulls.values() for rate in rates.values()]
    worst = max(shares, default=0.0)
    lines = [
        "# Error rates",
        "",
        "How often p-values reject and intervals hold on simulated data of known truth, "
        "`python -m tests.bench.battery`. The suite runs a slice of it.",
        "",
        f"## p-values, {worlds} worlds each",
        "",
        f"Best of 3 × 2 layers and their concatenations, n = {N}, k = {K}, {PERMUTATIONS} "
        f"permutations, level .05. Three standard errors of .05 are {level:.3f}, so up to "
        f"{ALPHA + level:.3f} is as it should be; the largest below is {worst:.3f}.",
        "",
        *_rates("Two independent models", nulls),
        *_rates("Power: three samples in ten are seen alike, and no others", powers),
        "## Intervals of best-of-table scores",
        "",
        "95 % intervals of the expected score of the pair of layers that came out best. *best* is "
        "the mean best score, *expected* the mean over worlds of that pair's expected score, "
        "*estimate* the mean selection-free estimate. k = 10.",
        "",
        "| metric | layers | n | noise | worlds | best | expected | estimate | held | length |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for job, found in results:
        if job[0] != "cover":
            continue
        for row in found:
            s = row.study
            noise = f"{s.noise:g}" + (", shared by layers" if s.shared_noise else "")
            lines.append(
                f"| {row.metric} | {s.layers} × {s.layers} | {s.n} | {noise} | {row.worlds} | "
                f"{row.score:.4f} | {row.expected:.4f} | {row.estimate:.4f} | {row.held:.3f} | "
                f"{row.length:.4f} |"
            )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", choices=("reject", "cover"))
    parser.add_argument(
        "--metrics", type=lambda names: names.split(","), help="whose p-values are taken",
        default=[metric.name for metric in all_metrics()],
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=DOCS)
    asked = parser.parse_args()
    before = asked.out.read_text(encoding="utf-8") if asked.out.exists() else ""
    rest = "\n" + before[before.index(NULLS) :] if NULLS in before else ""
    jobs = [job for job in _jobs(asked.worlds, asked.metrics) if asked.only in (None, job[0])]
    # One thread a process: with threads that waited for each other 240 worlds took 368 s for 22.
    os.environ |= dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    with get_context("spawn").Pool(asked.processes) as pool:
        results: list[tuple] = []
        # Hours of work: what is known is written down as it comes.
        for result in pool.imap(_run, jobs, chunksize=1):
            results.append(result)
            asked.out.write_text(report(results, asked.worlds) + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
