"""Do language and vision meet: alignment of every language model with every vision model."""

import polars as pl
import streamlit as st

from pages import queries
from pages.ui import charts, palette, shell, words
from pages.ui.controls import Controls, choose_candidates, choose_setting
from pages.ui.warehouse import WarehouseEmpty

_SKILL = "1 − bits per byte"
_ORDERS = {"mean alignment": "language_mean", "parameters": "language_parameters"}


def draw() -> None:
    """Choose, ask, draw, explain."""
    settings = queries.settings().frame
    if settings.is_empty():
        raise WarehouseEmpty(
            "The warehouse is here, but it holds no scores of language against vision yet."
        )
    controls = Controls()
    first_row = st.container(horizontal=True, vertical_alignment="bottom")
    with first_row:
        setting = choose_setting(controls, settings)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        texts = queries.texts().frame
        view = controls.view(["Heat map", "Lines", *([] if texts.is_empty() else [_SKILL])])
        concatenated, untrained = choose_candidates(controls)
    text, order = None, "mean alignment"
    with first_row:
        if view == _SKILL:
            text = controls.choose("Text", texts["text"].to_list(), key="text", width=240)
        else:
            order = controls.choose("Order language models by", list(_ORDERS), key="order")
    controls.show_notes()

    measured = queries.measured(setting).frame.row(0, named=True)
    answer = queries.alignment(setting, concatenated=concatenated, untrained=untrained, text=text)
    if answer.frame.is_empty():
        st.info("Only untrained models were measured here: switch them on to see them.")
        return
    if measured["note"]:
        st.info(f"**{measured['dataset']}.** {measured['note']}")
    measure = words.measure(measured)
    colours = palette.families(queries.families().frame["family"].to_list())
    sources = words.measured(measured)
    if view == _SKILL:
        if answer.frame["language_score"].is_null().all():
            st.info(f"No language model here has bits per byte on {text}: `prh bits` makes them.")
            return
        sources.append(words.predicted(texts.row(by_predicate=pl.col("text") == text, named=True)))
        chart = charts.against_bits(
            answer.frame, colours, measure=measure, chance=measured["chance"]
        )
    elif view == "Lines":
        chart = charts.lines(
            answer.frame,
            colours,
            order=_ORDERS[order],
            measure=measure,
            chance=measured["chance"],
        )
    else:
        chart = charts.heat_map(answer.frame, order=_ORDERS[order], measure=measure)
    shell.figure(
        chart,
        answer,
        title="Alignment of language with vision models",
        measured=sources,
        controls=controls,
        alt_text=f"{measure} of each language model with each vision model.",
    )
    significance = (
        "A score is **significant** when it lies beyond the **threshold**: what the best of the "
        f"whole layer table exceeds in 5 % of {measured['permutations']} tables whose samples "
        "were relabelled. **q** corrects p for the number of pairs. "
        if concatenated and measured["permutations"]
        else ""
    )
    shell.explain(
        "Each number is the best over all pairs of layers of the two models"
        + (", all layers side by side competing too" if concatenated else "")
        + ". **Chance** is what one pair of unrelated layers scores on average; the best of many "
        "pairs lies above it even without any relation, so compare trained models with the "
        "untrained controls, too. "
        + significance
        + "Scores fall as n grows at a fixed k: never compare across n."
        + (words.fits(answer.frame) if view == _SKILL else "")
    )


shell.page("Do models that never saw an image agree with models that never read a word?", draw)
