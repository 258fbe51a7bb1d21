"""How alignment grows with samples an item, and where it ends: a law fitted to a few counts.

The law is that of Zhu, Han, Guibas, Patraucean and Ovsjanikov, "Dynamic Reflections: Probing Video
Representations with Text Alignment" (ICLR 2026, arXiv 2511.02767), for frames and captions; its
form is that of compute-optimal training (Hoffmann et al. 2022).
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64

from prh_core.errors import SaturationError
from prh_core.trends import Numbers

Counts = Sequence[Sequence[float | int]] | np.ndarray
Verdict = Literal["holds", "does not hold", "inconclusive"]

FLATTEST, STEEPEST = 0.05, 8.0
"""Exponents tried: below, a power is a logarithm without an end; above, a single step."""
ENOUGH = 0.98
"""R² from which the law is said to hold: what its authors report."""
LEAST_FREE = 5
"""Degrees of freedom below which R² says nothing: docs/decisions.md has what chance reaches."""
LEVEL = 0.95
_GRID = 24
_FAR = 1e3
"""Standard deviations of the scores beyond which a limit has no end."""
_ROUNDING = 1e-18
"""Share of the sum of squares that is rounding."""


class Saturation(NamedTuple):
    """A law S(n) = limit - sum over sides of coefficient * n_side ** -exponent."""

    limit: float
    """S_inf, the score of endlessly many samples an item."""
    limit_low: float
    """Its 95 % profile interval, by F over the fit's degrees of freedom; NaN where none is left.
    Scores of the same items are not independent, so it is of the law's misfit alone."""
    limit_high: float
    """Infinite where no end is seen."""
    coefficients: tuple[float, ...]
    """By side, what one sample an item lacks of the limit; NaN of a side that does not vary, whose
    term is part of the limit."""
    exponents: tuple[float, ...]
    """By side, likewise."""
    r_squared: float
    points: int
    free: int
    """Degrees of freedom: points less parameters."""
    held_out: float
    """Root mean square error of predicting the points of the largest counts by the law fitted to
    the others; NaN where these are too few."""
    held_out_last: float
    """Of predicting that they stay where the largest counts of the others are; NaN likewise."""
    determined: bool
    """Whether every term rises to its end within the exponents tried."""

    @property
    def verdict(self) -> Verdict:
        """Whether the law holds: R² of `ENOUGH`, where the points can tell."""
        if self.free < LEAST_FREE or not self.determined or not np.isfinite(self.limit_high):
            return "inconclusive"
        return "holds" if self.r_squared >= ENOUGH else "does not hold"

    def at(self, counts: Counts) -> Float64[np.ndarray, " points"]:
        """Return the law's scores at some counts, (points, sides)."""
        return saturated(counts, self.limit, self.coefficients, self.exponents)


def saturated(
    counts: Counts, limit: float, coefficients: Sequence[float], exponents: Sequence[float]
) -> Float64[np.ndarray, " points"]:
    """Return limit - sum over sides of coefficient * n_side ** -exponent, (points,).

    Args:
        counts: (points, sides), samples an item.
        limit: of endlessly many.
        coefficients: by side; NaN where its term is part of the limit.
        exponents: by side, likewise.
    """
    places, powers = np.asarray(counts, np.float64), np.asarray(exponents, np.float64)
    varying = np.isfinite(powers)
    away = places[:, varying] ** -powers[varying]
    return limit - away @ np.asarray(coefficients, np.float64)[varying]


def fit_saturation(counts: Counts, scores: Numbers) -> Saturation:
    """Fit the law by least squares: S(n_x, n_y) = S_inf - (C_x n_x^-a + C_y n_y^-b).

    For given exponents the law is linear in the limit and the coefficients, so exponents alone are
    searched: on a grid, then from its best place (variable projection: Golub and Pereyra 1973).

    Args:
        counts: (points, sides), samples an item on each side, 1 or more.
        scores: (points,).

    Raises:
        SaturationError: not as many scores as counts, a count below 1, numbers that are not finite,
            scores that are all equal, a side with two different counts (an exponent takes three),
            none with more than one, or fewer points than parameters.
    """
    places, heights = _checked(counts, scores)
    law = _fitted(places, heights)
    different = np.array([len(np.unique(side)) for side in places.T])
    # A side that loses its largest count needs three others.
    kept = ~(places[:, different > 3] == places[:, different > 3].max(axis=0)).any(axis=1)
    spread = [len(np.unique(side)) for side in places[kept].T]
    if kept.all() or 2 in spread or int(kept.sum()) < len(heights) - law.free:
        return law
    if float(np.ptp(heights[kept])) == 0 or spread.count(1) > int((different == 1).sum()):
        return law
    before = _fitted(places[kept], heights[kept])
    known = {tuple(place): float(height) for place, height in zip(places, heights, strict=True)}
    nearest = np.minimum(places[~kept], places[kept].max(axis=0))
    last = np.array([known.get(tuple(place), np.nan) for place in nearest])
    return law._replace(
        held_out=_root_mean_square(before.at(places[~kept]) - heights[~kept]),
        held_out_last=_root_mean_square(last - heights[~kept]),
    )


def _root_mean_square(errors: Float64[np.ndarray, " points"]) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def _checked(
    counts: Counts, scores: Numbers
) -> tuple[Float64[np.ndarray, "points sides"], Float64[np.ndarray, " points"]]:
    places, heights = np.asarray(counts, np.float64), np.asarray(scores, np.float64)
    if places.ndim != 2 or len(places) != len(heights):
        raise SaturationError(
            f"expected counts of (points, sides) and a score for each point, got "
            f"{places.shape} and {heights.shape}"
        )
    if not (np.isfinite(places).all() and np.isfinite(heights).all()):
        raise SaturationError("expected finite numbers, got NaN or infinity")
    if (places < 1).any():
        raise SaturationError(f"expected counts of 1 or more, got {float(places.min()):g}")
    different = [len(np.unique(side)) for side in places.T]
    if not any(count > 1 for count in different):
        raise SaturationError("expected a side with several counts, got one count on each")
    if few := [count for count in different if count == 2]:
        raise SaturationError(f"an exponent takes three different counts, got {few[0]}")
    needed = 1 + 2 * sum(count > 1 for count in different)
    if len(places) < needed:
        raise SaturationError(
            f"a law of {needed} parameters takes as many points, got {len(places)}"
        )
    if float(np.ptp(heights)) == 0:
        raise SaturationError("all scores are equal: nothing grows")
    return places, heights


def _fitted(
    places: Float64[np.ndarray, "points sides"], heights: Float64[np.ndarray, " points"]
) -> Saturation:
    """Return the law of checked points, without its prediction of held-out ones."""
    varying = [side for side, values in enumerate(places.T) if float(np.ptp(values)) > 0]
    inner, scale = places[:, varying], float(heights.std())
    z = (heights - heights.mean()) / scale
    exponents, rss = _search(inner, z, None)
    rss = max(rss, _ROUNDING * len(z))
    weights = np.asarray(np.linalg.pinv(_design(inner, exponents)) @ z, np.float64)
    free = len(z) - 1 - 2 * len(varying)
    limit = float(weights[0])
    low, high = np.nan, np.nan
    if free > 0:
        most = rss * (1 + float(scipy.stats.f.ppf(LEVEL, 1, free)) / free)

        def beyond(end: float) -> float:
            powers, own = _search(inner, z, end)
            # A power that is hardly one anymore: however high the end, the law would fit.
            endless = end > limit and own <= most and _is_flat(powers)
            return -np.inf if endless else own - most

        low, high = (_edge(beyond, limit, way) for way in (-1.0, 1.0))
        if np.isfinite(high) and _is_flat(_search(inner, z, high)[0]):
            high = np.inf  # an end of the exponents tried, not of the law
    sides = places.shape[1]
    coefficients, powers = np.full(sides, np.nan), np.full(sides, np.nan)
    coefficients[varying], powers[varying] = weights[1:] * scale, exponents
    steep = bool((exponents > STEEPEST * 0.999).any())
    middle = float(heights.mean())
    return Saturation(
        middle + scale * limit,
        middle + scale * low,
        middle + scale * high,
        tuple(coefficients.tolist()),
        tuple(powers.tolist()),
        1 - rss / len(z),
        len(z),
        free,
        np.nan,
        np.nan,
        not steep and not _is_flat(exponents) and bool((weights[1:] > 0).all()),
    )


def _is_flat(exponents: Float64[np.ndarray, " sides"]) -> bool:
    return bool((exponents < FLATTEST * 1.001).any())


def _design(
    places: Float64[np.ndarray, "points sides"], exponents: Float64[np.ndarray, "*tried sides"]
) -> Float64[np.ndarray, "*tried points terms"]:
    """Return the columns of the law for given exponents: ones, and -n ** -exponent by side."""
    away = -(places ** -exponents[..., None, :])
    return np.concatenate([np.ones((*away.shape[:-1], 1)), away], axis=-1)


def _search(
    places: Float64[np.ndarray, "points sides"],
    z: Float64[np.ndarray, " points"],
    limit: float | None,
) -> tuple[Float64[np.ndarray, " sides"], float]:
    """Return the best exponents and their sum of squares; the limit may be given."""

    def left(logs: np.ndarray) -> np.ndarray:
        """Return residuals at the logarithms of exponents, (*tried, points)."""
        design = _design(places, np.exp(logs))
        seen, target = (design, z) if limit is None else (design[..., 1:], z - limit)
        basis = np.linalg.qr(seen)[0]
        return target - np.einsum("...pt,...qt,q->...p", basis, basis, target)

    sides, ends = places.shape[1], np.log([FLATTEST, STEEPEST])
    best, squares, reach = _best_of(left, np.tile(ends[:, None], sides))
    while sides == 1 and reach > 1e-6:  # one valley: look closer until nothing changes
        around = np.clip([best - reach, best + reach], *ends)
        best, squares, reach = _best_of(left, around)
    if sides > 1:
        polished = scipy.optimize.least_squares(
            left, np.clip(best, ends[0] + 1e-9, ends[1] - 1e-9), bounds=(ends[0], ends[1]),
            xtol=1e-9, ftol=1e-12, gtol=1e-12,
        )  # fmt: skip
        best, squares = polished.x, 2 * float(polished.cost)
    return np.exp(best), squares


def _best_of(
    left: Callable[[np.ndarray], np.ndarray], ends: Float64[np.ndarray, "2 sides"]
) -> tuple[Float64[np.ndarray, " sides"], float, float]:
    """Return the best place of a grid, its sum of squares, and the largest step of the grid."""
    places = np.array(list(product(range(_GRID), repeat=ends.shape[1])), np.float64)
    grid = ends[0] + places / (_GRID - 1) * (ends[1] - ends[0])
    squares = np.square(left(grid)).sum(axis=1)
    at = int(squares.argmin())
    return grid[at], float(squares[at]), float((ends[1] - ends[0]).max()) / (_GRID - 1)


def _edge(beyond: Callable[[float], float], limit: float, way: float) -> float:
    """Return where the profile leaves its interval on one side of the limit."""
    inside, step = limit, 1e-3
    while (found := beyond(limit + way * step)) <= 0:
        inside = limit + way * step
        step *= 2
        if step > _FAR or found == -np.inf:
            return way * np.inf
    return float(scipy.optimize.brentq(beyond, inside, limit + way * step, rtol=1e-4))
