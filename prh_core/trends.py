"""Trends over models: alignment against competence, pooled, within families, family by family.

Models of one family share data, recipe and often tokenizer, so they are not independent draws. A
pooled fit treats them as such; the fit within families and the slope with each family left out say
how much of it is one family's doing.
"""

import functools
import math
from collections.abc import Sequence
from itertools import permutations as arrangements
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64, Int64

from prh_core.errors import TrendError
from prh_core.mantel import standard_ranks

LEVEL = 0.95
EXACT = 100_000
"""All shuffles within families are counted up to so many; beyond, 10,000 are drawn."""
DRAWN = 10_000

Values = Float64[np.ndarray, " n"]
Numbers = Sequence[float | int] | np.ndarray


class Trend(NamedTuple):
    """A least-squares line over models, each taken as independent."""

    n: int
    slope: float
    intercept: float
    slope_low: float
    """Confidence interval of the slope (Student's t, n - 2 degrees of freedom), lower end."""
    slope_high: float
    r: float
    """Pearson correlation."""
    rho: float
    """Spearman correlation, ties by mean rank."""
    p_value: float
    """Of a slope of zero, two-sided (Student's t)."""


class FamilyTrend(NamedTuple):
    """One slope common to all families, each with an intercept of its own."""

    families: int
    """Families with two models or more that differ in x: the others say nothing here."""
    slope: float
    slope_low: float
    """Confidence interval of the slope (Student's t); NaN where no degree of freedom is left."""
    slope_high: float
    p_value: float
    """Share of the shuffles of x within families whose slope is as far from zero, two-sided."""
    shuffles: int
    """Shuffles behind the p-value."""
    exact: bool
    """Whether these are all there are; otherwise they are drawn, and the p-value counts itself."""


def linear_trend(x: Numbers, y: Numbers, level: float = LEVEL) -> Trend:
    """Fit y = intercept + slope x by least squares (paper, Fig. 3).

    Args:
        x: n competences, e.g. 1 - bits per byte.
        y: n alignments.
        level: of the confidence interval.

    Raises:
        TrendError: fewer than three models, or all with the same x.
    """
    a, b = checked_points(x, y)
    fitted = scipy.stats.linregress(a, b)
    half = float(scipy.stats.t.ppf((1 + level) / 2, len(a) - 2)) * float(fitted.stderr)
    slope = float(fitted.slope)
    flat = bool(np.ptp(b) == 0)
    return Trend(
        len(a),
        slope,
        float(fitted.intercept),
        slope - half,
        slope + half,
        math.nan if flat else float(fitted.rvalue),
        math.nan if flat else float(standard_ranks(a) @ standard_ranks(b)) / len(a),
        math.nan if flat else float(fitted.pvalue),
    )


def band(
    x: Numbers, y: Numbers, at: Numbers, level: float = LEVEL
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """Return the line at m places, and the confidence interval of its height there.

    Raises:
        TrendError: as in `linear_trend`.
    """
    a, b = checked_points(x, y)
    slope, intercept = _line(a, b)
    places = np.asarray(at, np.float64)
    line = intercept + slope * places
    left = b - intercept - slope * a
    variance = float(left @ left) / (len(a) - 2)
    spread = float(np.sum((a - a.mean()) ** 2))
    error = np.sqrt(variance * (1 / len(a) + (places - a.mean()) ** 2 / spread))
    half = float(scipy.stats.t.ppf((1 + level) / 2, len(a) - 2)) * error
    return line, line - half, line + half


def within_families(
    x: Numbers,
    y: Numbers,
    families: Sequence[str],
    *,
    level: float = LEVEL,
    seed: int = 0,
) -> FamilyTrend:
    """Fit one slope with an intercept per family, and test it by shuffling within families.

    Shuffling x among the models of one family keeps what families differ by, so the p-value says
    whether alignment rises with x inside families.

    Args:
        x: n competences.
        y: n alignments.
        families: each model's family.
        level: of the confidence interval.
        seed: of the shuffles, where not all are counted.

    Raises:
        TrendError: fewer than three models, or no family with two models that differ in x.
    """
    a, b = checked_points(x, y)
    _check_families(families, len(a))
    # In one order, so that the p-value is the same whichever model is named first.
    order = sorted(range(len(a)), key=lambda i: (families[i], a[i], b[i]))
    a, b = a[order], b[order]
    places = _places([families[i] for i in order])
    inner_x, inner_y = a.copy(), b.copy()
    for rows in places:
        inner_x[rows] -= a[rows].mean()
        inner_y[rows] -= b[rows].mean()
    spread = float(inner_x @ inner_x)
    telling = [rows for rows in places if len(rows) > 1 and np.ptp(a[rows]) > 0]
    if not telling:
        raise TrendError("expected a family with two models that differ in x, got none")
    slope = float(inner_x @ inner_y) / spread
    left = inner_y - slope * inner_x
    free = len(a) - len(places) - 1
    half = math.nan
    if free > 0:
        error = math.sqrt(float(left @ left) / free / spread)
        half = float(scipy.stats.t.ppf((1 + level) / 2, free)) * error
    counted, exact = _shuffled([(inner_x[rows], inner_y[rows]) for rows in telling], seed)
    observed = abs(float(inner_x @ inner_y))
    # What rounding alone tells apart counts as equally far.
    as_far = int(np.count_nonzero(np.abs(counted) >= observed * (1 - 1e-9) - 1e-15))
    p_value = as_far / len(counted) if exact else (1 + as_far) / (1 + len(counted))
    return FamilyTrend(
        len(telling), slope, slope - half, slope + half, p_value, len(counted), exact
    )


def leave_one_family_out(x: Numbers, y: Numbers, families: Sequence[str]) -> dict[str, float]:
    """Return the pooled slope with each family left out, by family.

    NaN where too few models are left for a line.

    Raises:
        TrendError: as in `linear_trend`, with all families.
    """
    a, b = checked_points(x, y)
    slopes: dict[str, float] = {}
    for name in dict.fromkeys(families):
        kept = np.array([family != name for family in families])
        try:
            slopes[name] = _line(*checked_points(a[kept], b[kept]))[0]
        except TrendError:
            slopes[name] = math.nan
    return slopes


def checked_points(x: Numbers, y: Numbers) -> tuple[Values, Values]:
    """Return n places and n heights as float64.

    Raises:
        TrendError: not as many of both, fewer than three, not finite, or all at one place.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(a) != len(b):
        raise TrendError(f"expected as many x as y, got {len(a)} and {len(b)}")
    if len(a) < 3:
        raise TrendError(f"a trend needs three models, got {len(a)}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise TrendError("expected finite numbers, got NaN or infinity")
    if np.ptp(a) == 0:
        raise TrendError(f"all {len(a)} models have the same x, {float(a[0]):g}: there is no trend")
    return a, b


def _line(a: Values, b: Values) -> tuple[float, float]:
    """Return slope and intercept of the least-squares line through checked points."""
    inner = a - a.mean()
    slope = float(inner @ (b - b.mean())) / float(inner @ inner)
    return slope, float(b.mean()) - slope * float(a.mean())


def _check_families(families: Sequence[str], n: int) -> None:
    if len(families) != n:
        raise TrendError(f"expected a family for each of {n} models, got {len(families)}")


def _places(families: Sequence[str]) -> list[Int64[np.ndarray, " m"]]:
    names = np.array(families, dtype=object)
    return [np.flatnonzero(names == name) for name in dict.fromkeys(families)]


def _shuffled(inside: list[tuple[np.ndarray, np.ndarray]], seed: int) -> tuple[np.ndarray, bool]:
    """Return sum of x y after shuffles of x within each family: all of them, or drawn ones."""
    if math.prod(math.factorial(len(x)) for x, _ in inside) <= EXACT:
        sums = np.zeros(1)
        for x, y in inside:
            own = np.array(list(arrangements(x))) @ y
            sums = (sums[:, None] + own).ravel()
        return sums, True
    drawn = _drawn(tuple(x.tobytes() for x, _ in inside), seed)
    return np.sum([own @ y for own, (_, y) in zip(drawn, inside, strict=True)], axis=0), False


@functools.lru_cache(maxsize=2)
def _drawn(inside: tuple[bytes, ...], seed: int) -> list[Float64[np.ndarray, "s m"]]:
    """Return shuffles of each family's x; lines over the same models ask for the same."""
    rng = np.random.default_rng(seed)
    families = [np.frombuffer(x, np.float64) for x in inside]
    return [rng.permuted(np.tile(x, (DRAWN, 1)), axis=1) for x in families]
