"""The best pair of a layer table, and what is said of it: interval, ties, chance."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from prh_core.calibration import Calibration, calibrate
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import BestInterval
from prh_core.metrics.registry import Metric
from prh_core.types import LayerScores


class BestPair(NamedTuple):
    """The best score of a layer table, and where it stands."""

    score: float
    layer_x: int
    layer_y: int


class PairScore(NamedTuple):
    """The best pair of layers of two models, and how far its score can be trusted."""

    best: BestPair
    interval: BestInterval | None
    """None without a confidence."""
    tied: tuple[float, float] | None
    """Share of X's and of Y's neighbors there that row order alone chose among candidates equally
    near: 0 none, 1 all. None for a metric without neighbors."""
    calibration: Calibration | None
    """None without a null."""


def best_pair(table: LayerScores, higher_is_closer: bool = True) -> BestPair | None:
    """Return the closest pair of layers; ties go to the shallower layer of X, then of Y.

    Works for scores of any sign. None when no pair of layers could be compared (all NaN).
    """
    if np.isnan(table).all():
        return None
    flat = np.nanargmax(table) if higher_is_closer else np.nanargmin(table)
    x, y = np.unravel_index(int(flat), table.shape)
    return BestPair(float(table[x, y]), int(x), int(y))


def score_best_pair(
    metric: Metric,
    x: Any,
    y: Any,
    table: LayerScores,
    k: int,
    *,
    null: Float64[np.ndarray, " count"] | None = None,
    confidence: float | None = None,
    seed: int = 0,
) -> PairScore:
    """Find the best pair of a layer table, its interval, its ties, and its place in the null.

    Args:
        metric: whose family prepared the sides.
        x: prepared side.
        y: prepared side.
        table: their scores, from `metric.compare`.
        k: neighbors.
        null: best scores of relabeled tables, from `prh_core.calibration.null_best`.
        confidence: level of the interval.
        seed: of the interval's resampling.

    Raises:
        DegenerateLayerError: the metric is not defined for any pair of layers.
    """
    best = best_pair(table, metric.higher_is_closer)
    if best is None:
        raise DegenerateLayerError(f"{metric.name} is not defined for any pair of layers")
    interval, tied, calibration = None, None, None
    if confidence is not None:
        interval = metric.best_interval(x, y, table, k, confidence, seed)
    if metric.family.tied is not None:
        tied = metric.family.tied(x, best.layer_x, k), metric.family.tied(y, best.layer_y, k)
    if null is not None:
        calibration = calibrate(
            best.score, null, best=metric.best, higher_is_closer=metric.higher_is_closer
        )
    return PairScore(best, interval, tied, calibration)
