"""How far layouts of colors agree with CIELAB: pair by pair, and layer by layer."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    DASHED,
    Chart,
    highlight,
    lit,
    roomy,
    sized,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.remembered import remembered


@remembered
def color_pairs(frame: pl.DataFrame) -> Chart:
    """Draw distances of pairs of colors in each layout against CIELAB's, a color a layout.

    Args:
        frame: answer of `queries.color_pairs`.
    """
    named = frame.with_columns(layout=pl.concat_str(["shown", "reading"], separator=", "))
    order = named.select("place", "layout").unique().sort("place")["layout"].to_list()
    picked = highlight("layout")
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=90, **wrapped(order))
    return sized(
        alt.Chart(named)
        .mark_point(filled=True, size=34)
        .encode(
            x=x_axis("color_difference", "Distance in CIELAB, ΔE"),
            y=y_axis("share_of_largest", "Distance in the layout, of its largest",
                     tickCount=5, format="%"),
            opacity=lit(picked, 0.75),
            color=_named("layout", order, alt.Color, palette.FAMILY, legend),
            shape=_named("layout", order, alt.Shape, palette.SHAPES, legend),
            tooltip=[
                alt.Tooltip("layout:N", title="Layout"),
                alt.Tooltip("first:N", title="One color"),
                alt.Tooltip("second:N", title="The other"),
                alt.Tooltip("color_difference:Q", title="CIELAB, ΔE", format=".0f"),
                alt.Tooltip("distance:Q", title="In the layout", format=".3g"),
            ],
        )
        .add_params(picked),
        300,
    )  # fmt: skip


def _named(
    field: str, names: list[str], channel: Any, values: Sequence[str], legend: alt.Legend
) -> Any:
    """Give each name the value at its place."""
    chosen = [values[at % len(values)] for at in range(len(names))]
    return channel(
        f"{field}:N", title=None, sort=names, legend=legend,
        scale=alt.Scale(domain=names, range=chosen),
    )  # fmt: skip


@remembered
def color_layers(frame: pl.DataFrame) -> Chart:
    """Draw how far each layer's colors agree with CIELAB, a line per language model.

    Args:
        frame: answer of `queries.color_layers`.
    """
    known = frame.drop_nulls("rho")
    order = known["label"].unique(maintain_order=True).to_list()
    trained = dict(known.select("label", "trained").unique().iter_rows())
    places = {label: at for at, label in enumerate(order)}
    colors = [
        palette.FAMILY[places[label] % len(palette.FAMILY)] if trained[label] else palette.UNTRAINED
        for label in order
    ]
    shapes = [
        palette.SHAPES[places[label] % len(palette.SHAPES)]
        if trained[label]
        else palette.SAW_NOTHING
        for label in order
    ]
    low, high = roomy(pl.concat([known["interval_low"], known["interval_high"]]), 0.0)
    picked = highlight("label")
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=90, **wrapped(order))
    base = alt.Chart(known).encode(
        x=x_axis("depth", "Relative depth (0 embedding, 1 last layer)"),
        color=_named("label", order, alt.Color, colors, legend),
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
            base.mark_area().encode(
                y=alt.Y("interval_low:Q"), y2=alt.Y2("interval_high:Q"), opacity=lit(picked, 0.1)
            ),
            base.mark_line(strokeWidth=2).encode(y=y, opacity=lit(picked)),
            base.mark_point(filled=True, size=60)
            .encode(
                y=y,
                opacity=lit(picked),
                shape=_named("label", order, alt.Shape, shapes, legend),
            )
            .add_params(picked),
        ),
        300,
    )
