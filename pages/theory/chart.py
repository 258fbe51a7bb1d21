"""Simulated worlds: kernels side by side, training, and what is lost with information."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    cell_text,
    either,
    held_at,
    reference_line,
    roomy,
    sized,
    slanted_axis,
    span,
    unique,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.reference import one_pair
from pages.ui.remembered import remembered

_HEIGHT = 320
_TITLE, _FOOT = 24, 20
"""Pixels above each kernel, and below it for its axis."""
_LEFT, _GAP = 18, 30
"""Pixels before it for its axis, and of both sides together."""
_ACROSS = "(width < 560 ? 2 : 3)"
_DOWN = "(width < 560 ? 2 : 1)"
_SIDE = f"min(width / {_ACROSS} - {_GAP}, height / {_DOWN} - {_TITLE + _FOOT})"
_INKS = (palette.FAMILY[5], palette.FAMILY[0], palette.FAMILY[2])
_LOSSES = {"nce": "binary NCE", "infonce": "InfoNCE"}
_SEES = {
    "bijective": "everything", "lossy": "less", "noisy": "with noise",
}  # fmt: skip


@remembered
def kernels(frame: pl.DataFrame) -> Chart:
    """Draw K_PMI and both learned kernels side by side, events in the same order, on one scale.

    Args:
        frame: answer of `queries.theory_kernels`.
    """
    count = len(unique(frame["one"]))
    low, high = span(frame["value"])
    most = max(abs(low), abs(high))
    color = alt.Color(
        "value:Q",
        title="PMI in nats; learned kernels less their c",
        scale=alt.Scale(scheme=palette.DIVERGING, domain=[-most, most]),
        legend=alt.Legend(orient="bottom", gradientLength=220, tickCount=5, titleLimit=330),
    )
    cells = (
        _placed(alt.Chart(frame))
        .transform_calculate(
            left=f"datum.start + (datum.other - 1) / {count} * datum.side",
            top=f"datum.above + (datum.one - 1) / {count} * datum.side",
        )
        .transform_calculate(
            right=f"datum.left + datum.side / {count} + 0.3",
            bottom=f"datum.top + datum.side / {count} + 0.3",
        )
        .mark_rect()
        .encode(
            x=alt.X("left:Q", scale=None, axis=None),
            x2=alt.X2("right:Q"),
            y=alt.Y("top:Q", scale=None, axis=None),
            y2=alt.Y2("bottom:Q"),
            color=color,
            tooltip=[
                alt.Tooltip("kernel:N", title="Kernel"),
                alt.Tooltip("one:Q", title="Event"),
                alt.Tooltip("other:Q", title="and event"),
                alt.Tooltip("value:Q", title="Value, nats", format=".3f"),
                alt.Tooltip("constant:Q", title="Constant taken away", format=".3f"),
            ],
        )
    )
    names = frame.select("place", "kernel").unique().sort("place")
    titles = (
        _placed(alt.Chart(names))
        .transform_calculate(written="datum.above - 8")
        .mark_text(align="left", fontSize=12, color=palette.CHANCE, limit=alt.expr(_SIDE))
        .encode(
            x=alt.X("start:Q", scale=None, axis=None),
            y=alt.Y("written:Q", scale=None, axis=None),
            text=alt.Text("kernel:N"),
        )
    )
    below, beside = (
        _placed(alt.Chart(names))
        .transform_calculate(
            middle="datum.start + datum.side / 2",
            foot="datum.above + datum.side + 14",
            center="datum.above + datum.side / 2",
            edge="datum.start - 6",
        )
        .mark_text(fontSize=11, angle=angle)
        .encode(
            x=alt.X(f"{x}:Q", scale=None, axis=None),
            y=alt.Y(f"{y}:Q", scale=None, axis=None),
            text=alt.TextValue(f"event, 1 to {count}"),
        )
        for x, y, angle in (("middle", "foot", 0), ("edge", "center", 270))
    )
    return sized(alt.layer(cells, titles, below, beside), _HEIGHT)


def _placed(chart: alt.Chart) -> alt.Chart:
    """Give each kernel its square: three in a row, two and one where the page is narrow."""
    return chart.transform_calculate(
        side=_SIDE,
        start=f"(datum.place % {_ACROSS}) * width / {_ACROSS} + {_LEFT}",
        above=f"floor(datum.place / {_ACROSS}) * height / {_DOWN} + {_TITLE}",
    )


@remembered
def theory_training(frame: pl.DataFrame) -> Chart:
    """Draw how kernels come near K_PMI and observers near each other as training goes on.

    Args:
        frame: answer of `queries.theory_training`.
    """
    shown = frame.drop_nulls("value")
    order = unique(frame.sort("place")["line"])
    low, high = roomy(shown["value"])
    legend = alt.Legend(orient="top", symbolOpacity=1, **wrapped(order))
    colored = alt.Color(
        "line:N", title=None, sort=order, legend=legend,
        scale=alt.Scale(domain=order, range=list(_INKS[: len(order)])),
    )  # fmt: skip
    base = alt.Chart(shown).encode(
        x=alt.X(
            "step:Q", title="Steps of training (logarithmic)",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(tickCount=5, format="d", **LABELS),
        ),
        y=y_axis("value", "Correlation, or score", [low, high]),
        color=colored,
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "line:N", sort=order, legend=None,
            scale=alt.Scale(domain=order, range=[[1, 0], [6, 3], [2, 2]][: len(order)]),
        ),
    )  # fmt: skip
    points = base.mark_point(size=45, filled=True).encode(
        shape=alt.Shape(
            "line:N", title=None, sort=order, legend=legend,
            scale=alt.Scale(domain=order, range=list(palette.SHAPES[: len(order)])),
        ),
        tooltip=[
            alt.Tooltip("line:N", title="Between"),
            alt.Tooltip("step:Q", title="Step"),
            alt.Tooltip("value:Q", title="Correlation or score", format=".4f"),
            alt.Tooltip("loss_value:Q", title="Loss, nats a pair", format=".4f"),
        ],
    )  # fmt: skip
    return sized(alt.layer(lines, points), 280)


@remembered
def theory_metrics(frame: pl.DataFrame) -> Chart:
    """Draw every metric's score as training goes on, a row a metric.

    Args:
        frame: answer of `queries.theory_metrics`.
    """
    labeled = frame.with_columns(
        pl.when("higher_is_closer")
        .then("metric_label")
        .otherwise(pl.col("metric_label") + " (lower is closer)")
        .alias("row")
    )
    order, columns = unique(labeled["row"]), len(unique(labeled["step"]))
    base = alt.Chart(labeled).encode(
        x=alt.X("step:O", title="Steps of training", axis=slanted_axis(columns)),
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False, **LABELS)),
        tooltip=[
            alt.Tooltip("row:N", title="Metric"),
            alt.Tooltip("step:O", title="Step"),
            alt.Tooltip("score:Q", title="Score", format=".4f"),
            alt.Tooltip("k:Q", title="Neighbors k"),
            alt.Tooltip("note:N", title="Not computed"),
        ],
    )
    similar = "datum.higher_is_closer && isValid(datum.score)"
    cells = base.mark_rect().encode(
        color=either(
            alt.ColorValue,
            similar,
            alt.Color(
                "score:Q",
                title="Score (gray: distance)",
                scale=alt.Scale(scheme=palette.SEQUENTIAL, domain=[0, 1], clamp=True),
                legend=alt.Legend(orient="bottom", gradientLength=150, tickCount=4, titleLimit=200),
            ),
            palette.MISSING,
        )
    )
    text = base.mark_text(fontSize=cell_text(columns + 3)).encode(
        text=alt.Text("score:Q", format=".2f"),
        color=either(
            alt.ColorValue,
            f"!({similar}) || datum.score > {palette.SEQUENTIAL_LIGHT_FROM}",
            "black",
            "white",
        ),
    )
    return sized(cells + text, max(160, 24 * len(order)))


@remembered
def theory_lost(frame: pl.DataFrame, *, measure: str) -> Chart:
    """Draw agreement at the end of training against the information the second observer lost.

    Args:
        frame: answer of `queries.theory_lost`.
        measure: what the score is.
    """
    shown = frame.drop_nulls("score").with_columns(
        pl.col("loss").replace(_LOSSES).alias("by"), pl.col("observer").replace(_SEES).alias("sees")
    )
    chance = shown["chance"].drop_nulls().to_list()
    reference = one_pair(chance[0]) if chance else None
    low, high = roomy(shown["score"], *held_at(reference))
    order = list(_LOSSES.values())
    base = alt.Chart(shown).encode(
        x=x_axis(
            "lost", "Information about the event that B does not have", [-0.02, 1.02],
            tickCount=6, format="%",
        ),
        y=y_axis("score", measure, [low, high]),
        color=alt.Color(
            "by:N", title="Learned by", sort=order,
            scale=alt.Scale(domain=order, range=[palette.FAMILY[5], palette.FAMILY[0]]),
            legend=alt.Legend(orient="top", columns=2),
        ),
    )  # fmt: skip
    points = base.mark_point(filled=True, size=90, opacity=0.9).encode(
        shape=alt.Shape(
            "sees:N", title="B sees", sort=list(_SEES.values()),
            scale=alt.Scale(domain=list(_SEES.values()), range=["circle", "square", "diamond"]),
            legend=alt.Legend(
                orient="top", symbolFillColor=palette.MISSING, **wrapped(list(_SEES.values()))
            ),
        ),
        tooltip=[
            alt.Tooltip("by:N", title="Learned by"),
            alt.Tooltip("sees:N", title="B sees"),
            alt.Tooltip("lost:Q", title="Information lost", format=".1%"),
            alt.Tooltip("symbols:Q", title="Symbols B tells apart"),
            alt.Tooltip("score:Q", title=measure, format=".4f"),
            alt.Tooltip("correlation_b:Q", title="B's kernel and K_PMI", format=".4f"),
            alt.Tooltip("own_correlation_b:Q", title="… and the PMI of its symbols", format=".4f"),
        ],
    )  # fmt: skip
    lines: list[Any] = [
        base.mark_line(strokeWidth=2).transform_filter("datum.observer != 'noisy'").encode(
            strokeDash=alt.StrokeDash(
                "by:N", sort=order, legend=None,
                scale=alt.Scale(domain=order, range=[[1, 0], [6, 3]]),
            )
        ),
        points,
    ]  # fmt: skip
    return sized(alt.layer(*lines, *reference_line(reference)), 280)
