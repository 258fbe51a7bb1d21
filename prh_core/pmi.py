"""Pointwise mutual information from counts of what occurs together (paper, Fig. 8 and App. F)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from prh_core.errors import LayoutError


class Mutual(NamedTuple):
    """Pointwise mutual information of events."""

    values: Float64[np.ndarray, "n n"]
    """log p(a, b) / (p(a) p(b)), natural logarithm; see `counted` for what is known."""
    counted: Bool[np.ndarray, "n n"]
    """Pairs seen often enough; the others hold the lowest value of different events' that were."""
    marginal: Float64[np.ndarray, " n"]
    """p(a): share of the pairs' two places that a takes."""


def pmi(counts: Float64[np.ndarray, "n n"], *, minimum: float | int = 1) -> Mutual:
    """Return the pointwise mutual information of n events from counts of their pairs.

    A pair has no order: {a, b} was seen counts[a, b] + counts[b, a] times, {a, a} counts[a, a]
    times, and p(a, b) = p(b, a) shares the former. A pair seen less than `minimum` times
    takes the lowest PMI of the pairs of different events that were counted: it is at least as far
    apart as any of these, and how much farther the counts cannot tell. (As if counted once, two
    rare events never seen together would have a high PMI, since once would be often for them.)

    Args:
        counts: (n, n), none below zero; [a, b] is how often b was seen with a.
        minimum: times a pair must be seen to be believed, in either order together.

    Raises:
        LayoutError: no table of counts, an event that was never seen, or no two different events
            seen together so often.
    """
    table = np.asarray(counts, np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not len(table):
        raise LayoutError(f"expected counts (n, n), got {table.shape}")
    if not np.isfinite(table).all() or (table < 0).any():
        raise LayoutError("expected finite counts, none below zero")
    if not minimum > 0:
        raise LayoutError(f"expected a minimum count above zero, got {minimum}")
    seen = np.where(np.eye(len(table), dtype=bool), table, table + table.T)
    table = (table + table.T) / 2
    total = float(table.sum())
    marginal = table.sum(axis=1) / total if total else np.zeros(len(table))
    unseen = np.flatnonzero(marginal == 0)
    if len(unseen):
        raise LayoutError(
            f"{len(unseen)} of {len(table)} events were never seen, the first is {unseen[0]}"
        )
    counted = seen >= minimum
    between = counted & ~np.eye(len(table), dtype=bool)
    if not between.any():
        raise LayoutError(f"no two different events were seen together {minimum} times or more")
    chance = np.outer(marginal, marginal)
    values = np.log(np.where(counted, table, 1.0) / total) - np.log(chance)
    return Mutual(np.where(counted, values, values[between].min()), counted, marginal)


def dissimilarity(mutual: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n n"]:
    """Return -PMI + c between different events, c = max PMI, and 0 on the diagonal (paper, Fig. 8).

    The largest is that over all pairs, an event with itself among them (App. D): who is most often
    seen with itself sets where distances begin, so different events stand apart. An event itself
    has distance zero whatever its PMI.

    Args:
        mutual: (n, n), as of `pmi`.
    """
    off = ~np.eye(len(mutual), dtype=bool)
    apart = np.where(off, mutual.max() - mutual, 0.0)
    return (apart + apart.T) / 2
