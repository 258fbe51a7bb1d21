"""Alignment over how many captions are averaged, the law fitted to it, and captions joined."""

from typing import Any

import altair as alt
import polars as pl

from pages.captions.chart import each
from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    held_at,
    reference_line,
    roomy,
    sized,
    unique,
    wrapped,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

_AVERAGED = "features averaged"


@remembered
def averages(
    points: pl.DataFrame,
    curves: pl.DataFrame,
    *,
    over: str,
    limit: float | None,
    measure: str,
    reference: Reference | None,
) -> Chart:
    """Draw alignment over how many captions, or pictures, are averaged, beside captions joined.

    Args:
        points: answer of `queries.caption_averages`.
        curves: of `statistics.law_curves`.
        over: captions or pictures: what is along the bottom; a line for every number of the other.
        limit: where the law of the largest number of the other ends; None draws no end.
        measure: what the alignment is.
        reference: what scores are held against.
    """
    other = "pictures" if over == "captions" else "captions"
    several = points[other].n_unique() > 1

    def called(frame: pl.DataFrame, how: pl.Expr) -> pl.DataFrame:
        own = pl.format("{}, {} " + other, how, pl.col(other))
        one = pl.format("{}, 1 " + other[:-1], how)
        averaged = how == _AVERAGED
        return frame.with_columns(
            line=pl.when(~averaged | pl.lit(not several)).then(how)
            .when(pl.col(other) == 1).then(one).otherwise(own)
        )  # fmt: skip

    shown = called(points, pl.col("how"))
    fitted = called(curves, pl.lit(_AVERAGED))
    names = unique(shown.sort(pl.col("how") != _AVERAGED, other, maintain_order=True)["line"])
    # Whiskers of several lines would hide one another: the deviation then stands in the tooltip.
    spread = pl.col("spread").fill_null(0) if len(names) <= 2 else pl.lit(0.0)
    ends = shown.with_columns(
        below=pl.col("alignment") - spread, above=pl.col("alignment") + spread
    )
    high = () if limit is None else (limit,)
    heights = roomy(pl.concat([ends["below"], ends["above"]]), *held_at(reference), *high)
    x = alt.X(
        f"{over}:Q",
        title=f"{over.capitalize()} an image",
        scale=alt.Scale(zero=False, padding=14),
        axis=alt.Axis(tickMinStep=1, format="d", **LABELS),
    )
    y = y_axis("alignment", measure, heights)
    colors = each("line", names, alt.Color, palette.FAMILY)
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=90, **wrapped(names))
    base = alt.Chart(ends)
    drawn: list[alt.Chart] = [
        base.mark_rule(strokeWidth=1.5, opacity=0.4).encode(
            x=x, y=alt.Y("below:Q"), y2=alt.Y2("above:Q"), color=colors(None)
        ),
        base.transform_filter(f"datum.how != '{_AVERAGED}'")
        .mark_line(strokeWidth=1.5, strokeDash=[3, 3])
        .encode(x=x, y=y, color=colors(None)),
        base.mark_point(filled=True, size=80, opacity=1).encode(
            x=x, y=y, color=colors(legend),
            shape=each("line", names, alt.Shape, palette.SHAPES)(legend),
            tooltip=[
                alt.Tooltip("how:N", title="How"),
                alt.Tooltip("captions:Q", title="Captions an image"),
                alt.Tooltip("pictures:Q", title="Pictures an image"),
                alt.Tooltip("alignment:Q", title=measure, format=".4f"),
                alt.Tooltip("spread:Q", title="SD over language models", format=".4f"),
            ],
        ),
    ]  # fmt: skip
    if not fitted.is_empty():
        drawn.append(
            alt.Chart(fitted).mark_line(strokeWidth=2).encode(
                x=x, y=alt.Y("fit:Q"), color=colors(None), detail="line:N"
            )
        )  # fmt: skip
    if limit is not None:
        end = alt.Chart(pl.DataFrame({"alignment": [limit]})).encode(y=y)
        said = alt.TextValue(f"where the law ends, {limit:.3f}")
        words: dict[str, Any] = {"align": "right", "dy": -8, "fontSize": 12, "dx": -4}
        drawn += [
            end.mark_rule(strokeDash=[2, 4], color=palette.CHANCE),
            end.mark_text(color=palette.CHANCE, **words).encode(
                x=alt.XValue(alt.expr("width")), text=said
            ),
        ]
    whole = alt.layer(*reference_line(reference), *drawn)
    return sized(whole.resolve_scale(color="independent", shape="independent"), 320)
