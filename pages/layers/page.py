"""Which layers: where in two models the agreement sits."""

import polars as pl
import streamlit as st

from pages.layers import chart, queries, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.reference import held_against
from pages.ui.settings import choose_setting
from pages.ui.shell import Frame, Nothing


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = shared.settings().frame.filter(~pl.col("published"))
    if settings.is_empty():
        raise Nothing
    with frame.row:
        setting = choose_setting(frame, settings)
        # Strongest pair first: that is where a reader wants to look.
        pairs = shared.alignment(setting, concatenated=True, untrained=True).frame
        language = frame.choose(
            "Language model", _names(pairs, "language_label"), key="language", width=220
        )
        pairs = pairs.filter(pl.col("language_label") == language)
        vision = frame.choose(
            "Vision model", _names(pairs, "vision_label"), key="vision", width=220
        )
        pair = pairs.filter(pl.col("vision_label") == vision).row(0, named=True)
    view = frame.view(["All pairs of layers", "By depth"])

    measured = shared.measured(setting).frame.row(0, named=True)
    if measured["note"]:
        st.info(f"**{measured['dataset']}.** {measured['note']}")
    measure = words.name_metric(measured)
    if view == "By depth":
        answer = queries.depth(pair["unit_key"])
        drawing = chart.depth_curve(
            answer.frame, measure=measure, reference=held_against(answer.frame)
        )
    else:
        answer = queries.layers(pair["unit_key"])
        drawing = chart.layer_map(
            answer.frame,
            language=language,
            vision=vision,
            measure=measure,
            higher_is_closer=measured["higher_is_closer"],
        )
    frame.figure(
        drawing,
        answer,
        title=f"{language} and {vision}, layer by layer",
        measured=words.describe_measured(measured, f"{language} × {vision}"),
        alt_text=f"{measure} of each layer of {language} with each layer of {vision}.",
    )
    frame.explain(
        f"Best of all: **{pair['language_layer']}** of {language} with **{pair['vision_layer']}** "
        f"of {vision}, {pair['alignment']:.4f} (solid frame; a dashed frame marks the best pair "
        "of single layers where it is another one). The last row and column, set apart, stand for "
        "all layers side by side. A crossed gray cell is a constant layer: it maps every sample "
        "to the same point, so nothing is near anything."
        + words.describe_ties(pairs.filter(pl.col("vision_label") == vision))
        + text.describe_self_agreement(
            queries.self_agreement(
                setting, language_model=pair["language_model"], vision_model=pair["vision_model"]
            ).frame
        )
    )


def _names(pairs: pl.DataFrame, column: str) -> list[str]:
    return pairs[column].unique(maintain_order=True).to_list()


shell.show("layers", draw)
