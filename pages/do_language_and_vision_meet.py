"""Do language and vision meet: alignment of every language model with every vision model."""

from typing import Any

import polars as pl
import streamlit as st

from pages import queries
from pages.ui import charts, palette, shell, trends, words
from pages.ui.controls import Controls, choose_candidates, choose_setting
from pages.ui.reference import THRESHOLD, held_against
from pages.ui.warehouse import Nothing

_LANGUAGE, _VISION = "Against language skill", "Against vision skill"
_ORDERS = {"mean alignment": "language_mean", "parameters": "language_parameters"}
_SIDES = {
    _LANGUAGE: ("language_score", "language_label", "vision_label", "vision_group"),
    _VISION: ("vision_score", "vision_label", "language_label", "language_group"),
}
_LAYOUTS = ("one picture", "a panel per family")


def draw() -> None:
    """Choose, ask, draw, explain."""
    settings = queries.settings().frame
    if settings.is_empty():
        raise Nothing("it holds no scores of language against vision")
    controls = Controls()
    first_row = st.container(horizontal=True, vertical_alignment="bottom")
    with first_row:
        setting = choose_setting(controls, settings)
    measured = queries.measured(setting).frame.row(0, named=True)
    able = queries.skills(setting.dataset_id).frame.with_columns(pl.col("here") == 0)
    skills = able.sort("here", ~pl.col("predicts_text"), maintain_order=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = {_LANGUAGE: "language", _VISION: "vision"}
        there = [view for view, side in offered.items() if side in skills["modality"]]
        view = controls.view(["Heat map", "Lines", *there])
        concatenated, untrained = choose_candidates(controls)
    skill, order, layout, scale = None, "mean alignment", _LAYOUTS[0], "raw"
    with first_row:
        if view in offered:
            side = skills.filter(pl.col("modality") == offered[view])["skill"].to_list()
            skill = controls.choose("Skill", side, key="skill", width=330)
            layout = controls.choose("Layout", _LAYOUTS, key="layout")
        else:
            order = controls.choose("Order language models by", list(_ORDERS), key="order")
        if concatenated and measured["permutations"]:
            scale = controls.choose("Scores", ["raw", "calibrated"], key="scores", width=130)
    controls.show_notes()

    answer = queries.alignment(
        setting,
        concatenated=concatenated,
        untrained=untrained,
        calibrated=scale == "calibrated",
        language_skill=skill if view == _LANGUAGE else None,
        vision_skill=skill if view == _VISION else None,
    )
    if answer.frame.is_empty():
        st.info("Nothing to show under these choices: the models here are untrained only.")
        return
    if measured["note"]:
        st.info(f"**{measured['dataset']}.** {measured['note']}")
    measure = words.measure(measured, calibrated=scale == "calibrated")
    sources, said = words.measured(measured), _how_to_read(measured, concatenated=concatenated)
    colors = palette.families(queries.families().frame["family"].to_list())
    reference = THRESHOLD if scale == "calibrated" else held_against(answer.frame)
    said += words.tied(answer.frame)
    chart: charts.Drawn
    found = None
    if view == "Lines":
        said = words.whiskers(answer.frame).strip() + "\n\n" + said
        chart = charts.lines(
            answer.frame, colors, order=_ORDERS[order], measure=measure, reference=reference
        )
    elif skill is None:
        chart = charts.heat_map(answer.frame, order=_ORDERS[order], measure=measure)
    else:
        x, point, line, group = _SIDES[view]
        if answer.frame[x].is_null().all():
            st.info(words.nobody_can(skill, view == _LANGUAGE))
            return
        shown = answer.frame.filter("trained")
        along = point.replace("label", "group")
        found = trends.along(shown, x=x, line=line, family=along)
        axes = charts.Axes(x, f"{skill} (better to the right)", point, line, group)
        drawing = charts.against if layout == _LAYOUTS[0] else charts.family_panels
        chart = drawing(shown, found, axes, colors, measure=measure, reference=reference)
        about = skills.filter(pl.col("skill") == skill, pl.col("modality") == offered[view])
        sources.append(words.skilled(about.row(0, named=True), queries.text_of(skill)))
        said = words.fits(found.lines) + words.without(answer.frame, x, point) + "\n\n" + said
    shell.figure(
        chart,
        answer,
        title="Alignment of language with vision models",
        measured=sources,
        controls=controls,
        alt_text=f"{measure} of each language model with each vision model.",
    )
    if found is not None:
        shell.trends(found.lines)
    shell.explain(said)


def _how_to_read(measured: dict[str, Any], *, concatenated: bool) -> str:
    significance = (
        "A score is **significant** when it lies beyond the **threshold**: what the best of the "
        f"whole layer table exceeds in 5 % of {measured['permutations']} tables whose samples "
        "were relabeled. **q** corrects p for the number of pairs. "
        if concatenated and measured["permutations"]
        else ""
    )
    return (
        "Each number is the best over all pairs of layers of the two models"
        + (", all layers side by side competing too" if concatenated else "")
        + ". "
        + _chance(measured, concatenated=concatenated)
        + "Compare trained models with the untrained controls, too. "
        + significance
        + "Scores fall as n grows at a fixed k: never compare across n."
    )


def _chance(measured: dict[str, Any], *, concatenated: bool) -> str:
    if concatenated and measured["null_best_low"] is not None:
        return (
            "Dashed lines stand at the least and the largest **mean best of relabeled tables**: "
            "what the best of as many pairs of layers scores without any relation, more than "
            "**chance**, the mean of one pair of unrelated layers. "
        )
    return (
        "**Chance** is what one pair of unrelated layers scores on average; the best of many pairs "
        "lies above it even without any relation, and how far is not known here. "
    )


shell.page("Do models that never saw an image agree with models that never read a word?", draw)
