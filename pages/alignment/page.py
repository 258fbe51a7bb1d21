"""Do language and vision meet: alignment of every model of one side with every one of another."""

from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from pages import SETTING
from pages.alignment import chart, finding, statistics, text
from pages.ui import palette, shell, trends
from pages.ui import queries as shared
from pages.ui import text as words
from pages.ui.answers import LANGUAGE_VISION, Answer, Setting, Sides
from pages.ui.charts import trends as trend_charts
from pages.ui.charts.pairs import PICKED
from pages.ui.charts.parts import Chart, Drawn
from pages.ui.findings import Finding
from pages.ui.reference import CALIBRATED, MINUS_CONTROL, RAW, held_against
from pages.ui.settings import (
    choose_candidates,
    choose_families,
    choose_setting,
    choose_sides,
    choose_untrained,
)
from pages.ui.shell import Frame, Lead, Nothing

_HEAT, _LINES = "Heat map", "Lines"
_ORDERS = {
    "parameters": "parameters_x", "1 − bits per byte": "score_x",
    "mean alignment": "mean_x",
}  # fmt: skip
_ALONG = {
    "x": ("score_x", "label_x", "label_y", "group_y"),
    "y": ("score_y", "label_y", "label_x", "group_x"),
}
_PANELS, _ONE = "a panel per family", "one picture"


class _View(NamedTuple):
    """What was chosen beside the setting."""

    name: str
    side: str | None
    """x or y where its models are ordered by a skill of theirs."""
    skill: str | None
    order: str
    layout: str
    scale: str
    concatenated: bool
    untrained: bool
    families: str


class _Shown(NamedTuple):
    """One setting as it is drawn."""

    drawing: Drawn | None
    answer: Answer
    finding: Finding
    measured: dict[str, Any]
    sources: list[str]
    reading: str
    lines: pl.DataFrame


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    there = shared.sides().frame
    if there.is_empty():
        raise Nothing
    sides = choose_sides(frame, there)
    settings = shared.settings(sides).frame
    # The paper's picture needs language models whose bits per byte are known: where most are.
    settings = settings.sort("predicting", descending=True, maintain_order=True)
    setting = choose_setting(frame, settings)
    view = _choose(frame, setting)
    shown = _show(setting, view)
    frame.answer(shown.finding, note=shown.measured["note"])
    if shown.drawing is None:
        return
    drawing, lead = shown.drawing, None
    if shown.answer.frame["layered"].any():
        what = "cell" if view.name == _HEAT else "point"
        hint = f"Click a {what} to see the layers of its pair."
        lead = Lead(PICKED, "layers", _layers(frame, sides), hint, "Layers of this pair")
    beside = _beside(frame, settings, view)
    if beside is not None and beside.drawing is not None:
        drawing = _side_by_side(shown, beside)
    frame.figure(
        drawing,
        shown.answer,
        title=f"Alignment of {sides.modality_x} with {sides.names[1]} models",
        measured=shown.sources,
        about={**words.about(setting, shown.measured), "families": view.families or None},
        view=view.name,
        alt_text=f"{words.name_metric(shown.measured)} of each {sides.modality_x} model with each "
        f"{sides.names[1]} model.",
        lead=lead,
    )
    if beside is not None:
        st.markdown(f"**On the right:** {words.say(beside.finding)}")
        shell.behind("Table and SQL of the setting on the right", beside.answer)
    if not shown.lines.is_empty():
        with st.expander("Confounded by family? Slopes of the lines, with 95 % intervals"):
            st.dataframe(text.tabulate_slopes(shown.lines), hide_index=True)
            st.caption(text.SLOPES)
    frame.explain(shown.reading)


def _choose(frame: Frame, setting: Setting) -> _View:
    """Ask how to draw a setting; what does nothing in a view is not asked there."""
    there = shared.skills(setting.dataset_id).frame.filter(pl.col("here") > 0)
    skills = there.sort(~pl.col("predicts_text"), maintain_order=True)
    sides = setting.sides
    able = {
        side: modality
        for side, modality in sides.values().items()
        if modality in skills["modality"]
    }
    if sides.modality_x == sides.modality_y:
        able.pop("modality_y", None)  # the same models stand on both sides
    along = {f"By {modality} skill": side[-1] for side, modality in able.items()}
    predicted = skills.filter("predicts_text", pl.col("modality") == sides.modality_x)
    measured = shared.measured(setting).frame.row(0, named=True)
    with frame.row:
        views = [_HEAT, _LINES, *along]
        first = next(iter(along)) if statistics.is_enough_for_a_trend(predicted) else _HEAT
        name = frame.view(views, default=first)
    side = along.get(name)
    skill, order, layout = None, "mean alignment", _PANELS
    concatenated = untrained = True
    if side is not None:
        modality = getattr(sides, f"modality_{side}")
        of_side = skills.filter(pl.col("modality") == modality)["skill"].to_list()
        with frame.row:
            skill = frame.choose("Skill", of_side, key="skill", width=260)
        with frame.options:
            layout = frame.choose("Layout", [_PANELS, _ONE], key="layout")
    elif not predicted.is_empty():
        skill = predicted["skill"][0]
    with frame.options:
        if side is None:
            # Lines whose order is that of their own heights would rise whatever was measured.
            orders = [key for key in _ORDERS if skill or key != "1 − bits per byte"]
            orders = orders[:-1] if name == _LINES else orders[::-1]
            order = frame.choose(f"Order {sides.modality_x} models by", orders, key="order")
        if not measured["published"]:
            concatenated = choose_candidates(frame)
            if side is None:
                untrained = choose_untrained(frame)
        scales = [RAW]
        scales += [CALIBRATED] if concatenated and measured["permutations"] else []
        scales += [MINUS_CONTROL] if measured["untrained_models"] else []
        scale = frame.choose("Scores", scales, key="scores", width=210)
    families = choose_families(frame, _list_families(setting))
    return _View(name, side, skill, order, layout, scale, concatenated, untrained, families)


def _list_families(setting: Setting) -> set[str]:
    """Return the families of the trained models that were compared in a setting."""
    there = shared.alignment(setting, concatenated=True, untrained=False).frame
    return {*there["group_x"], *there["group_y"]}


def _show(setting: Setting, view: _View) -> _Shown:
    """Ask for a setting, draw it, and say what it says."""
    measured = shared.measured(setting).frame.row(0, named=True)
    answer = shared.alignment(
        setting,
        concatenated=view.concatenated,
        untrained=view.untrained,
        calibrated=view.scale == CALIBRATED,
        minus_control=view.scale == MINUS_CONTROL,
        families=view.families,
        skill_x=None if view.side == "y" else view.skill,
        skill_y=view.skill if view.side == "y" else None,
    )
    found = answer.frame
    measure = words.name_metric(measured, calibrated=view.scale == CALIBRATED)
    measure += f", {MINUS_CONTROL}" if view.scale == MINUS_CONTROL else ""
    sources = words.describe_measured(measured)
    ties = words.describe_ties(found)
    colors = palette.families(shared.families().frame["family"].to_list())
    reference = held_against(found, view.scale)
    lines = pl.DataFrame()
    if found.is_empty() or view.side is None:
        drawing: Drawn | None = None
        order = _ORDERS[view.order]
        if view.name == _HEAT and not found.is_empty():
            drawing = chart.heat_map(found, order=order, measure=measure)
        elif not found.is_empty():
            drawing = chart.lines(found, colors, order=order, measure=measure, reference=reference)
        reading = text.describe_reading(
            measured, scale=view.scale, concatenated=view.concatenated, lines=view.name == _LINES
        )
        reading += (text.describe_whiskers(found) if view.name == _LINES else "") + ties
        says = finding.meet(
            setting, measured, concatenated=view.concatenated, families=view.families
        )
        return _Shown(drawing, answer, says, measured, sources, reading, lines)
    x, point, line, group = _ALONG[view.side]
    trained = found.filter("trained")
    fitted = trends.along(trained, x=x, line=line, family=point.replace("label", "group"))
    says = finding.follow(trained, measured, side=view.side, skill=str(view.skill))
    modality = measured[f"modality_{view.side}"]
    sources.append(text.describe_source(str(view.skill), modality, setting.dataset_id))
    missing = text.list_models_without_skill(found, x, point)
    reading = text.describe_fits(fitted.lines) + missing
    reading += "\n\n" + text.describe_reading(
        measured, scale=view.scale, concatenated=view.concatenated, lines=True
    )
    drawing = None
    if not trained[x].is_null().all():
        axes = trend_charts.Axes(x, f"{view.skill} (better to the right)", point, line, group)
        several = view.layout == _PANELS and trained.drop_nulls(x)[group].n_unique() > 1
        against = trend_charts.family_panels if several else trend_charts.against
        drawing = against(trained, fitted, axes, colors, measure=measure, reference=reference)
    return _Shown(drawing, answer, says, measured, sources, reading + ties, fitted.lines)


def _beside(frame: Frame, settings: pl.DataFrame, view: _View) -> _Shown | None:
    """Show another setting beside the first, if the reader wants one."""
    if settings.height < 2:
        return None
    with frame.options:
        asked = frame.switch(
            "Compare with another setting", key="compare", default=False,
            help="Draws the same picture under a second setting, chosen below.",
        )  # fmt: skip
        if not asked:
            return None
        other = choose_setting(frame, settings, in_view=(), prefix="other_")
    return _show(other, view)


def _side_by_side(left: _Shown, right: _Shown) -> dict[str, Chart]:
    """Name both settings by what differs and put their pictures side by side."""
    names = text.name_apart(left.measured, right.measured)
    return {
        name if not part else f"{name}, {part}": picture
        for name, drawn in zip(names, (left.drawing, right.drawing), strict=True)
        for part, picture in (drawn if isinstance(drawn, dict) else {"": drawn}).items()
        if picture is not None
    }


def _layers(frame: Frame, sides: Sides) -> Any:
    """Return what leads from a pair of models to its layers in the same setting."""
    setting = {key: label for key, label in frame.chosen.items() if key in SETTING}
    one, other = ("language", "vision") if sides == LANGUAGE_VISION else ("x", "y")
    return lambda clicked: {**setting, one: clicked["label_x"], other: clicked["label_y"]}


shell.show("alignment", draw)
