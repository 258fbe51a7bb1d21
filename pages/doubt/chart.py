"""Nulls with the score in them, raw beside calibrated, trends, and what width and depth score."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    name_rows,
    roomy,
    sized,
    unique,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.remembered import remembered

_SCORE, _DRAWS = palette.FAMILY[4], palette.FAMILY[5]
_SAID = {"firm": "circle", "not": "diamond"}


@remembered
def null_strips(draws: pl.DataFrame, pair: pl.DataFrame, *, measure: str) -> Chart:
    """Draw every draw as a stroke, a row per null, and the score as a line through all.

    Args:
        draws: answer of `queries.null_draws`.
        pair: the pair's rows of `statistics.with_power`.
        measure: what the numbers are.
    """
    order = unique(draws["null_label"])
    others = [x for name in ("score", "interval_low", "interval_high", "detectable")
              for x in pair[name].drop_nulls().to_list()]  # fmt: skip
    across = roomy(draws["best"], *others)
    y = name_rows("null_label", order)
    x = x_axis("best", measure, across)
    strokes = alt.Chart(draws).mark_tick(color=_DRAWS, thickness=1, size=26, opacity=0.55).encode(
        x=x, y=y,
        tooltip=[alt.Tooltip("null_label:N", title="Null"),
                 alt.Tooltip("best:Q", title="Best of one draw", format=".4f")],
    )  # fmt: skip
    rows = alt.Chart(pair)
    told = [
        alt.Tooltip("null_label:N", title="Null"),
        alt.Tooltip("score:Q", title="Score", format=".4f"),
        alt.Tooltip("interval_low:Q", title="Interval of its expectation", format=".4f"),
        alt.Tooltip("interval_high:Q", title="… to", format=".4f"),
        alt.Tooltip("null_threshold:Q", title="Threshold (5 %)", format=".4f"),
        alt.Tooltip("detectable:Q", title="Detectable, power 80 %", format=".4f"),
        alt.Tooltip("calibrated:Q", title="Calibrated", format=".4f"),
        alt.Tooltip("p_value:Q", title="p", format=".3g"),
        alt.Tooltip("q_value:Q", title="q over the pairs", format=".3g"),
        alt.Tooltip("drawn:Q", title="Draws"),
    ]
    thresholds = rows.mark_tick(color=palette.CHANCE, thickness=3, size=38).encode(
        x=alt.X("null_threshold:Q"), y=y, tooltip=told
    )
    power = rows.mark_point(shape="diamond", size=90, filled=False, strokeWidth=2,
                            color=palette.FAMILY[2]).encode(
        x=alt.X("detectable:Q"), y=y, tooltip=told
    )  # fmt: skip
    interval = rows.mark_rule(color=_SCORE, strokeWidth=3, opacity=0.45).encode(
        x=alt.X("interval_low:Q"), x2=alt.X2("interval_high:Q"), y=y, tooltip=told
    )
    dots = rows.mark_point(filled=True, size=90, color=_SCORE, opacity=1).encode(
        x=alt.X("score:Q"), y=y, tooltip=told
    )
    return sized(alt.layer(strokes, thresholds, power, interval, dots), max(90, 56 * len(order)))


@remembered
def raw_and_calibrated(pairs: pl.DataFrame, *, measure: str) -> dict[str, Chart]:
    """Draw every pair's score with interval and threshold, and beside it the calibrated one.

    Args:
        pairs: of `statistics.with_power`, of one null.
        measure: what the raw numbers are.
    """
    named = pairs.with_columns(pair=pl.col("label_x") + " × " + pl.col("label_y"))
    order = unique(named["pair"])
    height = max(120, 22 * len(order))
    y = name_rows("pair", order)
    told = [
        alt.Tooltip("pair:N", title="Pair"),
        alt.Tooltip("score:Q", title="Score", format=".4f"),
        alt.Tooltip("null_threshold:Q", title="Threshold (5 %)", format=".4f"),
        alt.Tooltip("detectable:Q", title="Detectable, power 80 %", format=".4f"),
        alt.Tooltip("calibrated:Q", title="Calibrated", format=".4f"),
        alt.Tooltip("p_value:Q", title="p", format=".3g"),
        alt.Tooltip("q_value:Q", title="q", format=".3g"),
    ]
    base = alt.Chart(named).encode(y=y, tooltip=told)
    raw = alt.layer(
        base.mark_rule(color=_SCORE, strokeWidth=2, opacity=0.45).encode(
            x=x_axis("interval_low", measure), x2=alt.X2("interval_high:Q")
        ),
        base.mark_tick(color=palette.CHANCE, thickness=3, size=16).encode(
            x=alt.X("null_threshold:Q")
        ),
        base.mark_point(shape="diamond", filled=False, size=50, strokeWidth=1.5,
                        color=palette.FAMILY[2]).encode(x=alt.X("detectable:Q")),
        base.mark_point(filled=True, size=60, color=_SCORE, opacity=1).encode(
            x=alt.X("score:Q")
        ),
    )  # fmt: skip
    calibrated = base.mark_point(filled=True, size=60, color=_SCORE, opacity=1).encode(
        x=x_axis("calibrated", "Calibrated (1: identical)", labelOverlap=True)
    )
    return {"Raw": sized(raw, height), "Calibrated": sized(calibrated, height)}


@remembered
def trend_ends(trends: pl.DataFrame) -> Chart:
    """Draw each metric's correlation with size, raw and calibrated, and a line between.

    Args:
        trends: of `statistics.capacity`.
    """
    named = trends.with_columns(
        metric=pl.col("metric_label") + " (" + pl.col("scope") + ")",
        said=pl.when("firm").then(pl.lit("rises")).otherwise(pl.lit("unsure")),
    )
    order = unique(named["metric"])
    base = alt.Chart(named).encode(y=name_rows("metric", order))
    line = base.mark_line(color=palette.CHANCE, strokeWidth=1.5).encode(
        x=x_axis("r", "Pearson r of alignment with log parameters", [-1.05, 1.05]),
        detail=alt.Detail("metric:N"),
    )
    kinds = ["raw", "calibrated"]
    points = base.mark_point(filled=True, size=85, opacity=1).encode(
        x=alt.X("r:Q"),
        color=alt.Color(
            "scores:N", title="Scores",
            scale=alt.Scale(domain=kinds, range=[palette.FAMILY[0], palette.FAMILY[5]]),
            legend=alt.Legend(orient="top", symbolOpacity=1, **wrapped(kinds)),
        ),
        shape=alt.Shape(
            "said:N", title="Trend",
            scale=alt.Scale(domain=["rises", "unsure"],
                            range=list(_SAID.values())),
            legend=alt.Legend(orient="top", symbolOpacity=1, symbolFillColor=palette.CHANCE,
                              symbolStrokeColor=palette.CHANCE, **wrapped(["unsure"] * 2)),
        ),
        tooltip=[
            alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("scores:N", title="Scores"),
            alt.Tooltip("r:Q", title="r", format=".3f"),
            alt.Tooltip("p_value:Q", title="p", format=".3g"),
            alt.Tooltip("models:Q", title="Models"),
        ],
    )  # fmt: skip
    return sized(alt.layer(line, points), max(120, 28 * len(order)))


@remembered
def curves(simulated: pl.DataFrame, models: pl.DataFrame) -> dict[str, Chart]:
    """Draw what unrelated features score by width, a line per depth and a panel per metric.

    Args:
        simulated: answer of `queries.confounds`.
        models: answer of `queries.confounded_models`.
    """
    depths = simulated["layers"].unique().sort().to_list()
    color = alt.Color(
        "layers:O", title="Layers",
        scale=alt.Scale(domain=depths, scheme=palette.SEQUENTIAL),
        legend=alt.Legend(orient="top", symbolOpacity=1, **wrapped(depths)),
    )  # fmt: skip
    found: dict[str, Chart] = {}
    for (label,), rows in simulated.group_by("metric_label", maintain_order=True):
        own = models.filter(pl.col("metric_label") == label)
        heights = roomy(pl.concat([rows["score_low"], rows["score_high"], own["value"]]))
        x = alt.X(
            "ratio:Q", title="Width over samples, d / n (logarithmic)",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(tickCount=4, labelOverlap=True, format="~g", **LABELS),
        )  # fmt: skip
        told = [
            alt.Tooltip("layers:O", title="Layers"),
            alt.Tooltip("width:Q", title="Width d"),
            alt.Tooltip("n:Q", title="Samples n"),
            alt.Tooltip("score_mean:Q", title="Best, mean of pairs", format=".4f"),
            alt.Tooltip("score_low:Q", title="… smallest", format=".4f"),
            alt.Tooltip("score_high:Q", title="… largest", format=".4f"),
        ]
        base = alt.Chart(rows).encode(x=x, color=color, tooltip=told)
        drawn = [
            base.mark_rule(strokeWidth=1.5).encode(
                y=alt.Y("score_low:Q"), y2=alt.Y2("score_high:Q")
            ),
            base.mark_line(strokeWidth=2).encode(y=y_axis("score_mean", str(label), heights)),
            base.mark_point(filled=True, size=40).encode(y=alt.Y("score_mean:Q")),
        ]
        if own.height:
            kinds = ["permutation null, trained", "score, untrained"]
            drawn.append(
                alt.Chart(own).mark_point(size=45, strokeWidth=1.5, filled=False,
                                          color=palette.UNTRAINED).encode(
                    x=alt.X("ratio:Q"), y=alt.Y("value:Q"),
                    shape=alt.Shape(
                        "what:N", title="Stored models",
                        scale=alt.Scale(domain=kinds, range=["square", palette.SAW_NOTHING]),
                        legend=alt.Legend(orient="top", symbolOpacity=1, **wrapped(kinds)),
                    ),
                    tooltip=[
                        alt.Tooltip("label_x:N", title="One"),
                        alt.Tooltip("label_y:N", title="The other"),
                        alt.Tooltip("what:N", title="Shown"),
                        alt.Tooltip("value:Q", format=".4f", title="Value"),
                        alt.Tooltip("ratio:Q", format=".3f", title="d / n"),
                        alt.Tooltip("layers:Q", title="Layers"),
                        alt.Tooltip("n:Q", title="Samples n"),
                        alt.Tooltip("dataset:N", title="Dataset"),
                    ],
                )
            )  # fmt: skip
        found[str(label)] = sized(alt.layer(*drawn), 240)
    return found
