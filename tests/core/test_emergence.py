"""The test of emergence: both error rates by simulation, its fits against scipy, its refusals."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from prh_core import emergence_test
from prh_core.compiled.nonnegative import nonnegative_fits
from prh_core.emergence import LEVEL, POWER
from prh_core.errors import TrendError

Curve = Callable[[np.ndarray], np.ndarray]
WORLDS = 80
GROWING: dict[str, Curve] = {
    "constant": lambda z: np.full_like(z, 0.5),
    "line": lambda z: 0.1 + 0.8 * z,
    "falling": lambda z: 0.8 - 0.5 * z,
    "falling, convex": lambda z: 0.1 + 0.8 * np.exp(-4 * z),
    "saturating": lambda z: 0.3 + 0.65 * (1 - np.exp(-3 * z)),
    "saturating at once": lambda z: 0.2 + 0.7 * (1 - np.exp(-8 * z)),
    "root": lambda z: 0.1 + 0.8 * np.sqrt(z),
    "line to a ceiling": lambda z: np.minimum(0.98, 0.1 + 1.4 * z),
    "line to a late ceiling": lambda z: np.minimum(0.78, 0.1 + 0.85 * z),
    "line to an early ceiling": lambda z: np.minimum(0.7, 0.1 + 1.5 * z),
    "logistic, inflection at the left end": lambda z: 1 / (1 + np.exp(-5 * z)),
}
EMERGING: dict[str, Curve] = {
    "hockey stick": lambda z: 0.25 + 0.6 * np.maximum(0, z - 0.6) / 0.4,
    "hockey stick from zero": lambda z: 0.3 * np.maximum(0, z - 0.6) / 0.4,
    "early hockey stick": lambda z: 0.1 + 0.6 * np.maximum(0, z - 0.3) / 0.7,
    "logistic": lambda z: 1 / (1 + np.exp(-10 * (z - 0.5))),
    "early logistic": lambda z: 1 / (1 + np.exp(-12 * (z - 0.4))),
    "late logistic": lambda z: 1 / (1 + np.exp(-12 * (z - 0.7))),
}


def share_emergent(
    curve: Curve, n: int, noises: tuple[float, ...], worlds: int, even: bool = True
) -> float:
    found = 0
    for world in range(worlds):
        rng = np.random.default_rng(world)
        z = np.linspace(0, 1, n) if even else rng.uniform(size=n)
        y = np.clip(curve(z) + noises[world % len(noises)] * rng.normal(size=n), 0, 1)
        found += emergence_test(0.05 + 0.1 * z, y, draws=99).verdict == "emergent"
    return found / worlds


@pytest.mark.parametrize("name", GROWING)
def test_what_only_grows_is_seldom_called_emergent(name: str) -> None:
    most = LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / WORLDS)
    assert share_emergent(GROWING[name], 10, (0.01, 0.06), WORLDS) <= most


@pytest.mark.parametrize(("n", "even"), [(6, True), (16, False)])
@pytest.mark.parametrize("name", ["constant", "saturating", "line to a ceiling"])
def test_nor_with_few_models_or_many_at_places_of_their_own(name: str, n: int, even: bool) -> None:
    most = LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / WORLDS)
    assert share_emergent(GROWING[name], n, (0.04,), WORLDS, even) <= most


@pytest.mark.parametrize("name", EMERGING)
def test_what_emerges_is_found(name: str) -> None:
    assert share_emergent(EMERGING[name], 10, (0.015,), 40) >= 0.95
    assert share_emergent(EMERGING[name], 16, (0.03,), 40, even=False) >= 0.85


def test_noise_is_not_called_growth_and_precise_growth_is() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0.05, 0.15, 10)
    noise = [emergence_test(x, 0.5 + 0.1 * rng.normal(size=10), draws=99) for _ in range(40)]
    assert [found.verdict for found in noise].count("cannot tell") >= 34
    lines = [
        emergence_test(x, 0.45 + 3 * (x - 0.05) + 0.01 * rng.normal(size=10), draws=99)
        for _ in range(40)
    ]
    growing = [found for found in lines if found.verdict == "not emergent"]
    assert len(growing) >= 34
    quickening = [found for found in growing if found.p_value <= LEVEL]  # chance, but no onset
    assert len(quickening) <= 5
    assert all(found.power >= POWER for found in growing if found not in quickening)


def test_the_power_is_the_share_of_hockey_sticks_found() -> None:
    rng = np.random.default_rng(1)
    z = np.linspace(0, 1, 12)
    told = [
        emergence_test(z, np.clip(0.2 + 0.5 * z + 0.12 * rng.normal(size=12), 0, 1), draws=99).power
        for _ in range(40)
    ]
    found = share_emergent(lambda t: 0.2 + np.maximum(0, t - 0.5), 12, (0.12,), 60)
    assert np.nanmean(told) == pytest.approx(found, abs=0.2)


def test_a_quickening_line_has_no_onset() -> None:
    z = np.linspace(0, 1, 20)
    found = emergence_test(z, 0.1 + 0.3 * z + 0.3 * z**2 * 0.5)
    assert found.p_value <= LEVEL
    assert (found.verdict, found.onset) == ("not emergent", 0)


def test_the_onset_is_where_the_stick_bends() -> None:
    x = np.linspace(2, 3, 11)
    found = emergence_test(x, 0.2 + np.maximum(0, x - 2.5))
    assert found.verdict == "emergent"
    assert found.onset == pytest.approx(2.5)
    np.testing.assert_allclose(found.s_shaped, 0.2 + np.maximum(0, found.at - 2.5), atol=1e-6)
    assert (np.diff(found.concave) >= -1e-12).all()
    assert (np.diff(found.concave, 2) <= 1e-9).all()


def _programmed(y: np.ndarray, *bent: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Fit heights that neither fall nor go below zero, by sequential quadratic programming."""
    constraints: Any = [
        {"type": "ineq", "fun": fun} for fun in (np.diff, lambda heights: heights, *bent)
    ]
    return optimize.minimize(
        lambda heights: float(((heights - y) ** 2).sum()),
        y,
        constraints=constraints,
        options={"ftol": 1e-14},
    )


def test_the_fits_are_those_of_quadratic_programs() -> None:
    rng = np.random.default_rng(2)
    z = np.linspace(0, 1, 8)
    y = np.clip(0.1 + 0.6 * z + 0.1 * rng.normal(size=8), 0, 1)
    found = emergence_test(z, y, places=8)
    concave = _programmed(y, lambda heights: -np.diff(heights, 2))
    np.testing.assert_allclose(found.concave, concave.x, atol=1e-5)
    s_shaped = min(
        float(
            _programmed(
                y,
                lambda heights, turn=turn: np.diff(heights[: turn + 1], 2),
                lambda heights, turn=turn: -np.diff(heights[turn:], 2),
            ).fun
        )
        for turn in range(8)
    )
    assert ((found.s_shaped - y) ** 2).sum() == pytest.approx(s_shaped, abs=1e-7)
    assert found.evidence == pytest.approx(8 * math.log(concave.fun / s_shaped), abs=1e-3)


@given(st.integers(2, 12), st.integers(1, 10), st.integers(0, 10_000))
def test_nonnegative_fits_are_scipys(n: int, p: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    designs = rng.normal(size=(2, n, p))
    designs /= np.linalg.norm(designs, axis=1, keepdims=True)
    designs = designs[:, :, : min(n, p)].copy()
    responses = rng.normal(size=(3, n))
    grams = designs.transpose(0, 2, 1) @ designs
    residuals, weights = nonnegative_fits(designs, grams, responses)
    for a in range(2):
        for b in range(3):
            solved, norm = optimize.nnls(designs[a], responses[b])
            assert residuals[b, a] == pytest.approx(norm**2, abs=1e-6)
        assert (weights[a] >= 0).all()
        np.testing.assert_allclose(designs[a] @ weights[a], designs[a] @ solved, atol=1e-3)


@settings(max_examples=30)
@given(st.integers(6, 14), st.integers(0, 1000), st.floats(0.01, 1e4), st.floats(-1e3, 1e3))
def test_units_and_order_of_alignment_do_not_matter(
    n: int, seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.arange(n) / 10, rng.uniform(size=n)
    order = rng.permutation(n)
    one = emergence_test(x, y, draws=19)
    two = emergence_test(scale * x + shift, y, draws=19)
    assert two.evidence == pytest.approx(one.evidence, rel=1e-3, abs=1e-3)
    again = emergence_test(x[order], y[order], draws=19)
    assert again.evidence == pytest.approx(one.evidence, rel=1e-6, abs=1e-6)
    assert 0 < one.p_value <= 1


def test_what_does_not_differ_cannot_be_told() -> None:
    flat = emergence_test(np.arange(8), np.full(8, 0.3))
    assert (flat.verdict, flat.p_value, flat.evidence) == ("cannot tell", 1, 0)
    assert math.isnan(flat.onset)
    few = emergence_test([0.1, 0.2, 0.3, 0.4, 0.5, 0.5], [0.0, 0, 0, 0.1, 0.9, 0.9])
    assert (few.verdict, few.n, few.different) == ("cannot tell", 6, 5)
    assert math.isnan(few.p_value)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([1.0, 2.0], [1.0, 2.0], "needs three models, got 2"),
        ([1.0, 1, 1], [0.1, 0.2, 0.3], "all 3 models have the same x, 1"),
        ([1.0, 2, 3], [1.0, 2], "as many x as y, got 3 and 2"),
        ([1.0, 2, math.nan], [0.1, 0.2, 0.3], "finite"),
        ([1.0, 2, 3], [1.0, 2, 3], "shares between 0 and 1, got 1 to 3"),
    ],
)
def test_what_cannot_be_tested_is_refused(x: list[float], y: list[float], told: str) -> None:
    with pytest.raises(TrendError, match=told):
        emergence_test(x, y)
    with pytest.raises(TrendError, match="takes 19 draws, got 10"):
        emergence_test([1.0, 2, 3], [0.1, 0.2, 0.3], draws=10)
