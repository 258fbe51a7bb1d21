"""What samples share by chance, and who carries it: counted by hand and by drawing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prh_core.compiled.overlaps import row_shared
from prh_core.errors import NeighborCountError
from prh_core.sharing import carriers, shared_by_chance


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
