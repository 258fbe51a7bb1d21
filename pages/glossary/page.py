"""The words of the pages: what each means, its formula and where it comes from."""

import streamlit as st

from pages.ui import shell
from pages.ui.glossary import matching
from pages.ui.shell import Frame


def draw(frame: Frame) -> None:
    """Search, list."""
    with frame.row:
        words = frame.search("Search", key="q", placeholder="e.g. null, CKA, interval")
    found = matching(words)
    if not found:
        st.info("No word here holds all of these. Fewer letters find more.")
    for section, terms in found.items():
        st.markdown(f"#### {section}")
        for term in terms:
            with st.container(border=True):
                meaning, formula = st.columns([3, 2], vertical_alignment="center")
                meaning.markdown(f"**{term.name}**  \n{term.says}")
                unit = f"Unit or range: {term.unit} · " if term.unit else ""
                meaning.caption(f"{unit}Source: {term.source}")
                if term.formula:
                    formula.latex(term.formula)


shell.show("glossary", draw)
