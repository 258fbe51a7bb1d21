"""Words a caption."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import LABELS, Chart, sized


def bars(frame: pl.DataFrame) -> Chart:
    """Draw a bar for every dataset.

    Args:
        frame: answer of `queries.words`.
    """
    base = alt.Chart(frame).encode(
        x=alt.X("words:Q", title="Words a caption, mean", axis=alt.Axis(**LABELS)),
        y=alt.Y("dataset:N", title=None, sort=None, axis=alt.Axis(**LABELS)),
        tooltip=[
            alt.Tooltip("dataset:N", title="Dataset"),
            alt.Tooltip("words:Q", title="Words a caption", format=".1f"),
            alt.Tooltip("n:Q", title="Captions"),
        ],
    )
    return sized(base.mark_bar(color=palette.MODALITY["language"]), frame.height * 40)
