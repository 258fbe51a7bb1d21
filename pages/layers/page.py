"""Which layers: where in two models the agreement sits."""

from typing import Any

import polars as pl
import streamlit as st

from pages.layers import chart, finding, queries, statistics, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.answers import LANGUAGE_VISION, Setting
from pages.ui.plain import plain
from pages.ui.reference import held_against
from pages.ui.settings import choose_setting, choose_sides
from pages.ui.shell import Frame, Nothing


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    there = shared.sides().frame
    if there.is_empty():
        raise Nothing
    sides = choose_sides(frame, there)
    settings = shared.settings(sides).frame.filter(~pl.col("published"))
    if settings.is_empty():
        raise Nothing
    setting = choose_setting(frame, settings, in_view=("dataset",))
    with frame.row:
        # Strongest pair first: that is where a reader wants to look.
        pairs = shared.alignment(setting, concatenated=True, untrained=True).frame
        keys = ("language", "vision") if sides == LANGUAGE_VISION else ("x", "y")
        title, other = (f"{name.capitalize()} model" for name in sides.names)
        first = frame.choose(title, _names(pairs, "label_x"), key=keys[0], width=165)
        pairs = pairs.filter(pl.col("label_x") == first)
        second = frame.choose(other, _names(pairs, "label_y"), key=keys[1], width=165)
        pair = pairs.filter(pl.col("label_y") == second).row(0, named=True)
        unscored = queries.unscored_models(
            setting, unit_key=pair["unit_key"], swapped=pair["swapped"]
        ).frame.height
        views = ["All pairs of layers", "By depth"]
        view = frame.view([*views, text.UNSCORED] if unscored else views)

    measured = shared.measured(setting).frame.row(0, named=True)
    measure = words.name_metric(measured)
    if view == text.UNSCORED:
        _show_bounds(frame, setting, pair, measured)
        return
    whole = queries.layers(setting, unit_key=pair["unit_key"], swapped=pair["swapped"])
    found = finding.find(pair, whole.frame, metric=measure, samples=measured["n"])
    frame.answer(found, note=measured["note"])
    if view == "By depth":
        answer = queries.depth(setting, unit_key=pair["unit_key"], swapped=pair["swapped"])
        drawing = chart.depth_curve(
            answer.frame, measure=measure, reference=held_against(answer.frame)
        )
    else:
        answer = whole
        drawing = chart.layer_map(
            answer.frame,
            first=first,
            second=second,
            measure=measure,
            higher_is_closer=measured["higher_is_closer"],
            q_value=pair["q_value"],
        )
    frame.figure(
        drawing,
        answer,
        title=f"{first} and {second}, layer by layer",
        measured=words.describe_measured(measured, f"{plain(first)} × {plain(second)}"),
        about={
            **words.about(setting, measured), title.lower(): first, other.lower(): second,
        },
        view=view,
        alt_text=f"{measure} of each layer of {first} with each layer of {second}.",
    )  # fmt: skip
    frame.explain(
        text.describe_best(pair, view)
        + words.describe_ties(pairs.filter(pl.col("label_y") == second))
        + text.describe_self_agreement(
            queries.self_agreement(setting, model_x=pair["model_x"], model_y=pair["model_y"]).frame
        )
        + text.describe_unscored(first, unscored)
    )


def _show_bounds(
    frame: Frame, setting: Setting, pair: dict[str, Any], measured: dict[str, Any]
) -> None:
    """Draw between what third models hold the scores that the first model lacks."""
    first, measure = pair["label_x"], words.name_metric(measured)
    answer = queries.through_third(setting, unit_key=pair["unit_key"], swapped=pair["swapped"])
    bounds = statistics.bound_unscored(answer.frame, k=setting.k or 0, n=setting.n)
    if bounds.is_empty():
        st.info("No layer of a third model varies on these samples, so none says anything here.")
        return
    frame.answer(
        finding.find_bounds(bounds, first=first, metric=measure, samples=measured["n"]),
        note=measured["note"],
    )
    frame.figure(
        chart.bounds(bounds, measure=measure),
        answer._replace(frame=bounds),
        title=f"What third models imply of {first}",
        measured=words.describe_measured(measured, plain(first)),
        about={**words.about(setting, measured), f"{setting.sides.names[0]} model": first},
        view=text.UNSCORED,
        alt_text=f"Bounds of {measure} of {first} with models it was not scored with.",
    )
    frame.explain(text.BOUNDS)


def _names(pairs: pl.DataFrame, column: str) -> list[str]:
    return pairs[column].unique(maintain_order=True).to_list()


shell.show("layers", draw)
