"""A chart whose click chooses something on the same page."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.ui.charts.finish import on_screen
from pages.ui.charts.parts import Chart


class Pick(NamedTuple):
    """What a click on a chart chooses, on the same page."""

    picked: str
    """Name of the chart's selection."""
    choose: Callable[[Mapping[str, Any]], None]
    """Told the fields that were clicked, before the page runs again."""
    state: str
    """What is chosen now: the next choice gets a chart that has nothing selected."""


def draw_picked(chart: Chart, alt_text: str, pick: Pick, topic: str) -> None:
    """Draw a chart, and let a click on it choose.

    Args:
        chart: to draw, with the selection.
        alt_text: the chart in words, for screen readers.
        pick: what a click chooses.
        topic: of the page.
    """
    key = f"{topic}-pick-{pick.state}"

    def take() -> None:
        clicked = st.session_state[key]["selection"].get(pick.picked)
        if clicked:
            pick.choose(clicked[0])

    st.vega_lite_chart(
        spec=on_screen(chart, dark=st.context.theme.type == "dark"), width="stretch",
        alt=alt_text, on_select=take, selection_mode=pick.picked, key=key,
    )  # fmt: skip
