"""How neighbors are shared over samples: what chance gives, and how few samples carry it."""

from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64, Int64

from prh_core.errors import TrendError
from prh_core.types import check_k


class Part(NamedTuple):
    """Samples whose values lie next to each other, and what they share."""

    low: float
    """Smallest value."""
    median: float
    high: float
    samples: int
    mean: float
    """Of what they share."""
    interval_low: float
    """Student's 95 % interval of the mean, samples taken as independent; NaN of one sample."""
    interval_high: float


def shared_by_chance(n: int, k: int) -> Float64[np.ndarray, " counts"]:
    """Return how often two unrelated lists of neighbors share 0, 1, ... k of them.

    Hypergeometric: k of the n - 1 other samples are drawn twice; the mean is k^2 / (n - 1).

    Args:
        n: samples.
        k: neighbors, 1 <= k <= n - 1.

    Returns:
        (k + 1,) probabilities.

    Raises:
        NeighborCountError: k is not in 1 ... n - 1.
    """
    check_k(k, n)
    return np.asarray(scipy.stats.hypergeom(n - 1, k, k).pmf(np.arange(k + 1)), np.float64)


def carriers(counts: Int64[np.ndarray, " counts"], part: float = 0.5) -> float:
    """Return the smallest share of samples that holds a part of all that is shared.

    Args:
        counts: how many samples share 0, 1, ... k neighbors.
        part: of the shared neighbors, 0 to 1.

    Returns:
        0 to 1; 0 where nothing is shared. Equal samples count in equal parts: where all share
        alike, half of what is shared is held by half of them.
    """
    total, left, held = int(counts.sum()), part * float(counts @ np.arange(len(counts))), 0.0
    for shared in range(len(counts) - 1, 0, -1):
        here = float(counts[shared] * shared)
        if here >= left:
            return (held + left / shared) / total if total else 0.0
        left -= here
        held += float(counts[shared])
    return held / total if total else 0.0


def by_parts(
    values: Float64[np.ndarray, " n"], shared: Float64[np.ndarray, " _"], parts: int = 10
) -> list[Part]:
    """Split samples by their values into parts of as equal a size as ties allow.

    Args:
        values: of each sample; equal ones stay together.
        shared: what each shares.
        parts: at most so many.

    Raises:
        TrendError: lengths differ, or there is no sample.
    """
    if len(values) != len(shared) or not len(values):
        raise TrendError(f"expected as many values as shares, got {len(values)} and {len(shared)}")
    # A value's place is that of the middle of its ties, so equal ones fall into one part.
    places = (scipy.stats.rankdata(values) - 0.5) / len(values)
    of = np.minimum((places * parts).astype(np.int64), parts - 1)
    found: list[Part] = []
    for part in np.unique(of):
        here, inside = shared[of == part], values[of == part]
        mean, n = float(here.mean()), len(here)
        reach = float("nan")
        if n > 1:
            reach = float(scipy.stats.t.ppf(0.975, n - 1) * here.std(ddof=1) / np.sqrt(n))
        low, high = mean - reach, mean + reach
        least, median, most = np.quantile(inside, (0, 0.5, 1)).tolist()
        found.append(Part(least, median, most, n, mean, low, high))
    return found


def rank_correlation(
    values: Float64[np.ndarray, " n"], shared: Float64[np.ndarray, " n"]
) -> tuple[float, float]:
    """Return Spearman's correlation and its two-sided p, samples taken as independent.

    Returns:
        (rho, p); NaN where all values are the same, or there are fewer than three.
    """
    if len(values) < 3 or np.ptp(values) == 0 or np.ptp(shared) == 0:
        return float("nan"), float("nan")
    found = scipy.stats.spearmanr(values, shared)
    return float(found.statistic), float(found.pvalue)
