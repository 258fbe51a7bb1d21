"""Which layers: where in two models the agreement sits."""

from typing import Any

import polars as pl

from pages.layers import chart, finding, queries, statistics, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.answers import LANGUAGE_VISION, Answer, Setting
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
        missing = _hold_missing(setting, pair)
        views = ["All pairs of layers", "By depth"]
        view = frame.view(views if missing.frame.is_empty() else [*views, text.UNSCORED])

    measured = shared.measured(setting).frame.row(0, named=True)
    measure = words.name_metric(measured)
    whole = queries.layers(setting, unit_key=pair["unit_key"], swapped=pair["swapped"])
    found = finding.find(pair, whole.frame, metric=measure, samples=measured["n"])
    if view == text.UNSCORED:
        found = finding.find_bounds(
            missing.frame, first=first, metric=measure, samples=measured["n"]
        )
    frame.answer(found, note=measured["note"])
    if view == text.UNSCORED:
        frame.figure(
            chart.bounds(missing.frame, measure=measure),
            missing,
            title=f"What third models imply of {first}",
            measured=words.describe_measured(measured, plain(first)),
            about={**words.about(setting, measured), title.lower(): first},
            view=view,
            alt_text=f"Bounds of {measure} of {first} with models it was not scored with.",
        )
        frame.explain(text.BOUNDS)
        return
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
        + text.describe_unscored(first, missing.frame.height)
    )


def _hold_missing(setting: Setting, pair: dict[str, Any]) -> Answer:
    """Return the bounds of scores that the first model lacks."""
    answer = queries.through_third(setting, unit_key=pair["unit_key"], swapped=pair["swapped"])
    k = setting.k or 0
    return answer._replace(frame=statistics.bound_unscored(answer.frame, k=k, n=setting.n))


def _names(pairs: pl.DataFrame, column: str) -> list[str]:
    return pairs[column].unique(maintain_order=True).to_list()


shell.show("layers", draw)
