"""Nonnegative least squares for many responses under many designs."""

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED

_TOLERANCE = 1e-10


@numba.njit(cache=CACHED, nogil=True)
def nonnegative_fits(
    designs: NDArray[np.float64], grams: NDArray[np.float64], responses: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimize |y - A w|^2 over w >= 0 for each response y under each design A.

    Lawson and Hanson's active set (Solving Least Squares Problems, 1974, ch. 23), on normal
    equations.

    Args:
        designs: (q, n, p), columns of unit length.
        grams: (q, p, p), A' A of each.
        responses: (b, n).

    Returns:
        (b, q) residual sums of squares, and (q, p) weights of the last response.
    """
    q, _, p = designs.shape
    residuals = np.empty((len(responses), q))
    weights = np.zeros((q, p))
    for b in range(len(responses)):
        y = responses[b]
        for a in range(q):
            _solve(grams[a], designs[a].T @ y, weights[a])
            left = y - designs[a] @ weights[a]
            residuals[b, a] = left @ left
    return residuals, weights


@numba.njit(cache=CACHED, nogil=True)
def _solve(gram: NDArray[np.float64], against: NDArray[np.float64], w: NDArray[np.float64]) -> None:
    """Fill w with the minimizer of w' G w / 2 - h' w over w >= 0."""
    p = len(against)
    free = np.zeros(p, dtype=np.bool_)
    w[:] = 0.0
    least = _TOLERANCE * np.abs(against).max()
    for _ in range(3 * p):
        best, steepest = -1, least
        for j in range(p):
            if not free[j]:
                descent = against[j]
                for i in range(p):
                    if free[i]:
                        descent -= gram[j, i] * w[i]
                if descent > steepest:
                    best, steepest = j, descent
        if best < 0:
            return
        free[best] = True
        while free.any():
            among = np.flatnonzero(free)
            m = len(among)
            inner = np.empty((m, m))
            for i in range(m):
                for j in range(m):
                    inner[i, j] = gram[among[i], among[j]]
            wanted = np.linalg.solve(inner, against[among])
            if wanted.min() > 0:
                w[among] = wanted
                break
            # As far toward the wanted weights as none falls below zero; who reaches it stays.
            share, first = 2.0, 0
            for i in range(m):
                if wanted[i] <= 0:
                    here = w[among[i]] / (w[among[i]] - wanted[i]) if w[among[i]] > 0 else 0.0
                    if here < share:
                        share, first = here, i
            for i in range(m):
                w[among[i]] = max(0.0, w[among[i]] + share * (wanted[i] - w[among[i]]))
            w[among[first]] = 0.0
            free[among[first]] = False
