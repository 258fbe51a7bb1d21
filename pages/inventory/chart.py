"""Models against datasets."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import LABELS, Chart, sized, unique


def coverage(frame: pl.DataFrame) -> Chart:
    """Draw which model has features on which dataset.

    Args:
        frame: answer of `queries.coverage`.
    """
    columns = frame["dataset"].n_unique()
    words = (
        pl.format("{} layers · {} scores", "layers", "scores")
        if columns <= 2
        else pl.format("{}", "layers")
    )
    labeled = frame.with_columns(
        told=pl.when(pl.col("layers").is_null()).then(pl.lit("no features")).otherwise(words)
    )
    base = alt.Chart(labeled).encode(
        x=alt.X("dataset:N", title=None,
                axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False, **LABELS)),
        y=alt.Y("model:N", sort=unique(frame["model"]), title=None,
                scale=alt.Scale(paddingInner=0.1),
                axis=alt.Axis(labelOverlap=False, domain=False, ticks=False, **LABELS)),
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("family:N", title="Family"),
            alt.Tooltip("dataset:N", title="Dataset"),
            alt.Tooltip("n:Q", title="Pairs"),
            alt.Tooltip("layers:Q", title="Layers with features"),
            alt.Tooltip("precision:N", title="Networks in"),
            alt.Tooltip("feature_sets:Q", title="Feature files"),
            alt.Tooltip("scores:Q", title="Scores that use them"),
        ],
    )  # fmt: skip
    shown = [kind for kind in palette.MODALITY if kind in set(frame["kind"])]
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=shown, range=[palette.MODALITY[kind] for kind in shown]),
            legend=alt.Legend(orient="top", columns=2),
        ),
        opacity=alt.condition("isValid(datum.layers)", alt.value(1), alt.value(0.15)),
    )
    text = base.mark_text(fontSize=12).encode(
        text="told:N",
        color=alt.when("!isValid(datum.layers)").then(alt.value(palette.UNTRAINED))
        .when(alt.datum.kind == "language").then(alt.value("white"))
        .otherwise(alt.value("black")),
    )  # fmt: skip
    return sized(cells + text, frame["model"].n_unique() * 28)
