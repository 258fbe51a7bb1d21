"""Whether skill emerges: flat at first and then rising, not rising all along (paper, Fig. 4).

What is not emergent is any curve that rises at an even or falling pace: a constant, a line, a line
that meets a ceiling, a saturating curve. Together these are the concave functions that do not fall.
What is emergent adds a convex part before: an S, of which a hockey stick and a logistic curve with
its inflection among the data are cases (shape-constrained regression: Feng, Chen, Han, Carroll and
Samworth 2022, J. R. Stat. Soc. B 84).
"""

import math
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float64

from prh_core.compiled.nonnegative import nonnegative_fits
from prh_core.errors import TrendError
from prh_core.trends import Numbers, checked_points

Verdict = Literal["emergent", "not emergent", "cannot tell"]

LEVEL = 0.05
"""Up to this p-value an onset is believed."""
LEAST = 6
"""Different alignments below which no curve can be told from another."""
POWER = 0.8
"""Share of simulated onsets that must be found before finding none says that there is none."""
DRAWS = 999
_KNOTS = 60
_PLACES = 15
"""Knots of the curves, and those tried as the place at which an S turns from convex to concave."""
_APART = 1 / 200
"""Least distance between knots, as a share of the range."""
_ROUNDING = 1e-12
"""Sum of squares that is rounding, of shares."""


class Emergence(NamedTuple):
    """Whether skill emerges along alignment, and the curves behind the answer."""

    verdict: Verdict
    """Emergent: p_value is at most `LEVEL` and the onset lies inside the data. Not emergent: an
    onset would have been found (`power`), or there is a convex part and no floor before it. Cannot
    tell: fewer than `LEAST` different alignments, or an onset might have been missed."""
    n: int
    different: int
    """Different alignments among them."""
    p_value: float
    """Of no emergence: share of the simulated non-emergent curves that an S fits as much better;
    NaN with fewer than `LEAST` different alignments."""
    evidence: float
    """n ln(RSS of the best concave curve / RSS of the best S), 0 or more; NaN likewise."""
    power: float
    """Share of simulated hockey sticks that would have been called significant: as much rise and
    scatter as here, the onset at the median alignment. NaN where the p-value is small or none."""
    onset: float
    """Alignment from which the S rises at least half as steeply as at its steepest; the lowest
    alignment where it does so from the start. NaN with no rise, or no p-value."""
    draws: int
    at: Float64[np.ndarray, " m"]
    """Places along x."""
    concave: Float64[np.ndarray, " m"]
    """The best curve there that is not emergent: concave, never falling, never below zero."""
    s_shaped: Float64[np.ndarray, " m"]
    """The best curve there that is convex up to some place and concave from there on."""


class _Cones(NamedTuple):
    """Sets of curves as nonnegative combinations of columns: one per place of the inflection."""

    knots: np.ndarray
    turns: np.ndarray
    """Knots at which the S turns; the first is the left end, where an S is concave."""
    lengths: np.ndarray
    designs: np.ndarray
    grams: np.ndarray

    def curve(self, which: int, weights: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the curve of these weights at some places."""
        return _columns(z, self.knots, int(self.turns[which])) @ (weights / self.lengths[which])


def emergence_test(
    x: Numbers, y: Numbers, *, draws: int = DRAWS, seed: int = 0, places: int = 61
) -> Emergence:
    """Test whether skill emerges along alignment, against every curve that only grows.

    The statistic is n ln(RSS_concave / RSS_S): both by least squares, among curves that never fall
    and never go below zero, with knots at the data. Its null distribution is simulated (parametric
    bootstrap, normal noise, clipped to shares) from the best line and from the best concave curve,
    and the larger p-value counts: straight lines are the hardest of concave curves to tell from an
    S, whose right half is one of them. An onset inside the data is asked for besides.

    Args:
        x: n alignments.
        y: n skills as shares, 0 to 1.
        draws: simulated data sets behind each p-value and the power.
        seed: of the simulation.
        places: where the curves are drawn.

    Raises:
        TrendError: as in `linear_trend`, a y that is no share, or draws that reach no `LEVEL`.
    """
    a, b = checked_points(x, y)
    if b.min() < 0 or b.max() > 1:
        raise TrendError(
            f"expected shares between 0 and 1, got {float(b.min()):g} to {float(b.max()):g}"
        )
    if (draws + 1) * LEVEL < 1:
        raise TrendError(f"a p-value of {LEVEL} takes {round(1 / LEVEL) - 1} draws, got {draws}")
    low, span = float(a.min()), float(np.ptp(a))
    z = (a - low) / span
    cones = _cones(z)
    residuals, weights = nonnegative_fits(cones.designs, cones.grams, b[None])
    best = int(residuals[0].argmin())
    drawn = np.linspace(0, 1, places)
    concave, curved = (cones.curve(i, weights[i], drawn) for i in (0, best))
    different = len(np.unique(a))
    curves = (low + span * drawn, concave, curved)
    if different < LEAST or len(cones.knots) < LEAST:
        nan = math.nan
        return Emergence("cannot tell", len(b), different, nan, nan, nan, nan, draws, *curves)

    noise = np.random.default_rng(seed).normal(size=(draws, len(b)))
    observed = float(_evidence(residuals)[0])
    bent = cones.designs[0] @ weights[0]
    bent_noise = _scatter(residuals[0, 0], weights[0], len(b))
    line, line_noise = _line(z, b)
    # What bends is no noise about a line; a steeper line, in units of noise, is harder to tell.
    line_noise = min(line_noise, bent_noise)
    nulls = [
        _simulated(cones, mean, scale, noise)
        for mean, scale in ((line, line_noise), (bent, bent_noise))
    ]
    p_value = max((1 + int((null >= observed).sum())) / (draws + 1) for null in nulls)
    onset = low + span * _onset(cones.knots, cones.curve(best, weights[best], cones.knots))
    power = math.nan
    if p_value <= LEVEL:
        verdict: Verdict = "emergent" if onset > low else "not emergent"
    else:
        slope, start = np.polyfit(z, b, 1)
        left = b - start - slope * z
        rise = abs(float(slope))
        middle = min(float(np.median(z)), 1 - 1e-6)
        stick = np.maximum(0, z - middle) / (1 - middle) * rise
        stick += min(max(0.0, float(b.mean()) - rise / 2), 1 - rise) if rise < 1 else 0.0
        # Where skill falls, no curve fits, and the line's scatter is the noise.
        scale = min(bent_noise, math.sqrt(float(left @ left) / (len(b) - 2)))
        needed = max(float(np.quantile(null, 1 - LEVEL, method="higher")) for null in nulls)
        power = float((_simulated(cones, stick, scale, noise) > needed).mean())
        verdict = "not emergent" if power >= POWER else "cannot tell"
    return Emergence(
        verdict, len(b), different, p_value, len(b) * observed, power, onset, draws, *curves
    )


def _cones(z: np.ndarray) -> _Cones:
    knots = [0.0]
    for place in np.unique(z).tolist():
        if place - knots[-1] >= _APART:
            knots.append(place)
    knots[-1] = 1.0
    t = np.array(knots)
    if len(t) > _KNOTS:
        t = t[np.round(np.linspace(0, len(t) - 1, _KNOTS)).astype(int)]
    turns = np.unique(np.round(np.linspace(0, len(t) - 1, min(len(t), _PLACES))).astype(int))
    columns = np.stack([_columns(z, t, int(turn)) for turn in turns])
    lengths = np.linalg.norm(columns, axis=1)
    designs = np.ascontiguousarray(columns / lengths[:, None, :])
    return _Cones(t, turns, lengths, designs, designs.transpose(0, 2, 1) @ designs)


def _columns(z: np.ndarray, t: np.ndarray, turn: int) -> np.ndarray:
    """Return a constant and ramps up to and from the knot of the turn: (n, knots).

    Nonnegative sums of ramps from t_j to the turn are convex up to it, of ramps from the turn to
    t_j concave from it; none falls.
    """
    before = [np.clip(z, t[j], t[turn]) - t[j] for j in range(turn)]
    after = [np.clip(z, t[turn], t[j]) - t[turn] for j in range(turn + 1, len(t))]
    return np.column_stack([np.ones(len(z)), *before, *after])


def _evidence(residuals: np.ndarray) -> np.ndarray:
    squares = residuals + _ROUNDING
    return np.log(squares[:, 0] / squares.min(axis=1))


def _simulated(
    cones: _Cones, mean: np.ndarray, scale: float, noise: np.ndarray
) -> Float64[np.ndarray, " draws"]:
    drawn = np.clip(mean + scale * noise, 0, 1)
    return _evidence(nonnegative_fits(cones.designs, cones.grams, drawn)[0])


def _line(z: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the best line that neither falls nor goes below zero, and the scatter about it."""
    columns = np.column_stack([np.ones(len(z)), z])
    lengths = np.linalg.norm(columns, axis=0)
    design = np.ascontiguousarray(columns / lengths)
    residuals, weights = nonnegative_fits(design[None], (design.T @ design)[None], b[None])
    return design @ weights[0], math.sqrt(float(residuals[0, 0]) / (len(b) - 2))


def _scatter(rss: float, weights: np.ndarray, n: int) -> float:
    """Return the noise's deviation: a half more is lost per active column than were it given.

    Meyer and Woodroofe 2000, Ann. Stat. 28.
    """
    return math.sqrt(float(rss) / max(1.0, n - 1.5 * np.count_nonzero(weights)))


def _onset(knots: np.ndarray, heights: np.ndarray) -> float:
    slopes = np.diff(heights) / np.diff(knots)
    if slopes.max() <= 1e-9:
        return math.nan
    return float(knots[np.flatnonzero(slopes >= slopes.max() / 2)[0]])
