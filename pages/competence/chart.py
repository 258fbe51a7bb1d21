"""Models among themselves: bins of competence, and the map."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    Chart,
    held_at,
    reference_line,
    roomy,
    sized,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

_HEIGHT = 380
_NAMED = 20
"""Models up to which a map names each; beyond, the pointer does."""
_BESIDE: dict[str, dict[str, Any]] = {
    "above": {"dy": -12},
    "below": {"dy": 13},
    "right": {"dx": 10, "align": "left"},
    "left": {"dx": -10, "align": "right"},
}
_SHAPES = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right",
    "triangle-left",
)  # fmt: skip


@remembered
def bins(frame: pl.DataFrame, *, measure: str, skill: str, reference: Reference | None) -> Chart:
    """Draw the mean alignment within bins of competence, with its standard error (Fig. 2, left).

    Args:
        frame: of `statistics.bin_models`.
        measure: what the alignment is.
        skill: what competence is.
        reference: what scores are held against; None draws nothing.
    """
    shown = frame.drop_nulls("alignment")
    seen = pl.concat([shown["below"], shown["above"]])
    bottom, top = roomy(seen, *held_at(reference))
    left, right = roomy(pl.concat([frame["low"], frame["high"]]))
    y = y_axis("alignment", f"{measure}, mean within the bin", [bottom, top + 0.1 * (top - bottom)])
    base = alt.Chart(shown).encode(
        tooltip=[
            alt.Tooltip("low:Q", title=f"{skill}, from", format=".3f"),
            alt.Tooltip("high:Q", title="… to", format=".3f"),
            alt.Tooltip("alignment:Q", title=f"{measure}, mean", format=".4f"),
            alt.Tooltip("error:Q", title="… standard error", format=".4f"),
            alt.Tooltip("models:Q", title="Models"),
            alt.Tooltip("pairs:Q", title="Pairs"),
            alt.Tooltip("significant:Q", title="… with q ≤ 0.05"),
            alt.Tooltip("names:N", title="They are"),
        ],
    )
    x = x_axis("middle", skill, [left, right])
    ink = palette.FAMILY[5]
    drawn = [
        base.mark_rule(strokeWidth=2, color=ink).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), y=y),
        base.mark_rule(strokeWidth=2, color=ink).encode(
            x=x, y=alt.Y("below:Q"), y2=alt.Y2("above:Q")
        ),
        base.mark_point(filled=True, size=90, color=ink, opacity=1).encode(x=x, y=y),
        base.mark_text(dy=-10, align="center", baseline="bottom", fontSize=11, color=palette.CHANCE)
        .encode(x=x, y=alt.Y("above:Q"), text=alt.Text("models:Q", format="d")),
    ]  # fmt: skip
    alone = frame.filter(pl.col("alignment").is_null(), pl.col("models") > 0)
    if not alone.is_empty():
        # A bin of one model has no pair: only its count can be shown, at the foot of the chart.
        drawn.append(
            alt.Chart(alone)
            .mark_text(dy=-4, baseline="bottom", fontSize=11, color=palette.CHANCE)
            .encode(
                x=alt.X("middle:Q"),
                y=alt.YValue(_HEIGHT),
                text=alt.Text("models:Q", format="d"),
                tooltip=[alt.Tooltip("names:N", title="Alone in its bin")],
            )
        )
    lines = reference_line(reference)
    return sized(alt.layer(*drawn, *lines), _HEIGHT)


@remembered
def model_map(frame: pl.DataFrame, *, skill: str) -> Chart:
    """Draw the map of models: color by competence, shape by objective (Fig. 2, right).

    Args:
        frame: answer of `queries.map_of_models`.
        skill: what competence is.
    """
    shapes = frame["objective"].unique().sort().to_list()
    nowhere = {"title": None, "axis": alt.Axis(labels=False, ticks=False, domain=False, grid=False)}
    (left, right), (low, high) = roomy(frame["x"]), roomy(frame["y"])
    # Both directions to one scale: distances are what a map is read by.
    half = 0.56 * max(right - left, high - low)
    middle_x, middle_y = (left + right) / 2, (low + high) / 2
    same: dict[str, Any] = {"nice": False, "zero": False}
    x = alt.X("x:Q", scale=alt.Scale(domain=[middle_x - half, middle_x + half], **same), **nowhere)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[middle_y - half, middle_y + half], **same), **nowhere)
    color = alt.Color(
        "competence:Q",
        title=skill,
        scale=alt.Scale(scheme=palette.SEQUENTIAL, zero=False, nice=False),
        # Above, the other legend below: side by side on a phone they would be cut.
        legend=alt.Legend(
            orient="top",
            gradientLength=150,
            gradientThickness=10,
            tickCount=3,
            format=".2f",
            titleOrient="left",
            titleLimit=170,
        ),
    )
    place: dict[str, Any] = {
        "x": x,
        "y": y,
        "tooltip": [
            alt.Tooltip("label:N", title="Model"),
            alt.Tooltip("objective:N", title="Objective"),
            alt.Tooltip("family:N", title="Family"),
            alt.Tooltip("competence:Q", title=skill, format=".3f"),
            alt.Tooltip("nearest:N", title="Agrees most with"),
        ],
        "shape": alt.Shape(
            "objective:N",
            title="Objective",
            scale=alt.Scale(
                domain=shapes, range=[_SHAPES[i % len(_SHAPES)] for i in range(len(shapes))]
            ),
            legend=alt.Legend(orient="bottom", symbolFillColor=palette.MISSING, **wrapped(shapes)),
        ),
    }
    # Vega-Lite drops a point without a value of its color's: such models are a layer of their own.
    ways = (
        (frame.drop_nulls("competence"), color),
        (frame.filter(pl.col("competence").is_null()), alt.ColorValue(palette.MISSING)),
    )
    drawn: list[alt.Chart] = [
        alt.Chart(rows).mark_point(filled=True, size=110, opacity=0.95).encode(color=color, **place)
        for rows, color in ways
        if not rows.is_empty()
    ]
    if frame.height <= _NAMED:
        apart = frame.with_columns(_sides(frame, 2 * half))
        for side, style in _BESIDE.items():
            named = alt.Chart(apart.filter(pl.col("side") == side)).encode(
                x=x, y=y, text=alt.Text("label:N")
            )
            drawn.append(named.mark_text(fontSize=11, color=palette.CHANCE, **style))
    return sized(alt.layer(*drawn), _HEIGHT)


def _sides(frame: pl.DataFrame, span: float) -> pl.Series:
    """Put each name above its point, or where that would hide another: below, right, left.

    Sizes are those of a panel half as wide as a page.
    """
    wide, tall = span / 330, span / _HEIGHT
    points = list(frame.select("x", "y").iter_rows())
    taken = [(x - 6 * wide, x + 6 * wide, y - 6 * tall, y + 6 * tall) for x, y in points]
    found: list[str] = []
    for (x, y), label in zip(points, frame["label"].to_list(), strict=True):
        long = 5.8 * len(label) * wide
        boxes = {
            "above": (x - long / 2, x + long / 2, y + 7 * tall, y + 19 * tall),
            "below": (x - long / 2, x + long / 2, y - 19 * tall, y - 7 * tall),
            "right": (x + 9 * wide, x + 9 * wide + long, y - 6 * tall, y + 6 * tall),
            "left": (x - 9 * wide - long, x - 9 * wide, y - 6 * tall, y + 6 * tall),
        }
        free = [
            side
            for side, (a, b, c, d) in boxes.items()
            if not any(a < f and e < b and c < h and g < d for e, f, g, h in taken)
        ]
        side = free[0] if free else "above"
        taken.append(boxes[side])
        found.append(side)
    return pl.Series("side", found)
