"""Colors in CIELAB and in what models and pictures make of them: views that turn together."""

from typing import Any, Literal

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import Chart, sized
from pages.ui.remembered import remembered

_ROW, _NARROW = 340, 520
"""Pixels of a row of views, and of a page on which each has a row of its own."""
_TITLES = 56
"""Pixels above each view."""
_REACH = 96
"""Units of CIELAB from the middle of a view to its edge, whichever way it is turned."""
_MOST_NAMED = 30
"""Colors up to which a view names each; beyond, the pointer does."""
_ACROSS = f"(width < {_NARROW} ? 1 : min({{views}}, 2))"
_ROWS = f"ceil({{views}} / {_ACROSS})"
_GAP = 13
"""Pixels from a name to the next below it."""
_TURN = "((turn + (isArray(drag_turned) ? drag_turned[0] : 0)) * PI / 180)"
_TILT = "(clamp(tilt + (isArray(drag_tilted) ? drag_tilted[0] + 90 : 0), -90, 90) * PI / 180)"
"""Angles: a slider's, and how far an unseen pair of axes in degrees was dragged."""
_HALO: dict[str, Any] = {"stroke": alt.expr("background"), "strokeWidth": 3, "strokeJoin": "round"}
"""Around words, in the color of the page: what lies behind does not run into them."""


@remembered
def color_views(frame: pl.DataFrame, agreement: dict[str, str]) -> Chart:
    """Draw up to four views of colors in CIELAB's space, two in a row, which turn together.

    Every point in its own color; lightness is up. Turned by dragging, or by the sliders.

    Args:
        frame: answer of `queries.color_points`.
        agreement: what is known of each view's agreement, by what is shown and its reading.
    """
    named = pl.concat_str(["shown", "reading"], separator=", ")
    names = (
        frame.select("place", "shown", "reading")
        .unique()
        .sort("place")
        .with_columns(agreement=named.replace_strict(agreement, default="", return_dtype=pl.String))
    )
    order = {place: at for at, place in enumerate(names["place"].to_list())}
    placed = frame.with_columns(pl.col("place").replace_strict(order).alias("at"))
    count = len(order)
    turn = alt.param(
        name="turn",
        value=-35,
        bind=alt.binding_range(min=-180, max=180, step=1, name="Turn "),
    )
    tilt = alt.param(
        name="tilt", value=20, bind=alt.binding_range(min=-90, max=90, step=1, name="Tilt ")
    )
    points = _turned(alt.Chart(placed), count)
    dots = points.mark_point(filled=True, opacity=1, strokeWidth=1, stroke=palette.MISSING)
    drawn: list[Any] = [
        *_axes(count),
        dots.encode(
            x=_ACROSS_PAGE,
            y=_DOWN_PAGE,
            color=alt.Color("color:N", scale=None),
            size=alt.Size(
                "near:Q", scale=alt.Scale(domain=[-_REACH, _REACH], range=[70, 220]), legend=None
            ),
            order=alt.Order("near:Q"),
            tooltip=[
                alt.Tooltip("shown:N", title="View"),
                alt.Tooltip("name:N", title="Color"),
                alt.Tooltip("lightness:Q", title="L*", format=".0f"),
                alt.Tooltip("a:Q", title="a*", format=".0f"),
                alt.Tooltip("b:Q", title="b*", format=".0f"),
                alt.Tooltip("residual:Q", title="From CIELAB, ΔE", format=".0f"),
            ],
        ),
    ]
    words = placed.filter(~pl.col("name").str.starts_with("#"))
    if 0 < words["name"].n_unique() <= _MOST_NAMED:
        drawn += _names(words, count)
    titles = names.with_columns(pl.col("place").replace_strict(order).alias("at"))
    lines: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("shown", 12, {"fontWeight": "bold", "fontSize": 14}),
        ("reading", 29, {"fontSize": 12}),
        ("agreement", 45, {"fontSize": 12}),
    )
    for field, down, style in lines:
        drawn.append(
            _celled(alt.Chart(titles), count)
            .transform_calculate(up=f"datum.top + {down}")
            .mark_text(color=palette.CHANCE, limit=alt.expr(_limit(count)), **style)
            .encode(
                x=alt.X("center:Q", scale=None, axis=None),
                y=alt.Y("up:Q", scale=None, axis=None),
                text=alt.Text(f"{field}:N"),
            )
        )
    height = alt.param(name="height", expr=f"{_ROW} * {_ROWS.format(views=count)}")
    return sized(alt.layer(_dragged(), *drawn).add_params(height, turn, tilt), _ROW * 2)


_ACROSS_PAGE, _DOWN_PAGE = (
    alt.X("across:Q", scale=None, axis=None), alt.Y("down:Q", scale=None, axis=None)
)  # fmt: skip


def _names(words: pl.DataFrame, count: int) -> list[alt.Chart]:
    """Name colors beside their points, outward, each below the one above it, tied to its point."""
    at = {
        "x": alt.X("beside:Q", scale=None, axis=None),
        "y": alt.Y("below:Q", scale=None, axis=None),
    }
    sides: tuple[tuple[Literal["left", "right"], int, str], ...] = (
        ("left", 10, "datum.across >= datum.center"),
        ("right", -10, "datum.across < datum.center"),
    )
    drawn: list[alt.Chart] = []
    for align, apart, there in sides:
        placed = (
            _turned(alt.Chart(words), count)
            .transform_filter(there)
            .transform_window(
                sort=[alt.SortField("down")], groupby=["at"], rank="row_number()"
            )
            .transform_calculate(lifted=f"datum.down - datum.rank * {_GAP}")
            # The lowest place that those above leave: none lies on another.
            .transform_window(
                sort=[alt.SortField("down")], groupby=["at"], frame=[None, 0],
                pushed="max(lifted)",
            )
            .transform_calculate(
                beside=f"datum.across + {apart}", below=f"datum.pushed + datum.rank * {_GAP}"
            )
        )  # fmt: skip
        words_at = placed.encode(**at, text=alt.Text("name:N"))
        drawn += [
            placed.mark_rule(strokeWidth=1, color=palette.MISSING, opacity=0.8)
            .transform_filter("abs(datum.below - datum.down) > 5")
            .encode(x=_ACROSS_PAGE, y=_DOWN_PAGE, x2=alt.X2("beside:Q"), y2=alt.Y2("below:Q")),
            words_at.mark_text(fontSize=11, align=align, baseline="middle", **_HALO),
            words_at.mark_text(
                fontSize=11, align=align, baseline="middle", color=palette.CHANCE
            ),
        ]  # fmt: skip
    return drawn


def _dragged() -> alt.Chart:
    """Return unseen axes in degrees whose dragging turns the views, and a double click sets back.

    The selection is bound to their scales, and Vega names the ranges it shows: drag_turned and
    drag_tilted.
    """
    ends = pl.DataFrame({"turned": [0.0, 360.0], "tilted": [-90.0, 90.0]})
    return (
        alt.Chart(ends)
        .mark_point(opacity=0)
        .encode(
            x=alt.X("turned:Q", axis=None, scale=alt.Scale(domain=[0, 360], reverse=True)),
            y=alt.Y("tilted:Q", axis=None, scale=alt.Scale(domain=[-90, 90])),
        )
        .add_params(
            alt.selection_interval(name="drag", bind="scales", encodings=["x", "y"], zoom=False)
        )
    )


def _limit(count: int) -> str:
    return f"width / {_ACROSS.format(views=count)} - 8"


def _celled(chart: alt.Chart, count: int) -> alt.Chart:
    """Give each view its part of the chart: two in a row, one where the page is narrow."""
    across = _ACROSS.format(views=count)
    return chart.transform_calculate(
        center=f"(datum.at % {across} + 0.5) * width / {across}",
        top=f"floor(datum.at / {across}) * {_ROW}",
        unit=f"min(width / {across}, {_ROW - _TITLES}) / {2 * _REACH}",
    ).transform_calculate(middle=f"datum.top + {_TITLES + (_ROW - _TITLES) / 2}")


def _turned(chart: alt.Chart, count: int) -> alt.Chart:
    """Turn about the axis of lightness, then tilt toward the reader."""
    return (
        _celled(chart, count)
        .transform_calculate(
            right=f"datum.a * cos({_TURN}) - datum.b * sin({_TURN})",
            back=f"datum.a * sin({_TURN}) + datum.b * cos({_TURN})",
            raised="datum.lightness - 50",
        )
        .transform_calculate(
            across="datum.center + datum.right * datum.unit",
            down=f"datum.middle - (datum.raised * cos({_TILT})"
            f" + datum.back * sin({_TILT})) * datum.unit",
            near=f"datum.raised * sin({_TILT}) - datum.back * cos({_TILT})",
        )
    )


_ENDS = (
    ("L*", (0.0, 0.0, 0.0), (100.0, 0.0, 0.0)),
    ("a*", (50.0, -80.0, 0.0), (50.0, 80.0, 0.0)),
    ("b*", (50.0, 0.0, -80.0), (50.0, 0.0, 80.0)),
)
"""Axes of CIELAB: name, and both ends as (L*, a*, b*)."""


def _axes(count: int) -> list[alt.Chart]:
    ends = pl.DataFrame(
        [
            {"at": at, "axis": axis, "end": end, "lightness": place[0], "a": place[1],
             "b": place[2], "label": axis if end else ""}
            for at in range(count)
            for axis, *both in _ENDS
            for end, place in enumerate(both)
        ]
    )  # fmt: skip
    base = _turned(alt.Chart(ends), count).encode(
        x=alt.X("across:Q", scale=None, axis=None),
        y=alt.Y("down:Q", scale=None, axis=None),
        detail=[alt.Detail("at:N"), alt.Detail("axis:N")],
    )
    faint: dict[str, Any] = {"color": palette.MISSING, "opacity": 0.45}
    return [
        base.mark_line(strokeWidth=1, **faint).encode(order=alt.Order("end:O")),
        _ends_named(base, "datum.axis != 'L*'", dx=9),
        # White stands at the end of lightness: its name is above.
        _ends_named(base, "datum.axis == 'L*'", dx=-6, dy=-16),
    ]


def _ends_named(base: alt.Chart, which: str, **apart: Any) -> alt.Chart:
    named = base.transform_filter(which).mark_text(fontSize=11, color=palette.MISSING, **apart)
    return named.encode(text=alt.Text("label:N"))
