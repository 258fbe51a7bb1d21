"""Bounds by a third model: always hold on real lists, and are reached; chance against draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prh_core.errors import NeighborCountError, SampleCountError
from prh_core.metrics.neighbors import mutual_knn
from prh_core.metrics.search import nearest
from prh_core.transitivity import score_bounds, shared_bounds, shared_by_chance


def shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.array([len(set(a) & set(b)) for a, b in zip(one, other, strict=True)])


@given(
    k=st.integers(1, 6),
    noises=st.tuples(*[st.floats(0, 3)] * 3),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=40, deadline=None)
def test_bounds_hold_on_real_lists(k: int, noises: tuple[float, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, latent = 20, rng.normal(size=(20, 3))
    stacks = [
        nearest([(latent + s * rng.normal(size=(n, 3))).astype(np.float32) for _ in range(2)], k)
        for s in noises
    ]
    a, b, c = (stack[0] for stack in stacks)
    low, high = shared_bounds(shared(a, b), shared(b, c), k)
    assert (low <= shared(a, c)).all()
    assert (shared(a, c) <= high).all()
    ab, bc, ac = (mutual_knn(stacks[i], stacks[j], [k])[0] for i, j in ((0, 1), (1, 2), (0, 2)))
    found = score_bounds(ab, bc, k, n)
    assert found.low <= ac.max() + 1e-12
    assert ac.max() <= found.high + 1e-12
    # Layer by layer, by loops.
    for x in range(2):
        for y in range(2):
            for layer in range(2):
                assert ac[x, y] >= ab[x, layer] + bc[layer, y] - 1 - 1e-12
                assert ac[x, y] <= 1 - abs(ab[x, layer] - bc[layer, y]) + 1e-12


@pytest.mark.parametrize("k", [1, 3, 4])
def test_bounds_are_reached(k: int) -> None:
    # B's list is 0 ... k-1; A and C share a and b of it, overlapping as little or much as may be.
    for a in range(k + 1):
        for b in range(k + 1):
            low, high = (int(end) for end in shared_bounds(np.array(a), np.array(b), k))
            outside = set(range(k, 3 * k))
            apart = len({*range(a)} & {*range(k - b, k)})
            together = min(a, b) + min(k - a, k - b, len(outside))
            assert (low, high) == (apart, together)


def test_chance_is_the_mean_of_independent_draws() -> None:
    n, k, a, b = 30, 6, 4, 3
    rng = np.random.default_rng(0)
    found = []
    for _ in range(4000):
        inside, outside = np.arange(k), np.arange(k, n - 1)
        one, other = (
            {
                *rng.choice(inside, held, replace=False),
                *rng.choice(outside, k - held, replace=False),
            }
            for held in (a, b)
        )
        found.append(len(one & other))
    expected = float(shared_by_chance(np.array(float(a)), np.array(float(b)), k, n))
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / 4000**0.5)


def test_low_scores_say_nothing_and_the_same_layer_must_carry_both() -> None:
    nothing = score_bounds(np.array([[0.2, 0.1]]), np.array([[0.3], [0.1]]), 10, 512)
    assert nothing.low == 0
    # .9 through one layer and .9 through another imply nothing together.
    crossed = score_bounds(np.array([[0.9, 0.1]]), np.array([[0.1], [0.9]]), 10, 512)
    assert crossed.low == pytest.approx(0)
    straight = score_bounds(np.array([[0.9, 0.1]]), np.array([[0.8], [0.1]]), 10, 512)
    assert straight.low == pytest.approx(0.7)
    assert straight.low_through == 0
    assert straight.high == pytest.approx(0.9)


def test_constant_layers_are_passed_over() -> None:
    gap = np.nan
    found = score_bounds(np.array([[gap, 0.7], [gap, gap]]), np.array([[gap], [0.6]]), 10, 512)
    assert found.low == pytest.approx(0.3)
    assert found.low_through == 1


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SampleCountError, match="the same layers between, got 2 and 1"):
        score_bounds(np.ones((1, 2)), np.ones((1, 2)), 10, 512)
    with pytest.raises(SampleCountError, match="no layer between"):
        score_bounds(np.full((1, 1), np.nan), np.ones((1, 1)), 10, 512)
    with pytest.raises(NeighborCountError, match=r"in 0 \.\.\. 3"):
        shared_bounds(np.array([4]), np.array([1]), 3)
    with pytest.raises(SampleCountError, match="more than k"):
        shared_by_chance(np.array(1.0), np.array(1.0), 3, 4)
