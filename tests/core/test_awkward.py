"""Data as researchers have it: ties, common means, clusters. Scores and nulls hold on all of it."""

from collections.abc import Callable

import numpy as np
import pytest

from prh_core import align, all_metrics
from prh_core.errors import DegenerateLayerError
from prh_core.layers import prepare_layers
from prh_core.metrics import Metric, PrepareOptions, get_metric
from prh_core.metrics.search import nearest, search
from prh_core.prepare import normalize
from prh_core.types import as_layers
from tests.core import oracles
from tests.core.oracles import ORACLES, unit

NEIGHBORS = [metric for metric in all_metrics() if metric.uses_k]
neighbor_metrics = pytest.mark.parametrize("metric", NEIGHBORS, ids=lambda metric: metric.name)

World = Callable[[np.random.Generator, int], np.ndarray]


def labels(classes: int) -> World:
    return lambda rng, n: np.eye(classes)[rng.integers(classes, size=n)]


def repeated_third(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = rng.normal(size=(n, 6))
    copies = rng.permutation(n)[: n // 3]
    rows[copies] = rows[rng.integers(n, size=len(copies))]
    return rows


def one_bit(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.normal(size=(n, 11)) > 0, 1.0, -1.0)


def small_numbers(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = rng.integers(-2, 3, size=(n, 4)).astype(float)
    rows[~rows.any(axis=1)] = 1
    return rows


def far_away(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, 8)) + 1e4 * rng.normal(size=8)


TIED: dict[str, World] = {
    "2 classes": labels(2),
    "10 classes": labels(10),
    "50 classes": labels(50),
    "a third repeated": repeated_third,
    "one bit": one_bit,
    "small whole numbers": small_numbers,
    "all far from the origin": far_away,
}
worlds = pytest.mark.parametrize("world", TIED.values(), ids=TIED)


# ----------------------------------------------------------------------- ties


@neighbor_metrics
@worlds
@pytest.mark.parametrize("normalized", [True, False], ids=["unit", "raw"])
def test_a_relabeled_table_is_the_table_of_the_reordered_rows(
    metric: Metric, world: World, normalized: bool
) -> None:
    rng = np.random.default_rng(0)
    n = 70
    x, y = [world(rng, n)], [world(rng, n), rng.normal(size=(n, 3)), world(rng, n)]
    options = PrepareOptions(9, concatenate=True)

    def prepared(side: list[np.ndarray]):
        layers = prepare_layers(as_layers(side), truncation=None, normalized=normalized)
        return metric.family.prepare(layers, options)

    left, right = prepared(x), prepared(y)
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(n)
        quick = metric.compare(left, metric.family.relabel(right, order), [9, 4])
        again = metric.compare(left, prepared([layer[order] for layer in y]), [9, 4])
        # Neighbors are the very same; the kernels between them are rounded anew.
        np.testing.assert_allclose(quick, again, rtol=0, atol=2e-6)
    twice = metric.family.relabel(metric.family.relabel(right, order), order)
    once = metric.family.relabel(right, order[order])
    np.testing.assert_array_equal(metric.compare(left, twice, [9]), metric.compare(left, once, [9]))


@worlds
@pytest.mark.parametrize("k", [1, 6, 40, 69])
def test_neighbors_are_the_definitions_ties_to_the_lower_index(world: World, k: int) -> None:
    rows = world(np.random.default_rng(1), 70).astype(np.float32)
    assert nearest([rows], k)[0].tolist() == oracles.neighbors(rows, k)


@pytest.mark.parametrize("d", [3, 61, 257])
def test_unit_rows_of_one_bit_tie_though_their_length_is_rounded(d: int) -> None:
    # 1/sqrt(d) is no float32: equal sums of its squares may round apart in a product.
    rng = np.random.default_rng(d)
    bits = np.where(rng.normal(size=(80, d)) > 0, 1.0, -1.0).astype(np.float32)
    for k in (5, 30):
        assert nearest(normalize([bits]), k)[0].tolist() == oracles.neighbors(bits, k)


def test_equal_rows_are_tied_up_to_the_sign_of_zero() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(97, 61)).astype(np.float32)
    rows[:, :3] = 0
    rows[[50, 80]] = rows[7]
    rows[80, 0] = rows[50, 1] = -0.0
    lists = nearest([rows], 96)[0]
    for i in set(range(97)) - {7, 50, 80}:
        assert [j for j in lists[i] if j in (7, 50, 80)] == [7, 50, 80]


def test_the_share_decided_by_order_is_counted() -> None:
    ten = np.repeat(np.eye(10), 30, axis=0).astype(np.float32)
    # 29 others of the same class stand for ten places: all by order. Of 29 places none.
    assert search([ten], PrepareOptions(10)).tied_share(0, 10) == 1
    assert search([ten], PrepareOptions(29)).tied_share(0, 29) == 0
    assert search([ten], PrepareOptions(29)).tied_share(0, 10) == 1
    # 29 nearer ones, then 11 of 270 equally far.
    assert search([ten], PrepareOptions(40)).tied_share(0, 40) == pytest.approx(11 / 40)
    plain = np.random.default_rng(3).normal(size=(300, 10)).astype(np.float32)
    assert search([plain], PrepareOptions(10)).tied_share(0, 10) == 0
    result = align(ten, plain, k=10)
    assert result.tied == (1.0, 0.0)
    assert align(ten, plain, metric="cka").tied is None


@pytest.mark.parametrize("world", ["2 classes", "10 classes", "one bit", "a third repeated"])
def test_independent_ties_are_not_called_related(world: str) -> None:
    # 100 worlds at .05: 5 expected, three standard errors are 6.5.
    called = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x, y = TIED[world](rng, 60), TIED[world](rng, 60)
        result = align(x, y, k=5, permutations=39, seed=seed)
        assert result.p_value is not None
        called += result.p_value <= 0.05
    assert called <= 11


# -------------------------------------------------------------- a common mean


def views(n: int = 300, d: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two views of eight causes, and a direction."""
    rng = np.random.default_rng(0)
    causes = rng.normal(size=(n, 8))
    x, y = (causes @ rng.normal(size=(8, d)) + rng.normal(size=(n, d)) for _ in range(2))
    return x, y, rng.normal(size=d)


@pytest.mark.parametrize("offset", [1e2, 1e4, 1e5, 1e6])
def test_a_mean_that_dwarfs_the_spread_changes_no_score(offset: float) -> None:
    pytest.importorskip("torch")
    x, y, direction = views()
    a, b = ((side + offset * direction).astype(np.float32) for side in (x, y))
    for name in ("mutual_knn", "cknna", "rsa", "cka_rbf", "cka"):
        expected = ORACLES[name](unit(a), unit(b), 10)
        for device in (None, "cpu"):
            score = align(a, b, metric=name, k=10, device=device).score
            # At 1e6 the reference's own inner products hold four digits of a distance.
            within = pytest.approx(expected, abs=2e-3 if offset == 1e6 else 2e-5)
            assert score == within, (name, device)


def test_rows_as_they_are_may_be_far_away_too() -> None:
    x, y, direction = views()
    for offset in (1e2, 1e4):
        a, b = ((side + offset * direction).astype(np.float32) for side in (x, y))
        for name in ("mutual_knn", "lcs_knn", "rsa", "cka_rbf"):
            wide = a.astype(np.float64), b.astype(np.float64)
            expected = ORACLES[name](*wide, 10)
            assert align(a, b, metric=name, k=10, normalize=False).score == pytest.approx(
                expected, abs=2e-5
            ), name


def test_independent_features_far_away_are_not_called_related() -> None:
    called = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(80, 32)) + 3e4 * rng.normal(size=32)
        y = rng.normal(size=(80, 24)) + 3e4 * rng.normal(size=24)
        called += (align(x, y, k=5, permutations=39, seed=seed).p_value or 0) <= 0.05
    # 3 expected, three standard errors are 5.
    assert called <= 8


# -------------------------------------------------- what float32 cannot square


def test_rbf_kernels_of_one_huge_row() -> None:
    rng = np.random.default_rng(1)
    causes = rng.normal(size=(60, 4))
    x = causes @ rng.normal(size=(4, 12)) + 0.5 * rng.normal(size=(60, 12))
    y = causes @ rng.normal(size=(4, 9)) + 0.5 * rng.normal(size=(60, 9))
    for scale in (1.0, 1e3, 1e5):
        far = x.copy()
        far[5] *= scale
        far = far.astype(np.float32)
        expected = oracles.cka_rbf(far.astype(np.float64), y)
        score = align(far, y, metric="cka_rbf", normalize=False).score
        assert score == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("spread", [1e-2, 1e-3, 1e-4, 3e-5])
def test_rbf_kernels_of_tight_clusters(spread: float) -> None:
    rng = np.random.default_rng(0)
    centers = np.repeat(np.eye(2, 12), [45, 15], axis=0)
    x = (centers + spread * rng.normal(size=(60, 12))).astype(np.float32)
    y = (x[:, :9] + 0.3 * spread * rng.normal(size=(60, 9))).astype(np.float32)
    expected = oracles.cka_rbf(unit(x), unit(y))
    score = align(x, y, metric="cka_rbf").score
    assert score == pytest.approx(expected, abs=2e-6)
    both = align([x, x], [y, y], metric="cka_rbf", concatenate=True).table
    assert both == pytest.approx(np.full((3, 3), expected), abs=2e-6)


@pytest.mark.parametrize("n", [6, 20, 200])
@pytest.mark.parametrize("normalized", [True, False], ids=["unit", "raw"])
def test_a_u_centered_kernel_of_zero_is_refused(n: int, normalized: bool) -> None:
    # All rows but one are equal: the unbiased HSIC of the kernel with itself is exactly 0.
    rng = np.random.default_rng(0)
    x = np.tile(rng.normal(size=8), (n, 1)).astype(np.float32)
    x[0] = rng.normal(size=8)
    y = rng.normal(size=(n, 5))
    with pytest.raises(DegenerateLayerError, match="kernel is zero"):
        align(x, y, metric="unbiased_cka", normalize=normalized)


@pytest.mark.parametrize("scale", [1e-30, 1e-37])
@pytest.mark.parametrize("name", ["mutual_knn", "rsa", "cka_rbf"])
def test_small_features_keep_their_neighbors(scale: float, name: str) -> None:
    x = np.random.default_rng(1).normal(size=(60, 12)).astype(np.float32)
    small = (x.astype(np.float64) * scale).astype(np.float32)
    for normalized in (True, False):
        assert align(small, x, metric=name, k=7, normalize=normalized).score == pytest.approx(
            1, abs=1e-6
        )


@pytest.mark.parametrize("scale", [1e-39, 1e-42])
def test_denormal_features_are_refused(scale: float) -> None:
    x = np.random.default_rng(1).normal(size=(60, 12)).astype(np.float32)
    small = (x.astype(np.float64) * scale).astype(np.float32)
    for normalized in (True, False):
        with pytest.raises(DegenerateLayerError, match="fewer digits"):
            align(small, x, k=7, normalize=normalized)


def test_few_labels_make_few_scores_and_equal_ones_count_as_equal() -> None:
    # CKA of two labelings of two classes takes a handful of values: rounding must not rank them.
    called = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        x, y = labels(2)(rng, 30), labels(2)(rng, 30)
        called += (align(x, y, metric="cka", permutations=39, seed=seed).p_value or 0) <= 0.05
    assert called <= 15


def test_every_neighbor_metric_tells_what_is_tied() -> None:
    for metric in all_metrics():
        assert (metric.family.tied is not None) == metric.uses_k
    assert get_metric("mutual_knn").family.tied is not None
