"""The frame every page shares: claim, controls, one chart, what was measured, table, downloads."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.queries import Answer
from pages.ui import charts, export, words
from pages.ui.controls import Controls
from pages.ui.warehouse import Nothing, demo_unfinished
from prh_core.warehouse import WarehouseError

_LESS_AIR = "<style>.stMainBlockContainer { padding-top: 3.5rem; }</style>"
"""Streamlit leaves a sixth of a phone's screen empty above the first line."""


def page(claim: str, draw: Callable[[], None]) -> None:
    """Show a page; when the warehouse has nothing for it, say why and what to do.

    Args:
        claim: what the page answers, one sentence.
        draw: controls, chart and the rest.
    """
    _through_the_front_door()
    st.html(_LESS_AIR)
    st.subheader(claim, anchor=False)
    try:
        draw()
    except Nothing as nothing:
        _say_what_helps(st.info, str(nothing), "This fills it:", nothing.command)
    except WarehouseError as error:
        sentence = f"{error.problem[0].upper()}{error.problem[1:]}."
        _say_what_helps(st.warning, sentence, "This puts it right:", error.remedy)


def figure(
    chart: charts.Drawn,
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


def also(title: str, chart: charts.Chart, answer: Answer, alt_text: str) -> None:
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


def trends(lines: pl.DataFrame) -> None:
    """Show what is left of each line's slope once families are looked at one by one.

    Args:
        lines: of `trends.along`.
    """
    if lines.is_empty():
        return
    st.markdown("**Is it one family's doing?** Slopes of the lines, with 95 % intervals")
    st.dataframe(words.slopes(lines), hide_index=True)
    st.caption(
        "p: of a slope of zero, which is that of r, if all models were independent (Student's t, "
        "two-sided); q: corrected for the lines of the table (Benjamini and Hochberg). Within "
        "families: one slope, an intercept per family; its p shuffles the skill among the models "
        "of a family only, all shuffles where they are few. Families with a single model say "
        "nothing there."
    )


def explain(text: str) -> None:
    """Say how to read the chart, and what not to read into it."""
    st.markdown(text)


def _through_the_front_door() -> None:
    """Have app.py run first, when this page was run on its own.

    Until st.navigation was called once in a server's life, Streamlit takes a folder named "pages"
    for its older kind of app: a first visitor who comes by a page's own address gets that page
    without app.py. Say that this is no such app, and run again.
    """
    if getattr(PagesManager, "uses_pages_directory", False):
        PagesManager.uses_pages_directory = False
        st.rerun()


def _draw(chart: charts.Chart, alt_text: str) -> None:
    dark = st.context.theme.type == "dark"
    st.altair_chart(charts.on_screen(chart, dark=dark), width="stretch", alt=alt_text)


def _panels(panels: dict[str, charts.Chart], alt_text: str) -> None:
    """Draw two side by side; on a phone Streamlit puts them one below the other."""
    names = list(panels)
    across = min(2, len(names))
    for first in range(0, len(names), 2):
        for name, column in zip(names[first : first + 2], st.columns(across), strict=False):
            with column:
                st.markdown(f"**{name}**")
                _draw(panels[name], f"{name}: {alt_text}")


def _downloads(chart: charts.Drawn, answer: Answer, title: str, measured: list[str]) -> None:
    # Files are made when asked for: a page that nobody downloads from costs nothing.
    def picture(render: Callable[[dict[str, Any]], bytes]) -> Callable[[], bytes]:
        return lambda: render(charts.titled(chart, title, measured))

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
