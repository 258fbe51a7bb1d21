"""Every registered metric against its slow definition, its declared properties and libraries.

One file, since every test runs over the same list of metrics.
"""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from prh_core import align, all_metrics, get_metric
from prh_core.metrics import Metric
from tests.core import oracles
from tests.core.oracles import ORACLES, prepared, unit

every_metric = pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)


def declared(has: Callable[[Metric], bool], *lacking: str) -> pytest.MarkDecorator:
    """Run a test for the metrics that declare a property: all but those named."""
    chosen = [metric for metric in all_metrics() if has(metric)]
    assert {metric.name for metric in all_metrics()} - {m.name for m in chosen} == set(lacking)
    return pytest.mark.parametrize("metric", chosen, ids=lambda metric: metric.name)


# Seeds are drawn alike in every run: a random one would now and then round two neighbors apart.
drawn = settings(max_examples=15)
seeds = st.integers(0, 10**6)

SETS = ("mutual_knn", "jaccard_knn", "lcs_knn", "edit_knn", "cycle_knn", "cycle_knn_reverse")
WITHOUT_NULL = (
    "lcs_knn", "edit_knn", "cknna", "cknna_released", "cka", "cka_rbf", "svcca", "procrustes",
    "linear_predictivity", "linear_predictivity_reverse", "pwcca", "pwcca_reverse", "gulp",
)  # fmt: skip
"""Metrics without a closed form for unrelated features."""
NOT_ONE_WITH_ITSELF = ("cycle_knn", "cycle_knn_reverse")
"""i need not be a neighbor of any of its own neighbors."""


def related(
    seed: int, n: int = 40, d: int = 8, e: int = 12, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Two sides that share what x @ W keeps, rounded to float32."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = x @ rng.normal(size=(d, e)) + noise * rng.normal(size=(n, e))
    return x.astype(np.float32), y.astype(np.float32)


def stacks(
    seed: int, n: int, wx: tuple[int, ...], wy: tuple[int, ...], shared: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Layers of two models that see a common signal, or nothing in common."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, 6))
    sides = [
        [
            (shared * signal @ rng.normal(size=(6, d)) + 1.5 * rng.normal(size=(n, d))).astype(
                np.float32
            )
            for d in widths
        ]
        for widths in (wx, wy)
    ]
    return sides[0], sides[1]


def closest(metric: Metric) -> float:
    """The end of the range that means 'the same'; 1 where the range is open."""
    end = metric.highest if metric.higher_is_closer else metric.lowest
    return end if np.isfinite(end) else 1.0


def test_every_metric_has_an_oracle_and_every_oracle_a_metric() -> None:
    assert {metric.name for metric in all_metrics()} == set(ORACLES)


# ---------------------------------------------------------------- definitions


@every_metric
@pytest.mark.parametrize("shared", [True, False], ids=["related", "unrelated"])
@pytest.mark.parametrize(
    ("n", "k", "wx", "wy"),
    [(40, 10, (8, 5), (6, 16, 3)), (60, 7, (90, 12), (64, 4, 100))],
    ids=["narrow", "wide"],
)
def test_every_cell_of_the_table_equals_the_definition(
    metric: Metric, n: int, k: int, wx: tuple[int, ...], wy: tuple[int, ...], shared: bool
) -> None:
    xs, ys = stacks(n + k, n, wx, wy, shared)
    oracle = ORACLES[metric.name]
    expected = np.array([[oracle(unit(x), unit(y), k) for y in ys] for x in xs])
    result = align(xs, ys, metric=metric.name, k=k)
    assert result.table.shape == (2, 3)
    assert np.allclose(result.table, expected, rtol=0, atol=1e-6)
    best = expected.max() if metric.higher_is_closer else expected.min()
    assert result.score == pytest.approx(best, abs=1e-6)
    assert expected[result.layers] == pytest.approx(best, abs=1e-6)


@every_metric
@pytest.mark.parametrize("k", [1, 2, 5, 20, 39])
def test_any_k_equals_the_definition(metric: Metric, k: int) -> None:
    for seed in (1, 2):
        x, y = related(seed, noise=2.0)
        expected = ORACLES[metric.name](unit(x), unit(y), k)
        assert align(x, y, metric=metric.name, k=k).score == pytest.approx(expected, abs=1e-6)


@every_metric
def test_without_normalization_equals_the_definition(metric: Metric) -> None:
    x, y = related(3, d=5, e=50)
    expected = ORACLES[metric.name](x.astype(np.float64), y.astype(np.float64), 6)
    score = align(x, y, metric=metric.name, k=6, normalize=False).score
    assert score == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.3, 0.7, 5.0])
def test_a_given_bandwidth_is_used_on_both_sides(sigma: float) -> None:
    x, y = related(4)
    expected = oracles.cka_rbf(unit(x), unit(y), sigma=sigma)
    assert align(x, y, metric="cka_rbf", sigma=sigma).score == pytest.approx(expected, abs=1e-6)


# Metrics of neighbors are left out: rounding the input may swap two that are nearly tied.
@pytest.mark.parametrize(
    "metric", [metric for metric in all_metrics() if not metric.uses_k], ids=lambda m: m.name
)
@pytest.mark.parametrize("normalize", [True, False])
def test_a_large_common_mean_costs_no_precision(metric: Metric, normalize: bool) -> None:
    x, y = related(5, n=50, d=24, e=16)
    x, y = x + np.float32(20), y + np.float32(20)
    expected = ORACLES[metric.name](prepared(x, normalize), prepared(y, normalize), 5)
    score = align(x, y, metric=metric.name, k=5, normalize=normalize).score
    assert score == pytest.approx(expected, abs=1e-5)


GOLDEN = {
    "mutual_knn": 0.4433333333,
    "jaccard_knn": 0.3015844156,
    "lcs_knn": 0.3433333333,
    "edit_knn": 0.1166666667,
    "cycle_knn": 0.9400000000,
    "cycle_knn_reverse": 0.9200000000,
    "cka": 0.6760325935,
    "cka_rbf": 0.6969116397,
    "unbiased_cka": 0.6253793664,
    "svcca": 0.7304918118,
    "cknna": 0.4523541162,
    "cknna_released": 0.4359160727,
    "rsa": 0.6155318571,
    "procrustes": 0.4997233866,
    "linear_predictivity": 0.5619367796,
    "linear_predictivity_reverse": 0.4998464201,
    "pwcca": 0.7579598373,
    "pwcca_reverse": 0.7920414187,
    "adjusted_rv": 0.6252518464,
    "corrected_cka": 1.0000000000,
    "gulp": 0.4135886004,
    "information_imbalance": 0.2425000000,
    "information_imbalance_reverse": 0.3550000000,
}


@every_metric
def test_golden_values(metric: Metric) -> None:
    # From the loops in oracles.py, once.
    x, y = related(2026, n=50, noise=2.0)
    golden = GOLDEN[metric.name]
    assert align(x, y, metric=metric.name, k=6).score == pytest.approx(golden, abs=1e-6)


@every_metric
def test_concatenation_is_the_normalized_layers_side_by_side(metric: Metric) -> None:
    xs, ys = stacks(6, 40, (8, 5), (6, 16, 3), True)
    table = align(xs, ys, metric=metric.name, k=6, concatenate=True).table
    assert table.shape == (3, 4)
    assert np.allclose(table[:2, :3], align(xs, ys, metric=metric.name, k=6).table, atol=1e-9)
    more_x, more_y = (
        [*map(unit, side), np.concatenate([unit(layer) for layer in side], axis=1)]
        for side in (xs, ys)
    )
    expected = align(more_x, more_y, metric=metric.name, k=6, normalize=False).table
    assert np.allclose(table, expected, rtol=0, atol=1e-5)
    corner = ORACLES[metric.name](more_x[-1], more_y[-1], 6)
    assert table[-1, -1] == pytest.approx(corner, abs=1e-6)


# ----------------------------------------------------------------- properties


@declared(lambda metric: metric.symmetric or metric.reverse is not None, "cknna_released")
@given(seed=seeds, k=st.integers(1, 9))
@drawn
def test_swapping_the_sides(metric: Metric, seed: int, k: int) -> None:
    x, y = related(seed, n=30)
    reverse = metric if metric.reverse is None else get_metric(metric.reverse)
    assert metric.symmetric == (metric.reverse is None)
    assert metric.symmetric or reverse.reverse == metric.name
    score = align(x, y, metric=metric.name, k=k).score
    assert align(y, x, metric=reverse.name, k=k).score == pytest.approx(score, abs=1e-6)


@every_metric
def test_a_metric_is_called_symmetric_only_if_it_is(metric: Metric) -> None:
    apart = 0.0
    for seed in range(8):
        x, y = related(seed, n=30, noise=2.0)
        there, back = (align(*pair, metric=metric.name, k=3).score for pair in ((x, y), (y, x)))
        apart = max(apart, abs(there - back))
    assert metric.symmetric == (apart < 1e-6)


@every_metric
@given(seed=seeds, k=st.integers(1, 29), noise=st.sampled_from([0.0, 0.5, 3.0, 100.0]))
@drawn
def test_the_score_stays_in_its_range(metric: Metric, seed: int, k: int, noise: float) -> None:
    x, y = related(seed, n=30, noise=noise)
    score = align(x, y, metric=metric.name, k=k).score
    assert metric.lowest - 1e-6 <= score <= metric.highest + 1e-6


@every_metric
@given(seed=seeds, k=st.integers(1, 29))
@drawn
def test_nothing_is_closer_than_the_same(metric: Metric, seed: int, k: int) -> None:
    x, _ = related(seed, n=30)
    score = align(x, x, metric=metric.name, k=k).score
    if metric.name in NOT_ONE_WITH_ITSELF:
        assert score == pytest.approx(ORACLES[metric.name](unit(x), unit(x), k), abs=1e-6)
    else:
        assert score == pytest.approx(closest(metric), abs=1e-6)


@declared(
    lambda metric: metric.rotation_invariant, "svcca", "pwcca", "pwcca_reverse", "corrected_cka"
)
@given(seed=seeds, k=st.integers(1, 9))
@drawn
def test_rotating_one_side(metric: Metric, seed: int, k: int) -> None:
    x, y = related(seed, n=30)
    rotation = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(8, 8)))[0]
    turned = (x.astype(np.float64) @ rotation).astype(np.float32)
    # One swapped neighbor pair costs at most 2 of n * k.
    allowed = 2 / 30 if metric.uses_k else 1e-5
    score = align(x, y, metric=metric.name, k=k).score
    assert align(turned, y, metric=metric.name, k=k).score == pytest.approx(score, abs=allowed)


@every_metric
def test_a_metric_called_rotation_invariant_is_and_no_other(metric: Metric) -> None:
    x, y = related(7, n=50, d=16, noise=8.0)
    x = x * np.geomspace(1, 9, 16, dtype=np.float32)
    rotation = np.linalg.qr(np.random.default_rng(8).normal(size=(16, 16)))[0]
    turned = x.astype(np.float64) @ rotation
    apart = abs(
        align(x, y, metric=metric.name, k=5).score - align(turned, y, metric=metric.name, k=5).score
    )
    assert metric.rotation_invariant == (apart < 1e-5)


@every_metric
@given(seed=seeds, k=st.integers(1, 9), power=st.integers(-20, 20))
@drawn
def test_scaling_one_side(metric: Metric, seed: int, k: int, power: int) -> None:
    x, y = related(seed, n=30)
    score = align(x, y, metric=metric.name, k=k, normalize=False).score
    scaled = align(x * np.float32(2.0**power), y, metric=metric.name, k=k, normalize=False).score
    assert scaled == pytest.approx(score, abs=1e-5)


@every_metric
@given(seed=seeds, k=st.integers(1, 9))
@drawn
def test_reordering_the_samples_of_both_sides(metric: Metric, seed: int, k: int) -> None:
    x, y = related(seed, n=30)
    order = np.random.default_rng(seed + 2).permutation(30)
    score = align(x, y, metric=metric.name, k=k).score
    shuffled = align(x[order], y[order], metric=metric.name, k=k).score
    assert shuffled == pytest.approx(score, abs=1e-5)


@every_metric
def test_related_sides_are_closer_than_shuffled_ones(metric: Metric) -> None:
    x, y = related(9, n=60)
    order = np.random.default_rng(10).permutation(60)
    sign = 1 if metric.higher_is_closer else -1
    score, shuffled = (align(x, z, metric=metric.name, k=8).score for z in (y, y[order]))
    assert sign * (score - shuffled) > 0.05


@pytest.mark.parametrize("name", SETS)
def test_only_ordinal_metrics_see_the_order_of_the_same_neighbors(name: str) -> None:
    # With k = n - 1 everybody is a neighbor, so only the order can differ.
    x, y = stacks(11, 20, (6,), (6,), False)
    assert get_metric(name).ordinal == (align(x, y, metric=name, k=19).score < 1)


@every_metric
def test_the_starred_are_global_once_everybody_is_a_neighbor(metric: Metric) -> None:
    """Fig. 11: with k = n - 1 they still tell sides apart; who only asks for members scores 1."""
    x, y = stacks(13, 20, (6,), (6,), False)
    apart = abs(align(x, y, metric=metric.name, k=19).score - 1) > 1e-6
    assert metric.global_at_full_k == (metric.uses_k and apart)
    assert not (metric.global_at_full_k and metric.uses_all_samples)


@pytest.mark.parametrize("normalize", [True, False])
def test_cknna_of_all_is_cka_without_the_diagonal(normalize: bool) -> None:
    x, y = (np.asarray(side, np.float64) for side in related(14, n=25, noise=2.0))
    found = align(x, y, metric="cknna", k=24, normalize=normalize).score
    if normalize:
        x, y = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, y))
    center = np.eye(25) - 1 / 25
    one, other = ((center @ side @ side.T @ center)[~np.eye(25, dtype=bool)] for side in (x, y))
    expected = one @ other / np.sqrt((one @ one) * (other @ other))
    assert found == pytest.approx(expected, abs=1e-5)


@every_metric
def test_k_is_ignored_only_where_declared(metric: Metric) -> None:
    x, y = related(12, noise=2.0)
    few, many = (align(x, y, metric=metric.name, k=k).score for k in (2, 9))
    assert metric.uses_k == (few != many)


@declared(lambda metric: metric.null is not None, *WITHOUT_NULL)
def test_the_null_is_the_mean_over_relabelings(metric: Metric) -> None:
    assert metric.null is not None
    n, k = 80, 8
    expected = metric.null(n, k)
    x, y = stacks(13, n, (4,), (4,), False)
    rng = np.random.default_rng(14)
    scores = [
        align(x[0], y[0][rng.permutation(n)], metric=metric.name, k=k).score for _ in range(150)
    ]
    error = float(np.std(scores)) / np.sqrt(len(scores))
    # The cycle's closed form takes every row to be found equally often.
    share = 0.05 if metric.name in NOT_ONE_WITH_ITSELF else 0.02
    assert np.mean(scores) == pytest.approx(expected, abs=4 * error + share * abs(expected))


def test_the_nulls_of_the_paper() -> None:
    for name, expected in [("mutual_knn", 8 / 79), ("cycle_knn", 1 - (1 - 8 / 79) ** 8)]:
        null = get_metric(name).null
        assert null is not None and null(80, 8) == pytest.approx(expected)


# ------------------------------------------------------------------ libraries


def test_mutual_knn_agrees_with_scikit_learn() -> None:
    x, y = related(15, n=60)
    sets = [
        NearestNeighbors(n_neighbors=9, algorithm="brute").fit(unit(side)).kneighbors()[1]
        for side in (x, y)
    ]
    expected = np.mean([len(set(a) & set(b)) / 9 for a, b in zip(*sets, strict=True)])
    assert align(x, y, k=9).score == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("d", "e"), [(8, 12), (200, 90)])
def test_cka_agrees_with_its_feature_space_form(d: int, e: int) -> None:
    x, y = related(16, n=60, d=d, e=e)
    a, b = (unit(side) - unit(side).mean(axis=0) for side in (x, y))
    cross = np.linalg.norm(b.T @ a) ** 2
    expected = cross / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    assert align(x, y, metric="cka").score == pytest.approx(expected, abs=1e-6)


def test_cknna_over_all_neighbors_is_cka_without_the_diagonals() -> None:
    x, y = related(17)
    released = align(x, y, metric="cknna_released", k=39).score
    assert released == pytest.approx(align(x, y, metric="unbiased_cka").score, abs=1e-6)
    k, l = (  # noqa: E741
        oracles.centered(oracles.linear_kernel(unit(side))) * (1 - np.eye(40)) for side in (x, y)
    )
    expected = np.sum(k * l) / (np.linalg.norm(k) * np.linalg.norm(l))
    assert align(x, y, metric="cknna", k=39).score == pytest.approx(expected, abs=1e-6)


def test_rsa_agrees_with_scipy() -> None:
    x, y = related(18, n=50)
    pairs = np.triu_indices(50, 1)
    a, b = ((unit(side) @ unit(side).T)[pairs] for side in (x, y))
    expected = scipy.stats.spearmanr(a, b)[0]
    assert align(x, y, metric="rsa").score == pytest.approx(expected, abs=1e-6)


def test_procrustes_agrees_with_scipy() -> None:
    x, y = related(19, n=50, d=9, e=9, noise=2.0)
    a, b = (unit(side) - unit(side).mean(axis=0) for side in (x, y))
    scale = scipy.linalg.orthogonal_procrustes(a / np.linalg.norm(a), b / np.linalg.norm(b))[1]
    score = align(x, y, metric="procrustes").score
    assert score == pytest.approx(2 - 2 * scale, abs=1e-6)
    disparity = scipy.spatial.procrustes(unit(x), unit(y))[2]
    assert 1 - (1 - score / 2) ** 2 == pytest.approx(disparity, abs=1e-6)


@pytest.mark.parametrize(("d", "e"), [(24, 30), (6, 30)])
def test_svcca_agrees_with_scikit_learns_components_and_scipys_angles(d: int, e: int) -> None:
    x, y = related(20, n=60, d=d, e=e)
    parts = [
        PCA(min(10, side.shape[1]), svd_solver="full").fit_transform(
            StandardScaler().fit_transform(unit(side))
        )
        for side in (x, y)
    ]
    expected = np.cos(scipy.linalg.subspace_angles(*parts)).mean()
    assert align(x, y, metric="svcca").score == pytest.approx(expected, abs=1e-6)
