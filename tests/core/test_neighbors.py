"""Neighbor search and mutual k-NN against loops, scikit-learn, and their own symmetries."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import NearestNeighbors

from prh_core.errors import NeighborCountError, SampleCountError
from prh_core.metrics import Metric, PrepareOptions, all_metrics
from prh_core.metrics import search as family
from prh_core.metrics.neighbors import mutual_knn
from prh_core.metrics.search import nearest
from prh_core.prepare import normalize
from tests.core import oracles

THREADS = numba.get_num_threads()
"""Asked while tests are collected: they run on one thread."""


def layers(seed: int, n: int, widths: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, d)).astype(np.float32) for d in widths]


@pytest.mark.parametrize(("n", "k"), [(2, 1), (40, 10), (40, 39), (300, 200)])
def test_nearest_equals_the_loop(n: int, k: int) -> None:
    stack = layers(0, n, (6, 3))
    found = nearest(stack, k)
    for layer, rows in zip(stack, found, strict=True):
        assert rows.tolist() == oracles.neighbors(layer, k)


def test_nearest_equals_scikit_learn_on_unit_rows() -> None:
    layer = normalize(layers(1, 200, (32,)))
    # On unit rows the largest inner product is the smallest Euclidean distance.
    theirs = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(layer[0].exact())
    assert np.array_equal(nearest(layer, 10)[0], theirs.kneighbors(layer[0].exact())[1][:, 1:])


# Small whole numbers: products are exact in float32, and most similarities are tied.
whole = arrays(
    np.float32,
    st.tuples(st.integers(3, 12), st.integers(1, 3)),
    elements=st.integers(-2, 2).map(float),
)


@given(whole, st.data())
@settings(max_examples=200)
def test_ties_go_to_the_lower_index(layer: np.ndarray, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(layer) - 1))
    assert nearest([layer], k)[0].tolist() == oracles.neighbors(layer, k)


def test_ties_break_alike_when_the_row_is_sorted_instead() -> None:
    layer = np.random.default_rng(2).integers(-2, 3, size=(150, 2)).astype(np.float32)
    assert nearest([layer], 140)[0].tolist() == oracles.neighbors(layer, 140)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = layers(3, 101, (8, 5))
    whole_search = nearest(stack, 7, concatenate=True)
    monkeypatch.setattr(family, "BLOCK_BYTES", 4 * 101 * 13)
    assert np.array_equal(nearest(stack, 7, concatenate=True), whole_search)


def test_the_concatenated_candidate_is_the_layers_side_by_side() -> None:
    stack = layers(4, 60, (8, 5, 3))
    found = nearest(stack, 9, concatenate=True)
    assert np.array_equal(found[-1], nearest([np.concatenate(stack, axis=1)], 9)[0])


@pytest.mark.parametrize("k", [0, 5, -1])
def test_k_outside_1_to_n_minus_1_is_refused(k: int) -> None:
    with pytest.raises(NeighborCountError, match="between 1 and n - 1 = 4 for 5 samples"):
        nearest(layers(5, 5, (3,)), k)


@pytest.mark.parametrize(
    ("n", "k", "wx", "wy"),
    [(50, 5, (4,) * 3, (4,) * 2), (40, 39, (3,) * 9, (3,) * 17), (300, 280, (4,), (4,) * 2)],
)
def test_mutual_knn_equals_the_loop_for_every_pair_and_k(
    n: int, k: int, wx: tuple[int, ...], wy: tuple[int, ...]
) -> None:
    xs, ys = layers(6, n, wx), layers(7, n, wy)
    ks = [k, 1, max(1, k // 2)]
    tables = mutual_knn(nearest(xs, k), nearest(ys, k), ks)
    assert tables.shape == (3, len(xs), len(ys))
    for table, at in zip(tables, ks, strict=True):
        expected = [[oracles.mutual_knn(x, y, at) for y in ys[:2]] for x in xs[:2]]
        assert np.allclose(table[:2, :2], expected, atol=1e-12)


@given(st.integers(0, 1000), st.integers(1, 9))
@settings(max_examples=50)
def test_mutual_knn_symmetries(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 30, 6)).astype(np.float32)
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    order = rng.permutation(30)
    nx, ny = nearest([x], k), nearest([y], k)
    score = mutual_knn(nx, ny, [k])[0, 0, 0]
    assert 0 <= score <= 1
    assert mutual_knn(nx, nx, [k])[0, 0, 0] == 1
    assert mutual_knn(ny, nx, [k])[0, 0, 0] == score
    turned = nearest([(3 * x.astype(np.float64) @ rotation).astype(np.float32)], k)
    assert mutual_knn(turned, ny, [k])[0, 0, 0] == pytest.approx(score, abs=2 / 30)
    assert mutual_knn(nearest([x[order]], k), nearest([y[order]], k), [k])[0, 0, 0] == score


def test_unrelated_features_score_k_over_n_minus_1() -> None:
    scores = [
        mutual_knn(nearest(layers(s, 200, (8,)), 10), nearest(layers(s + 500, 200, (8,)), 10), [10])
        for s in range(60)
    ]
    # 60 worlds of 200 rows: the standard error is about 0.0006.
    assert np.mean(scores) == pytest.approx(10 / 199, abs=0.003)


def test_sides_of_different_n_and_too_large_k_are_refused() -> None:
    a, b = nearest(layers(8, 20, (3,)), 5), nearest(layers(8, 21, (3,)), 5)
    with pytest.raises(SampleCountError, match="n = 20 and n = 21"):
        mutual_knn(a, b, [5])
    with pytest.raises(NeighborCountError, match="between 1 and 5 here, got k = 6"):
        mutual_knn(a, a, [6])


@pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)
def test_threads_change_nothing(metric: Metric) -> None:
    xs, ys = layers(11, 90, (8, 5, 9)), layers(12, 90, (6, 7))

    def table() -> np.ndarray:
        x, y = (metric.family.prepare(side, PrepareOptions(7)) for side in (xs, ys))
        return metric.compare(x, y, [7, 3])

    one = table()
    try:
        numba.set_num_threads(THREADS)
        assert np.allclose(table(), one, atol=1e-12)
    finally:
        numba.set_num_threads(1)
