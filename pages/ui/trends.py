"""Trends of an answer's lines, by prh_core: frames in, frames out."""

import math
from typing import Any, NamedTuple

import polars as pl

from pages.ui.q_values import with_q
from pages.ui.remembered import remembered
from prh_core.errors import TrendError
from prh_core.rank_tests import rank_test
from prh_core.trends import band, leave_one_family_out, linear_trend, within_families

_STEPS = 24
"""Places along x at which a line and its interval are drawn."""


class Trends(NamedTuple):
    """What lines say, and how to draw them."""

    lines: pl.DataFrame
    """A row per line that has a trend; the columns are those of `LINE`, and q-values of `_Q`."""
    curves: pl.DataFrame
    """Rows along each of them: the line's name, x, fit, fit_low, fit_high."""

    def of(self, names: list[str]) -> "Trends":
        """Return those of some lines only."""
        kept = pl.col("line").is_in(names)
        return Trends(self.lines.filter(kept), self.curves.filter(kept))


_Q = {"p_value": "q_value", "rho_p": "rho_q", "within_p": "within_q"}
"""p-values of a line, and their names once they are corrected for all lines shown."""
LINE = {
    "line": pl.String,
    "models": pl.Int64,
    "r": pl.Float64,
    "rho": pl.Float64,
    "slope": pl.Float64,
    "slope_low": pl.Float64,
    "slope_high": pl.Float64,
    "p_value": pl.Float64,
    "rho_p": pl.Float64,
    "within_slope": pl.Float64,
    "within_low": pl.Float64,
    "within_high": pl.Float64,
    "within_p": pl.Float64,
    "shuffles": pl.Int64,
    "exact": pl.Boolean,
    "families": pl.Int64,
    "lowest_without": pl.Float64,
    "lowest_family": pl.String,
    "highest_without": pl.Float64,
    "highest_family": pl.String,
}
_CURVE = {
    "line": pl.String,
    "x": pl.Float64,
    "fit": pl.Float64,
    "fit_low": pl.Float64,
    "fit_high": pl.Float64,
}


@remembered
def along(frame: pl.DataFrame, *, x: str, line: str, family: str, y: str = "alignment") -> Trends:
    """Fit every line's trend, as far as it has one.

    Args:
        frame: an answer; rows without x are passed over.
        x: column along the trend.
        line: column that names the line.
        family: column of the family of the models along the line.
        y: column that rises or falls.
    """
    rows: list[dict[str, Any]] = []
    drawn: list[dict[str, Any]] = []
    known = frame.drop_nulls([x, y])
    for (name,), points in known.group_by(line, maintain_order=True):
        xs, ys = points[x].to_list(), points[y].to_list()
        families = points[family].to_list()
        try:
            trend = linear_trend(xs, ys)
        except TrendError:
            continue
        low, high = min(xs), max(xs)
        places = [low + (high - low) * step / (_STEPS - 1) for step in range(_STEPS)]
        fit, fit_low, fit_high = band(xs, ys, places)
        drawn += [
            {"line": name, "x": at, "fit": a, "fit_low": b, "fit_high": c}
            for at, a, b, c in zip(
                places, fit.tolist(), fit_low.tolist(), fit_high.tolist(), strict=True
            )
        ]
        row = {**trend._asdict(), "line": name, "models": trend.n}
        row["rho_p"] = _rank_p(xs, ys)
        row |= _within(xs, ys, families) | _without(xs, ys, families)
        rows.append({key: _known(row.get(key)) for key in LINE})
    return Trends(corrected(pl.DataFrame(rows, schema=LINE)), pl.DataFrame(drawn, schema=_CURVE))


def corrected(lines: pl.DataFrame) -> pl.DataFrame:
    """Correct the p-values of all lines that stand together for their number.

    Args:
        lines: of `along`, of one or of several calls.
    """
    for p, q in _Q.items():
        lines = with_q(lines, p, q)
    return lines


def _rank_p(xs: list[float], ys: list[float]) -> float | None:
    try:
        return rank_test(xs, ys).p_value
    except TrendError:
        return None


def _within(xs: list[float], ys: list[float], families: list[str]) -> dict[str, Any]:
    try:
        found = within_families(xs, ys, families)
    except TrendError:
        return {}
    return {
        "within_slope": found.slope,
        "within_low": found.slope_low,
        "within_high": found.slope_high,
        "within_p": found.p_value,
        "shuffles": found.shuffles,
        "exact": found.exact,
        "families": found.families,
    }


def _without(xs: list[float], ys: list[float], families: list[str]) -> dict[str, Any]:
    slopes = {
        name: slope
        for name, slope in leave_one_family_out(xs, ys, families).items()
        if math.isfinite(slope)
    }
    if not slopes or len(set(families)) < 2:
        return {}
    least, most = min(slopes, key=lambda f: slopes[f]), max(slopes, key=lambda f: slopes[f])
    return {
        "lowest_without": slopes[least],
        "lowest_family": least,
        "highest_without": slopes[most],
        "highest_family": most,
    }


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
