"""Scores over growing numbers of samples: means over random subsets, and what more would give.

A mean over random subsets of n of N samples estimates what a study of n samples would score on
average, without bias (Hoeffding 1948). Each order of the samples is cut into disjoint subsets of
every size, so subsets nest where sizes divide each other, and every sample counts.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from scipy import special

from prh_core.curves import check_n
from prh_core.errors import CurveError
from prh_core.intervals import Influence, Interval
from prh_core.metrics.registry import Metric, PrepareOptions
from prh_core.prepare import normalize
from prh_core.prepared import PreparedLayer

ORDERS = 4
"""Random orders of the samples, each cut into subsets of every size."""
LEVEL = 0.95
MISFIT = 0.5
"""Share of the exponent's own change that an extrapolation allows for; docs/decisions.md has what
it covers."""
_TINY = 1e-9


class SizeScore(NamedTuple):
    """What n samples score on average."""

    n: int
    k: int | None
    """None for a metric without neighbors."""
    score: float
    """Mean over the subsets."""
    low: float
    """95 % interval of what n samples are expected to score; NaN where the metric's error is not
    made up of samples."""
    high: float
    spread: float
    """Standard deviation over the subsets: how much one study of n samples differs from another;
    NaN of one subset. Subsets of one order are disjoint, so it holds up to n = N / 2."""
    subsets: int
    influence: Influence | None
    """What each of the N samples contributes to the error of the mean."""


class Ahead(NamedTuple):
    """What more samples would score, were the curve to go on as it went last."""

    n: int
    score: float
    low: float
    high: float
    exponent: float
    """Of n, over the last two sizes."""


def doubling_sizes(total: int, least: int = 64) -> list[int]:
    """Return least, 2 least, 4 least, ... below `total`, and `total` itself."""
    found: list[int] = []
    while least < total:
        found.append(least)
        least *= 2
    return [*found, total]


def score_sizes(
    metric: Metric,
    x: PreparedLayer,
    y: PreparedLayer,
    sizes: Sequence[int],
    k_at: Callable[[int], int | None],
    *,
    orders: int = ORDERS,
    seed: int = 0,
    told: Callable[[], None] = lambda: None,
) -> list[SizeScore]:
    """Score one pair of layers over growing random subsets of its samples.

    The interval is that of the mean: what each sample contributes to the error of the subsets it
    is in, averaged (an infinitesimal jackknife), so that scores of several sizes have a covariance,
    too. Layers are those given: choose them on all samples, or scores of few would be best of more.

    Args:
        metric: which.
        x: a layer over all N samples, truncated and normalized.
        y: another over the same.
        sizes: numbers of samples, each 2 ... N.
        k_at: neighbors at a number of samples; None for a metric without.
        orders: of the samples; at N there is one subset, the whole.
        seed: of the orders.
        told: called after each size.

    Raises:
        SampleCountError: a size beyond the samples there are.
        NeighborCountError: k does not fit a size.
        DegenerateLayerError: a layer is constant on some subset.
    """
    total = len(x)
    drawn = np.random.default_rng(seed).permuted(np.tile(np.arange(total), (orders, 1)), axis=1)
    found: list[SizeScore] = []
    for n in sizes:
        count = total // check_n(n, total)
        parts = drawn[: 1 if n == total else orders, : count * n].reshape(-1, n)
        found.append(_scored(metric, x, y, [np.sort(part) for part in parts], k_at(n), seed))
        told()
    return found


def _scored(
    metric: Metric,
    x: PreparedLayer,
    y: PreparedLayer,
    parts: Sequence[Int64[np.ndarray, " n"]],
    k: int | None,
    seed: int,
) -> SizeScore:
    """Score subsets of the samples, all of one k, each counting as much."""
    total, n = len(x), len(parts[0])
    shares, known = np.zeros(total), True
    scores: list[float] = []
    for part in parts:
        score, influence = _of_subset(metric, x.at(part), y.at(part), k, seed)
        scores.append(score)
        known = known and len(influence.shares) == len(part)
        if known:
            shares[part] += influence.shares / len(parts)
    mean = float(np.mean(scores))
    spread = float(np.std(scores, ddof=1)) if len(scores) > 1 else float("nan")
    if not known:
        return SizeScore(n, k, mean, float("nan"), float("nan"), spread, len(parts), None)
    whole = Influence(mean, shares, total - 1)
    low, high = metric.interval_of(whole, LEVEL)
    return SizeScore(n, k, mean, low, high, spread, len(parts), whole)


def _of_subset(
    metric: Metric, x: PreparedLayer, y: PreparedLayer, k: int | None, seed: int
) -> tuple[float, Influence]:
    options = PrepareOptions(k or 1)
    a, b = (metric.family.prepare([layer], options) for layer in (x, y))
    (influence,) = metric.influences(a, b, [(0, 0)], k or 1, seed)
    return float(metric.compare(a, b, [k or 1])[0][0, 0]), influence


def change(first: SizeScore, last: SizeScore) -> tuple[float, Interval]:
    """Return how much more the last size scores than the first, and its 95 % interval.

    Both are of the same samples, so the error is that of the difference.

    Raises:
        CurveError: the errors are not made up of samples.
    """
    if first.influence is None or last.influence is None:
        raise CurveError("the metric's error is not made up of samples, so a change has none")
    difference = last.score - first.score
    shares = last.influence.shares - first.influence.shares
    reach = float(special.stdtrit(last.influence.degrees, 0.5 + LEVEL / 2))
    error = reach * float(np.sqrt(np.square(shares).sum()))
    return difference, Interval(difference - error, difference + error)


def extrapolate(points: Sequence[SizeScore], n: int) -> Ahead:
    """Go on from the last sizes as a power of n: a straight line between logarithms.

    log S(n) = log S_1 + c (log n - log n_1), c the slope over the last two sizes. The interval has
    the sampling error of both, and half of what the slope would change by were it to go on changing
    as it did over the last three. It is a law that was seen to hold nearby, no theorem.

    Args:
        points: of growing sizes, three or more, of a metric that is higher where closer.
        n: beyond the last size.

    Raises:
        CurveError: fewer than three points, a score that is not positive, an n that is not beyond
            them, or errors that are not made up of samples.
    """
    last = list(points[-3:])
    if len(last) < 3 or not n > last[-1].n:
        raise CurveError(
            f"expected three sizes or more below n = {n:,}, got "
            f"{', '.join(f'{one.n:,}' for one in points)}"
        )
    if min(one.score for one in last) <= _TINY:
        raise CurveError("a power law takes scores above zero")
    known = [one.influence for one in last if one.influence is not None]
    if len(known) < 3:
        raise CurveError("the metric's error is not made up of samples, so nothing is told ahead")
    places = np.log([one.n for one in last])
    heights = np.log([one.score for one in last])
    moves = np.array([one.shares / at.score for one, at in zip(known, last, strict=True)])
    before, here = np.diff(heights) / np.diff(places)
    away = float(np.log(n) - places[-1])
    step = float(places[-1] - places[-2])
    bend = (here - before) / ((places[-1] - places[-3]) / 2)
    misfit = MISFIT * abs(bend) * away * (away + step) / 2
    middle = float(heights[-1] + here * away)
    shares = moves[-1] + (moves[-1] - moves[-2]) * away / step
    reach = float(special.stdtrit(known[-1].degrees, 0.5 + LEVEL / 2))
    error = reach * float(np.sqrt(np.square(shares).sum())) + misfit
    low, score, high = (float(np.exp(middle + way * error)) for way in (-1, 0, 1))
    return Ahead(n, score, low, min(high, 1.0) if high > 1 >= score else high, float(here))


class ClassScores(NamedTuple):
    """Agreement about classes, and about the samples of one class."""

    within: SizeScore
    """Mean over classes of agreement among the samples of each, by their number."""
    within_chance: float | None
    between: SizeScore
    """Of the means of classes."""
    between_chance: float | None
    classes: int
    """Compared: those of enough samples."""
    left_out: int
    """Samples of smaller classes."""


def score_classes(
    metric: Metric,
    x: PreparedLayer,
    y: PreparedLayer,
    classes: Sequence[str],
    k_at: Callable[[int], int | None],
    *,
    least: int = 8,
    seed: int = 0,
) -> ClassScores:
    """Score what two layers say of classes, and what they say of samples within them.

    Between: each class is its samples' mean, scored as a sample. Within: every class is scored by
    itself, and samples of all classes count alike. k follows the number of samples compared, so a
    fixed share of them makes both comparable; each has its own chance.

    Args:
        metric: which.
        x: a layer over all samples, truncated and normalized.
        y: another over the same.
        classes: (n,) of each sample.
        k_at: neighbors at a number of samples; None for a metric without.
        least: samples below which a class is left out.
        seed: of the resampling of some metrics.

    Raises:
        CurveError: fewer than three classes of enough samples.
        NeighborCountError, DegenerateLayerError: as `score_sizes`.
    """
    names, of = np.unique(np.asarray(classes, dtype=str), return_inverse=True)
    members = [np.flatnonzero(of == at) for at in range(len(names))]
    kept = [rows for rows in members if len(rows) >= least]
    if len(kept) < 3:
        raise CurveError(
            f"expected three classes or more of {least} samples or more, got {len(kept)} of "
            f"{len(names)}"
        )
    parts = [_scored(metric, x, y, [rows], k_at(len(rows)), seed) for rows in kept]
    weights = np.array([len(rows) for rows in kept], np.float64)
    weights /= weights.sum()
    score = float(weights @ [part.score for part in parts])
    size = round(float(np.mean([len(rows) for rows in kept])))
    within = SizeScore(
        size, k_at(size), score, float("nan"), float("nan"), float("nan"), len(kept), None,
    )  # fmt: skip
    known = [part.influence for part in parts if part.influence is not None]
    if len(known) == len(parts):
        shares = np.sum([w * one.shares for w, one in zip(weights, known, strict=True)], axis=0)
        influence = Influence(score, shares, len(x) - 1)
        low, high = metric.interval_of(influence, LEVEL)
        within = within._replace(low=low, high=high, influence=influence)
    every, k = np.arange(len(kept)), k_at(len(kept))
    means = [_class_means(layer, kept) for layer in (x, y)]
    between = _scored(metric, means[0], means[1], [every], k, seed)
    chances = [_chance(metric, len(rows), k_at(len(rows))) for rows in kept]
    told = [one for one in chances if one is not None]
    return ClassScores(
        within,
        float(weights @ told) if len(told) == len(kept) else None,
        between,
        _chance(metric, len(kept), between.k),
        len(kept),
        len(x) - sum(map(len, kept)),
    )


def _chance(metric: Metric, n: int, k: int | None) -> float | None:
    return None if metric.null is None else metric.null(n, k or 1)


def _class_means(layer: PreparedLayer, members: Sequence[Int64[np.ndarray, " _"]]) -> PreparedLayer:
    rows: Float64[np.ndarray, "n d"] = layer.exact()
    means = np.array([rows[part].mean(axis=0) for part in members], np.float32)
    return normalize([means], "class means")[0]
