"""Alignment from local to global."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    DASHED,
    LABELS,
    Chart,
    roomy,
    sized,
    slanted_axis,
    unique,
    wrapped,
    y_axis,
)
from pages.ui.reference import held_along
from pages.ui.remembered import remembered


@remembered
def growth(frame: pl.DataFrame) -> dict[str, Chart]:
    """Draw alignment's growth with size, a panel per vision family and a line per k (Fig. 10).

    Args:
        frame: answer of `queries.local`; without what has no growth.
    """
    bottom, top = roomy(frame["growth"], 0.0)
    found: dict[str, Chart] = {}
    for (family,), rows in frame.group_by("vision_family", maintain_order=True):
        order = rows.sort("place")["vision_label"].unique(maintain_order=True).to_list()
        base = alt.Chart(rows).encode(
            x=alt.X(
                "vision_label:N",
                sort=order,
                title="Vision model, by size",
                scale=alt.Scale(type="point", padding=0.3),
                axis=slanted_axis(len(order)),
            ),
            y=y_axis("growth", "Growth, standard deviations", [bottom, top], tickCount=5),
            color=_neighbors(frame),
            detail=alt.Detail("k:N"),
            tooltip=[
                alt.Tooltip("vision_label:N", title="Vision model"),
                alt.Tooltip("k:Q", title="k"),
                alt.Tooltip("growth:Q", title="Growth", format=".2f"),
                alt.Tooltip("alignment:Q", title="Alignment, mean", format=".4f"),
            ],
        )
        drawn = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=45))
        found[str(family)] = sized(drawn, 300)
    return found


@remembered
def by_neighbors(frame: pl.DataFrame, *, measure: str) -> Chart:
    """Draw mean alignment against the number of neighbors, a line per vision model.

    Dashed: what the scores are held against, mean over the vision models, as in `held_along`.

    Args:
        frame: answer of `queries.local`.
        measure: what the numbers are.
    """
    names = unique(frame["vision_label"])
    legend = alt.Legend(orient="top", symbolOpacity=1, **wrapped(names))
    base = alt.Chart(frame).encode(
        x=alt.X(
            "k:Q",
            title="Neighbors k (logarithmic)",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(values=frame["k"].unique().sort().to_list(), labelOverlap=True, **LABELS),
        ),
        y=alt.Y(
            "alignment:Q",
            title=f"{measure}, mean over language models",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(tickCount=6, **LABELS),
        ),
        color=alt.Color(
            "vision_label:N",
            title="Vision model",
            legend=legend,
            scale=alt.Scale(domain=names, range=_repeated(palette.FAMILY, names)),
        ),
        tooltip=[
            alt.Tooltip("vision_label:N", title="Vision model"),
            alt.Tooltip("k:Q", title="k"),
            alt.Tooltip("alignment:Q", title=measure, format=".4f"),
            alt.Tooltip("spread:Q", title="… standard deviation", format=".4f"),
        ],
    )
    # Markers beside colors: no model is known by its color alone.
    shape = alt.Shape(
        "vision_label:N",
        title="Vision model",
        legend=legend,
        scale=alt.Scale(domain=names, range=list(palette.markers(names).values())[:-1]),
    )
    points = base.mark_point(filled=True, size=60).encode(shape=shape)
    drawn: list[alt.Chart] = [base.mark_line(strokeWidth=2), points]
    held = held_along(frame)
    if held is not None:
        dashed = alt.Chart(held[0].drop_nulls("held")).mark_line(**DASHED)
        drawn.insert(0, dashed.encode(x=alt.X("k:Q"), y=alt.Y("mean(held):Q")))
    return sized(alt.layer(*drawn), 380)


def _repeated(colors: tuple[str, ...], names: list[str]) -> list[str]:
    return [colors[place % len(colors)] for place in range(len(names))]


def _neighbors(frame: pl.DataFrame) -> alt.Color:
    return alt.Color(
        "k:O",
        title="Neighbors k",
        scale=alt.Scale(
            scheme=palette.SEQUENTIAL, domain=frame["k"].unique().sort().to_list(), reverse=True
        ),
        legend=alt.Legend(orient="top", symbolOpacity=1, **wrapped(unique(frame["k"]))),
    )
