"""What is in here: models, datasets, what was computed, and by which runs."""

import streamlit as st

from pages.inventory import chart, queries
from pages.ui import shell
from pages.ui.shell import Frame, Nothing


def draw(frame: Frame) -> None:
    """Ask, draw, explain."""
    models, coverage = queries.models(), queries.coverage()
    if models.frame.is_empty():
        raise Nothing
    datasets, runs = queries.datasets(), queries.runs()
    if coverage.frame.is_empty():
        st.info("Models are here, but no dataset yet.")
    else:
        frame.figure(
            chart.coverage(coverage.frame),
            coverage,
            title="What is in here: layers and scores per model and dataset",
            measured=[_last(runs.frame.row(0, named=True))] if runs.frame.height else [],
            alt_text="Which model has features on which dataset.",
        )
        frame.explain(
            "A filled cell: the model's layers over that dataset are stored. A score compares one "
            "language with one vision model under one setting (metric, k, truncation, precision). "
            "*Untrained* models are randomly initialized frame."
        )
    st.markdown("#### Datasets")
    shell.table(datasets)
    st.markdown("#### Models")
    shell.table(models, {"parameters": st.column_config.NumberColumn(format="compact")})
    st.markdown("#### Last runs")
    shell.table(runs, {"seconds": st.column_config.NumberColumn("duration", format="%.1f s")})


def _last(run: dict[str, object]) -> str:
    return f"Last run: {run['command']} · {run['outcome']} · started {run['started']}"


shell.show("inventory", draw)
