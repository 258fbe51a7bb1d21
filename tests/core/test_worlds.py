"""Simulated worlds against counting, bisection and loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prh_core.errors import WorldError
from prh_core.worlds import (
    STRUCTURES,
    bijective,
    cooccurrence,
    counted,
    definite,
    lossy,
    make_world,
    noisy,
    observed,
    pointwise,
    similarity_logits,
    walks,
)

every_structure = pytest.mark.parametrize("structure", STRUCTURES)


@every_structure
@pytest.mark.parametrize("events", [4, 12, 32])
def test_a_world_is_a_reversible_walk(structure: str, events: int) -> None:
    world = make_world(structure, events, 1.5, seed=3)
    np.testing.assert_allclose(world.transition.sum(axis=1), 1)
    np.testing.assert_allclose(world.stationary @ world.transition, world.stationary)
    flow = world.stationary[:, None] * world.transition
    np.testing.assert_allclose(flow, flow.T, atol=1e-15)


@every_structure
@pytest.mark.parametrize("window", [1, 3])
def test_counting_a_long_walk_comes_near_the_exact_shares(structure: str, window: int) -> None:
    world = make_world(structure, 12, 1.5)
    exact = cooccurrence(world, window)
    found = counted(walks(world, 600_000, seed=1), 12, window)
    np.testing.assert_allclose(exact.sum(), 1)
    np.testing.assert_array_equal(exact, exact.T)
    np.testing.assert_allclose(exact.sum(axis=0), world.stationary, atol=1e-12)
    np.testing.assert_allclose(found, exact, atol=2e-3)
    assert np.corrcoef(pointwise(found).ravel(), pointwise(exact).ravel())[0, 1] > 0.99


def test_counting_is_the_loop() -> None:
    sequences = np.random.default_rng(0).integers(0, 5, (3, 20))
    wanted = np.zeros((5, 5))
    for row in sequences:
        for t in range(20):
            for u in range(20):
                if abs(t - u) <= 2:
                    wanted[row[t], row[u]] += 1
    np.testing.assert_allclose(counted(sequences, 5, 2), wanted / wanted.sum())


def test_a_tree_is_measured_along_its_branches() -> None:
    world = make_world("tree", 7, 2.0)
    logs = np.log(world.transition * world.stationary[:, None])
    near, far = logs[3, 1], logs[3, 5]
    assert near > logs[3, 4] > far  # parent, sibling, across the root
    assert logs[3, 4] == pytest.approx(logs[5, 6])


@settings(max_examples=40)
@given(st.integers(2, 9), st.integers(0, 10_000))
def test_the_smallest_constant_is_bisections(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, n))
    kernel = factor @ factor.T + rng.normal(scale=5)  # definite but for a constant
    found = definite(kernel)
    ones = np.ones((n, n))
    low, high = -1e3, 1e3
    for _ in range(200):
        middle = (low + high) / 2
        definite_there = np.linalg.eigvalsh(kernel + middle * ones)[0] >= 0
        low, high = (low, middle) if definite_there else (middle, high)
    assert found.smallest == pytest.approx(high, abs=1e-6)
    assert np.linalg.eigvalsh(kernel + (found.smallest + 1e-6) * ones)[0] > -1e-9


def test_no_constant_helps_a_kernel_that_bends_the_wrong_way() -> None:
    kernel = -np.cos(2 * np.pi * np.subtract.outer(np.arange(8), np.arange(8)) / 8)
    found = definite(kernel)
    assert np.isnan(found.smallest)
    assert found.least_eigenvalue == pytest.approx(-4)


@every_structure
def test_where_the_proposition_holds_a_constant_exists(structure: str) -> None:
    """Prop. F.1: nearly equal co-occurrences and a strong diagonal."""
    smooth = definite(pointwise(cooccurrence(make_world(structure, 16, 0.05), 1)))
    assert smooth.sufficient
    assert np.isfinite(smooth.smallest)
    rough = definite(pointwise(cooccurrence(make_world(structure, 16, 4.0), 1)))
    assert not rough.sufficient


def test_two_who_see_everything_see_the_same() -> None:
    world = make_world("field", 12, 2.0)
    joint = cooccurrence(world, 1)
    first, second = (bijective(world.stationary, seed) for seed in (1, 2))
    assert not np.array_equal(first.channel, second.channel)
    whole = pointwise(joint)
    for seen in (first, second):
        back = seen.channel @ pointwise(observed(joint, seen)) @ seen.channel.T
        np.testing.assert_allclose(back, whole, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.8])
def test_a_lossy_observer_loses_what_is_asked(share: float) -> None:
    world = make_world("field", 32, 2.0)
    seen = lossy(world.stationary, share, seed=5)
    assert share <= seen.lost < share + 0.1
    np.testing.assert_allclose(seen.channel.sum(axis=1), 1)
    shares = world.stationary @ seen.channel
    bits = -(shares * np.log2(shares)).sum()
    whole = -(world.stationary * np.log2(world.stationary)).sum()
    assert seen.lost == pytest.approx(1 - bits / whole)


def test_who_loses_more_has_merged_what_who_loses_less_has() -> None:
    shares = np.full(32, 1 / 32)
    fine, coarse = (lossy(shares, share, seed=1).channel.argmax(axis=1) for share in (0.2, 0.5))
    for symbol in np.unique(fine):
        assert len(np.unique(coarse[fine == symbol])) == 1


def test_a_noisy_observer_learns_nothing_in_the_end() -> None:
    shares = np.full(16, 1 / 16)
    lost = [noisy(shares, share).lost for share in (0.0, 0.3, 0.6, 1.0)]
    assert lost == sorted(lost)
    assert lost[0] == pytest.approx(0)
    assert lost[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda: make_world("spiral", 8), "expected one of ring, grid, tree, field, got 'spiral'"),
        (lambda: make_world("ring", 3), "4 events or more"),
        (lambda: make_world("ring", 8, 0), "smoothness above 0"),
        (lambda: make_world("grid", 13), "13 events make no grid"),
        (lambda: cooccurrence(make_world("ring", 8), 0), "window of one step or more, got 0"),
        (lambda: counted(np.zeros((2, 3), np.int64), 4, 3), "sequences of 3 hold no window of 3"),
        (lambda: lossy(np.full(4, 0.25), 1.0), r"in \[0, 1\), got 1.0"),
        (lambda: noisy(np.full(4, 0.25), 1.5), r"in \[0, 1\], got 1.5"),
        (lambda: definite(np.array([[1.0, 2], [3, 1]])), "symmetric"),
    ],
)
def test_what_is_no_world_is_refused(ask: object, named: str) -> None:
    with pytest.raises(WorldError, match=named):
        ask()  # type: ignore[operator]


@pytest.mark.parametrize("temperature", [0.1, 1.0, 3.0])
def test_at_tau_times_the_pmi_infonce_has_its_least(temperature: float) -> None:
    """Against the loss itself, exact over pairs: no change of the embeddings lowers it."""
    joint = cooccurrence(make_world("ring", 8, 1.0), 1)
    mutual = pointwise(joint)
    constant = definite(mutual).smallest + 0.1
    values, vectors = np.linalg.eigh(temperature * (mutual + constant))
    embeddings = vectors * np.sqrt(np.maximum(values, 0))
    np.testing.assert_allclose(
        similarity_logits(embeddings, temperature), mutual + constant, atol=1e-9
    )
    single = joint.sum(axis=1)

    def loss(places: np.ndarray) -> float:
        logits = places @ places.T / temperature
        others = np.log(np.exp(logits) @ single)
        return float((joint * (others[:, None] - logits)).sum())

    rng = np.random.default_rng(0)
    least = loss(embeddings)
    for _ in range(50):
        step = math.sqrt(temperature) * rng.normal(size=embeddings.shape)
        assert loss(embeddings + 0.01 * step) > least
    # What is the optimum at another temperature is none here.
    assert loss(1.5 * embeddings) > least + 1e-3


@pytest.mark.parametrize("temperature", [0, -1.0, math.inf, math.nan])
def test_what_is_no_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(WorldError, match="expected a finite temperature above 0, got"):
        similarity_logits(np.eye(3), temperature)
