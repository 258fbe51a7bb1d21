"""Curves over n, noise ceilings, and halves of dimensions."""

from typing import Any, Literal

import numpy as np
import pytest

from prh_core import (
    align,
    all_metrics,
    batch_average,
    get_metric,
    n_curve,
    noise_ceiling,
    split_half_agreement,
)
from prh_core.errors import (
    DegenerateLayerError,
    NeighborCountError,
    PRHError,
    SampleCountError,
    SecondViewError,
)
from prh_core.prepare import truncate
from tests.core.worlds import two_views


def test_a_point_is_the_score_of_a_prefix_of_one_order() -> None:
    x, y = two_views(0, 200)
    points = n_curve(x, y, [50, 100, 200], k=10, seed=3)
    order = np.random.default_rng(3).permutation(200)[:100]
    assert points[1].score == align(x[order], y[order], k=10).score
    assert points[2].score == align(x, y, k=10).score
    assert [point.k for point in points] == [10, 10, 10]


def test_mutual_knn_falls_with_n_at_fixed_k_and_hardly_at_fixed_share() -> None:
    x, y = two_views(1, 800)
    at_k = [point.score for point in n_curve(x, y, [50, 200, 800], k=16)]
    at_share = n_curve(x, y, [50, 200, 800], k=16, fixed="k/n")
    assert at_k[0] > 1.3 * at_k[1] > 1.3 * 1.3 * at_k[2]
    assert [point.k for point in at_share] == [1, 4, 16]
    assert max(p.score for p in at_share) < 1.5 * min(p.score for p in at_share)


def test_a_ceiling_is_the_score_of_two_views() -> None:
    x, y = two_views(2, 200)
    second = x + 0.5 * np.random.default_rng(0).normal(size=x.shape)
    ceiling = noise_ceiling([x, y], [second, y], concatenate=True)
    found = align([x, y], [second, y], concatenate=True)
    assert (ceiling.score, ceiling.layers) == (found.score, found.layers)
    assert noise_ceiling(x, second).score == align(x, second).score > align(x, y).score


@pytest.mark.parametrize("metric", ["mutual_knn", "cka", "cknna"])
@pytest.mark.parametrize("d", [8, 128])
@pytest.mark.parametrize("noisy", ["samples", "dimensions"])
def test_a_ceiling_bounds_models_as_noisy_and_not_those_less_noisy(
    metric: str, d: int, noisy: str
) -> None:
    """Eight causes, two models of the same signal, each seen twice; over worlds, not in each."""

    def world(seed: int, noise_a: float, noise_b: float) -> tuple[float, float, float]:
        rng = np.random.default_rng(seed)
        causes = rng.normal(size=(150, 8))

        def twice(noise: float) -> list[np.ndarray]:
            maps = rng.normal(size=(8, d))
            if noisy == "samples":
                return [(causes + noise * rng.normal(size=causes.shape)) @ maps for _ in "ab"]
            return [causes @ maps + 2 * noise * rng.normal(size=(150, d)) for _ in "ab"]

        a, b = twice(noise_a), twice(noise_b)
        ceilings = [noise_ceiling(*views, metric=metric).score for views in (a, b)]
        return min(ceilings), max(ceilings), align(a[0], b[0], metric=metric).score

    equal = np.array([world(seed, 0.75, 0.75) for seed in range(12)])
    room = equal[:, 0] - equal[:, 2]
    assert room.mean() > -2 * room.std(ddof=1) / np.sqrt(len(room))
    unequal = np.array([world(seed, 0.75, 0.2) for seed in range(12)])
    assert (unequal[:, 2] < unequal[:, 1]).all()
    if noisy == "samples" and d == 128:
        assert (unequal[:, 2] > unequal[:, 0]).all()


def test_halves_of_dimensions_bound_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(200, 16))
    halves = split_half_agreement(x, splits=5, seed=1)
    assert len(halves.scores) == 5 and halves.score == pytest.approx(np.mean(halves.scores))
    assert halves == split_half_agreement(x, splits=5, seed=1)
    rotated = x @ np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))[0]
    assert align(x, rotated).score > 0.99 > 0.5 > halves.score


@pytest.mark.parametrize("metric", [metric.name for metric in all_metrics()])
@pytest.mark.parametrize("how", [None, "exact"])
def test_a_batch_average_is_the_mean_of_the_tables_of_the_batches(
    metric: str, how: Literal["exact"] | None
) -> None:
    x, y = two_views(4, 110)
    sides = [x, x[:, ::-1] ** 3], [y, x + y.mean()]
    found = batch_average(
        *sides, 25, metric=metric, k=5, truncate=how, concatenate=True, seed=7
    )  # fmt: skip
    # Truncation looks at all samples, the ten left over included; then batches are cut.
    xs, ys = ([np.asarray(layer, np.float32) for layer in side] for side in sides)
    xs, ys = truncate(xs, how), truncate(ys, how)
    order = np.random.default_rng(7).permutation(110)
    tables = []
    for start in range(0, 100, 25):
        rows = order[start : start + 25]
        cut = [layer[rows] for layer in xs], [layer[rows] for layer in ys]
        tables.append(align(*cut, metric=metric, k=5, concatenate=True).table)
    mean = np.mean(tables, axis=0)
    np.testing.assert_allclose(found.table, mean, atol=1e-6)
    assert found.score == found.table[found.layers]
    best = np.max if get_metric(metric).higher_is_closer else np.min
    assert found.score == best(found.table)
    assert (found.batches, found.batch, found.table.shape) == (4, 25, (3, 3))


@pytest.mark.parametrize("metric", [metric.name for metric in all_metrics()])
@pytest.mark.parametrize("normalize", [True, False])
def test_one_batch_of_all_samples_is_the_score(metric: str, normalize: bool) -> None:
    x, y = two_views(5, 60)
    x = np.round(x)  # ties, which break by row
    options: dict[str, Any] = {
        "metric": metric,
        "truncate": "mean",
        "normalize": normalize,
        "concatenate": True,
    }
    found = batch_average([x, x**2], y, 60, seed=3, **options)
    whole = align([x, x**2], y, **options)
    assert (found.score, found.layers, found.batches) == (whole.score, whole.layers, 1)
    np.testing.assert_array_equal(found.table, whole.table)


def test_batches_hardly_bias_unbiased_cka_and_raise_cka() -> None:
    """Over 24 worlds of 512 samples, batches of 64, against the same world's whole.

    Tolerance: three standard errors of the mean difference, .0035 for unbiased CKA.
    """
    worlds = [two_views(seed, 512) for seed in range(24)]

    def away(metric: str) -> tuple[float, float]:
        pairs = [
            batch_average(x, y, 64, metric=metric).score - align(x, y, metric=metric).score
            for x, y in worlds
        ]
        return float(np.mean(pairs)), float(np.std(pairs, ddof=1) / np.sqrt(len(pairs)))

    mean, error = away("unbiased_cka")
    assert abs(mean) < 3 * error < 0.005
    mean, error = away("cka")
    assert mean > 0.05 > 20 * error


def test_a_layer_constant_within_a_batch_has_no_mean() -> None:
    x, y = two_views(6, 80)
    rows = np.random.default_rng(0).permutation(80)[:20]
    flat = x.copy()
    flat[rows] = 1.0
    for metric in ("mutual_knn", "cka", "svcca"):
        found = batch_average([flat, x], y, 20, metric=metric, concatenate=True)
        assert np.isnan(found.table[0]).all() and np.isfinite(found.table[1:]).all()
        assert found.layers[0] > 0
    with pytest.raises(DegenerateLayerError, match="X: batch 1 of 4: every layer is constant"):
        batch_average(flat, y, 20)
    with pytest.raises(DegenerateLayerError, match="layer 0 is constant"):
        batch_average([np.ones_like(x), x], y, 20)


def test_batches_that_do_not_fit_are_refused() -> None:
    x, y = two_views(7, 60)
    for batch in (1, 31, 59, 61):
        with pytest.raises(SampleCountError, match=f"// 2 = 30 samples, or all 60, got.* {batch}"):
            batch_average(x, y, batch)
    with pytest.raises(NeighborCountError, match="between 1 and 9 in batches of 10 samples"):
        batch_average(x, y, 10, k=10)
    assert batch_average(x, y, 10, k=10, metric="cka").batches == 6
    with pytest.raises(SampleCountError):
        batch_average(x, y[:-1], 10, k=3)
    with pytest.raises(SampleCountError, match="at least 4 samples"):
        batch_average(x, y, 3, metric="unbiased_cka")


def test_refusals() -> None:
    x, y = two_views(3, 30)
    with pytest.raises(SampleCountError, match="between 2 and 30, got n = 31"):
        n_curve(x, y, [31])
    with pytest.raises(NeighborCountError, match="n - 1 = 9, got k = 10"):
        n_curve(x, y, [10])
    with pytest.raises(PRHError, match="two dimensions"):
        split_half_agreement(x[:, :1])
    with pytest.raises(SecondViewError, match="needs the model's features of a second view"):
        noise_ceiling(x)
    with pytest.raises(SampleCountError):
        noise_ceiling(x, x[:-1])
