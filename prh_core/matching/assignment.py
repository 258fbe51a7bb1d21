"""Quadratic assignment: the relabeling under which two similarity matrices agree best."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import scipy
from jaxtyping import Float64, Int64

STARTS = 8
"""Starts of the search by default; the first two are no random ones."""
_ITERATIONS = 100
_TOLERANCE = 1e-3
_GAIN = 1e-12
"""Gain of a swap below which it is rounding."""


class Assigned(NamedTuple):
    """The best relabeling that was found."""

    partner: Int64[np.ndarray, " n"]
    """Sample of the second matrix for each of the first."""
    objective: float
    """sum_ij first[i, j] * second[partner[i], partner[j]]."""
    starts: tuple[float, ...]
    """What each start came to."""


def assign(
    first: Float64[np.ndarray, "n n"],
    second: Float64[np.ndarray, "n n"],
    *,
    starts: int = STARTS,
    rng: np.random.Generator,
    told: Callable[[], None] = lambda: None,
) -> Assigned:
    """Return the permutation p that maximizes sum_ij first[i, j] * second[p[i], p[j]].

    The problem is NP-hard; this is the fast approximate method (FAQ: Frank-Wolfe on doubly
    stochastic matrices; Vogelstein et al. 2015), from the middle of all permutations, from the
    assignment of rows that hold alike values (sorted, so that order does not matter; Artetxe,
    Labaka and Agirre 2018), and from random places, each polished by the best swaps of two. The
    best of all counts. What is found may be a local optimum.

    Args:
        first: symmetric, with a diagonal of zeros.
        second: likewise.
        starts: how many, 1 or more.
        rng: of the random starts.
        told: called after each start.
    """
    n = len(first)
    found: list[tuple[float, np.ndarray]] = []
    for start in range(starts):
        middle = np.full((n, n), 1 / n)
        if start == 1:
            middle = (middle + _by_sorted_rows(first, second)) / 2
        elif start > 1:
            middle = (middle + np.eye(n)[rng.permutation(n)]) / 2
        options: Any = {
            "maximize": True,
            "P0": middle,
            "maxiter": _ITERATIONS,
            "tol": _TOLERANCE,
            "rng": rng,
        }
        solved = cast(Any, scipy.optimize.quadratic_assignment(first, second, options=options))
        reached = _polished(first, second, np.asarray(solved.col_ind, np.int64))
        if start == 1:
            # Of an exact copy it is the answer, from which Frank-Wolfe may step away.
            own = _polished(first, second, np.argmax(_by_sorted_rows(first, second), axis=1))
            reached = max(reached, own, key=lambda one: one[0])
        found.append(reached)
        told()
    objectives = tuple(objective for objective, _ in found)
    best = int(np.argmax(objectives))
    return Assigned(found[best][1], objectives[best], objectives)


def _by_sorted_rows(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the permutation matrix of the rows whose sorted entries are nearest."""
    a, b = np.sort(first, axis=1), np.sort(second, axis=1)
    chosen = scipy.optimize.linear_sum_assignment(a @ b.T - (b * b).sum(axis=1) / 2, maximize=True)
    return np.eye(len(first))[chosen[1]]


def _polished(first: np.ndarray, second: np.ndarray, p: np.ndarray) -> tuple[float, np.ndarray]:
    """Swap two at a time, the best pair first, until no swap gains."""
    p, n = p.copy(), len(p)
    moved = second[np.ix_(p, p)]
    product = first @ moved
    for _ in range(20 * n):
        own = np.diag(product)
        # Half the gain of swapping i and j, for symmetric matrices with zeros on the diagonal.
        gains = product + product.T - own - own[:, None] + 2 * first * moved
        np.fill_diagonal(gains, 0)
        i, j = divmod(int(np.argmax(gains)), n)
        if not gains[i, j] > _GAIN:
            break
        pair, swapped = [i, j], [j, i]
        p[pair] = p[swapped]
        before = moved[pair].copy()
        moved[pair] = moved[swapped]
        moved[:, pair] = moved[:, swapped]
        # Only two rows and two columns of `moved` changed: O(n^2), not a product again.
        product += first[:, pair] @ (moved[pair] - before)
        product[:, pair] = first @ moved[:, pair]
    return float((first * moved).sum()), p
