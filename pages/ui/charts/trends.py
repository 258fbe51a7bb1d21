"""Alignment against what models can do: points, lines with their intervals, names apart."""

from typing import Any, NamedTuple

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.pairs import pair_picked, pair_tooltip
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    dodged,
    family,
    family_shape,
    held_at,
    highlight,
    lit,
    reference_line,
    roomy,
    sized,
    unique,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered
from pages.ui.trends import Trends

_HEIGHT = 420
_PANEL = 300
_NAME_GAP = 15
"""Pixels between the names along the bottom."""
_SHADED = 5
"""Models a line needs for its interval to be drawn."""
_TESTED = {
    "models": ("Models n", "d"),
    "r": ("r", ".2f"),
    "q_value": ("… q over the lines", ".2g"),
    "rho": ("ρ", ".2f"),
    "rho_q": ("… q over the lines", ".2g"),
}
"""What a fitted line tells of itself."""
_NARROW = 290
"""Width of a phone's plot: names along the bottom keep apart there, too."""


class Axes(NamedTuple):
    """What stands where in a picture of trends."""

    x: str
    """Column along the bottom."""
    title: str
    point: str
    """Column that names the points' models; they are written along the bottom."""
    line: str
    """Column that names the lines."""
    group: str
    """Column of the lines' families, which give the colors."""


@remembered
def against(
    frame: pl.DataFrame,
    trends: Trends,
    axes: Axes,
    colors: dict[str, str],
    *,
    measure: str,
    reference: Reference | None,
    panel: bool = False,
) -> Chart:
    """Draw alignment against a skill, a line fitted per model of the other side (paper, Fig. 3).

    Args:
        frame: answer of `queries.alignment`; rows without the skill are left out.
        trends: of its lines, as `trends.along` gives them.
        axes: what stands where.
        colors: color of every family.
        measure: what the numbers are, for the axis.
        reference: what scores are held against; None draws nothing.
        panel: whether it is one of several small pictures.
    """
    known = frame.drop_nulls([axes.x, "alignment"])
    span, across = _range(known, trends, reference), roomy(known[axes.x])
    layers = _layers(known, trends, axes, colors, measure, reference, span, across, panel=panel)
    return sized(alt.layer(*layers), _PANEL if panel else _HEIGHT)


@remembered
def family_panels(
    frame: pl.DataFrame,
    trends: Trends,
    axes: Axes,
    colors: dict[str, str],
    *,
    measure: str,
    reference: Reference | None,
) -> dict[str, Chart]:
    """Draw `against` as small multiples, one per family of the lines, all on the same axes.

    The arguments are those of `against`.
    """
    known = frame.drop_nulls([axes.x, "alignment"])
    whole = _range(known, trends, reference)
    across = roomy(known[axes.x])
    found: dict[str, Chart] = {}
    for name in unique(known[axes.group]):
        rows = known.filter(pl.col(axes.group) == name)
        own = trends.of(unique(rows[axes.line]))
        layers = _layers(rows, own, axes, colors, measure, reference, whole, across, panel=True)
        found[name] = sized(alt.layer(*layers), _PANEL)
    return found


def _range(known: pl.DataFrame, trends: Trends, reference: Reference | None) -> list[float]:
    # The interval of a line over few models may be wide: the points decide the scale.
    return roomy(pl.concat([known["alignment"], trends.curves["fit"]]), *held_at(reference))


def _layers(
    known: pl.DataFrame,
    trends: Trends,
    axes: Axes,
    colors: dict[str, str],
    measure: str,
    reference: Reference | None,
    span: list[float],
    across: list[float],
    *,
    panel: bool = False,
) -> list[Any]:
    height = _PANEL if panel else _HEIGHT
    longest = max(len(name) for name in known[axes.point])
    names_high = min(0.45, (24 + 6.0 * min(longest, 22)) / height)
    low, high = span
    floor = low - (high - low) * names_high / (1 - names_high)
    gap = 14 / height * (high - floor)
    room = 28 + round(6.3 * max(len(name) for name in known[axes.line]))
    wide = f"width - {room} > 300"
    scale: dict[str, Any] = {"domain": across, "zero": False, "nice": False}
    if not panel:
        scale["rangeMax"] = alt.expr(f"{wide} ? width - {room} : width")
    x = alt.X(
        f"{axes.x}:Q",
        title=axes.title,
        scale=alt.Scale(**scale),
        axis=alt.Axis(tickCount=5, labelOverlap=True, **LABELS),
    )
    color = family(known, colors, column=axes.group, legend=not panel)
    marker = family_shape(known, colors, column=axes.group, legend=not panel)
    picked = None if panel else highlight(axes.group)
    groups = known.select(pl.col(axes.line).alias("line"), pl.col(axes.group)).unique("line")
    curves = trends.curves.join(groups, on="line").join(
        trends.lines.select("line", *_TESTED), on="line"
    )
    base = alt.Chart(known).encode(
        x=x,
        color=color,
        detail=alt.Detail(f"{axes.line}:N"),
        tooltip=_tooltip(known, trends, axes, measure),
    )
    along = alt.Chart(curves).encode(x=alt.X("x:Q"), color=color, detail=alt.Detail("line:N"))
    # Over fewer models an interval fills the picture and says nothing.
    firm = trends.lines.filter(pl.col("models") >= _SHADED)["line"].to_list()
    shaded = alt.Chart(curves.filter(pl.col("line").is_in(firm))).encode(
        x=alt.X("x:Q"), color=color, detail=alt.Detail("line:N")
    )
    areas = shaded.mark_area(clip=True).encode(
        y=alt.Y("fit_low:Q"), y2=alt.Y2("fit_high:Q"), opacity=_lit(picked, 0.12)
    )
    fits = along.mark_line(strokeWidth=1.5).encode(
        y=alt.Y("fit:Q"),
        opacity=_lit(picked),
        tooltip=[
            alt.Tooltip("line:N", title="Line"),
            *(alt.Tooltip(f"{name}:Q", title=t, format=f) for name, (t, f) in _TESTED.items()),
        ],
    )
    points = base.mark_point(filled=True, size=40 if panel else 60).encode(
        shape=marker,
        opacity=_lit(picked),
        y=y_axis(
            "alignment",
            measure,
            [floor, high],
            labelExpr=f"datum.value < {low} ? '' : datum.label",
        ),
    )
    points = points.add_params(pair_picked())
    if picked is not None:
        points = points.add_params(picked)
    drawn = [areas, fits, points, *_names(known, axes, x, floor, low, across)]
    if not curves.is_empty():
        drawn += _line_names(
            curves,
            axes,
            {"color": color, "shape": marker},
            gap,
            high,
            None if panel else wide,
            picked,
        )
    return [*reference_line(reference), *drawn]


def _lit(picked: alt.Parameter | None, opacity: float = 1.0) -> Any:
    return alt.OpacityValue(opacity) if picked is None else lit(picked, opacity)


def _tooltip(known: pl.DataFrame, trends: Trends, axes: Axes, measure: str) -> list[alt.Tooltip]:
    return [
        *pair_tooltip(known, measure),
        alt.Tooltip(f"{axes.x}:Q", title=axes.title, format=".3f"),
    ]


def _names(
    known: pl.DataFrame,
    axes: Axes,
    x: alt.X,
    floor: float,
    low: float,
    across: list[float],
) -> list[alt.Chart]:
    """Write the points' names upright along the bottom, and lead each to its place."""
    left, right = across
    gap = _NAME_GAP / _NARROW * (right - left)
    named = known.group_by(axes.point).agg(pl.col(axes.x).first())
    apart = dodged(named, by=axes.x, gap=gap, top=right).with_columns(
        name_low=pl.lit(floor + 0.75 * (low - floor)),
        name_high=pl.lit(floor + 0.92 * (low - floor)),
    )
    base = alt.Chart(apart)
    write = base.mark_text(angle=270, align="right", baseline="middle", fontSize=11, dx=-3,
                           color=palette.CHANCE)  # fmt: skip
    lead = base.mark_rule(color=palette.CHANCE, strokeWidth=0.8)
    return [
        write.encode(
            x=alt.X("label_at:Q"), y=alt.Y("name_low:Q"), text=alt.Text(f"{axes.point}:N")
        ),
        lead.encode(
            x=alt.X("label_at:Q"),
            x2=alt.X2(f"{axes.x}:Q"),
            y=alt.Y("name_low:Q"),
            y2=alt.Y2("name_high:Q"),
        ),
    ]


def _line_names(
    curves: pl.DataFrame,
    axes: Axes,
    known_by: dict[str, Any],
    gap: float,
    top: float,
    wide: str | None,
    picked: alt.Parameter | None,
) -> list[alt.Chart]:
    """Name the lines at their ends; the family's marker before a name says whose it is."""
    ends = curves.sort("x").group_by("line", maintain_order=True).last()
    base = alt.Chart(dodged(ends, by="fit", gap=gap, top=top)).encode(
        x=alt.X("x:Q"), y=alt.Y("label_at:Q"), opacity=_lit(picked)
    )
    if wide is None:
        return [
            base.mark_text(align="right", dx=-8, dy=-8, fontSize=11).encode(text=alt.Text("line:N"))
        ]
    keys = base.mark_point(
        filled=True, xOffset=12, size=alt.expr(f"{wide} ? 40 : 0"), tooltip=False
    ).encode(**known_by)
    names = base.mark_text(align="left", dx=20, fontSize=alt.expr(f"{wide} ? 12 : 0"))
    return [keys, names.encode(text=alt.Text("line:N"))]
