"""Colors in CIELAB, in what models and pictures make of them, and how far these agree."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import DASHED, Chart, roomy, sized, x_axis, y_axis

_HEIGHT = 310
_TITLES = 36
"""Pixels above each view."""
_REACH = 108
"""Units of CIELAB from the middle of a view to its edge, whichever way it is turned."""
_MOST_NAMED = 30
"""Colors up to which a view names each; beyond, the pointer does."""
_ROWS = "(width < 640 ? 2 : 1)"
_ACROSS = f"({{views}} / {_ROWS} < 1 ? 1 : ceil({{views}} / {_ROWS}))"
_TURN = "((turn + (isArray(drag_turned) ? drag_turned[0] : 0)) * PI / 180)"
_TILT = "(clamp(tilt + (isArray(drag_tilted) ? drag_tilted[0] + 90 : 0), -90, 90) * PI / 180)"
"""Angles: a slider's, and how far an unseen pair of axes in degrees was dragged."""


def color_views(frame: pl.DataFrame) -> Chart:
    """Draw up to four views of colors in CIELAB's space side by side, which turn together.

    Every point in its own color; lightness is up. Turned by dragging, or by the sliders.

    Args:
        frame: answer of `queries.color_points`.
    """
    names = frame.select("place", "shown", "reading").unique().sort("place")
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
    x, y = (alt.X("across:Q", scale=None, axis=None), alt.Y("down:Q", scale=None, axis=None))
    points = _turned(alt.Chart(placed), count)
    dots = points.mark_point(filled=True, opacity=1, strokeWidth=0.7, stroke=palette.MISSING)
    drawn: list[Any] = [
        *_axes(count),
        dots.encode(
            x=x,
            y=y,
            color=alt.Color("color:N", scale=None),
            size=alt.Size(
                "near:Q", scale=alt.Scale(domain=[-_REACH, _REACH], range=[60, 170]), legend=None
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
        drawn.append(
            _turned(alt.Chart(words), count)
            .mark_text(fontSize=9, dy=-9, color=palette.CHANCE)
            .encode(x=x, y=y, text="name:N")
        )
    titles = names.with_columns(pl.col("place").replace_strict(order).alias("at"))
    lines: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("shown", 10, {"fontWeight": "bold"}),
        ("reading", 25, {}),
    )
    for field, down, style in lines:
        drawn.append(
            _celled(alt.Chart(titles), count)
            .transform_calculate(up=f"datum.top + {down}")
            .mark_text(fontSize=12, color=palette.CHANCE, limit=alt.expr(_limit(count)), **style)
            .encode(
                x=alt.X("center:Q", scale=None, axis=None),
                y=alt.Y("up:Q", scale=None, axis=None),
                text=f"{field}:N",
            )
        )
    return sized(alt.layer(_dragged(), *drawn).add_params(turn, tilt), _HEIGHT)


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
    """Give each view its part of the chart: one row of them, two where the page is narrow."""
    across = _ACROSS.format(views=count)
    return chart.transform_calculate(
        center=f"(datum.at % {across} + 0.5) * width / {across}",
        top=f"floor(datum.at / {across}) * height / {_ROWS}",
        unit=f"min(width / {across}, height / {_ROWS} - {_TITLES}) / {2 * _REACH}",
    ).transform_calculate(middle=f"datum.top + {_TITLES} + (height / {_ROWS} - {_TITLES}) / 2")


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
        detail=["at:N", "axis:N"],
    )
    faint: dict[str, Any] = {"color": palette.MISSING, "opacity": 0.45}
    return [
        base.mark_line(strokeWidth=1, **faint).encode(order="end:O"),
        base.mark_text(fontSize=10, dx=9, color=palette.MISSING, opacity=0.9).encode(
            text="label:N"
        ),
    ]


def color_pairs(frame: pl.DataFrame) -> Chart:
    """Draw distances of pairs of colors in each layout against CIELAB's, a color a layout.

    Args:
        frame: answer of `queries.color_pairs`.
    """
    order = frame.select("place", "shown").unique().sort("place")["shown"].to_list()
    colors = [palette.FAMILY[at] for at in range(len(order))]
    return sized(
        alt.Chart(frame)
        .mark_point(filled=True, size=22, opacity=0.45)
        .encode(
            x=x_axis("color_difference", "Distance in CIELAB, ΔE"),
            y=y_axis("share_of_largest", "Distance in the layout, of its largest",
                     tickCount=5, format="%"),
            color=alt.Color(
                "shown:N", title=None, sort=order, scale=alt.Scale(domain=order, range=colors),
                legend=alt.Legend(orient="top", columns=1, labelLimit=330, symbolOpacity=1),
            ),
            tooltip=[
                alt.Tooltip("shown:N", title="Layout"),
                alt.Tooltip("first:N", title="One color"),
                alt.Tooltip("second:N", title="The other"),
                alt.Tooltip("color_difference:Q", title="CIELAB, ΔE", format=".0f"),
                alt.Tooltip("distance:Q", title="In the layout", format=".3g"),
            ],
        ),
        300,
    )  # fmt: skip


def color_layers(frame: pl.DataFrame) -> Chart:
    """Draw how far each layer's colors agree with CIELAB, a line per language model.

    Args:
        frame: answer of `queries.color_layers`.
    """
    known = frame.drop_nulls("rho")
    order = known["label"].unique(maintain_order=True).to_list()
    trained = dict(known.select("label", "trained").unique().iter_rows())
    colors = [
        palette.FAMILY[at % len(palette.FAMILY)] if trained[label] else palette.UNTRAINED
        for at, label in enumerate(order)
    ]
    low, high = roomy(pl.concat([known["interval_low"], known["interval_high"]]), 0.0)
    base = alt.Chart(known).encode(
        x=x_axis("depth", "Relative depth (0 embedding, 1 last layer)"),
        color=alt.Color(
            "label:N", title=None, sort=order, scale=alt.Scale(domain=order, range=colors),
            legend=alt.Legend(orient="top", columns=2, labelLimit=220, symbolOpacity=1),
        ),
        tooltip=[
            alt.Tooltip("label:N", title="Model"),
            alt.Tooltip("name:N", title="Layer"),
            alt.Tooltip("rho:Q", title="ρ with CIELAB", format=".3f"),
            alt.Tooltip("interval_low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("interval_high:Q", title="… to", format=".2f"),
            alt.Tooltip("p_value:Q", title="p", format=".2g"),
            alt.Tooltip("q_value:Q", title="q, over all layers here", format=".2g"),
        ],
    )  # fmt: skip
    y = y_axis("rho", "Spearman ρ of distances with CIELAB's", [low, high])
    zero = alt.Chart(pl.DataFrame({"rho": [0.0]})).encode(y=y)
    return sized(
        alt.layer(
            zero.mark_rule(**DASHED),
            base.mark_area(opacity=0.12).encode(y=alt.Y("interval_low:Q"), y2="interval_high:Q"),
            base.mark_line(strokeWidth=2).encode(y=y),
            base.mark_point(filled=True, size=40).encode(y=y),
        ),
        300,
    )
