"""What two scores through a third model say of a pair that was not scored (mutual k-NN).

Of k neighbors, A and B share a and B and C share b. Then A and C share at least a + b - k, as both
parts lie among B's k, and at most k - |a - b|, as what the one shares with B beyond the other it
cannot share with that other. Both bounds hold for each sample, so for the means over samples; but
only through one and the same layer of B.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from prh_core.errors import NeighborCountError, SampleCountError

Table = Float64[np.ndarray, "_ _"]
"""Scores, NaN where a layer is constant."""


class SharedBounds(NamedTuple):
    """How many neighbors a sample's lists in A and C can have in common."""

    low: Int[np.ndarray, "..."]
    high: Int[np.ndarray, "..."]


def shared_bounds(a: Int[np.ndarray, "..."], b: Int[np.ndarray, "..."], k: int) -> SharedBounds:
    """Return max(0, a + b - k) and k - |a - b|.

    Args:
        a: neighbors A shares with B, of k.
        b: neighbors B shares with C.
        k: neighbors in every list.

    Raises:
        NeighborCountError: a count is not in 0 ... k.
    """
    for counts in (a, b):
        if counts.size and not (0 <= counts.min() and counts.max() <= k):
            raise NeighborCountError(f"shared neighbors should be in 0 ... {k}, got {counts}")
    return SharedBounds(np.asarray(np.maximum(0, a + b - k)), np.asarray(k - np.abs(a - b)))


def shared_by_chance(
    a: Float64[np.ndarray, "..."], b: Float64[np.ndarray, "..."], k: int, n: int
) -> Float64[np.ndarray, "..."]:
    """Return how many A and C share where they are independent given B's list.

    a b / k + (k - a)(k - b) / (n - 1 - k): what each shares with B lies anywhere among B's k, and
    the rest anywhere among the other n - 1 - k.

    Raises:
        SampleCountError: n - 1 <= k, so that there are no others.
    """
    if n - 1 <= k:
        raise SampleCountError(f"expected more than k + 1 = {k + 1} samples, got {n}")
    return np.asarray(a * b / k + (k - a) * (k - b) / (n - 1 - k))


class ScoreBounds(NamedTuple):
    """What a third model says of the best of an unknown layer table."""

    low: float
    """The best pair of layers scores this at least; 0 says nothing."""
    high: float
    """No pair of layers scores more; 1 says nothing."""
    expected: float
    """Highest score over pairs of layers and layers of B, were A and C independent given B and
    their samples alike: an expectation under a model, no bound."""
    low_through: int
    """B's layer that gives `low`."""


def score_bounds(ab: Table, bc: Table, k: int, n: int) -> ScoreBounds:
    """Return what layer tables of A with B and of B with C say of A with C.

    m(a, c) >= m(a, l) + m(l, c) - 1 for every layer l of B, so the best of A with C is at least
    max_l (max_a m(a, l) + max_c m(l, c) - 1). m(a, c) <= 1 - |m(a, l) - m(l, c)| for every l, so
    the best is at most max_{a, c} min_l of it.

    Args:
        ab: mutual k-NN of layers of A (outer) with layers of B.
        bc: of the same layers of B (outer) with layers of C; same samples, same lists of B.
        k: neighbors.
        n: samples.

    Raises:
        SampleCountError: the tables differ in B's layers or share no layer that was scored.
    """
    if ab.shape[1] != bc.shape[0]:
        raise SampleCountError(
            f"expected the same layers between, got {ab.shape[1]} and {bc.shape[0]}"
        )
    scored = ~np.isnan(ab).all(axis=0) & ~np.isnan(bc).all(axis=1)
    through = np.flatnonzero(scored)
    if not through.size:
        raise SampleCountError("no layer between was scored with both sides")
    ab, bc = ab[:, through], bc[through]
    ab, bc = ab[~np.isnan(ab).any(axis=1)], bc[:, ~np.isnan(bc).any(axis=0)]
    best_ab, best_bc = ab.max(axis=0), bc.max(axis=1)
    sums = best_ab + best_bc - 1
    at = int(sums.argmax())
    highest = (1 - np.abs(ab[:, :, None] - bc[None])).min(axis=1).max()
    shared = shared_by_chance(best_ab * k, best_bc * k, k, n)
    return ScoreBounds(
        max(0.0, float(sums[at])), float(highest), float(shared.max()) / k, int(through[at])
    )
