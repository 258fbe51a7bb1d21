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
    assert apart[rows, columns].min() >= 0
    assert (np.diagonal(apart) == 0).all()
    np.testing.assert_array_equal(apart, apart.T)


def test_dissimilarity_begins_at_the_largest_pmi_of_all() -> None:
    """Against loops, c over all pairs: that of an event with itself, too (App. D)."""
    counts = np.array([[90.0, 4, 1], [2, 30, 6], [1, 6, 5]])
    values = pmi(counts).values
    largest = max(values[a, b] for a in range(3) for b in range(3))
    assert largest == max(np.diagonal(values)) > np.triu(values, 1).max()
    apart = dissimilarity(values)
    for a in range(3):
        for b in range(3):
            assert apart[a, b] == pytest.approx(0 if a == b else largest - values[a, b])
    assert (apart[np.triu_indices(3, 1)] > 0).all()
    mostly_between = np.array([[1.0, 20, 1], [20, 1, 1], [1, 1, 30]])
    assert dissimilarity(pmi(mostly_between).values).min() == 0


@given(st.integers(2, 6), st.integers(1, 5), st.integers(0, 10_000))
def test_a_pair_is_counted_in_both_orders_together(n: int, minimum: int, seed: int) -> None:
    """Against the list of pairs that the counts were made from."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, n, (12 * n, 2)).tolist() + [[i, (i + 1) % n] for i in range(n)] * 5
    counts = np.zeros((n, n))
    for first, second in drawn:
        counts[first, second] += 1
    found = pmi(counts, minimum=minimum)
    for a in range(n):
        for b in range(n):
            times = sum({first, second} == {a, b} for first, second in drawn)
            assert found.counted[a, b] == (times >= minimum)
            if times >= minimum:
                joint = times / len(drawn) / (1 if a == b else 2)
                wanted = math.log(joint / found.marginal[a] / found.marginal[b])
                assert found.values[a, b] == pytest.approx(wanted)


def test_once_is_once() -> None:
    found = pmi(np.array([[10.0, 1, 0], [0, 10, 3], [0, 0, 10]]), minimum=1)
    assert found.counted.tolist() == [[True, True, False], [True] * 3, [False, True, True]]
    assert pmi(np.array([[1.0, 2], [0, 1]]), minimum=2).counted.tolist() == [
        [False, True],
        [True, False],
    ]


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
