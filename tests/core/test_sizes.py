"""Scores over growing numbers of samples: against plain loops, and how often intervals hold."""

import numpy as np
import pytest

from prh_core import align, get_metric
from prh_core.errors import CurveError, NeighborCountError, SampleCountError
from prh_core.prepare import normalize
from prh_core.prepared import PreparedLayer
from prh_core.sizes import (
    ClassScores,
    change,
    doubling_sizes,
    extrapolate,
    score_classes,
    score_sizes,
)

KNN = get_metric("mutual_knn")


def ready(rows: np.ndarray) -> PreparedLayer:
    return normalize([rows.astype(np.float32)])[0]


def views(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two noisy views of n samples; the networks are the same whatever the seed."""
    networks = np.random.default_rng(99).normal(size=(2, 8, 24))
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 8))
    x, y = (latent @ network + 1.5 * rng.normal(size=(n, 24)) for network in networks)
    return x.astype(np.float32), y.astype(np.float32)


def test_a_size_is_the_mean_over_disjoint_subsets() -> None:
    x, y = views(200, 0)
    found = score_sizes(KNN, ready(x), ready(y), [50, 80, 200], lambda _: 7, orders=3, seed=5)
    orders = np.random.default_rng(5).permuted(np.tile(np.arange(200), (3, 1)), axis=1)
    for point, n, count in zip(found, (50, 80), (4, 2), strict=False):
        parts = [np.sort(order[at * n : (at + 1) * n]) for order in orders for at in range(count)]
        scores = [align(x[part], y[part], k=7).score for part in parts]
        assert point.score == pytest.approx(np.mean(scores))
        assert point.spread == pytest.approx(np.std(scores, ddof=1))
        assert (point.n, point.k, point.subsets) == (n, 7, 3 * count)
    whole = found[-1]
    a, b = (KNN.family.prepare([ready(side)], _options(7)) for side in (x, y))
    assert whole.score == align(x, y, k=7).score and whole.subsets == 1
    assert (whole.low, whole.high) == pytest.approx(KNN.interval(a, b, (0, 0), 7))
    assert np.isnan(whole.spread)


def _options(k: int):  # noqa: ANN202
    from prh_core.metrics import PrepareOptions

    return PrepareOptions(k)


@pytest.mark.parametrize("name", ["mutual_knn", "cka", "unbiased_cka", "cycle_knn"])
def test_metrics_whose_error_is_of_samples_have_intervals(name: str) -> None:
    metric = get_metric(name)
    x, y = (ready(side) for side in views(128, 1))
    k = 6 if metric.uses_k else None
    first, last = score_sizes(metric, x, y, [32, 128], lambda _: k, orders=2)
    for point in (first, last):
        assert point.low < point.score < point.high
    difference, interval = change(first, last)
    assert difference == pytest.approx(last.score - first.score)
    assert interval.low < difference < interval.high


def test_a_metric_of_resampled_subsets_has_none() -> None:
    x, y = (ready(side) for side in views(96, 2))
    first, last = score_sizes(get_metric("svcca"), x, y, [48, 96], lambda _: None, orders=1)
    assert np.isnan(first.low) and first.influence is None
    with pytest.raises(CurveError, match="not made up of samples"):
        change(first, last)


def test_the_mean_of_small_subsets_is_what_other_samples_give() -> None:
    """Intervals of the mean hold what subsets of fresh samples give, about as often as they say."""
    fresh = [align(*views(48, 1000 + seed), k=5).score for seed in range(150)]
    expected, held, worlds = np.mean(fresh), 0, 60
    for seed in range(worlds):
        x, y = (ready(side) for side in views(192, seed))
        (point,) = score_sizes(KNN, x, y, [48], lambda _: 5, orders=2, seed=seed)
        held += point.low <= expected <= point.high
    # 95 % of 60 less three standard errors.
    assert held / worlds >= 0.86


def test_a_fixed_share_holds_and_a_power_of_n_tells_what_more_samples_give() -> None:
    held, told, worlds = 0, 0, 12
    for seed in range(worlds):
        x, y = views(1024, seed)
        whole = align(x, y, k=10).score
        shared = align(x, y, k=64).score
        x, y = x[:256], y[:256]
        at_k = score_sizes(KNN, ready(x), ready(y), [64, 128, 256], lambda _: 10, orders=2)
        (at_share,) = score_sizes(KNN, ready(x), ready(y), [256], lambda n: n // 16)
        ahead = extrapolate(at_k, 1024)
        assert ahead.low < ahead.score < ahead.high and ahead.exponent < 0
        told += ahead.low <= whole <= ahead.high
        held += at_share.low <= shared <= at_share.high
    assert told >= 10 and held >= 10


def test_a_power_law_is_taken_on_exactly() -> None:
    x, y = (ready(side) for side in views(64, 3))
    points = score_sizes(KNN, x, y, [16, 32, 64], lambda _: 5, orders=2)
    points = [point._replace(score=2 * point.n**-0.5) for point in points]
    ahead = extrapolate(points, 256)
    assert ahead.score == pytest.approx(2 * 256**-0.5) and ahead.exponent == pytest.approx(-0.5)
    bent = extrapolate([points[0]._replace(score=1.0), *points[1:]], 256)
    assert bent.score == pytest.approx(ahead.score) and bent.high > ahead.high


def test_what_cannot_be_taken_on_is_said() -> None:
    x, y = (ready(side) for side in views(64, 3))
    points = score_sizes(KNN, x, y, [16, 32, 64], lambda _: 5, orders=1)
    with pytest.raises(CurveError, match="three sizes or more below n = 64"):
        extrapolate(points, 64)
    with pytest.raises(CurveError, match="three sizes or more"):
        extrapolate(points[1:], 128)
    with pytest.raises(CurveError, match="above zero"):
        extrapolate([points[0]._replace(score=0.0), *points[1:]], 128)
    with pytest.raises(SampleCountError, match="between 2 and 64"):
        score_sizes(KNN, x, y, [65], lambda _: 5)
    with pytest.raises(NeighborCountError):
        score_sizes(KNN, x, y, [16], lambda _: 16)


def test_sizes_double_up_to_all() -> None:
    assert doubling_sizes(512) == [64, 128, 256, 512]
    assert doubling_sizes(600) == [64, 128, 256, 512, 600]
    assert doubling_sizes(40) == [40]


def test_classes_apart_and_samples_within_them() -> None:
    """Two views that agree on classes alone, and two that agree on samples within classes alone."""
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(20), 16)
    names = [f"c{at}" for at in of]
    centers = rng.normal(size=(20, 6))
    inside = rng.normal(size=(320, 6))

    def seen(shared: np.ndarray, apart: float) -> PreparedLayer:
        """See what is shared, noise, and classes as far apart as no other view has them."""
        own = apart * rng.normal(size=(20, 16))[of] + rng.normal(size=(320, 16))
        return ready(shared @ rng.normal(size=(6, 16)) + own)

    def told(shared: np.ndarray, apart: float) -> ClassScores:
        views = seen(shared, apart), seen(shared, apart)
        return score_classes(KNN, views[0], views[1], names, lambda n: max(1, n // 5))

    coarse = told(5 * centers[of], 0.0)
    fine = told(5 * inside, 50.0)
    for found, between, within in ((coarse, 1, 0), (fine, 0, 1)):
        for part, chance, beyond in (
            (found.between, found.between_chance, between),
            (found.within, found.within_chance, within),
        ):
            assert chance is not None
            assert part.low > chance if beyond else part.low < chance < part.high
    assert (coarse.classes, coarse.left_out, coarse.within.n, coarse.between.n) == (20, 0, 16, 20)


def test_within_classes_is_the_mean_over_samples_of_each_class() -> None:
    x, y = views(90, 4)
    names = ["a"] * 40 + ["b"] * 30 + ["c"] * 15 + ["d"] * 5
    found = score_classes(KNN, ready(x), ready(y), names, lambda n: max(1, n // 5))
    parts = [(slice(0, 40), 8), (slice(40, 70), 6), (slice(70, 85), 3)]
    expected = [align(x[rows], y[rows], k=k).score for rows, k in parts]
    assert found.within.score == pytest.approx(np.average(expected, weights=[40, 30, 15]))
    assert (found.classes, found.left_out) == (3, 5)
    with pytest.raises(CurveError, match="three classes or more of 8 samples or more, got 2 of 2"):
        score_classes(KNN, ready(x), ready(y), ["a", "b"] * 45, lambda n: 2)
