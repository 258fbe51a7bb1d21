"""Local or global: at which size of neighborhood alignment grows with the vision model."""

import polars as pl
import streamlit as st

from pages.neighborhood import chart, finding, queries, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.settings import choose_setting
from pages.ui.shell import Frame, Nothing

# What is measured at each k by itself, and so not said of all. No string: a page would show it.
_OF_ONE_K = ("k", "chance", "null_best_low", "permutations", "interval_method")
_GROWTH, _ALIGNMENT = "Growth with size", "Alignment"


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = shared.settings().frame.filter(pl.col("ks") >= 2)
    if settings.is_empty():
        raise Nothing
    # CKNNA is the paper's choice, and it reaches k = n - 1.
    settings = settings.sort(pl.col("published"), pl.col("metric") != "cknna", maintain_order=True)
    setting = choose_setting(frame, settings, without=("k",))
    answer = queries.local(setting, concatenated=True)
    grown = answer.frame.drop_nulls("growth")
    views = [_GROWTH, _ALIGNMENT]
    with frame.row:
        view = frame.view(views if grown.height else views[::-1])

    measured = shared.measured(setting).frame.row(0, named=True)
    frame.answer(finding.find(answer.frame, samples=setting.n), note=measured["note"])
    if answer.frame.is_empty():
        st.info("No trained language model was measured with every vision model at every k.")
        return
    if view == _GROWTH and grown.is_empty():
        st.info("No family here has growth to show." + text.describe_missing_growth(answer.frame))
        return
    metric = measured["metric_label"]
    if view == _GROWTH:
        drawing = chart.growth(grown)
    else:
        drawing = chart.by_neighbors(answer.frame, measure=metric)
    frame.figure(
        drawing,
        answer,
        title=f"{metric} from local to global",
        measured=words.describe_measured(
            {**measured, **dict.fromkeys(_OF_ONE_K), "metric_label": metric},
            text.describe_neighbors(answer.frame),
        ),
        about={**words.about(setting, measured), "k": text.list_neighbors(answer.frame)},
        view=view,
        alt_text=f"{metric} of vision models of growing size, a line per number of neighbors.",
    )
    frame.explain(
        "Mean over the trained language models. **Growth** is centered on the smallest model of a "
        "family and divided by the standard deviation over the family, at each k by itself, so "
        "it says which way alignment goes with size, not how far: lines that rise at small k and "
        "not at large k mean that larger models agree with language about near neighbors only. "
        "At k = n − 1 CKNNA is CKA without the diagonal: every pair of different samples counts."
        + (text.describe_reference(answer.frame) if view == _ALIGNMENT else "")
        + text.describe_missing_growth(answer.frame)
    )


shell.show("neighborhood", draw)
