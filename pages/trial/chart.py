"""A model beside the others of its modality, partner by partner."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import LABELS, Chart, roomy, sized, unique, x_axis
from pages.ui.remembered import remembered

_OWN = palette.FAMILY[4]
_OTHERS = palette.CHANCE
_CUT_LABELS: dict[str, Any] = {**LABELS, "labelLimit": 170}
_ROW = 22
"""Pixels a partner."""


@remembered
def place(frame: pl.DataFrame, *, label: str, measure: str, other: str, others: str) -> Chart:
    """Draw a model's score with every partner among the scores of the others of its modality.

    Args:
        frame: answer of `queries.place`.
        label: the model's name.
        measure: what the numbers are.
        other: modality of the partners.
        others: what the other models are called in the legend.
    """
    order = unique(frame["partner"])
    own = frame.filter("is_own")
    ends = [
        float(value)
        for column in ("interval_low", "interval_high", "null_threshold")
        for value in own[column].drop_nulls()
    ]
    x = x_axis("score", measure, roomy(frame["score"], *ends), labelOverlap=True)
    y = alt.Y(
        "partner:N",
        sort=order,
        title=f"{other.capitalize()} model",
        axis=alt.Axis(**_CUT_LABELS, grid=True, gridOpacity=0.4),
    )
    told = [
        alt.Tooltip("label:N", title="Model"),
        alt.Tooltip("partner:N", title="With"),
        alt.Tooltip("score:Q", title=measure, format=".4f"),
        alt.Tooltip("place:Q", title="Place"),
        alt.Tooltip("of_models:Q", title="… of"),
        alt.Tooltip("q_value:Q", title="q", format=".2g"),
        alt.Tooltip("layer:N", title="Layer"),
        alt.Tooltip("partner_layer:N", title="Its layer"),
    ]
    names = [label, others, "untrained", "unrelated layers (5 %)"]
    kinds = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=names, range=[_OWN, _OTHERS, palette.UNTRAINED, _OTHERS]),
        legend=alt.Legend(orient="top", columns=2, labelLimit=320, symbolOpacity=1),
    )
    shapes = alt.Shape(
        "kind:N",
        title=None,
        scale=alt.Scale(
            domain=names, range=["diamond", "circle", palette.SAW_NOTHING, "M0,-1.6L0,1.6"]
        ),
        legend=alt.Legend(orient="top", columns=2, labelLimit=320),
    )
    base = alt.Chart(
        frame.with_columns(
            kind=pl.when("is_own")
            .then(pl.lit(names[0]))
            .when("trained")
            .then(pl.lit(names[1]))
            .otherwise(pl.lit(names[2]))
        )
    ).encode(x=x, y=y, color=kinds, shape=shapes, tooltip=told)
    drawn: list[alt.Chart] = [
        base.transform_filter(~alt.datum.is_own).mark_point(filled=True, size=45, opacity=0.55)
    ]
    limits = own.drop_nulls("null_threshold")
    if limits.height:
        ticks = alt.Chart(limits.with_columns(kind=pl.lit(names[3])))
        drawn.append(
            ticks.mark_point(size=70, strokeWidth=1.5).encode(
                x=alt.X("null_threshold:Q"), y=alt.Y("partner:N", sort=order), color=kinds,
                shape=shapes,
                tooltip=[alt.Tooltip("null_threshold:Q", title=names[3], format=".4f")],
            )
        )  # fmt: skip
    bars = own.drop_nulls("interval_low")
    if bars.height:
        drawn.append(
            alt.Chart(bars)
            .mark_rule(color=_OWN, strokeWidth=2)
            .encode(
                x=alt.X("interval_low:Q"), x2=alt.X2("interval_high:Q"),
                y=alt.Y("partner:N", sort=order),
            )
        )  # fmt: skip
    drawn.append(base.transform_filter(alt.datum.is_own).mark_point(filled=True, size=110))
    return sized(alt.layer(*drawn), max(_ROW * len(order), 140))
