"""Pointwise mutual information against loops, and what is not counted."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prh_core.errors import LayoutError
from prh_core.pmi import dissimilarity, pmi


@given(st.integers(2, 7), st.integers(0, 10_000))
def test_it_is_the_loop(n: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(1, 50, (n, n)).astype(float)
    found = pmi(counts)
    total = counts.sum()
    for a in range(n):
        for b in range(n):
            joint = (counts[a, b] + counts[b, a]) / 2 / total
            of_a = (counts[a].sum() + counts[:, a].sum()) / 2 / total
            of_b = (counts[b].sum() + counts[:, b].sum()) / 2 / total
            assert found.values[a, b] == pytest.approx(math.log(joint / of_a / of_b))
    assert found.counted.all()
    np.testing.assert_allclose(found.marginal.sum(), 1)
    np.testing.assert_array_equal(found.values, found.values.T)


def test_independent_events_have_none() -> None:
    share = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(pmi(1e6 * np.outer(share, share)).values, 0, atol=1e-12)


def test_a_pair_never_seen_is_as_far_as_the_farthest_seen() -> None:
    """Two rare events never seen together must not come close: once would be often for them."""
    counts = np.array([[900.0, 40, 30, 0], [40, 800, 0, 3], [30, 0, 4, 0], [0, 3, 0, 2]])
    found = pmi(counts, minimum=2)
    assert not found.counted[2, 3]
    seen = found.values[np.triu(found.counted, 1)]
    assert found.values[2, 3] == found.values[0, 3] == seen.min()
    once = math.log(1 / counts.sum() / found.marginal[2] / found.marginal[3])
    assert once > seen.max()  # what a count of one instead would have said


def test_dissimilarity_turns_the_order_round() -> None:
    counts = np.random.default_rng(0).integers(1, 90, (6, 6)).astype(float)
    found = pmi(counts)
    apart = dissimilarity(found.values)
    rows, columns = np.triu_indices(6, 1)
    order = np.argsort(found.values[rows, columns])
    assert (np.diff(apart[rows, columns][order]) <= 0).all()
    assert apart[rows, columns].min() == 0
    assert (np.diagonal(apart) == 0).all()
    np.testing.assert_array_equal(apart, apart.T)


@pytest.mark.parametrize(
    ("counts", "minimum", "named"),
    [
        (np.array([[1.0, -1], [1, 1]]), 1, "below zero"),
        (np.array([[1.0, 0], [0, 0]]), 1, "1 of 2 events were never seen, the first is 1"),
        (np.array([[1.0, np.nan], [1, 1]]), 1, "finite"),
        (np.ones((2, 2)), 0, "minimum count above zero"),
        (np.eye(3), 1, "no two different events were seen together 1 times or more"),
    ],
)
def test_what_are_no_counts_is_refused(counts: np.ndarray, minimum: float, named: str) -> None:
    with pytest.raises(LayoutError, match=named):
        pmi(counts, minimum=minimum)
