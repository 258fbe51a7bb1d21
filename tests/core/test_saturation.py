"""The law of saturation: against scipy's curve_fit, on planted laws, and what it refuses to say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from prh_core.errors import SaturationError
from prh_core.saturation import FLATTEST, STEEPEST, Saturation, fit_saturation

FIVE = np.arange(1, 6)[:, None]
GRID = np.array([(a, b) for a in range(1, 6) for b in range(1, 4)])
TEN = np.array([(a, b) for a in (1, 2, 4, 8) for b in (1, 2, 3, 5, 10)])


def one_side(n: np.ndarray, limit: float, lack: float, power: float) -> np.ndarray:
    return limit - lack * n**-power


def two_sides(
    n: np.ndarray, limit: float, lack_x: float, lack_y: float, a: float, b: float
) -> np.ndarray:
    return limit - lack_x * n[0] ** -a - lack_y * n[1] ** -b


@pytest.mark.parametrize("seed", range(4))
def test_one_side_is_what_curve_fit_finds(seed: int) -> None:
    """Scipy's bounded least squares over all three parameters, from several starts."""
    rng = np.random.default_rng(seed)
    n = np.array([1, 2, 3, 5, 8, 13], np.float64)
    scores = one_side(n, 0.3, 0.2, rng.uniform(0.4, 2)) + 0.004 * rng.normal(size=len(n))
    law = fit_saturation(n[:, None], scores)
    found = [
        optimize.curve_fit(
            one_side, n, scores, p0=(scores.max(), 0.1, start), maxfev=20_000,
            bounds=([-np.inf, -np.inf, FLATTEST], [np.inf, np.inf, STEEPEST]),
            xtol=1e-12, ftol=1e-12, gtol=1e-12,
        )[0]
        for start in (0.2, 1.0, 3.0)
    ]  # fmt: skip
    best = min(found, key=lambda p: float(np.square(one_side(n, *p) - scores).sum()))
    assert law.limit == pytest.approx(best[0], rel=1e-4)
    assert law.coefficients[0] == pytest.approx(best[1], rel=1e-4)
    assert law.exponents[0] == pytest.approx(best[2], rel=1e-4)
    spread = float(np.square(scores - scores.mean()).sum())
    expected = 1 - float(np.square(one_side(n, *best) - scores).sum()) / spread
    assert law.r_squared == pytest.approx(expected, abs=1e-7)
    assert (law.points, law.free) == (6, 3)


def test_two_sides_are_what_curve_fit_finds() -> None:
    rng = np.random.default_rng(3)
    planted = (0.41, 0.15, 0.13, 0.75, 1.3)  # as published for one model, by frames and captions
    scores = two_sides(TEN.T, *planted) + 0.002 * rng.normal(size=len(TEN))
    law = fit_saturation(TEN, scores)
    best = optimize.curve_fit(two_sides, TEN.T.astype(float), scores, p0=planted)[0]
    told = (law.limit, *law.coefficients, *law.exponents)
    assert told == pytest.approx(best, rel=1e-3)
    assert law.verdict == "holds" and law.free == 15
    assert law.limit_low < 0.41 < law.limit_high
    assert law.at(TEN) == pytest.approx(two_sides(TEN.T, *best), abs=1e-6)


def test_the_limits_interval_holds_the_planted_limit_as_often_as_it_says() -> None:
    held, n = [], np.array([1, 2, 3, 4, 6, 8, 12, 16])
    for seed in range(25):
        noise = 0.004 * np.random.default_rng(seed).normal(size=len(n))
        law = fit_saturation(n[:, None], one_side(n, 0.3, 0.2, 1.0) + noise)
        held.append(law.limit_low <= 0.3 <= law.limit_high)
    assert np.mean(held) >= 0.84


laws = st.tuples(
    st.floats(0.05, 0.9), st.floats(0.01, 0.3), st.floats(0.3, 3.0), st.floats(0.01, 0.3),
    st.floats(0.3, 3.0),
)  # fmt: skip


@settings(max_examples=5)
@given(law=laws)
def test_a_planted_law_is_found(law: tuple[float, float, float, float, float]) -> None:
    limit, lack_x, a, lack_y, b = law
    found = fit_saturation(GRID, two_sides(GRID.T.astype(float), limit, lack_x, lack_y, a, b))
    assert (found.limit, *found.coefficients) == pytest.approx((limit, lack_x, lack_y), rel=1e-3)
    assert found.exponents == pytest.approx((a, b), rel=1e-3)
    assert found.r_squared == pytest.approx(1)
    assert found.held_out == pytest.approx(0, abs=1e-5) and found.verdict == "holds"


@settings(max_examples=5)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.1, 10), shift=st.floats(-1, 1))
def test_scores_of_another_scale_or_order_have_the_same_law(
    seed: int, factor: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    scores = one_side(FIVE[:, 0].astype(float), 0.2, 0.1, 1.0) + 0.01 * rng.normal(size=5)
    plain = fit_saturation(FIVE, scores)
    order = rng.permutation(5)
    other = fit_saturation(FIVE[order], (factor * scores + shift)[order])
    assert other.r_squared == pytest.approx(plain.r_squared, abs=1e-5)
    assert other.determined == plain.determined
    assert 0 <= plain.r_squared <= 1 and plain.limit_low <= plain.limit <= plain.limit_high
    if plain.determined:
        assert other.limit == pytest.approx(factor * plain.limit + shift, rel=1e-2, abs=1e-3)


def test_a_side_that_does_not_vary_is_part_of_the_limit() -> None:
    one = fit_saturation(FIVE, one_side(FIVE[:, 0].astype(float), 0.3, 0.1, 1.2))
    both = np.column_stack([FIVE, np.full(5, 3)])
    found = fit_saturation(both, one_side(FIVE[:, 0].astype(float), 0.3, 0.1, 1.2))
    assert found.limit == pytest.approx(one.limit)
    assert math.isnan(found.coefficients[1]) and math.isnan(found.exponents[1])
    assert found.at([[2, 3]]) == pytest.approx(one.at([[2]]))


def test_what_grows_like_a_logarithm_has_no_end() -> None:
    n = np.array([1, 2, 4, 8, 16, 32, 64])
    law = fit_saturation(n[:, None], 0.1 + 0.02 * np.log(n))
    assert law.r_squared > 0.99 and law.limit_high == math.inf
    assert not law.determined and law.verdict == "inconclusive"
    for seed in range(3):  # nor does the range of exponents tried pass for one
        noise = 0.002 * np.random.default_rng(seed).normal(size=len(n))
        assert fit_saturation(n[:, None], 0.1 + 0.02 * np.log(n) + noise).limit_high == math.inf


def test_five_counts_are_too_few_to_say_that_it_holds() -> None:
    law = fit_saturation(FIVE, [0.068, 0.082, 0.089, 0.092, 0.0935])
    assert law.r_squared > 0.98 and law.free == 2 and law.verdict == "inconclusive"
    falls = fit_saturation(FIVE, [0.09, 0.08, 0.075, 0.073, 0.072])
    assert not falls.determined and falls.coefficients[0] < 0


def test_what_does_not_follow_the_law_is_said_not_to() -> None:
    n = np.arange(1, 13)
    law = fit_saturation(n[:, None], 0.2 - 0.1 / n + 0.02 * np.sin(2.0 * n))
    assert law.r_squared < 0.98
    assert law.verdict in ("does not hold", "inconclusive")
    held = [_verdict(0.97, free=5), _verdict(0.99, free=5), _verdict(0.99, free=4)]
    assert held == ["does not hold", "holds", "inconclusive"]


def _verdict(r_squared: float, free: int) -> str:
    return Saturation(
        0.3, 0.2, 0.4, (0.1,), (1.0,), r_squared, free + 3, free, 0.0, 0.0, True
    ).verdict


def test_the_largest_count_is_predicted_from_the_others() -> None:
    scores = np.array([0.068, 0.082, 0.089, 0.092, 0.0935])
    law = fit_saturation(FIVE, scores)
    before = fit_saturation(FIVE[:4], scores[:4])
    assert law.held_out == pytest.approx(abs(float(before.at([[5]])[0]) - 0.0935))
    assert law.held_out_last == pytest.approx(0.0015)
    assert math.isnan(fit_saturation(FIVE[:3], scores[:3]).held_out)
    assert math.isnan(before.limit_low) is False
    assert math.isnan(fit_saturation(FIVE[:3], scores[:3]).limit_low)


@pytest.mark.parametrize(
    ("counts", "scores", "named"),
    [
        ([[1], [2], [3]], [0.1, 0.2], r"got \(3, 1\) and \(2,\)"),
        ([1, 2, 3], [0.1, 0.2, 0.3], "expected counts of"),
        ([[1], [2], [3]], [0.1, math.nan, 0.3], "got NaN or infinity"),
        ([[0], [2], [3]], [0.1, 0.2, 0.3], "counts of 1 or more, got 0"),
        ([[1], [1], [1]], [0.1, 0.2, 0.3], "one count on each"),
        ([[1], [2], [1]], [0.1, 0.2, 0.3], "three different counts, got 2"),
        ([[1, 1], [2, 2], [3, 3]], [0.1, 0.2, 0.3], "5 parameters takes as many points, got 3"),
        ([[1], [2], [3]], [0.1, 0.1, 0.1], "nothing grows"),
    ],
)
def test_what_tells_no_law_is_refused(counts: list, scores: list[float], named: str) -> None:
    with pytest.raises(SaturationError, match=named):
        fit_saturation(np.array(counts), scores)
