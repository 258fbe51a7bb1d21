"""Pieces that charts share: sizes, scales, colors, the line that scores are held against."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.pairs import side_names
from pages.ui.reference import Reference

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart
Drawn: TypeAlias = Chart | dict[str, Chart]
"""One chart, or several small ones by their names."""
LABELS: dict[str, Any] = {
    "labelLimit": 220, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
}  # fmt: skip
DASHED: dict[str, Any] = {"strokeDash": [5, 4], "color": palette.CHANCE, "strokeWidth": 1.5}
"""The line of what scores are held against."""
_CELL_TEXT = "width / {columns} < 28 ? 0 : clamp(width / {columns} / 3.1, 11, 13)"
_SLANTED_ROOM = "(width / {columns} * {room})"
SMALLEST = 11
"""Pixels below which words are not read."""


def cell_text(columns: int) -> Any:
    """Return a font size that shrinks with a cell's width; where 11 px do not fit, none."""
    return alt.expr(_CELL_TEXT.format(columns=max(columns, 1)))


def name_rows(field: str, order: Sequence[str]) -> alt.Y:
    """Return a y of a row for each name of a field, in this order."""
    axis = alt.Axis(domain=False, ticks=False, labelOverlap=False, **LABELS)
    return alt.Y(f"{field}:N", sort=order, title=None, axis=axis)


def slanted_axis(columns: int, **more: Any) -> alt.Axis:
    """Return an axis of names that never lie on one another, on a phone neither.

    Vega hides slanted labels by their upright boxes, far too early: here their size gives way down
    to 11 px, and from there on every second or third is left out.
    """
    angle, room = (-35, 0.57) if columns <= 8 else (-60, 0.86)
    room = _SLANTED_ROOM.format(columns=max(columns, 1), room=room)
    step = f"ceil({SMALLEST} / {room})"
    name = more.pop("labelExpr", "datum.label")
    words: dict[str, Any] = {
        **LABELS, "labelAngle": angle, "labelOverlap": False,
        "labelFontSize": alt.expr(f"clamp({room}, {SMALLEST}, 12)"),
        "labelExpr": f"round(datum.index * {columns - 1}) % {step} == 0 ? {name} : ''",
    }  # fmt: skip
    return alt.Axis(**{**words, **more})


def wrapped(names: Sequence[Any]) -> dict[str, Any]:
    """Return how a legend of these names is laid out: in as many columns as the page has room for.

    No name is cut unless it alone is wider than the chart.
    """
    entry = 40 + round(6.8 * max((len(str(name)) for name in names), default=1))
    return {
        "columns": alt.expr(f"clamp(floor(width / {entry}), 1, {max(len(names), 1)})"),
        "labelLimit": alt.expr("max(width - 30, 160)"),
    }


def highlight(field: str) -> alt.Parameter:
    """Return a selection by the legend of a field: a click on a name, and only its marks stay.

    It lives in the browser. Add it to one layer whose legend shows the field, and give the others
    `lit`.
    """
    return alt.selection_point(name=f"picked_{field}", fields=[field], bind="legend")


def lit(picked: alt.Parameter, opacity: float = 1.0) -> Any:
    """Return the opacity of marks: full where the legend picked them or nothing is picked."""
    return either(alt.OpacityValue, picked, opacity, 0.1 * opacity)


def either(channel: Any, when: str | alt.Parameter, yes: Any, no: Any) -> Any:
    """Return a channel with one value or another, or a field's scale if the condition holds.

    What `alt.condition` says, but as the channel itself: of a dictionary Altair would seek the
    class among all it has, about 25 ms for each.

    Args:
        channel: one of Altair's value channels, e.g. `alt.ColorValue`.
        when: an expression, or a selection.
        yes: value where it holds, or a channel with a field.
        no: value where it does not.
    """
    held = {"test": when} if isinstance(when, str) else {"param": when.name}
    given = yes.to_dict(validate=False) if isinstance(yes, alt.SchemaBase) else {"value": yes}
    return channel(no, condition={**held, **given})


def sized(chart: Chart, height: int, **more: Any) -> Chart:
    """Fit the width to the page; `height` is the plot's own, axes and legend come on top."""
    return chart.properties(
        height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), **more
    )


def sequential(values: pl.Series, measure: str, *, higher_is_closer: bool = True) -> alt.Color:
    """Color cells by alignment, the scale spanning the values shown, its light end the closest."""
    return alt.Color(
        "alignment:Q",
        title=measure,
        scale=alt.Scale(
            scheme=palette.SEQUENTIAL,
            domain=span(values),
            zero=False,
            nice=False,
            reverse=not higher_is_closer,
        ),
        legend=alt.Legend(
            orient="bottom", format=".3f", gradientLength=180, tickCount=4, titleLimit=300
        ),
    )


def on_cell(values: pl.Series, *, higher_is_closer: bool = True) -> Any:
    """Black on the light end of the scale, white on the dark one."""
    low, high = span(values)
    reach = palette.SEQUENTIAL_LIGHT_FROM * (high - low)
    if higher_is_closer:
        light = f"datum.alignment > {low + reach}"
    else:
        light = f"datum.alignment < {high - reach}"
    return either(alt.ColorValue, light, "black", "white")


def on_diverging(field: str, most: float = 1.0) -> Any:
    """Black on the pale middle of a scale from -most to most, white on its ends."""
    low, high = (end * most for end in palette.DIVERGING_PALE)
    pale = f"!isValid(datum.{field}) || (datum.{field} > {low} && datum.{field} < {high})"
    return either(alt.ColorValue, pale, "black", "white")


def reference_line(reference: Reference | None) -> list[alt.Chart]:
    """Draw what scores are held against as a dashed line, or a band between two, and name it."""
    if reference is None:
        return []
    frame = pl.DataFrame({"held_low": [reference.low], "held_high": [reference.high]})
    base = alt.Chart(frame).encode(
        y=alt.Y("held_low:Q"),
        tooltip=[
            alt.Tooltip("held_low:Q", format=".4f", title=reference.label),
            alt.Tooltip("held_high:Q", format=".4f", title="… to"),
        ],
    )
    drawn = [
        base.mark_rule(**DASHED),
        base.mark_text(align="left", dx=4, dy=10, fontSize=12, color=palette.CHANCE).encode(
            x=alt.XValue(0), text=alt.TextValue(reference.label)
        ),
    ]
    if reference.low < reference.high:
        band = base.mark_rect(color=palette.CHANCE, opacity=0.15)
        upper = base.mark_rule(**DASHED).encode(y=alt.Y("held_high:Q"))
        drawn = [band.encode(y2=alt.Y2("held_high:Q")), upper, *drawn]
    return drawn


def held_at(reference: Reference | None) -> tuple[float, ...]:
    """Return where it is drawn, for an axis that must hold it."""
    return () if reference is None else (reference.low, reference.high)


def span(values: pl.Series) -> list[float]:
    """Return the smallest and the largest value; 0 and 1 when there is none."""
    known = values.drop_nulls().to_list()
    return [float(min(known)), float(max(known))] if known else [0.0, 1.0]


def roomy(values: pl.Series, *also: float) -> list[float]:
    """Return an axis range that holds the values and what else is drawn, with some air around."""
    low, high = span(values)
    low, high = min(low, *also, high), max(high, *also, low)
    room = (high - low) * 0.08 or 0.01
    return [low - room, high + room]


def unique(names: pl.Series) -> list[str]:
    """Return the names in order of first appearance."""
    return names.unique(maintain_order=True).to_list()


def x_axis(column: str, title: str, domain: list[float] | None = None, **axis: Any) -> alt.X:
    """Return the axis of a column of numbers along the bottom; without a domain, Vega's own."""
    return alt.X(f"{column}:Q", title=title, **_numbers(domain, {"tickCount": 5, **axis}))


def y_axis(column: str, title: str, domain: list[float] | None = None, **axis: Any) -> alt.Y:
    """Return the axis of a column of numbers along the side; without a domain, Vega's own."""
    return alt.Y(f"{column}:Q", title=title, **_numbers(domain, {"tickCount": 6, **axis}))


def _numbers(domain: list[float] | None, axis: dict[str, Any]) -> dict[str, Any]:
    held = {} if domain is None else {"scale": alt.Scale(domain=domain, zero=False, nice=False)}
    return {**held, "axis": alt.Axis(**{**LABELS, **axis})}


def dodged(ends: pl.DataFrame, *, gap: float, top: float, by: str = "alignment") -> pl.DataFrame:
    """Move labels apart, up and then down from the top, so that none hides another."""
    ordered = ends.sort(by)
    places: list[float] = []
    for value in ordered[by].to_list():
        places.append(value if not places else max(value, places[-1] + gap))
    ceiling = top
    for i in reversed(range(len(places))):
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - gap
    return ordered.with_columns(pl.Series("label_at", places, dtype=pl.Float64))


def family(
    frame: pl.DataFrame,
    colors: dict[str, str],
    *,
    column: str = "group_y",
    legend: bool = True,
    **shape: Any,
) -> alt.Color:
    """Color by family; the legend names those shown."""
    shown = _shown(frame, colors, column)
    return alt.Color(
        f"{column}:N",
        title=_family_title(frame, column),
        scale=alt.Scale(domain=shown, range=[colors[name] for name in shown]),
        legend=_family_legend(shown, **shape) if legend else None,
    )


def family_shape(
    frame: pl.DataFrame, colors: dict[str, str], *, column: str, legend: bool = True
) -> alt.Shape:
    """Tell the points of families apart by their markers, too; one legend shows both."""
    shown = _shown(frame, colors, column)
    markers = palette.markers(list(colors))
    return alt.Shape(
        f"{column}:N",
        title=_family_title(frame, column),
        scale=alt.Scale(domain=shown, range=[markers[name] for name in shown]),
        legend=_family_legend(shown) if legend else None,
    )


def _shown(frame: pl.DataFrame, colors: dict[str, str], column: str) -> list[str]:
    there = set(frame[column])
    return [name for name in colors if name in there]


def _family_title(frame: pl.DataFrame, column: str) -> str:
    return f"{side_names(frame)[column.endswith('_y')]} family"


def _family_legend(shown: list[str], **more: Any) -> alt.Legend:
    return alt.Legend(orient="top", symbolOpacity=1, **wrapped(shown), **more)
