"""Awkward features: every metric is right or refuses by name, and never makes a number up."""

import numpy as np
import pytest

from prh_core import align, all_metrics
from prh_core.errors import (
    DegenerateLayerError,
    NeighborCountError,
    NotFiniteError,
    PRHError,
)
from prh_core.metrics import Metric
from tests.core.oracles import ORACLES, prepared

every_metric = pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)
both_ways = pytest.mark.parametrize("normalize", [True, False], ids=["unit", "raw"])


def pair(seed: int, n: int = 40, d: int = 8, e: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Related sides in float32."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = x @ rng.normal(size=(d, e)) + rng.normal(size=(n, e))
    return x.astype(np.float32), y.astype(np.float32)


def defined(metric: Metric, x: np.ndarray, y: np.ndarray, k: int, normalize: bool) -> float:
    """What the definition says in float64; NaN where it says nothing."""
    with np.errstate(all="ignore"):
        return ORACLES[metric.name](prepared(x, normalize), prepared(y, normalize), k)


def check(
    metric: Metric, x: np.ndarray, y: np.ndarray, k: int, normalize: bool, within: float = 1e-6
) -> None:
    """The score is the defined one."""
    expected = defined(metric, x, y, k, normalize)
    score = align(x, y, metric=metric.name, k=k, normalize=normalize).score
    assert score == pytest.approx(expected, abs=within)


def check_or_refused(metric: Metric, x: np.ndarray, y: np.ndarray, k: int, normalize: bool) -> None:
    """The score is the defined one, or an error with a name and a sentence."""
    try:
        score = align(x, y, metric=metric.name, k=k, normalize=normalize).score
    except PRHError as error:
        assert type(error) is not PRHError and len(str(error)) > 20
        return
    assert score == pytest.approx(defined(metric, x, y, k, normalize), abs=1e-6)


# ----------------------------------------------------------------------- ties


@every_metric
@pytest.mark.parametrize("k", [1, 5, 20, 29])
def test_ties_among_small_whole_numbers(metric: Metric, k: int) -> None:
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        x = rng.integers(-2, 3, size=(30, 3)).astype(np.float32)
        x[~x.any(axis=1)] = 1
        y = np.concatenate([x[:, :2], rng.integers(-2, 3, size=(30, 2))], axis=1)
        y[~y.any(axis=1)] = 1
        check(metric, x, y.astype(np.float32), k, normalize=False)


@every_metric
@both_ways
@pytest.mark.parametrize("k", [4, 25])
def test_duplicate_rows_stay_tied(metric: Metric, k: int, normalize: bool) -> None:
    x, y = pair(2, n=60, d=300, e=257)
    for original, copies in ((3, [0, 17, 31, 59]), (40, [8, 9, 33]), (20, [21, 58])):
        x[copies] = x[original]
        y[copies] = y[original]
    check(metric, x, y, k, normalize, within=1e-5)


@every_metric
@both_ways
def test_duplicates_on_one_side_only(metric: Metric, normalize: bool) -> None:
    x, y = pair(3, n=60, d=300, e=40)
    x[30:] = x[:30]
    # The 30 similarities of 1 between unit duplicates are ranked by their last bits.
    check(metric, x, y, 5, normalize, within=1e-3 if metric.name == "rsa" else 1e-5)


# ------------------------------------------------------------ degenerate layers


def constant(kind: str) -> np.ndarray:
    """Layers whose rows say the same, exactly or up to rounding."""
    rng = np.random.default_rng(4)
    direction = rng.normal(size=7)
    return {
        "ones": np.ones((40, 7)),
        "tenths": np.full((40, 7), 0.1),
        "one row": np.tile(direction, (40, 1)),
        "noise below float32": np.ones((40, 7)) + 1e-9 * rng.normal(size=(40, 7)),
        "last bits": (np.ones((40, 7)) + 6e-8 * rng.integers(0, 3, size=(40, 7))),
        "large, last bits": 1e6 * (np.ones((40, 7)) + 6e-8 * rng.integers(0, 3, size=(40, 7))),
    }[kind]


CONSTANT = ["ones", "tenths", "one row", "noise below float32", "last bits", "large, last bits"]


@every_metric
@both_ways
@pytest.mark.parametrize("kind", CONSTANT)
def test_a_constant_layer_is_refused(metric: Metric, kind: str, normalize: bool) -> None:
    x, _ = pair(5)
    layer = constant(kind)
    with pytest.raises(DegenerateLayerError, match="X"):
        align(layer, x, metric=metric.name, k=5, normalize=normalize)
    with pytest.raises(DegenerateLayerError, match="Y.*layer 1"):
        align(x, [x[:, :7], layer], metric=metric.name, k=5, normalize=normalize)


@every_metric
@pytest.mark.parametrize("d", [1, 7])
def test_rows_of_one_direction_are_constant_once_normalized(metric: Metric, d: int) -> None:
    rng = np.random.default_rng(6)
    x, _ = pair(6)
    ray = (rng.uniform(0.5, 2, size=(40, 1)) * rng.uniform(0.5, 2, size=(1, d))).astype(np.float32)
    with pytest.raises(DegenerateLayerError, match="Y"):
        align(x, ray, metric=metric.name, k=5)


@every_metric
def test_a_row_of_zeros_has_no_direction(metric: Metric) -> None:
    x, y = pair(7)
    y[11] = 0
    with pytest.raises(DegenerateLayerError, match="Y: row 11"):
        align(x, y, metric=metric.name, k=5)
    check_or_refused(metric, x, y, 5, normalize=False)


@every_metric
@both_ways
def test_one_dimension_of_both_signs(metric: Metric, normalize: bool) -> None:
    x, y = pair(8, d=1, e=1)
    check_or_refused(metric, x, y, 5, normalize)
    check_or_refused(metric, x, pair(9)[1], 5, normalize)


@every_metric
@both_ways
def test_a_constant_column_adds_nothing(metric: Metric, normalize: bool) -> None:
    x, y = pair(10)
    x[:, 3] = 0.1
    check(metric, x, y, 5, normalize)


@every_metric
def test_two_different_rows_among_equal_ones(metric: Metric) -> None:
    # More than half of all distances are 0, so the median bandwidth is too.
    x, y = pair(11)
    x[:] = x[0]
    x[5], x[6] = y[0, 0], -y[1, 1]
    check_or_refused(metric, x, y, 5, normalize=False)


# ---------------------------------------------------------------- small n, all k


@every_metric
@pytest.mark.parametrize("n", [2, 3, 4, 5, 12])
def test_k_of_all_others(metric: Metric, n: int) -> None:
    x, y = pair(12, n=n)
    if n >= 5:
        check(metric, x, y, n - 1, normalize=True)
    else:
        check_or_refused(metric, x, y, n - 1, normalize=True)


@pytest.mark.parametrize("name", ["unbiased_cka", "cknna_released"])
def test_three_samples_are_too_few_for_an_unbiased_estimate(name: str) -> None:
    x, y = pair(13, n=3)
    with pytest.raises(PRHError) as caught:
        align(x, y, metric=name, k=2)
    assert type(caught.value) is not PRHError


@every_metric
def test_one_sample_is_refused(metric: Metric) -> None:
    x, y = pair(14, n=1)
    with pytest.raises(PRHError):
        align(x, y, metric=metric.name, k=1)


@every_metric
@pytest.mark.parametrize("k", [0, -1, 40, 41, 10**6])
def test_k_outside_1_to_n_minus_1(metric: Metric, k: int) -> None:
    x, y = pair(15)
    if metric.uses_k:
        with pytest.raises(NeighborCountError):
            align(x, y, metric=metric.name, k=k)
    elif k > 0:
        score = align(x, y, metric=metric.name, k=k).score
        assert score == align(x, y, metric=metric.name, k=5).score


# --------------------------------------------------------------- number formats


@every_metric
@both_ways
def test_half_precision_input_is_widened(metric: Metric, normalize: bool) -> None:
    x, y = (side.astype(np.float16) for side in pair(16))
    wide = align(
        x.astype(np.float32), y.astype(np.float32), metric=metric.name, k=5, normalize=normalize
    )
    assert align(x, y, metric=metric.name, k=5, normalize=normalize).score == wide.score
    check(metric, x, y, 5, normalize, within=1e-5)


@every_metric
@both_ways
def test_memory_layout_changes_nothing(metric: Metric, normalize: bool) -> None:
    x, y = pair(17, d=16)
    views = [
        (x[::-1], y[::-1]),
        (x[:, ::2], np.asfortranarray(y)),
        (np.ascontiguousarray(x.T).T[::2, ::-1], y[::2]),
        (x.T[:, :20].T, y[20:][::-1]),
    ]
    for a, b in views:
        expected = align(
            np.array(a, order="C"),
            np.array(b, order="C"),
            metric=metric.name,
            k=5,
            normalize=normalize,
        ).score
        assert align(a, b, metric=metric.name, k=5, normalize=normalize).score == expected
        check(metric, a, b, 5, normalize)


@every_metric
def test_the_input_is_left_as_it_was(metric: Metric) -> None:
    x, y = pair(18)
    before = x.copy(), y.copy()
    for normalize in (True, False):
        align(x, y, metric=metric.name, k=5, normalize=normalize, concatenate=True)
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])


@every_metric
@both_ways
@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_tiny_and_huge_features_score_as_ordinary_ones(
    metric: Metric, scale: float, normalize: bool
) -> None:
    x, y = pair(19)
    settings = {"metric": metric.name, "k": 5, "normalize": normalize}
    expected = align(x, y, **settings).score
    factor = np.float32(scale)
    for a, b in ((factor * x, factor * y), (factor * x, y), (x, factor * y)):
        assert align(a, b, **settings).score == pytest.approx(expected, abs=1e-5)


@every_metric
@both_ways
def test_layers_of_very_different_scales_do_not_disturb_each_other(
    metric: Metric, normalize: bool
) -> None:
    x, y = pair(20)
    tiny, huge = np.float32(1e-20), np.float32(1e20)
    settings = {"metric": metric.name, "k": 5, "normalize": normalize}
    table = align([x, tiny * x, huge * x], [y, huge * y], **settings).table
    assert np.allclose(table, align(x, y, **settings).score, rtol=0, atol=1e-5)


@every_metric
@both_ways
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite(metric: Metric, value: float, normalize: bool) -> None:
    x, y = pair(21)
    y[7, 2] = value
    with pytest.raises(NotFiniteError, match="Y"):
        align(x, y, metric=metric.name, k=5, normalize=normalize)
