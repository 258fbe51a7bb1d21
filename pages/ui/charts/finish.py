"""The last touch: a chart on the reader's screen, and one to take away."""

import textwrap
from typing import Any

import altair as alt

from pages.ui import palette
from pages.ui.charts.parts import Chart, Drawn


def on_screen(chart: Chart, *, dark: bool) -> Chart:
    """Return the chart with axis text that reads well on the reader's background."""
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    return chart.configure_axis(labelColor=ink, titleColor=ink).configure_legend(
        labelColor=ink, titleColor=ink
    )


def titled(drawn: Drawn, title: str, subtitle: list[str]) -> dict[str, Any]:
    """Return the chart as it is downloaded: with its title, what was measured, and a size."""
    lines = [part for line in subtitle for part in textwrap.wrap(line, 105)]
    heading = alt.TitleParams(
        title, subtitle=lines, anchor="start", frame="bounds", fontSize=16, subtitleFontSize=12,
        subtitlePadding=6, offset=16,
    )  # fmt: skip
    if isinstance(drawn, dict):
        small = [_small(chart, name) for name, chart in drawn.items()]
        whole = alt.concat(*small, columns=2, title=heading, background="white", padding=12)
        return whole.configure(font="Helvetica, Arial, sans-serif").to_dict()
    return (
        drawn.properties(width=600, title=heading, background="white", autosize="pad", padding=12)
        .configure(font="Helvetica, Arial, sans-serif")
        .to_dict()
    )


def _small(chart: Chart, name: str) -> Chart:
    """Return a panel with its name and a width; a picture's parts cannot size themselves."""
    part = chart.copy().properties(width=340, title=name)
    part["autosize"] = alt.Undefined
    return part
