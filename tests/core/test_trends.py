"""Trends over models, against scipy, brute force and planted worlds."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prh_core import leave_one_family_out, linear_trend, within_families
from prh_core.errors import TrendError
from prh_core.trends import band

X = [0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.72]
Y = [1.0, 1.3, 1.1, 1.6, 1.5, 2.1, 1.9]
FAMILY = ["a", "a", "a", "b", "b", "c", "c"]


def test_a_line_agrees_with_least_squares_by_normal_equations() -> None:
    trend = linear_trend(X, Y)
    design = np.column_stack([np.ones(len(X)), X])
    solution, rss = np.linalg.lstsq(design, np.array(Y), rcond=None)[:2]
    assert (trend.intercept, trend.slope) == pytest.approx(tuple(solution))
    error = math.sqrt(rss[0] / 5 * np.linalg.inv(design.T @ design)[1, 1])
    assert trend.slope_high - trend.slope == pytest.approx(error * stats.t.ppf(0.975, 5))
    assert trend.p_value == pytest.approx(2 * stats.t.sf(trend.slope / error, 5))
    assert trend.r == pytest.approx(np.corrcoef(X, Y)[0, 1])
    assert trend.rho == pytest.approx(np.corrcoef(stats.rankdata(X), stats.rankdata(Y))[0, 1])


def test_the_band_covers_the_true_line() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 10)
    inside = 0
    for _ in range(400):
        y = 1 + 2 * x + rng.normal(scale=0.3, size=10)
        _, low, high = band(x.tolist(), y.tolist(), [0.8])
        inside += bool(low[0] <= 2.6 <= high[0])
    assert 0.92 < inside / 400 < 0.98


def test_within_families_agrees_with_dummies_and_with_every_shuffle() -> None:
    found = within_families(X, Y, FAMILY)
    dummies = np.array([[name == family for name in "abc"] for family in FAMILY], float)
    design = np.column_stack([X, dummies])
    solution, rss = np.linalg.lstsq(design, np.array(Y), rcond=None)[:2]
    assert found.slope == pytest.approx(solution[0])
    error = math.sqrt(rss[0] / 3 * np.linalg.inv(design.T @ design)[0, 0])
    assert found.slope_high - found.slope == pytest.approx(error * stats.t.ppf(0.975, 3))
    slopes = []
    for a in permutations(range(3)):
        for b in permutations((3, 4)):
            for c in permutations((5, 6)):
                shuffled = np.column_stack([np.array(X)[[*a, *b, *c]], dummies])
                slopes.append(np.linalg.lstsq(shuffled, np.array(Y), rcond=None)[0][0])
    as_far = np.abs(slopes) >= abs(found.slope) - 1e-9
    assert (found.shuffles, found.exact, found.families) == (24, True, 3)
    assert found.p_value == pytest.approx(as_far.mean())


def test_the_shuffles_do_not_depend_on_the_order_of_the_models() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 40))
    families = [f"family {i % 4}" for i in range(40)]
    found = within_families(x, y, families)
    order = rng.permutation(40)
    again = within_families(x[order], y[order], [families[i] for i in order])
    assert not found.exact and again == found


def test_families_apart_make_a_pooled_trend_and_none_within() -> None:
    """Simpson's case: families differ in both, and inside a family nothing rises."""
    rng = np.random.default_rng(1)
    family = np.repeat(np.arange(4), 6)
    x = family + 0.2 * rng.normal(size=24)
    y = family + 0.2 * rng.normal(size=24)
    names = [f"family {i}" for i in family]
    assert linear_trend(x.tolist(), y.tolist()).p_value < 1e-9
    inside = within_families(x.tolist(), y.tolist(), names)
    assert inside.p_value > 0.05
    assert not inside.exact and inside.shuffles == 10_000
    assert inside.slope_low < 0 < inside.slope_high


def test_the_shuffle_test_holds_its_level() -> None:
    rng = np.random.default_rng(2)
    names = list("aaaabbbbccc")
    rejected = 0
    for _ in range(300):
        x, y = rng.normal(size=11), rng.normal(size=11) + np.repeat([0, 3, 6], [4, 4, 3])
        rejected += within_families(x.tolist(), y.tolist(), names).p_value <= 0.05
    assert rejected / 300 < 0.085


def test_leaving_a_family_out_shows_whose_doing_a_slope_is() -> None:
    x, y = [0.0, 1, 2, 3, 10, 11], [1.0, 1.2, 0.9, 1.1, 5, 6]
    slopes = leave_one_family_out(x, y, list("aaaabb"))
    assert slopes["b"] == pytest.approx(linear_trend(x[:4], y[:4]).slope)
    assert abs(slopes["b"]) < 0.05 < linear_trend(x, y).slope
    assert math.isnan(slopes["a"])  # two models make no line


@given(
    st.lists(st.integers(-50, 50), min_size=4, max_size=12, unique=True),
    st.integers(0, 1000),
    st.floats(0.1, 10),
    st.floats(-5, 5),
)
def test_units_do_not_matter(x: list[int], seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=len(x))
    names = [("a", "b")[i % 2] for i in range(len(x))]
    other = [scale * value + shift for value in x]
    one, two = linear_trend([float(v) for v in x], y.tolist()), linear_trend(other, y.tolist())
    assert two.slope * scale == pytest.approx(one.slope, rel=1e-6, abs=1e-9)
    assert two.r == pytest.approx(one.r, abs=1e-9) and two.p_value == pytest.approx(one.p_value)
    within = within_families([float(v) for v in x], y.tolist(), names)
    assert within_families(other, y.tolist(), names).p_value == pytest.approx(within.p_value)


def test_flat_alignment_has_a_slope_of_zero_and_no_correlation() -> None:
    trend = linear_trend([1.0, 2, 3], [0.5, 0.5, 0.5])
    assert trend.slope == 0
    assert math.isnan(trend.r) and math.isnan(trend.rho) and math.isnan(trend.p_value)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([1.0, 2.0], [1.0, 2.0], "needs three models, got 2"),
        ([1.0, 1, 1], [1.0, 2, 3], "all 3 models have the same x, 1"),
        ([1.0, 2, 3], [1.0, 2], "as many x as y, got 3 and 2"),
        ([1.0, 2, math.nan], [1.0, 2, 3], "finite"),
    ],
)
def test_what_has_no_trend_is_refused(x: list[float], y: list[float], told: str) -> None:
    with pytest.raises(TrendError, match=told):
        linear_trend(x, y)


def test_more_refusals() -> None:
    with pytest.raises(TrendError, match="two models that differ in x, got none"):
        within_families([1.0, 2, 3], [1.0, 2, 3], ["a", "b", "c"])
    with pytest.raises(TrendError, match="a family for each of 3 models, got 1"):
        within_families([1.0, 2, 3], [1.0, 2, 3], ["a"])
