"""How many samples luck matches: the fixed points of a random permutation."""

import math
import sys
from collections.abc import Sequence

import numpy as np

_TERMS = 60
"""1 / 60! is far below what a float64 holds beside one."""


def fixed_points(n: int) -> np.ndarray:
    """Return how likely a random permutation of n things leaves 0, 1, ... of them in place.

    P(k) = D(n - k) / (k! (n - k)!), D the number of derangements (Montmort 1708); Poisson with
    mean 1 but for small n. The mean is 1 whatever n is.

    Returns:
        (min(n, 60) + 1,) probabilities.
    """
    top = min(n, _TERMS)
    signs = [(-1.0) ** j / math.factorial(j) for j in range(_TERMS + 1)]
    running = np.cumsum(signs)
    left = np.maximum(running[np.minimum(n - np.arange(top + 1), _TERMS)], 0.0)
    return left / np.array([float(math.factorial(k)) for k in range(top + 1)])


def fixed_points_tail(sizes: Sequence[int], count: int) -> float:
    """Return P(random permutations of these sizes leave `count` things or more in place, summed).

    Exact: probabilities of several permutations are convolved. From 60 things in place the
    tail is bounded by what 60 have, below 1e-81.
    """
    total = np.ones(1)
    for n in sizes:
        total = np.convolve(total, fixed_points(n))
    # Beyond the table luck is rarer than its last entry; 0 would claim what is impossible.
    tail = math.fsum(total[min(count, len(total) - 1) :])
    return min(1.0, max(tail, sys.float_info.min))
