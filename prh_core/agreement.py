"""Do two sets of distances between the same things agree: rank correlation, chance, interval."""

import math
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64

from prh_core.errors import LayoutError
from prh_core.mantel import DRAWN, mantel


class Agreement(NamedTuple):
    """How far the distances of one layout follow another's."""

    rho: float
    """Spearman correlation of the distances over pairs."""
    p_value: float
    """Share of the orders of one side's things whose rho is as high, one-sided."""
    low: float
    """Confidence interval of rho, leaving out one thing after the other (jackknife, Fisher's z)."""
    high: float
    things: int
    pairs: int
    shuffles: int
    exact: bool
    """Whether all orders were counted; otherwise they are drawn, and p counts the order itself."""


def distance_agreement(
    first: Float64[np.ndarray, "n n"],
    second: Float64[np.ndarray, "n n"],
    *,
    shuffles: int = DRAWN,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Correlate two sets of distances between the same n things, and test it.

    Distances share things, so the test permutes things, not distances (Mantel 1967), and the
    interval leaves out things. Chance agreement is the claim to refute, so high rho counts.

    Args:
        first: (n, n) symmetric distances; the diagonal is ignored.
        second: likewise, in the same order.
        shuffles: orders drawn where there are too many to count them all.
        level: of the interval.
        seed: of the drawing.

    Raises:
        LayoutError: fewer than four things, tables that are not symmetric or finite, or one
            without variation.
    """
    a, b = _checked(first), _checked(second)
    n = len(a)
    if len(b) != n:
        raise LayoutError(f"expected distances between the same things, got {n} and {len(b)}")
    if n < 4:
        raise LayoutError(f"agreement of distances needs four things, got {n}")
    rows, columns = np.triu_indices(n, 1)
    if not np.ptp(a[rows, columns]) or not np.ptp(b[rows, columns]):
        raise LayoutError("all distances are the same: there is nothing to rank")
    test = mantel(a, b, shuffles, seed)
    p = test.share(test.shuffled >= test.rho - 1e-12)
    low, high = _interval(a, b, test.rho, level)
    return Agreement(test.rho, p, low, high, n, len(rows), len(test.shuffled), test.exact)


def _interval(a: np.ndarray, b: np.ndarray, rho: float, level: float) -> tuple[float, float]:
    n = len(a)
    without: list[float] = []
    for gone in range(n):
        kept = np.delete(np.arange(n), gone)
        rows, columns = np.triu_indices(n - 1, 1)
        x, y = (table[np.ix_(kept, kept)][rows, columns] for table in (a, b))
        if not np.ptp(x) or not np.ptp(y):
            return math.nan, math.nan
        without.append(float(scipy.stats.spearmanr(x, y).statistic))
    limit = 1 - 1e-12
    z = np.arctanh(np.clip(without, -limit, limit))
    error = math.sqrt((n - 1) / n * float(np.sum((z - z.mean()) ** 2)))
    half = float(scipy.stats.t.ppf((1 + level) / 2, n - 1)) * error
    center = math.atanh(min(max(rho, -limit), limit))
    return math.tanh(center - half), math.tanh(center + half)


def _checked(table: np.ndarray) -> np.ndarray:
    d = np.asarray(table, np.float64)
    if d.ndim != 2 or d.shape[0] != d.shape[1]:
        raise LayoutError(f"expected distances (n, n), got {d.shape}")
    off = ~np.eye(len(d), dtype=bool)
    if not np.isfinite(d[off]).all() or not np.allclose(d[off], d.T[off]):
        raise LayoutError("expected finite symmetric distances")
    return d
