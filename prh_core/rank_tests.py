"""Is a rank correlation more than chance: permutation tests over models, and over pairs of them."""

import functools
import math
from collections.abc import Sequence
from itertools import permutations as arrangements
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from prh_core.errors import TrendError
from prh_core.mantel import DRAWN, EXACT, standard_ranks

PAIR_SHUFFLES = 999
"""Orders drawn for every correlation over pairs of models: p cannot fall below 1 / 1,000."""

Numbers = Sequence[float | int] | np.ndarray


class RankTest(NamedTuple):
    """A Spearman correlation over n models, each an independent draw, and its test."""

    n: int
    rho: float
    """In [-1, 1], ties by mean rank."""
    p_value: float
    """Share of the orders of the models whose rho is as far from zero, two-sided."""
    shuffles: int
    """Orders behind the p-value."""
    exact: bool
    """Whether these are all there are; otherwise they are drawn, and the p-value counts itself."""


class PairTests(NamedTuple):
    """Spearman correlations between s settings over pairs of models, each with its test."""

    p_values: Float64[np.ndarray, "s s"]
    """Two-sided; NaN where a pair of settings cannot be tested, and on the diagonal."""
    shuffles: int
    exact: bool


def rank_test(x: Numbers, y: Numbers, *, shuffles: int = DRAWN, seed: int = 0) -> RankTest:
    """Correlate the ranks of x and y, and test it by shuffling x.

    Args:
        x: n values.
        y: n values.
        shuffles: orders drawn where there are too many to count them all (more than eight models).
        seed: of the drawing.

    Raises:
        TrendError: fewer than three values, lengths that differ, NaN or infinity, or all the same.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(a) != len(b):
        raise TrendError(f"expected as many x as y, got {len(a)} and {len(b)}")
    if len(a) < 3:
        raise TrendError(f"a rank correlation needs three values, got {len(a)}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise TrendError("expected finite numbers, got NaN or infinity")
    if not np.ptp(a) or not np.ptp(b):
        raise TrendError("a rank correlation needs values that differ")
    n = len(a)
    # In one order, so that the p-value is the same whichever model is named first.
    order = np.lexsort((b, a))
    ranks, other = standard_ranks(a[order]), standard_ranks(b[order])
    exact = math.factorial(n) <= EXACT
    shuffled = _shuffled(ranks.tobytes(), 0 if exact else shuffles, seed)
    rho = float(ranks @ other) / n
    as_far = int(np.count_nonzero(np.abs(shuffled @ other) / n >= abs(rho) - 1e-12))
    p_value = as_far / len(shuffled) if exact else (1 + as_far) / (1 + len(shuffled))
    return RankTest(n, rho, p_value, len(shuffled), exact)


@functools.lru_cache(maxsize=2)
def _shuffled(ranks: bytes, shuffles: int, seed: int) -> Float64[np.ndarray, "s n"]:
    """Return shuffles of n ranks in order, all of them where 0 are asked for.

    All tests of n models without ties ask for the same.
    """
    values = np.frombuffer(ranks, np.float64)
    if not shuffles:
        return values[np.array(list(arrangements(range(len(values)))))]
    rng = np.random.default_rng(seed)
    return values[rng.permuted(np.tile(np.arange(len(values)), (shuffles, 1)), axis=1)]


def pair_tests(
    tables: Float64[np.ndarray, "s m n"],
    *,
    within: bool,
    shuffles: int = PAIR_SHUFFLES,
    seed: int = 0,
) -> PairTests:
    """Test the rank correlations between settings over pairs of models, by shuffling models.

    Pairs share models, so pairs are no independent draws and the usual p-value is far too small;
    chance shuffles one setting's models instead (Mantel, 1967): of one kind with each other the
    same order for both sides, of two kinds an order of its own for each.

    Args:
        tables: (s, m, n) scores of m models with n models in each of s settings; NaN where a pair
            was not compared.
        within: whether the m models are the n models, and a table is symmetric; the diagonal is
            then ignored.
        shuffles: orders drawn where there are more.
        seed: of the drawing.

    Raises:
        TrendError: not a stack of tables, or within one kind not square.
    """
    if tables.ndim != 3 or (within and tables.shape[1] != tables.shape[2]):
        raise TrendError(f"expected tables (settings, models, models), got {tables.shape}")
    count, m, n = tables.shape
    rows, columns = np.triu_indices(m, 1) if within else np.indices((m, n)).reshape(2, -1)
    scores = tables[:, rows, columns]
    # A table with a gap cannot be shuffled: the gap would move.
    whole = [bool(np.isfinite(row).all() and len(row) >= 3 and np.ptp(row)) for row in scores]
    kept = np.flatnonzero(whole)
    table = np.full((count, count), np.nan)
    many = math.factorial(m) * (1 if within else math.factorial(n))
    exact = many <= shuffles
    drawn = _orders(m, n, within, shuffles, seed, exact)
    if len(kept) < 2:
        return PairTests(table, len(drawn), exact)
    ranks = standard_ranks(scores[kept])
    place = np.zeros((m, n), np.int64)
    place[rows, columns] = np.arange(len(rows))
    if within:
        place[columns, rows] = np.arange(len(rows))
    observed = np.abs(ranks @ ranks.T) / len(rows) - 1e-12
    as_far = np.zeros_like(observed)
    for first, second in drawn:
        shuffled = ranks[:, place[first[rows], second[columns]]]
        as_far += np.abs(ranks @ shuffled.T) / len(rows) >= observed
    p_values = as_far / len(drawn) if exact else (1 + as_far) / (1 + len(drawn))
    # Shuffling one or the other is the same test; of drawn orders one triangle is taken.
    upper = np.triu(p_values, 1)
    table[np.ix_(kept, kept)] = upper + upper.T
    np.fill_diagonal(table, np.nan)
    return PairTests(table, len(drawn), exact)


def _orders(
    m: int, n: int, within: bool, shuffles: int, seed: int, exact: bool
) -> list[tuple[Int64[np.ndarray, " m"], Int64[np.ndarray, " n"]]]:
    if exact:
        first = [np.array(order, np.int64) for order in arrangements(range(m))]
        if within:
            return [(order, order) for order in first]
        second = [np.array(order, np.int64) for order in arrangements(range(n))]
        return [(order, other) for order in first for other in second]
    rng = np.random.default_rng(seed)
    drawn: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(shuffles):
        order = rng.permutation(m)
        drawn.append((order, order if within else rng.permutation(n)))
    return drawn
