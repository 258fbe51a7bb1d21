"""Who is nested in whom: against loops, the cycle metrics, and worlds whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from prh_core.errors import NeighborCountError, SampleCountError
from prh_core.hubness import hubness
from prh_core.metrics.neighbors import cycle_knn, cycle_knn_reverse
from prh_core.metrics.search import nearest
from prh_core.nesting import Nesting, compare_cycles, compare_nesting, relative_ranks
from prh_core.prepare import normalize

ALLOWED = 0.05 + 3 * (0.05 * 0.95 / 100) ** 0.5
"""Rejections among 100 worlds that three standard errors allow of a level of 5 %."""


def space(features: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return neighbors and ranks of centered features."""
    layer = normalize([(features - features.mean(axis=0)).astype(np.float32)])
    return nearest(layer, k)[0], relative_ranks(layer[0].exact().astype(np.float32))


def unit(features: np.ndarray) -> np.ndarray:
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


def nested(x: np.ndarray, y: np.ndarray, k: int) -> Nesting:
    (lists_x, ranks_x), (lists_y, ranks_y) = space(x, k), space(y, k)
    return compare_nesting(lists_x, lists_y, ranks_x, ranks_y)


pairs = st.tuples(st.integers(6, 20), st.integers(1, 4), st.integers(0, 10**6))


@given(pairs)
@settings(max_examples=30, deadline=None)
def test_imbalances_equal_loops(drawn: tuple[int, int, int]) -> None:
    n, k, seed = drawn
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    y = x[:, :3] + rng.normal(size=(n, 3))
    (lists_x, _), (_, ranks_y) = space(x, k), space(y, k)
    rows = y - y.mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    near = rows @ rows.T
    rank = [[sum(near[i, m] > near[i, j] for m in range(n) if m != i) + 1 for j in range(n)]
            for i in range(n)]  # fmt: skip
    told = np.mean([rank[i][j] for i in range(n) for j in lists_x[i]]) * 2 / n
    popular = np.mean(
        [np.mean([rank[m][j] for m in range(n) if m != j]) for i in range(n) for j in lists_x[i]]
    )
    found = nested(x, y, k)
    assert found.imbalance_xy == pytest.approx(told, rel=1e-5)
    assert found.popular_xy == pytest.approx(popular * 2 / n, rel=1e-5)
    assert ranks_y.sum() == pytest.approx(n * (n - 1), rel=1e-5)
    assert found.raw.difference == pytest.approx(found.imbalance_yx - found.imbalance_xy)
    assert found.beyond_hubs.difference == pytest.approx(
        found.popular_xy - found.imbalance_xy - found.popular_yx + found.imbalance_yx
    )


@given(pairs)
@settings(max_examples=30, deadline=None)
def test_cycles_are_the_metrics_and_go_by_the_same_pairs(drawn: tuple[int, int, int]) -> None:
    n, k, seed = drawn
    rng = np.random.default_rng(seed)
    x, y = (nearest([rng.normal(size=(n, 3)).astype(np.float32)], k)[0] for _ in "xy")
    found, turned = compare_cycles(x, y), compare_cycles(y, x)
    assert found.out_y_back_x == pytest.approx(cycle_knn(x[None], y[None], [k]).item())
    assert found.out_x_back_y == pytest.approx(cycle_knn_reverse(x[None], y[None], [k]).item())
    there = sum(i in x[j] for i in range(n) for j in y[i])
    back = sum(i in y[j] for i in range(n) for j in x[i])
    assert found.pairs == turned.pairs == there == back
    assert found.contrast.difference == pytest.approx(-turned.contrast.difference)
    assert found.contrast.p_value == pytest.approx(turned.contrast.p_value)


def test_sides_change_signs_and_one_space_is_not_nested_in_itself() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.normal(size=(60, 4))
    one, other = nested(x, y, 5), nested(y, x, 5)
    assert one.imbalance_xy == other.imbalance_yx
    assert one.beyond_hubs.low == pytest.approx(-other.beyond_hubs.high)
    same = nested(x, x, 5)
    assert (same.raw.difference, same.raw.low, same.raw.p_value) == (0, 0, 1)
    assert same.imbalance_xy == pytest.approx(6 / 60)  # ranks 1 to 5 of 60


def worlds(kind: str, count: int, n: int = 200) -> list[Nesting]:
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        latent = rng.normal(size=(n, 6))
        x, y = (latent + 0.8 * rng.normal(size=(n, 6)) for _ in "xy")
        if kind == "unrelated":
            y = rng.normal(size=(n, 6))
        if kind == "coarser":
            y = x[:, :3]
        if kind == "noisier":
            y = x + 0.8 * rng.normal(size=(n, 6))
        if kind == "hubs":
            popular = 2 * rng.lognormal(0, 0.5, size=(n, 1))
            x, y = (popular + rng.normal(size=(n, 6)) for _ in "xy")
        found.append(nested(x, y, 5))
    return found


@pytest.mark.parametrize("kind", ["unrelated", "exchangeable"])
def test_it_rejects_five_percent_where_neither_is_nested(kind: str) -> None:
    found = worlds(kind, 100)
    assert np.mean([one.beyond_hubs.p_value < 0.05 for one in found]) <= ALLOWED
    assert np.mean([one.raw.p_value < 0.05 for one in found]) <= ALLOWED


def test_of_few_samples_it_rejects_no_more() -> None:
    # Of shared hubs, and of a noisier copy, which tells as much as it is told.
    for kind in ("hubs", "noisier"):
        found = worlds(kind, 100, 60)
        assert np.mean([one.beyond_hubs.p_value < 0.05 for one in found]) <= ALLOWED


def test_a_coarsening_is_nested() -> None:
    for one in worlds("coarser", 10):
        assert one.beyond_hubs.low > 0
        assert one.imbalance_xy < one.imbalance_yx


def test_popularity_alone_is_taken_out() -> None:
    # In y the same samples are near everything; x's neighbors are mostly these.
    n, k = 60, 5
    rng = np.random.default_rng(0)
    ranks_y = np.tile(2 * np.arange(n, dtype=np.float32) / n, (n, 1))
    ranks_x = relative_ranks(unit(rng.normal(size=(n, 4))))
    near, anywhere = (
        np.array([rng.choice(last, k, replace=False) for _ in range(n)], np.int32)
        for last in (n // 2, n)
    )
    found = compare_nesting(near, anywhere, ranks_x, ranks_y)
    assert found.imbalance_xy < 0.6
    assert found.popular_xy - found.imbalance_xy == pytest.approx(
        -found.imbalance_xy / (n - 1), abs=0.02
    )
    assert found.raw.low > 0
    assert found.beyond_hubs.low < 0.05


def test_hubs_alone_make_the_two_ways_round_differ() -> None:
    # Lists are independent; only how unevenly they name samples differs.
    n, k = 400, 10
    rng = np.random.default_rng(1)
    weights = np.exp(1.5 * rng.normal(size=n))

    def lists(popular: bool) -> np.ndarray:
        rows = []
        for i in range(n):
            share = np.where(np.arange(n) == i, 0, weights if popular else 1.0)
            rows.append(rng.choice(n, k, replace=False, p=share / share.sum()))
        return np.array(rows, np.int32)

    even, uneven = lists(False), lists(True)
    assert hubness(uneven).skewness > hubness(even).skewness + 1
    found = compare_cycles(even, uneven)
    assert found.contrast.low > 0
    assert found.contrast.p_value < 0.05


def test_ties_share_the_mean_of_their_ranks() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    near = rows @ rows.T
    for i, row in enumerate(relative_ranks(rows)):
        others = np.arange(4) != i
        assert row[others] * 2 == pytest.approx(stats.rankdata(-near[i][others]))
        assert row[i] == 0


def test_what_does_not_fit_is_refused() -> None:
    x = np.array([[1], [2], [0]], np.int32)
    ranks = relative_ranks(unit(np.eye(3) + 0.1))
    with pytest.raises(SampleCountError):
        compare_cycles(x, np.array([[1], [0]], np.int32))
    with pytest.raises(NeighborCountError, match="got 1 and 2"):
        compare_nesting(x, np.array([[1, 2], [0, 2], [0, 1]], np.int32), ranks, ranks)
    with pytest.raises(SampleCountError, match="3 samples or more, got 2"):
        relative_ranks(np.eye(2, dtype=np.float32))
