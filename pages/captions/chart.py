"""Alignment against how much captions say, paired differences, pictures to be clicked."""

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    DASHED,
    LABELS,
    Chart,
    held_at,
    reference_line,
    roomy,
    sized,
    unique,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

AMOUNTS = {
    "words": "Words per caption", "tokens": "Tokens per caption", "bits": "Bits per caption"
}  # fmt: skip
_KINDS = {
    "captions say more": ("circle", palette.FAMILY[5]),
    "captions say less": ("triangle-down", palette.FAMILY[3]),
    "control": ("square", palette.FAMILY[0]),
    "pictures changed": ("diamond", palette.FAMILY[2]),
}
"""What a variant does, its marker and its color."""
_CONTROLS = ("square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-right")
_HALO: dict[str, Any] = {"stroke": alt.expr("background"), "strokeWidth": 4, "strokeJoin": "round"}
"""Around words, in the color of the page: a line behind them ends there."""
PICKED = "picked"
"""Name of the selection: a click gives the picture's `position`."""
_ACROSS, _HEIGHT = 8, 72
_ROOM = f"min(width / {_ACROSS}, {_HEIGHT}) - 10"


@remembered
def density(
    frame: pl.DataFrame, *, amount: str, measure: str, reference: Reference | None, by: str
) -> Chart:
    """Draw alignment against the amount captions say (Fig. 9): a line per model, controls apart.

    Args:
        frame: answer of `queries.caption_means` or of `queries.caption_density` for one vision
            model, without variants of pictures, the chosen score in `alignment`.
        amount: one of `AMOUNTS`.
        measure: what the alignment is.
        reference: what scores are held against; None draws nothing.
        by: column that tells the lines apart.
    """
    shown = frame.drop_nulls(["alignment", amount])
    names = unique(shown[by])
    shown = _side_by_side(shown, amount, by, names)
    ladder, controls = shown.filter(~pl.col("control")), shown.filter("control")
    colors = each(by, names, alt.Color, palette.FAMILY)
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=90, **wrapped(names))
    spread = pl.col("spread").fill_null(0) if "spread" in shown.columns else pl.lit(0.0)
    ends = shown.with_columns(
        below=pl.col("alignment") - spread, above=pl.col("alignment") + spread
    )
    x = alt.X(
        "at:Q",
        title=AMOUNTS[amount],
        scale=alt.Scale(zero=False),
        axis=alt.Axis(tickCount=6, **LABELS),
    )
    heights = roomy(pl.concat([ends["below"], ends["above"]]), *held_at(reference))
    y = y_axis("alignment", measure, heights)
    tooltip = [
        alt.Tooltip("caption_set:N", title="Captions"),
        alt.Tooltip(f"{by}:N", title="Model"),
        alt.Tooltip("alignment:Q", title=measure, format=".4f"),
        alt.Tooltip("words:Q", title="Words per caption", format=".1f"),
        alt.Tooltip("distinct_captions:Q", title="Different captions"),
    ]
    if "spread" in shown.columns:
        tooltip.insert(3, alt.Tooltip("spread:Q", title="SD over language models", format=".4f"))
    whiskers = alt.Chart(ends).mark_rule(strokeWidth=1.5, opacity=0.6)
    unnamed = colors(None)
    written = each("written_by", ["people", "a model"], alt.StrokeDash, ([1, 0], [6, 4]))
    drawn: list[alt.Chart] = [
        whiskers.encode(x=x, y=alt.Y("below:Q"), y2=alt.Y2("above:Q"), color=unnamed),
        alt.Chart(ladder)
        .mark_line(strokeWidth=2)
        .encode(
            x=x, y=y, color=unnamed,
            strokeDash=written(
                alt.Legend(orient="bottom", title="Written by")
                if "a model" in ladder["written_by"]
                else None
            ),
        ),
        alt.Chart(ladder)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            x=x, y=y, color=colors(legend), tooltip=tooltip,
            shape=each(by, names, alt.Shape, palette.SHAPES)(legend),
        ),
    ]  # fmt: skip
    if not controls.is_empty():
        kinds = unique(controls["caption_set"])
        shapes = each("caption_set", kinds, alt.Shape, _CONTROLS)
        drawn.append(
            alt.Chart(controls)
            .mark_point(filled=False, size=90, strokeWidth=2, opacity=1)
            .encode(
                x=x, y=y, color=unnamed, tooltip=tooltip,
                shape=shapes(
                    alt.Legend(
                        orient="bottom", title="Controls, hollow", titleLimit=300, **wrapped(kinds)
                    )
                ),
            )
        )  # fmt: skip
    lines = reference_line(reference)
    # Each layer has a legend of its own: markers of models, and hollow ones of controls.
    whole = alt.layer(*lines, *drawn).resolve_scale(color="independent", shape="independent")
    return sized(whole, 360)


def each(
    field: str, names: Sequence[str], channel: Any, values: Sequence[Any]
) -> Callable[[alt.Legend | None], Any]:
    """Give each name the value at its place; the legend comes when it is known where it stands."""
    chosen = [values[at % len(values)] for at in range(len(names))]
    scale = alt.Scale(domain=list(names), range=chosen)
    return lambda legend: channel(
        f"{field}:N", title=None, sort=list(names), scale=scale, legend=legend
    )


def _side_by_side(frame: pl.DataFrame, amount: str, by: str, names: Sequence[str]) -> pl.DataFrame:
    """Add where a point stands: models a little apart, or their whiskers hide one another."""
    span = float(np.ptp(frame[amount].to_numpy())) if frame.height else 0.0
    step = min(0.007, 0.05 / max(len(names), 1)) * span
    apart = {name: step * (place - (len(names) - 1) / 2) for place, name in enumerate(names)}
    moved = pl.col(by).replace_strict(apart, default=0.0, return_dtype=pl.Float64)
    return frame.with_columns(at=pl.col(amount) + (moved if names else 0.0))


@remembered
def gains(frame: pl.DataFrame) -> Chart:
    """Draw paired differences with their intervals, a row per variant.

    Args:
        frame: answer of `queries.caption_gains`, one vision model or the mean; without an interval
            a difference is a hollow point.
    """
    labeled = frame.with_columns(
        row=pl.col("to_set") + pl.lit("  against  ") + pl.col("from_set"),
        what=pl.when("pictures").then(pl.lit("pictures changed"))
        .when("control").then(pl.lit("control"))
        .when(pl.col("words_more") < 0).then(pl.lit("captions say less"))
        .otherwise(pl.lit("captions say more")),
    )  # fmt: skip
    order = unique(labeled["row"])
    kinds = [kind for kind in _KINDS if kind in labeled["what"]]
    shapes, colors = zip(*(_KINDS[kind] for kind in kinds), strict=True) if kinds else ((), ())
    ends = pl.concat([frame["interval_low"], frame["interval_high"], frame["difference"]])
    low, high = roomy(ends, 0.0)
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=90, **wrapped(kinds))
    color = each("what", kinds, alt.Color, colors)(legend)
    row = alt.Y("row:N", sort=order, axis=None)
    base = alt.Chart(labeled).encode(
        y=row,
        tooltip=[
            alt.Tooltip("to_set:N", title="This"),
            alt.Tooltip("from_set:N", title="against"),
            alt.Tooltip("difference:Q", title="Difference", format="+.4f"),
            alt.Tooltip("interval_low:Q", title="95 % from", format="+.4f"),
            alt.Tooltip("interval_high:Q", title="… to", format="+.4f"),
            alt.Tooltip("words_more:Q", title="Words more", format="+.1f"),
        ],
    )
    x = x_axis("difference", "Alignment gained, paired over images", [low, high], format="+.2f")
    zero = alt.Chart(pl.DataFrame({"difference": [0.0]})).mark_rule(**DASHED)
    # Names stand above their intervals: beside them they would take a phone's whole width.
    name = alt.Chart(labeled.unique("row", maintain_order=True)).encode(
        x=alt.XValue(2), y=row, text=alt.Text("row:N")
    )
    words: dict[str, Any] = {"align": "left", "dy": -15, "fontSize": 12, "limit": alt.expr("width")}
    points = base.encode(
        x=x, color=color, shape=each("what", kinds, alt.Shape, shapes)(legend)
    )  # fmt: skip
    tested = "isValid(datum.interval_low)"
    return sized(
        alt.layer(
            zero.encode(x=x),
            name.mark_text(**words, **_HALO),
            name.mark_text(**words, color=palette.CHANCE),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X("interval_low:Q"), x2=alt.X2("interval_high:Q"), color=color
            ),
            points.transform_filter(tested).mark_point(filled=True, size=90, opacity=1),
            points.transform_filter(f"!{tested}").mark_point(filled=False, size=90, opacity=1),
        ),
        max(100, 46 * len(order)),
    )


@remembered
def picture_sheet(frame: pl.DataFrame) -> Chart:
    """Draw small pictures, the chosen one framed; a click selects one.

    Args:
        frame: answer of `queries.caption_pictures` with the column `glyph`, a letter to draw, or
            `thumbnail`, an image's data URI.
    """
    lines = frame["line"].unique().sort().to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("place:O", axis=None, scale=alt.Scale(domain=list(range(_ACROSS)), padding=0)),
        y=alt.Y("line:O", axis=None, scale=alt.Scale(domain=lines, padding=0)),
        tooltip=alt.Tooltip("sample_id:N", title="Image"),
    )
    frames = base.transform_filter("datum.chosen").mark_rect(
        filled=False, stroke=palette.FAMILY[5], strokeWidth=3, cornerRadius=6
    )
    if "glyph" in frame.columns:
        marks = base.mark_text(
            fontSize=alt.expr(f"0.8 * ({_ROOM})"), color=palette.CHANCE, cursor="pointer"
        ).encode(text=alt.Text("glyph:N"))
    else:
        marks = base.mark_image(
            width=alt.expr(_ROOM), height=alt.expr(_ROOM), cursor="pointer"
        ).encode(url=alt.Url("thumbnail:N"))
    picked = alt.selection_point(name=PICKED, fields=["position"])
    drawn = alt.layer(frames, marks.add_params(picked)).configure_view(stroke=None)
    return sized(drawn, _HEIGHT * len(lines))
