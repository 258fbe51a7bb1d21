"""Is a score more than chance: permutation nulls by relabeling, and false discovery rates."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64, Int64

from prh_core.backend import HOST
from prh_core.errors import PRHError
from prh_core.metrics.registry import Metric

ALPHA = 0.05
"""A calibrated score is positive where the raw one is beyond this share of the null."""
PERMUTATIONS = 200
"""The default: p cannot fall below 1 / 201."""


class Calibration(NamedTuple):
    """A score against its permutation null."""

    score: float
    """max((s - tau) / (s_max - tau), 0): 0 within chance, 1 at the best value there is."""
    p_value: float
    threshold: float
    """tau, in the metric's own unit."""
    null_mean: float


def permutations(n: int, count: int, seed: int) -> Int64[np.ndarray, "count n"]:
    """Return `count` random orders of n samples, always the same for one seed.

    Raises:
        PRHError: a negative count or seed.
    """
    if count < 0 or seed < 0:
        raise PRHError(f"permutations and seed must not be negative, got {count} and {seed}")
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(n) for _ in range(count)], dtype=np.int64).reshape(count, n)


def null_best(
    metrics: Sequence[Metric],
    xs: Sequence[Any],
    y: Any,
    ks: Sequence[int],
    orders: Int64[np.ndarray, "count n"],
    step: Callable[[], None] | None = None,
) -> Float64[np.ndarray, "metrics xs ks count"]:
    """Return the best score of the whole layer table under every relabeling of y's samples.

    One permutation serves all layers of y and all partners, and the best over layers is taken
    within each permuted table: the null of the best, not of one pair (Groger et al. 2026). What
    was prepared is relabeled, never prepared again.

    Args:
        metrics: of one family.
        xs: prepared partners of y.
        y: the prepared side that is relabeled.
        ks: the k wanted.
        orders: from `permutations`.
        step: called after every permutation.

    Returns:
        Best = highest, or lowest where lower is closer.
    """
    family = metrics[0].family
    return drawn_best(
        metrics, xs, (family.relabel(y, order) for order in orders), len(orders), ks, step
    )


def drawn_best(
    metrics: Sequence[Metric],
    xs: Sequence[Any],
    ys: Iterable[Any],
    count: int,
    ks: Sequence[int],
    step: Callable[[], None] | None = None,
) -> Float64[np.ndarray, "metrics xs ks count"]:
    """Return the best score of the whole layer table with every draw of y.

    Args:
        metrics: of one family.
        xs: prepared partners of y.
        ys: prepared draws of it, e.g. relabeled; each is let go before the next is asked for.
        count: of draws.
        ks: the k wanted.
        step: called after every draw.

    Returns:
        Best = highest, or lowest where lower is closer.
    """
    scores = np.empty((len(metrics), len(xs), len(ks), count))
    # A device compares the layers of all partners at once; a host would only copy them.
    joined: Callable[..., Any] | None = getattr(xs[0], "joined", None) if len(xs) > 1 else None
    together = joined is not None and xs[0].run is not HOST
    sides: Sequence[Any] = [joined(xs)] if joined is not None and together else xs
    cuts = np.cumsum([len(x) for x in xs])[:-1] if together else ()
    for at, drawn in enumerate(ys):
        for m, metric in enumerate(metrics):
            best = np.nanmax if metric.higher_is_closer else np.nanmin
            found = [metric.compare(side, drawn, ks) for side in sides]
            if together:
                found = np.split(found[0], cuts, axis=1)
            for i, tables in enumerate(found):
                scores[m, i, :, at] = [best(table) for table in tables]
        if step:
            step()
    return scores


def calibrate(
    observed: float,
    null: Float64[np.ndarray, " count"],
    *,
    best: float,
    higher_is_closer: bool = True,
    alpha: float = ALPHA,
) -> Calibration:
    """Compare a score with its null.

    tau = the ceil((1 - alpha)(K + 1))-th smallest of {observed} and the null, never interpolated;
    p = (1 + #{null >= observed}) / (K + 1); calibrated = max((s - tau) / (s_max - tau), 0)
    (Groger et al. 2026). Where lower is closer all signs turn round. Scores that differ by rounding
    are equal.

    Args:
        observed: the score.
        null: scores of K relabelings, best over layers where the observed one is.
        best: s_max, what two equal representations score.
        higher_is_closer: the metric's direction.
        alpha: share of the null beyond tau, in (0, 1).

    Raises:
        PRHError: no permutations, or alpha outside (0, 1).
    """
    count = len(null)
    if not count:
        raise PRHError("calibration needs at least one permutation")
    if not 0 < alpha < 1:
        raise PRHError(f"alpha lies between 0 and 1, got {alpha}")
    sign = 1.0 if higher_is_closer else -1.0
    score, scores = sign * observed, sign * null
    pooled = np.sort(np.append(scores, score))
    # 1e-9: (1 - 0.05) * 200 is 190.00000000000003 in floating point.
    tau = float(pooled[int(np.ceil((1 - alpha) * (count + 1) - 1e-9)) - 1])
    # What rounding alone tells apart is equally close: few labels make few different scores.
    slack = max(min(1e-6, 1e-3 * float(scores.std())), 2e-7 * abs(score))
    p_value = (1 + int(np.sum(scores >= score - slack))) / (count + 1)
    room = sign * best - tau
    calibrated = max((score - tau) / room, 0.0) if room > 0 else 0.0
    return Calibration(calibrated, p_value, sign * tau, float(null.mean()))


def benjamini_hochberg(p_values: Float64[np.ndarray, " tests"]) -> Float64[np.ndarray, " tests"]:
    """Return q-values: the smallest false discovery rate at which each test is called.

    q_(i) = min over j >= i of m p_(j) / j, at most 1  (Benjamini and Hochberg 1995).

    Raises:
        PRHError: a p-value outside [0, 1], or NaN.
    """
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise PRHError("p-values lie between 0 and 1")
    if len(p_values) == 1:
        return p_values.copy()
    return np.asarray(scipy.stats.false_discovery_control(p_values), np.float64)
