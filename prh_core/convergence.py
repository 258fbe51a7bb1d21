"""Do strong models agree: alignment among models against their competence (paper, Fig. 2)."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64, Int64
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from prh_core.errors import ConvergenceError
from prh_core.mantel import DRAWN, mantel

Rule = Literal["equal width", "equal count"]
RULES: tuple[Rule, ...] = ("equal width", "equal count")

_EQUAL = 1e-9
"""Competences closer than this share of the largest differ by rounding."""

Square = Float64[np.ndarray, "m m"]
Numbers = Sequence[float | int] | np.ndarray


class Bin(NamedTuple):
    """Models of like competence, and how much they agree with each other."""

    low: float
    """Lower edge; the bin holds low <= competence < high, the last one its upper edge too."""
    high: float
    models: int
    pairs: int
    mean: float
    """Mean alignment over the pairs within the bin; NaN with fewer than two models."""
    error: float
    """Its standard error, a jackknife over models; NaN with fewer than three models."""
    members: Int64[np.ndarray, " models"]
    """Positions of its models, rising."""


class Convergence(NamedTuple):
    """Whether alignment rises with the competence of the weaker model of a pair."""

    models: int
    pairs: int
    rho: float
    """Spearman correlation over pairs of alignment with the lower of the two competences."""
    p_value: float
    """Share of the orders of the models whose rho is as far from zero, two-sided."""
    shuffles: int
    """Orders behind the p-value."""
    exact: bool
    """Whether these are all there are; otherwise they are drawn, and the p-value counts itself."""


class Distances(NamedTuple):
    """Distances between models, -log(alignment)."""

    values: Float64[np.ndarray, "m m"]
    raised: int
    """Pairs whose alignment was zero or less and counts as `floor`."""
    floor: float
    """Half the smallest positive alignment of the table."""


def squared(
    first: Sequence[str], second: Sequence[str], scores: Sequence[float]
) -> tuple[list[str], Square]:
    """Return the models that were all compared with each other, and their (m, m) alignments.

    Args:
        first: a model of each pair.
        second: the other.
        scores: their alignment, a number per unordered pair.
    """
    names = sorted({*first, *second})
    place = {name: i for i, name in enumerate(names)}
    table = np.full((len(names), len(names)), np.nan)
    for a, b, score in zip(first, second, scores, strict=True):
        table[place[a], place[b]] = table[place[b], place[a]] = score
    np.fill_diagonal(table, 1)
    kept = complete(table)
    return [names[i] for i in kept], table[np.ix_(kept, kept)]


def complete(alignment: Square) -> Int64[np.ndarray, " c"]:
    """Return positions of models that all have an alignment with each other, in order.

    The model that lacks most partners is left out first, until none lacks any.

    Args:
        alignment: (m, m), symmetric; NaN where a pair was not compared, diagonal ignored.
    """
    absent = np.isnan(_square(alignment))
    np.fill_diagonal(absent, False)
    kept = np.arange(len(absent))
    while (lacking := absent[np.ix_(kept, kept)].sum(axis=1)).any():
        kept = np.delete(kept, len(kept) - 1 - int(lacking[::-1].argmax()))
    return kept.astype(np.int64)


def competence_bins(
    competence: Numbers, alignment: Square, *, count: int = 5, rule: Rule = "equal width"
) -> list[Bin]:
    """Bin models by competence and average the alignment of the pairs within each bin.

    Pairs that share a model are not independent, so the standard error leaves out one model after
    the other instead of treating every pair as a draw of its own. Shares of tasks fall on edges:
    competences, and edges, closer than rounding (1e-9 of the largest) count as equal.

    Args:
        competence: m values, e.g. the share of tasks solved.
        alignment: (m, m), symmetric, every pair finite; the diagonal is ignored.
        count: bins asked for; "equal count" gives fewer where competences tie.
        rule: "equal width" cuts the range of competence evenly, "equal count" the models.

    Raises:
        ConvergenceError: fewer than two models, shapes that do not fit, values that are not finite.
    """
    c, table = _checked(competence, alignment)
    if count < 1:
        raise ConvergenceError(f"expected one bin or more, got {count}")
    tied = _tied(c)
    cuts = np.linspace(0, 1, count + 1)
    if rule == "equal count":
        cuts = np.asarray(np.quantile(tied, cuts), np.float64)
    else:
        cuts = tied.min() + np.ptp(tied) * cuts
    # An edge that is a competence but for rounding becomes it.
    held = np.unique(tied)
    nearest = held[np.abs(held[:, None] - cuts).argmin(axis=0)]
    cuts = np.where(np.abs(nearest - cuts) <= _rounding(c), nearest, cuts)
    edges: Float64[np.ndarray, " e"] = np.array(sorted(set(cuts.tolist())))
    if len(edges) < 2:
        edges = np.array([c.min(), c.max()])
    place = np.clip(np.searchsorted(edges, tied, side="right") - 1, 0, len(edges) - 2)
    edges[-1] = c.max()
    bins: list[Bin] = []
    for i, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        inside = np.flatnonzero(place == i)
        m = len(inside)
        mean, error = _mean_and_error(table[np.ix_(inside, inside)])
        members = inside.astype(np.int64)
        bins.append(Bin(float(low), float(high), m, m * (m - 1) // 2, mean, error, members))
    return bins


def convergence_trend(
    competence: Numbers, alignment: Square, *, shuffles: int = DRAWN, seed: int = 0
) -> Convergence:
    """Correlate alignment with the competence of the weaker model over all pairs, and test it.

    Two models can agree only as far as the weaker of them sees, so a pair counts with the lower
    competence. Pairs share models, so the test permutes models, not pairs (Mantel, 1967).

    Args:
        competence: m values.
        alignment: (m, m), symmetric, every pair finite; the diagonal is ignored.
        shuffles: orders drawn where there are too many to count them all.
        seed: of the drawing.

    Raises:
        ConvergenceError: fewer than four models, all of one competence or alignment, shapes that do
            not fit, values that are not finite.
    """
    c, table = _checked(competence, alignment)
    c, m = _tied(c), len(c)
    if m < 4:
        raise ConvergenceError(f"a trend over pairs needs four models, got {m}")
    first, second = np.triu_indices(m, 1)
    if not np.ptp(c) or not np.ptp(table[first, second]):
        raise ConvergenceError("a trend needs models that differ in competence and alignment")
    weaker = np.minimum.outer(c, c)
    if not np.ptp(weaker[first, second]):
        raise ConvergenceError("a trend needs weaker models that differ in competence")
    test = mantel(table, weaker, shuffles, seed)
    p = test.share(np.abs(test.shuffled) >= abs(test.rho) - 1e-12)
    return Convergence(m, len(first), test.rho, p, len(test.shuffled), test.exact)


def distances(alignment: Square) -> Distances:
    """Return -log(alignment) between models, 0 on the diagonal (paper, Fig. 2, right).

    An alignment of zero or less is no infinite distance: it counts as half the smallest positive
    alignment of the table, below what was measured and finite. An alignment above one (which some
    metrics reach) is distance zero.

    Args:
        alignment: (m, m), symmetric, every pair finite; the diagonal is ignored.

    Raises:
        ConvergenceError: fewer than two models, not symmetric, values that are not finite, or no
            pair with a positive alignment.
    """
    table = _checked(np.zeros(len(alignment)), alignment)[1].copy()
    first, second = np.triu_indices(len(table), 1)
    values = table[first, second]
    if not (values > 0).any():
        raise ConvergenceError("no pair of models has a positive alignment, so none is near")
    floor = float(values[values > 0].min()) / 2
    raised = int((values <= 0).sum())
    away = np.maximum(-np.log(np.maximum(values, floor)), 0)
    result = np.zeros_like(table)
    result[first, second] = result[second, first] = away
    return Distances(result, raised, floor)


def metric_agreement(scores: Float64[np.ndarray, "s p"]) -> Float64[np.ndarray, "s s"]:
    """Return the Spearman correlation between s metrics or settings over p pairs (paper, Fig. 12).

    Args:
        scores: a row per metric or setting; NaN where a pair was not compared. Two rows are
            correlated over the pairs both have; NaN with fewer than three or without variation.

    Raises:
        ConvergenceError: not a table.
    """
    if scores.ndim != 2:
        raise ConvergenceError(f"expected scores (settings, pairs), got {scores.shape}")
    count = len(scores)
    correlations = np.full((count, count), np.nan)
    there = ~np.isnan(scores)
    for i in range(count):
        for j in range(i, count):
            both = there[i] & there[j]
            a, b = scores[i, both], scores[j, both]
            if len(a) >= 3 and np.ptp(a) and np.ptp(b):
                correlations[i, j] = correlations[j, i] = float(
                    scipy.stats.spearmanr(a, b).statistic
                )
    return correlations


def clustered(agreement: Float64[np.ndarray, "s s"]) -> Int64[np.ndarray, " s"]:
    """Return the order that puts like rows side by side: average linkage on 1 - correlation.

    Unknown correlations count as zero. Leaves are ordered so that neighbors are alike.
    """
    if len(agreement) < 3:
        return np.arange(len(agreement), dtype=np.int64)
    apart = 1 - np.nan_to_num(np.asarray(agreement, np.float64), nan=0.0)
    apart = np.maximum((apart + apart.T) / 2, 0)
    np.fill_diagonal(apart, 0)
    tree = hierarchy.linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    return np.asarray(hierarchy.leaves_list(tree), np.int64)


def _rounding(c: np.ndarray) -> float:
    return _EQUAL * float(np.abs(c).max())


def _tied(c: np.ndarray) -> Float64[np.ndarray, " m"]:
    """Return values with what differs by rounding made equal, to the least of them."""
    order = np.argsort(c, kind="stable")
    starts = np.concatenate([[True], np.diff(c[order]) > _rounding(c)])
    tied = np.empty_like(c)
    tied[order] = c[order][starts][np.cumsum(starts) - 1]
    return tied


def _mean_and_error(table: Square) -> tuple[float, float]:
    m = len(table)
    if m < 2:
        return math.nan, math.nan
    upper = table[np.triu_indices(m, 1)]
    total, pairs = float(upper.sum()), len(upper)
    mean = total / pairs
    if m < 3:
        return mean, math.nan
    of_model = np.where(np.eye(m, dtype=bool), 0, table).sum(axis=1)
    without = (total - of_model) / (pairs - (m - 1))
    spread = float(np.sum((without - without.mean()) ** 2))
    return mean, math.sqrt((m - 1) / m * spread)


def _square(alignment: np.ndarray) -> Square:
    table = np.asarray(alignment, np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ConvergenceError(f"expected alignment (m, m), got {table.shape}")
    return table


def _checked(competence: Numbers, alignment: np.ndarray) -> tuple[np.ndarray, Square]:
    table = _square(alignment)
    c = np.asarray(competence, np.float64)
    if c.shape != (len(table),):
        raise ConvergenceError(f"expected {len(table)} competences, got {c.shape}")
    if len(c) < 2:
        raise ConvergenceError(f"expected two models or more, got {len(c)}")
    apart = table[~np.eye(len(c), dtype=bool)]
    if not np.isfinite(c).all() or not np.isfinite(apart).all():
        raise ConvergenceError("competence or alignment holds NaN or infinity")
    if not np.allclose(apart, table.T[~np.eye(len(c), dtype=bool)]):
        raise ConvergenceError("expected a symmetric table: average both directions first")
    return c, table
