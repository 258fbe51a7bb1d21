"""Metrics side by side."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import LABELS, Chart, sized, unique


def metric_dots(frame: pl.DataFrame) -> Chart:
    """Draw each metric's mean calibrated score as a dot on the line of its smallest to largest.

    Args:
        frame: answer of `queries.metric_scores`.
    """
    base = alt.Chart(frame).encode(
        y=alt.Y("metric_label:N", sort=unique(frame["metric_label"]), title=None,
                axis=alt.Axis(domain=False, ticks=False, labelOverlap=False, **LABELS)),
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
    across = alt.X(
        "calibrated:Q",
        title="Calibrated (0 threshold, 1 identical)",
        axis=alt.Axis(tickCount=5, **LABELS),
    )
    line = base.mark_rule(strokeWidth=1.5, color=palette.CHANCE).encode(
        x=alt.X("calibrated_low:Q"), x2="calibrated_high:Q"
    )
    dots = base.mark_point(filled=True, size=90, color=palette.FAMILY[5], opacity=1).encode(
        x=across
    )
    return sized(line + dots, max(80, frame.height * 26))
