"""Captions averaged as features, beside captions joined as text: a part of the page."""

from typing import Any

import streamlit as st

from pages.captions import averages_chart, queries, saturation_text, statistics, text
from pages.ui import frame as shared
from pages.ui import kept
from pages.ui.reference import held_against
from pages.ui.shell import Frame

_TITLE = "More captions an image: features averaged, or texts joined"


def draw(
    frame: Frame, study: queries.CaptionStudy, row: dict[str, Any], *, alone: bool = False
) -> None:
    """Draw alignment over how many captions are averaged, the law fitted to it, and say both.

    Args:
        frame: of the page.
        study: a dataset and a setting; where nothing was averaged nothing is drawn.
        row: of `queries.averaged_studies` where this is all there is of it.
        alone: whether the page has no other figure.
    """
    averages = queries.caption_averages(study)
    points = averages.frame
    if points.is_empty():
        return
    laws = queries.saturation(study)
    over = "captions" if points["captions"].n_unique() > 1 else "pictures"
    drawn = averages_chart.averages(
        points,
        statistics.law_curves(points, laws.frame, over),
        over=over,
        limit=saturation_text.known_end(laws.frame, over),
        measure=text.name_metric(study),
        reference=held_against(points),
    )
    alt_text = (
        f"{text.name_metric(study)} against {over} an image, features averaged and texts joined, "
        "with the law fitted to it."
    )
    said = saturation_text.describe_averages(points, laws.frame)
    if alone:
        frame.figure(
            drawn, averages, title=f"{_TITLE}, {row['dataset']}", alt_text=alt_text,
            measured=saturation_text.describe_study(row), about=text.tell_about(row, "raw"),
            view="averaged",
        )  # fmt: skip
    else:
        frame.also(_TITLE, drawn, averages, alt_text)
    st.markdown(said)
    kept.keep(kept.Explanation(said))
    frame.explain(saturation_text.READING)
    if laws.frame.height:
        shared.behind("Table and SQL: laws of saturation, of the mean and of every pair", laws)
