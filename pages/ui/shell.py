"""The frame every page shares: claim, controls, one chart, what was measured, table, downloads."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages import PAGES
from pages.ui import export
from pages.ui.answers import Answer
from pages.ui.charts.finish import on_screen, titled
from pages.ui.charts.parts import Chart, Drawn
from pages.ui.controls import Controls
from pages.ui.warehouse import demo_unfinished
from prh_core.warehouse.errors import WarehouseError

_LESS_AIR = "<style>.stMainBlockContainer { padding-top: 3.5rem; }</style>"
"""Streamlit leaves a sixth of a phone's screen empty above the first line."""


class Nothing(Exception):  # noqa: N818 (a state of the world to show, not a bug)
    """The warehouse holds nothing of what a page shows."""

    def __init__(self, lack: str = "", command: str = "") -> None:
        """Say what is lacking, and which command fills it, where the page's record does not."""
        super().__init__(lack)
        self.lack = lack
        self.command = command


def show(topic: str, draw: Callable[[], None]) -> None:
    """Show a page; when the warehouse has nothing for it, say why and what to do.

    Args:
        topic: of the page, as in `PAGES`.
        draw: controls, chart and the rest.
    """
    (page,) = (page for page in PAGES if page.topic == topic)
    st.html(_LESS_AIR)
    st.subheader(page.claim, anchor=False)
    try:
        draw()
    except Nothing as nothing:
        sentence = f"The warehouse is here, but {nothing.lack or page.lack} yet."
        _say_what_helps(st.info, sentence, "This fills it:", nothing.command or page.command)
    except WarehouseError as error:
        sentence = f"{error.problem[0].upper()}{error.problem[1:]}."
        _say_what_helps(st.warning, sentence, "This puts it right:", error.remedy)


def figure(
    chart: Drawn,
    answer: Answer,
    *,
    title: str,
    measured: list[str],
    controls: Controls,
    alt_text: str,
    columns: dict[str, Any] | None = None,
) -> None:
    """Show the chart, what was measured, the table behind it, and everything as a download.

    Args:
        chart: the page's one chart, or its panels by their names.
        answer: the query it draws.
        title: of the downloaded picture.
        measured: lines that say what was measured.
        controls: what was chosen, for the link.
        alt_text: the chart in words, for screen readers.
        columns: Streamlit column configuration of the table.
    """
    if isinstance(chart, dict):
        _panels(chart, alt_text)
    else:
        _draw(chart, alt_text)
    for line in measured:
        st.caption(line)
    _downloads(chart, answer, title, measured)
    with st.expander("Table"):
        table(answer, columns)
    with st.expander("SQL and link to this view"):
        st.code(export.script(answer), language="sql", wrap_lines=True)
        st.caption("This view, with every choice spelled out:")
        st.code(controls.address(), language=None, wrap_lines=True)


def table(answer: Answer, columns: dict[str, Any] | None = None) -> None:
    """Show an answer as a table, its column names in words."""
    words = {name: name.replace("_", " ") for name in answer.frame.columns}
    st.dataframe(answer.frame, hide_index=True, column_config={**words, **(columns or {})})


def behind(label: str, answer: Answer) -> None:
    """Fold away a second answer that a figure draws: its table and its SQL."""
    with st.expander(label):
        table(answer)
        st.code(export.script(answer), language="sql", wrap_lines=True)


def also(title: str, chart: Chart, answer: Answer, alt_text: str) -> None:
    """Show a second chart of the page, with the table and SQL behind it.

    Args:
        title: what it shows.
        chart: of it.
        answer: the query it draws.
        alt_text: the chart in words, for screen readers.
    """
    st.markdown(f"**{title}**")
    _draw(chart, alt_text)
    behind(f"Table and SQL: {title[0].lower()}{title[1:]}", answer)


def explain(text: str) -> None:
    """Say how to read the chart, and what not to read into it."""
    st.markdown(text)


def _draw(chart: Chart, alt_text: str) -> None:
    dark = st.context.theme.type == "dark"
    st.altair_chart(on_screen(chart, dark=dark), width="stretch", alt=alt_text)


def _panels(panels: dict[str, Chart], alt_text: str) -> None:
    """Draw two side by side; on a phone Streamlit puts them one below the other."""
    names = list(panels)
    across = min(2, len(names))
    for first in range(0, len(names), 2):
        for name, column in zip(names[first : first + 2], st.columns(across), strict=False):
            with column:
                st.markdown(f"**{name}**")
                _draw(panels[name], f"{name}: {alt_text}")


def _downloads(chart: Drawn, answer: Answer, title: str, measured: list[str]) -> None:
    # Files are made when asked for: a page that nobody downloads from costs nothing.
    def picture(render: Callable[[dict[str, Any]], bytes]) -> Callable[[], bytes]:
        return lambda: render(titled(chart, title, measured))

    offers: tuple[tuple[str, str, Callable[[], bytes]], ...] = (
        ("CSV", "text/csv", lambda: export.csv(answer.frame)),
        ("Parquet", "application/vnd.apache.parquet", lambda: export.parquet(answer.frame)),
        ("SVG", "image/svg+xml", picture(export.svg)),
        ("PNG", "image/png", picture(export.png)),
        ("SQL", "application/sql", lambda: export.script(answer).encode()),
    )
    st.caption("Download")
    with st.container(horizontal=True, gap="small"):
        for label, mime, make in offers:
            st.download_button(
                label,
                make,
                file_name=f"{answer.name}.{label.lower()}",
                mime=mime,
                key=f"download-{label}",
                on_click="ignore",
            )


def _say_what_helps(box: Callable[..., Any], sentence: str, lead: str, command: str) -> None:
    box(sentence)
    if demo_unfinished():
        st.markdown(
            "**The demo is not at its end.** While it is at work its pages fill one after the "
            "other: reload this one in a minute or two. If nothing is at work, `prh demo` goes on "
            "where it stopped."
        )
    st.caption(lead)
    st.code(command, language="shell")
