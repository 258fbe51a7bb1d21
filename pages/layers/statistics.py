"""Where the best pair of layers lies, and what third models imply: frames in, records out."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from prh_core.errors import SampleCountError
from prh_core.transitivity import score_bounds


class Best(NamedTuple):
    """The best pair of layers of two models."""

    depth_x: float | None
    """0 the first layer, 1 the last; None where all layers concatenated were best."""
    depth_y: float | None


def place_best(layers: pl.DataFrame) -> Best:
    """Return how deep in each model the best pair of layers lies.

    Args:
        layers: answer of `queries.layers`.
    """
    best = layers.filter("best").row(0, named=True)
    return Best(*(_depth(layers, best, side) for side in ("x", "y")))


def _depth(layers: pl.DataFrame, best: dict[str, Any], side: str) -> float | None:
    if best[f"concatenated_{side}"]:
        return None
    single = layers.filter(~pl.col(f"concatenated_{side}"))
    last = single.select(pl.col(f"layer_{side}").max()).item()
    return best[f"layer_{side}"] / last if last else 1.0


BOUNDS = {
    "label_c": pl.String,
    "modality_c": pl.String,
    "low": pl.Float64,
    "low_through": pl.String,
    "low_layer": pl.String,
    "high": pl.Float64,
    "high_through": pl.String,
    "expected": pl.Float64,
    "expected_through": pl.String,
    "thirds": pl.Int64,
    "kin": pl.Int64,
}


def bound_unscored(triples: pl.DataFrame, *, k: int, n: int) -> pl.DataFrame:
    """Hold the score of every pair that is missing between what all third models imply.

    Args:
        triples: answer of `queries.through_third`.
        k: neighbors.
        n: samples.

    Returns:
        A row per model that was not scored, most expected first: low (the highest lower bound, with
        the third model it came through and its layer), high (the lowest upper one), expected (the
        highest, were both models independent given the third), thirds (models between), kin (those
        of the modality of one of the two).
    """
    rows = [_bounded(rows, k, n) for _, rows in triples.group_by("model_c", maintain_order=True)]
    found = pl.DataFrame([row for row in rows if row], schema=BOUNDS)
    return found.sort("expected", "label_c", descending=[True, False])


def _bounded(triples: pl.DataFrame, k: int, n: int) -> dict[str, Any] | None:
    through = []
    for row in triples.iter_rows(named=True):
        try:
            bounds = score_bounds(_table(row["table_ab"]), _table(row["table_bc"]), k, n)
        except SampleCountError:
            # No layer between that varies on these samples: this third model says nothing.
            continue
        through.append((row, bounds))
    if not through:
        return None
    low, high, expected = (
        max(through, key=lambda one: one[1].low),
        min(through, key=lambda one: one[1].high),
        max(through, key=lambda one: one[1].expected),
    )
    informs = low[1].low > 0
    return {
        "label_c": low[0]["label_c"],
        "modality_c": low[0]["modality_c"],
        "low": low[1].low,
        "low_through": low[0]["label_b"] if informs else None,
        "low_layer": low[0]["layers_b"][low[1].low_through] if informs else None,
        "high": high[1].high,
        "high_through": high[0]["label_b"],
        "expected": expected[1].expected,
        "expected_through": expected[0]["label_b"],
        "thirds": len(through),
        "kin": sum(row["kin"] for row, _ in through),
    }


def _table(cells: list[list[float | None]]) -> np.ndarray:
    return np.array(cells, dtype=float)
