"""Do language and vision meet: alignment of every language model with every vision model."""

import polars as pl
import streamlit as st

from pages.alignment import chart, text
from pages.ui import palette, shell, trends
from pages.ui import queries as shared
from pages.ui import text as words
from pages.ui.charts import trends as trend_charts
from pages.ui.charts.parts import Drawn
from pages.ui.reference import THRESHOLD, held_against
from pages.ui.settings import choose_candidates, choose_setting, choose_untrained
from pages.ui.shell import Frame, Nothing

_LANGUAGE, _VISION = "By language skill", "By vision skill"
_ORDERS = {"mean alignment": "language_mean", "parameters": "language_parameters"}
_SIDES = {
    _LANGUAGE: ("language_score", "language_label", "vision_label", "vision_group"),
    _VISION: ("vision_score", "vision_label", "language_label", "language_group"),
}
_LAYOUTS = ("one picture", "a panel per family")


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = shared.settings().frame
    if settings.is_empty():
        raise Nothing
    setting = choose_setting(frame, settings)
    measured = shared.measured(setting).frame.row(0, named=True)
    able = shared.skills(setting.dataset_id).frame.with_columns(pl.col("here") == 0)
    skills = able.sort("here", ~pl.col("predicts_text"), maintain_order=True)
    offered = {_LANGUAGE: "language", _VISION: "vision"}
    there = [view for view, side in offered.items() if side in skills["modality"]]
    with frame.row:
        view = frame.view(["Heat map", "Lines", *there])
    with frame.options:
        concatenated = choose_candidates(frame)
        untrained = choose_untrained(frame)
    skill, order, layout, scale = None, "mean alignment", _LAYOUTS[0], "raw"
    if view in offered:
        side = skills.filter(pl.col("modality") == offered[view])["skill"].to_list()
        with frame.row:
            skill = frame.choose("Skill", side, key="skill", width=330)
        with frame.options:
            layout = frame.choose("Layout", _LAYOUTS, key="layout")
    else:
        with frame.options:
            order = frame.choose("Order language models by", list(_ORDERS), key="order")
    if concatenated and measured["permutations"]:
        with frame.options:
            scale = frame.choose("Scores", ["raw", "calibrated"], key="scores", width=130)

    answer = shared.alignment(
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
    measure = words.name_metric(measured, calibrated=scale == "calibrated")
    sources = words.describe_measured(measured)
    reading = text.describe_reading(measured, concatenated=concatenated)
    colors = palette.families(shared.families().frame["family"].to_list())
    reference = THRESHOLD if scale == "calibrated" else held_against(answer.frame)
    reading += words.describe_ties(answer.frame)
    drawing: Drawn
    lines = pl.DataFrame()
    if view == "Lines":
        reading = text.describe_whiskers(answer.frame).strip() + "\n\n" + reading
        drawing = chart.lines(
            answer.frame, colors, order=_ORDERS[order], measure=measure, reference=reference
        )
    elif skill is None:
        drawing = chart.heat_map(answer.frame, order=_ORDERS[order], measure=measure)
    else:
        x, point, line, group = _SIDES[view]
        if answer.frame[x].is_null().all():
            st.info(words.describe_missing_skill(skill, view == _LANGUAGE))
            return
        shown = answer.frame.filter("trained")
        along = point.replace("label", "group")
        fitted = trends.along(shown, x=x, line=line, family=along)
        lines = fitted.lines
        axes = trend_charts.Axes(x, f"{skill} (better to the right)", point, line, group)
        against = trend_charts.against if layout == _LAYOUTS[0] else trend_charts.family_panels
        drawing = against(shown, fitted, axes, colors, measure=measure, reference=reference)
        about = skills.filter(pl.col("skill") == skill, pl.col("modality") == offered[view])
        sources.append(words.describe_skill(about.row(0, named=True), shared.text_of(skill)))
        missing = text.list_models_without_skill(answer.frame, x, point)
        reading = text.describe_fits(lines) + missing + "\n\n" + reading
    frame.figure(
        drawing,
        answer,
        title="Alignment of language with vision models",
        measured=sources,
        alt_text=f"{measure} of each language model with each vision model.",
    )
    _show_slopes(lines)
    frame.explain(reading)


def _show_slopes(lines: pl.DataFrame) -> None:
    """Show what is left of each line's slope once families are looked at one by one."""
    if lines.is_empty():
        return
    st.markdown("**Is it one family's doing?** Slopes of the lines, with 95 % intervals")
    st.dataframe(text.tabulate_slopes(lines), hide_index=True)
    st.caption(text.SLOPES)


shell.show("alignment", draw)
