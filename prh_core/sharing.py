"""How neighbors are shared over samples: what chance gives, and how few samples carry it."""

import numpy as np
import scipy.stats
from jaxtyping import Float64, Int64

from prh_core.types import check_k


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
