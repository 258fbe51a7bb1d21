"""Lay 20 points out from 1,000 starts, as scikit-learn does and at once.

`python -m tests.bench.color` runs it (a minute or two on two cores) and writes docs/color.md.
"""

import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ingest.cli.console import err
from prh_core.mds import metric_mds
from tests.bench import machine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "color.md"
POINTS, STARTS = 20, 1_000


def dissimilarities() -> np.ndarray:
    """Return distances of 20 points in five dimensions, each pair off by some thirty per cent."""
    rng = np.random.default_rng(0)
    places = rng.normal(size=(POINTS, 5))
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    apart *= np.exp(0.3 * rng.normal(size=(POINTS, POINTS)))
    apart = (apart + apart.T) / 2
    np.fill_diagonal(apart, 0)
    return apart


def main() -> None:
    """Measure, print, and write the page."""
    delta = dissimilarities()
    manifold: Any = import_module("sklearn.manifold")
    started = time.perf_counter()
    ours = metric_mds(delta, 3, starts=STARTS)
    quick = time.perf_counter() - started
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        places, _ = manifold.smacof(delta, n_components=3, n_init=STARTS, random_state=0)
    slow = time.perf_counter() - started
    left = np.linalg.norm(places[:, None] - places[None], axis=2) - delta
    theirs = float(np.sqrt(np.sum(left**2) / np.sum(delta**2)))
    lines = [
        "# Color: how fast",
        "",
        f"{POINTS} points, three dimensions, {STARTS:,} random starts, 300 steps at most, "
        f"tolerance 1e-6 in both. Measured on {machine()}. Made by `python -m tests.bench.color`, "
        "one run.",
        "",
        "| way | seconds | ratio | best normalized stress |",
        "|---|---|---|---|",
        f"| scikit-learn, one start after the other | {slow:.1f} | {slow / quick:.0f} | "
        f"{theirs:.6f} |",
        f"| all starts at once | {quick:.2f} | 1 | {ours.stress:.6f} |",
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    err.print("\n".join(lines), highlight=False)


if __name__ == "__main__":
    main()
