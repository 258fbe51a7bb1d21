"""Ranks of every sample's neighbors, all of them."""

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED


@numba.njit(cache=CACHED, parallel=True)
def neighbor_ranks(kernel: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rank each row's other samples from 1, the most similar, ties sharing their mean rank.

    (n, n) similarities -> (n, n) ranks; a sample's rank among its own neighbors is 0.
    """
    n = len(kernel)
    ranks = np.zeros((n, n), dtype=np.float32)
    for i in numba.prange(n):
        row = -kernel[i]
        row[i] = -np.inf
        order = np.argsort(row)
        start = 1
        while start < n:
            stop = start + 1
            while stop < n and row[order[stop]] == row[order[start]]:
                stop += 1
            for at in range(start, stop):
                ranks[i, order[at]] = (start + stop - 1) / 2
            start = stop
        ranks[i, i] = 0
    return ranks
