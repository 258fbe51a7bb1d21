"""Rank correlation of two tables over pairs of the same things, and of the things shuffled.

Pairs share things, so chance shuffles things, not pairs (Mantel 1967).
"""

import math
from itertools import permutations as arrangements
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64

EXACT = 50_000
"""All orders of the things are counted up to so many (eight things); beyond, they are drawn."""
DRAWN = 10_000


class Mantel(NamedTuple):
    """A Spearman correlation over pairs, and the same with one side's things shuffled."""

    rho: float
    shuffled: Float64[np.ndarray, " s"]
    exact: bool
    """Whether these are all orders there are; otherwise they are drawn."""

    def share(self, as_far: np.ndarray) -> float:
        """Return the p-value: the share of shuffles as far; where drawn, it counts itself."""
        count, total = int(as_far.sum()), len(as_far)
        return count / total if self.exact else (count + 1) / (total + 1)


def mantel(
    first: Float64[np.ndarray, "n n"], second: Float64[np.ndarray, "n n"], shuffles: int, seed: int
) -> Mantel:
    """Correlate two symmetric tables over pairs; neither may be the same for every pair.

    Args:
        first: (n, n); the diagonal is ignored.
        second: likewise, in the same order.
        shuffles: orders drawn where there are too many to count them all.
        seed: of the drawing.
    """
    n = len(first)
    rows, columns = np.triu_indices(n, 1)
    x, y = (standard_ranks(table[rows, columns]) for table in (first, second))
    square = np.zeros((n, n))
    square[rows, columns] = square[columns, rows] = y
    exact = math.factorial(n) <= EXACT
    rng = np.random.default_rng(seed)
    orders = arrangements(range(n)) if exact else (rng.permutation(n) for _ in range(shuffles))
    shuffled = [float(x @ square[o[rows], o[columns]]) for o in map(np.asarray, orders)]
    return Mantel(float(x @ y) / len(x), np.array(shuffled) / len(x), exact)


def standard_ranks(values: Float64[np.ndarray, "*rows p"]) -> Float64[np.ndarray, "*rows p"]:
    """Return ranks along the last axis, ties by mean rank, of mean 0 and deviation 1."""
    ranks = np.asarray(scipy.stats.rankdata(values, axis=-1), np.float64)
    ranks -= ranks.mean(axis=-1, keepdims=True)
    return ranks / ranks.std(axis=-1, keepdims=True)
