"""What samples share by chance, and who carries it: counted by hand and by drawing."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prh_core.compiled.overlaps import row_shared
from prh_core.errors import NeighborCountError, TrendError
from prh_core.sharing import by_parts, carriers, rank_correlation, shared_by_chance


@given(st.integers(3, 40), st.data())
def test_chance_is_counted_by_combinations(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n - 1))
    ways = math.comb(n - 1, k)
    expected = [math.comb(k, j) * math.comb(n - 1 - k, k - j) / ways for j in range(k + 1)]
    found = shared_by_chance(n, k)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)
    assert found.sum() == pytest.approx(1)
    # Its mean is what mutual k-NN gives by chance.
    assert found @ np.arange(k + 1) / k == pytest.approx(k / (n - 1))


def test_unrelated_lists_share_so_many() -> None:
    rng = np.random.default_rng(0)
    n, k = 30, 6
    order = np.argsort(rng.random((2, 20_000, n - 1)), axis=2)[:, :, :k].astype(np.int32)
    shared = np.bincount(row_shared(*np.ascontiguousarray(order)), minlength=k + 1) / 20_000
    np.testing.assert_allclose(shared, shared_by_chance(n, k), atol=0.012)


def test_k_must_leave_others() -> None:
    with pytest.raises(NeighborCountError, match="n - 1"):
        shared_by_chance(10, 10)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60), st.floats(0.05, 1))
def test_carriers_are_the_fewest_that_hold_so_much(shared: list[int], part: float) -> None:
    ordered = np.sort(shared)[::-1]
    found = carriers(np.bincount(ordered, minlength=9), part) * len(ordered)
    if not ordered.sum():
        assert found == 0
        return
    held = np.append(0, np.cumsum(ordered))
    # Between whole samples what is held grows evenly.
    assert np.interp(found, np.arange(len(held)), held) == pytest.approx(part * ordered.sum())


def test_where_all_share_alike_half_of_them_hold_half() -> None:
    assert carriers(np.array([0, 0, 0, 40])) == 0.5
    assert carriers(np.array([90, 0, 10])) == pytest.approx(0.05)
    assert carriers(np.array([7, 0])) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10)), min_size=1, max_size=80))
def test_parts_hold_every_sample_once_and_keep_ties_together(rows: list[tuple[int, int]]) -> None:
    values, shared = (np.array(side, np.float64) for side in zip(*rows, strict=True))
    parts = by_parts(values, shared)
    assert len(parts) <= 10 and sum(part.samples for part in parts) == len(rows)
    for before, after in zip(parts, parts[1:], strict=False):
        assert before.high < after.low
    weights = [part.samples for part in parts]
    assert np.average([part.mean for part in parts], weights=weights) == pytest.approx(
        shared.mean()
    )
    for part in parts:
        here = shared[(values >= part.low) & (values <= part.high)]
        assert part.samples == len(here) and part.mean == pytest.approx(here.mean())
        if len(here) > 1 and here.std() > 0:
            ends = stats.t.interval(0.95, len(here) - 1, here.mean(), stats.sem(here))
            assert (part.interval_low, part.interval_high) == pytest.approx(ends)


def test_distinct_values_make_equal_parts() -> None:
    parts = by_parts(np.random.default_rng(0).permutation(1000) / 7, np.ones(1000))
    assert [part.samples for part in parts] == [100] * 10


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=40))
def test_rank_correlation_is_that_of_ranks(rows: list[tuple[int, int]]) -> None:
    values, shared = (np.array(side, np.float64) for side in zip(*rows, strict=True))
    rho, p = rank_correlation(values, shared)
    if np.ptp(values) == 0 or np.ptp(shared) == 0:
        assert math.isnan(rho) and math.isnan(p)
        return
    ranks = np.array([pl.Series(side).rank().to_numpy() for side in (values, shared)])
    assert rho == pytest.approx(np.corrcoef(ranks)[0, 1], abs=1e-9)
    assert 0 <= p <= 1 or math.isnan(p)


def test_parts_need_as_many_values_as_shares() -> None:
    with pytest.raises(TrendError, match="as many values as shares, got 2 and 3"):
        by_parts(np.zeros(2), np.zeros(3))
