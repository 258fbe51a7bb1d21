"""The last touch: a chart on the reader's screen, and one to take away."""

import textwrap
from typing import Any

import altair as alt

from pages.ui import palette
from pages.ui.charts.parts import Chart


def on_screen(chart: Chart, *, dark: bool) -> Chart:
    """Return the chart with axis text that reads well on the reader's background."""
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    return chart.configure_axis(labelColor=ink, titleColor=ink).configure_legend(
        labelColor=ink, titleColor=ink
    )


def titled(chart: Chart, title: str, subtitle: list[str]) -> dict[str, Any]:
    """Return the chart as it is downloaded: with its title, what was measured, and a size."""
    lines = [part for line in subtitle for part in textwrap.wrap(line, 105)]
    heading = alt.TitleParams(
        title, subtitle=lines, anchor="start", frame="bounds", fontSize=16, subtitleFontSize=12,
        subtitlePadding=6, offset=16,
    )  # fmt: skip
    return (
        chart.properties(width=600, title=heading, background="white", autosize="pad", padding=12)
        .configure(font="Helvetica, Arial, sans-serif")
        .to_dict()
    )
