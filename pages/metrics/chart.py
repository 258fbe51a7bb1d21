"""Metrics side by side, and how far they rank alike."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    cell_text,
    either,
    name_rows,
    on_diverging,
    sized,
    slanted_axis,
    unique,
    x_axis,
)
from pages.ui.remembered import remembered


@remembered
def metric_dots(frame: pl.DataFrame) -> Chart:
    """Draw each metric's mean calibrated score as a dot on the line of its smallest to largest.

    Args:
        frame: answer of `queries.metric_scores`.
    """
    base = alt.Chart(frame).encode(
        y=name_rows("metric_label", unique(frame["metric_label"])),
        tooltip=[
            alt.Tooltip("metric_label:N", title="Metric"),
            alt.Tooltip("calibrated:Q", title="Calibrated, mean of pairs", format=".3f"),
            alt.Tooltip("calibrated_low:Q", title="… smallest", format=".3f"),
            alt.Tooltip("calibrated_high:Q", title="… largest", format=".3f"),
            alt.Tooltip("alignment:Q", title="Score, mean of pairs", format=".4f"),
            alt.Tooltip("pairs:Q", title="Pairs of trained models"),
            alt.Tooltip("significant:Q", title="… with q ≤ 0.05"),
        ],
    )  # fmt: skip
    line = base.mark_rule(strokeWidth=1.5, color=palette.CHANCE).encode(
        x=alt.X("calibrated_low:Q"), x2=alt.X2("calibrated_high:Q")
    )
    dots = base.mark_point(filled=True, size=90, color=palette.FAMILY[5], opacity=1).encode(
        x=x_axis("calibrated", "Calibrated (0 threshold, 1 identical)")
    )
    return sized(line + dots, max(80, frame.height * 26))


@remembered
def metric_agreement(frame: pl.DataFrame) -> Chart:
    """Draw how metrics and settings correlate over pairs of models, like ones together (Fig. 12).

    A star marks what is more than chance, q at most .05.

    Args:
        frame: of `statistics.correlate_settings`.
    """
    order = frame.sort("place_a")["setting_a"].unique(maintain_order=True).to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("setting_a:N", sort=order, title=None, axis=slanted_axis(len(order))),
        y=alt.Y("setting_b:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False, **LABELS)),
        tooltip=[
            alt.Tooltip("setting_a:N", title="One"),
            alt.Tooltip("setting_b:N", title="The other"),
            alt.Tooltip("rho:Q", title="Spearman ρ", format=".3f"),
            alt.Tooltip("pairs:Q", title="Pairs of models both have"),
            alt.Tooltip("p_value:Q", title="p, models shuffled", format=".2g"),
            alt.Tooltip("q_value:Q", title="q, over all cells", format=".2g"),
        ],
    )
    cells = base.mark_rect().encode(
        color=either(
            alt.ColorValue,
            "isValid(datum.rho)",
            alt.Color(
                "rho:Q",
                title="Spearman ρ over pairs of models",
                scale=alt.Scale(scheme=palette.DIVERGING, domain=[-1, 1]),
                legend=alt.Legend(orient="bottom", gradientLength=220, tickCount=5, titleLimit=300),
            ),
            palette.MISSING,
        )
    )
    told = "format(datum.rho, '.2f') + (isValid(datum.q_value) && datum.q_value <= 0.05 ? '*' : '')"
    written = base.transform_filter("isValid(datum.rho)").transform_calculate(told=told)
    text = written.mark_text(fontSize=cell_text(len(order))).encode(
        text=alt.Text("told:N"),
        color=on_diverging("rho"),
    )
    return sized(cells + text, max(160, 26 * len(order)))
