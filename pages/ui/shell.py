"""What every page is shown by: navigation, style, and what it says where there is nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages import PAGES
from pages.ui.controls import link
from pages.ui.frame import Frame, Lead, behind, table
from pages.ui.picking import Pick
from pages.ui.plain import plain
from pages.ui.source import tell_demo
from prh_core.warehouse.errors import WarehouseError

__all__ = ["Frame", "Lead", "Nothing", "Pick", "behind", "navigate", "show", "table"]

_STYLE = """<style>
.stMainBlockContainer { padding: 3.3rem clamp(1rem, 3vw, 2.5rem) 4rem; }
.stAppHeader { background: transparent; }
.stMainBlockContainer h1 { font-size: 1.75rem; padding: 0; }
.stMainBlockContainer > [data-testid=stVerticalBlock] { gap: 0.7rem; }
.stMainBlockContainer [data-testid=stButtonGroup] > div { flex-wrap: wrap; }
.st-key-controls, div:has(> .st-key-controls) { display: contents; }
.stTextArea textarea { font-family: monospace; font-size: 0.85rem; }
.st-key-answer p { margin-bottom: 0.15rem; line-height: 1.4; }
.stMainBlockContainer [data-testid=stCaptionContainer] { opacity: 0.8; }
.st-key-answer { gap: 0.7rem; border-left: 4px solid #0072B2; padding-left: 0.8rem; }
</style>"""
"""Streamlit leaves a sixth of a phone's screen empty above the first line."""


class Nothing(Exception):  # noqa: N818 (a state of the world to show, not a bug)
    """The warehouse holds nothing of what a page shows."""

    def __init__(self, lack: str = "", command: str = "", teaches: str = "") -> None:
        """Say what is lacking, and which command fills it, where the page's record does not.

        Args:
            lack: continues "The warehouse is here, but".
            command: fills the page.
            teaches: what else to know to fill it, Markdown.
        """
        super().__init__(lack)
        self.lack = lack
        self.command = command
        self.teaches = teaches


def navigate(pages: Mapping[str, Any]) -> None:
    """List the pages, each as it was left, or with the setting that a reader chose elsewhere.

    Args:
        pages: Streamlit's page of every topic.
    """
    for page in PAGES:
        query = link(page.topic, page.takes)
        st.page_link(pages[page.topic], label=page.title, query_params=query or None)


def show(topic: str, draw: Callable[[Frame], None]) -> None:
    """Show a page; when the warehouse has nothing for it, say why and what to do.

    Args:
        topic: of the page, as in `PAGES`.
        draw: controls, answer, chart and the rest.
    """
    (page,) = (page for page in PAGES if page.topic == topic)
    st.html(_STYLE)
    frame = Frame(page)
    try:
        draw(frame)
    except Nothing as nothing:
        sentence = f"The warehouse is here, but {nothing.lack or page.lack} yet."
        command, language = nothing.command or page.command, page.language
        _say_what_helps(st.info, sentence, "This fills it:", command, language)
        if nothing.teaches:
            st.markdown(nothing.teaches)
    except WarehouseError as error:
        sentence = f"{error.problem[0].upper()}{error.problem[1:]}."
        _say_what_helps(st.warning, sentence, "This puts it right:", error.remedy)
    frame.show_notes()
    frame.remember()


def _say_what_helps(
    box: Callable[..., Any], sentence: str, lead: str, command: str, language: str = "shell"
) -> None:
    box(plain(sentence, 400))
    if told := tell_demo():
        st.markdown(told)
    st.caption(lead)
    st.code(command, language=language)
