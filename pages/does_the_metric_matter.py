"""Does the metric matter: what each metric looks at, and what each says of the same models."""

import polars as pl
import streamlit as st

from pages import queries
from pages.ui import charts, shell, words
from pages.ui.controls import Controls
from pages.ui.warehouse import WarehouseEmpty


def draw() -> None:
    """List the metrics, then compare them on one dataset."""
    _list()
    settings = queries.settings().frame.filter(~pl.col("published"))
    if settings.is_empty():
        raise WarehouseEmpty(
            "The warehouse is here, but it holds no scores of language against vision yet."
        )
    controls = Controls()
    names = settings["dataset"].unique(maintain_order=True).to_list()
    dataset = controls.choose("Dataset", names, key="dataset", width=240)
    controls.show_notes()
    chosen = settings.filter(pl.col("dataset") == dataset).row(0, named=True)
    answer = queries.metric_scores(chosen["dataset_id"], chosen["row_order"])
    if answer.frame.is_empty():
        st.info("No pair of trained models has a calibrated score here: `prh score` makes them.")
        return
    shell.figure(
        charts.metric_dots(answer.frame),
        answer,
        title="What each metric says of the same models",
        measured=words.compared(dataset, answer.frame),
        controls=controls,
        alt_text="Calibrated score of trained language with trained vision models, by metric.",
    )
    shell.explain(
        "Raw scores of two metrics share no unit. A **calibrated** score does: 0 is what the best "
        "of 95 % of relabelled layer tables does not exceed, 1 is identical. A dot is the mean "
        "over the pairs of trained models, the line reaches from the smallest to the largest."
    )


def _list() -> None:
    yes = {
        name: st.column_config.CheckboxColumn(name, help=told)
        for name, told in {
            "symmetric": "Swapping the models leaves the score as it is.",
            "global": "Every pair of samples counts, not only near ones.",
            "ordinal": "The order of neighbours counts, not only who they are.",
            "batchable": "Can be estimated from batches.",
        }.items()
    }
    shell.table(queries.metrics(), yes)


shell.page("What does each metric look at, and do they agree about the same models?", draw)
