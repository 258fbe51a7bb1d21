"""How often every null rejects, in worlds whose alignment is class identity, or more, or nothing.

`python -m tests.bench.nulls` measures, and writes its part of docs/error-rates.md; the suite runs a
slice of the same (tests/core/test_nulls.py).
"""

import argparse
import os
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from prh_core import all_metrics
from prh_core.calibration import calibrate, drawn_best, permutations
from prh_core.layers import prepare_layers
from prh_core.metrics import Metric, PrepareOptions
from prh_core.nulls import clusters, permutations_within, rotated, rotations
from prh_core.scoring import best_pair
from prh_core.types import as_layers
from tests.bench.battery import ALPHA, DOCS, NULLS, PERMUTATIONS, K, Rate, Side

N, CLASSES = 100, 5
BEGIN, END = NULLS, "<!-- end nulls -->"
TRIED = ("relabeled", "within-class", "within-cluster", "spectrum")


class World(NamedTuple):
    """What two models share."""

    classes: bool
    """Whether both see the class of a sample."""
    within: float
    """How strongly both see, too, what tells samples of one class apart."""


WORLDS = {
    "independent": World(False, 0.0),
    "class identity only": World(True, 0.0),
    "within classes, too": World(True, 4.0),
}


def draw(world: World, seed: int) -> tuple[Side, Side, np.ndarray]:
    """Return two models' layers (3 and 2) of N samples, and the samples' classes.

    Each model has centers and maps of its own: what they share is which class a sample is of, and,
    in one world, causes that differ within classes.
    """
    rng = np.random.default_rng(seed)
    labels, causes = rng.integers(CLASSES, size=N), rng.normal(size=(N, 6))
    sides: list[Side] = []
    for layers in (3, 2):
        own = labels if world.classes else rng.integers(CLASSES, size=N)
        seen = (
            3 * rng.normal(size=(CLASSES, 6))[own]
            + world.within * causes @ rng.normal(size=(6, 6)) / 6**0.5
            + rng.normal(size=(N, 6))
        )
        sides.append(
            [seen @ rng.normal(size=(6, d)) + 0.3 * rng.normal(size=(N, d))
             for d in (8, 12, 20)[:layers]]
        )  # fmt: skip
    return sides[0], sides[1], labels


def p_values(
    world: World, seed: int, metrics: Sequence[Metric], nulls: Sequence[str]
) -> dict[tuple[str, str], float]:
    """Return p by null and metric, of the best of the table with concatenations."""
    x, y, labels = draw(world, seed)
    families: dict[str, list[Metric]] = {}
    for metric in metrics:
        families.setdefault(metric.family.name, []).append(metric)
    options = PrepareOptions(K, concatenate=True)
    ready = [prepare_layers(as_layers(side), truncation=None) for side in (x, y)]
    rows = [layer.exact() for layer in ready[1]]
    orders = {
        "relabeled": permutations(N, PERMUTATIONS, seed),
        "within-class": permutations_within(labels, PERMUTATIONS, seed),
        "within-cluster": permutations_within(
            clusters(rows[-1], CLASSES, seed), PERMUTATIONS, seed
        ),
    }
    found: dict[tuple[str, str], float] = {}
    for same in families.values():
        family = same[0].family
        left, right = (family.prepare(side, options) for side in ready)
        for null in nulls:
            if null == "spectrum":
                turns = rotations(N, PERMUTATIONS, seed)
                ys = (
                    family.prepare(
                        prepare_layers([rotated(r, turn) for r in rows], truncation=None), options
                    )
                    for turn in turns
                )
            else:
                ys = (family.relabel(right, order) for order in orders[null])
            drawn = drawn_best(same, [left], ys, PERMUTATIONS, [K])
            for at, metric in enumerate(same):
                best = best_pair(metric.compare(left, right, [K])[0], metric.higher_is_closer)
                assert best is not None
                found[null, metric.name] = calibrate(
                    best.score, drawn[at, 0, 0], best=metric.best,
                    higher_is_closer=metric.higher_is_closer,
                ).p_value  # fmt: skip
    return found


def rejections(
    name: str,
    worlds: int,
    metrics: Sequence[Metric] | None = None,
    nulls: Sequence[str] = ("relabeled", "within-class"),
    processes: int = 1,
) -> dict[str, dict[str, Rate]]:
    """Return how often each metric rejects under each null."""
    chosen = metrics or all_metrics()
    job = partial(_rejected, name, [metric.name for metric in chosen], nulls)
    if processes > 1:
        with get_context("spawn").Pool(processes) as pool:
            results = pool.map(job, range(worlds), chunksize=8)
    else:
        results = [job(seed) for seed in range(worlds)]
    return {
        null: {
            m.name: Rate(worlds, sum(result[null, m.name] for result in results)) for m in chosen
        }
        for null in nulls
    }


def _rejected(
    name: str, metrics: Sequence[str], nulls: Sequence[str], seed: int
) -> dict[tuple[str, str], bool]:
    chosen = [metric for metric in all_metrics() if metric.name in metrics]
    found = p_values(WORLDS[name], seed, chosen, nulls)
    return {which: p <= ALPHA for which, p in found.items()}


def report(worlds: int, processes: int, chosen: Sequence[str]) -> str:
    """Measure all and write the tables down."""
    level = 3 * (ALPHA * (1 - ALPHA) / worlds) ** 0.5
    metrics = [m for m in all_metrics() if not chosen or m.name in chosen]
    names = [metric.name for metric in metrics]
    lines = [
        BEGIN,
        "## Nulls to choose",
        "",
        f"How often p ≤ .05 in {worlds} worlds each: best of 3 × 2 layers and their "
        f"concatenations, n = {N} in {CLASSES} classes, k = {K}, {PERMUTATIONS} draws (`python -m "
        f"tests.bench.nulls`). Where a null is true, up to {ALPHA + level:.3f} (three standard "
        "errors above .05) is as it should be. *within-class* is given the classes; "
        "*within-cluster* finds clusters in the second model.",
        "",
    ]
    for world in WORLDS:
        rates = rejections(world, worlds, metrics, TRIED, processes)
        lines += [f"### {world[0].upper()}{world[1:]}", "", "| null | " + " | ".join(names) + " |"]
        lines += ["|---" * (len(names) + 1) + "|"]
        for null, by_metric in rates.items():
            cells = [f"{by_metric[name].share:.3f}" for name in names]
            lines.append(f"| {null} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join([*lines, END])


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=240)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--metrics", nargs="*", default=[], help="all by default")
    asked = parser.parse_args()
    found = report(asked.worlds, asked.processes, asked.metrics)
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2].lstrip("\n")
    DOCS.write_text(f"{before.rstrip()}\n\n{found}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
