"""A page under way: places for its answer and controls, its chart and what stands behind it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import streamlit as st

from pages import PAGES, Page
from pages.ui import export, kept
from pages.ui.answers import Answer
from pages.ui.charts.finish import on_screen
from pages.ui.charts.parts import Chart, Drawn
from pages.ui.controls import Controls
from pages.ui.downloads import offer_downloads
from pages.ui.findings import Finding
from pages.ui.glossary import GLOSSARY
from pages.ui.picking import Pick, draw_picked
from pages.ui.plain import plain
from pages.ui.sharing import offer_short_link
from pages.ui.text import describe_about

_CLICKS = "clicks"
"""Of the session: clicks on charts that led to another page; each chart after one is a new one."""
_FOLLOW = "<script>document.querySelector('.st-key-lead a')?.click()</script>"


class Lead(NamedTuple):
    """Where a click on a chart leads."""

    picked: str
    """Name of the chart's selection."""
    topic: str
    """Page it leads to."""
    query: Callable[[Mapping[str, Any]], dict[str, str]]
    """Its query, made of the fields that were clicked."""
    hint: str
    """What a click does, one sentence."""
    label: str
    """Of the link that a click follows."""


def script_of(topic: str) -> str:
    """Return the path of a page's script, as links within the app want it."""
    return next(page.script for page in PAGES if page.topic == topic)


def describe_terms(names: Sequence[str]) -> str:
    """Return what words of the glossary mean, with their formulas, as Markdown."""
    told = (GLOSSARY[name] for name in names)
    return "\n\n".join(
        f"**{term.name}.** {term.says}" + (f"\n\n$${term.formula}$$" if term.formula else "")
        for term in told
    )


class Frame(Controls):
    """A page under way: places for its answer and controls, its chart and what stands behind it."""

    def __init__(self, page: Page) -> None:
        """Write the title and the question, and keep places for what follows."""
        super().__init__(page.topic)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.title(page.title, anchor=False, width="content")
            if page.figure:
                st.badge(f"Paper, {page.figure}", color="gray")
            if page.terms:
                with st.popover("Terms", type="tertiary"):
                    st.markdown(describe_terms(page.terms))
                    st.page_link(script_of("glossary"), label="All terms")
        st.markdown(page.claim)
        self._answer = st.container()
        whole = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        # By its style (see `shell`) it is no box of its own: "Options" follow its last control.
        self._row = whole.container(
            horizontal=True, vertical_alignment="bottom", width="content", gap="small",
            key="controls",
        )  # fmt: skip
        self._place = whole
        self._drawer: Any = None
        self._in_drawer = False

    @property
    def row(self) -> AbstractContextManager[Any]:
        """Return where the two to four controls go that stay in view."""
        return self._row

    @property
    @contextmanager
    def options(self) -> Iterator[None]:
        """Return the drawer of controls that most readers never touch; empty, it is not there."""
        before, self._in_drawer = self._in_drawer, True
        try:
            yield
        finally:
            self._in_drawer = before

    def _where(self) -> AbstractContextManager[Any]:
        if not self._in_drawer:
            return nullcontext()
        if self._drawer is None:
            self._drawer = self._place.popover("Options")
        return self._drawer

    def answer(self, finding: Finding, *, note: str | None = None) -> None:
        """Answer the page's question above its controls.

        Args:
            finding: what the numbers in view say, how sure that is, and what the paper has.
            note: what to know of the dataset before believing it.
        """
        kept.keep(finding)
        with self._answer.container(key="answer"):
            st.markdown(f"**{plain(finding.sentence, 500)}**")
            lines = [plain(line, 700) for line in (finding.doubt, finding.paper) if line]
            if lines:
                st.caption("  \n".join(lines))
        if note:
            self._answer.caption(f"Note: {plain(note, 400)}")

    def figure(
        self,
        chart: Drawn,
        answer: Answer,
        *,
        title: str,
        measured: list[str],
        alt_text: str,
        about: Mapping[str, Any] | None = None,
        view: str = "",
        columns: dict[str, Any] | None = None,
        across: int = 2,
        lead: Lead | None = None,
        pick: Pick | None = None,
        place: AbstractContextManager[Any] | None = None,
        below: Callable[[], object] | None = None,
    ) -> None:
        """Show the chart, what was measured, the table behind it, and everything as a download.

        Args:
            chart: the page's one chart, or its panels by their names.
            answer: the query it draws.
            title: of the downloaded picture.
            measured: lines of Markdown that say what was measured; they stand with the method.
            alt_text: the chart in words, for screen readers.
            about: what the numbers are of, for files: dataset, metric, k, n and so on.
            view: how the answer is drawn, for the files' names.
            columns: Streamlit column configuration of the table.
            across: panels side by side.
            lead: where a click leads.
            pick: what a click chooses, where it leads nowhere.
            place: where the chart goes, if not here.
            below: draws what belongs before the rest.
        """
        with place or nullcontext():
            self._draw(chart, alt_text, lead or pick, across)
        if below is not None:
            below()
        known = {name: value for name, value in (about or {}).items() if value is not None}
        if known:
            st.caption(describe_about(known))
        offer_downloads(
            self.topic, chart, answer, title=title, measured=measured, view=view,
            about={**known, "link": self.address()}, across=across,
        )  # fmt: skip
        lines = tuple(measured)
        kept.keep(kept.Figure(title, alt_text, chart, answer, lines, known, view, across))
        self._method = st.expander("How this was measured, and how to read it")
        with self._method:
            for line in measured:
                st.caption(line)
        with st.expander("Table"):
            table(answer, columns)
        with st.expander("SQL and link to this view"):
            st.code(export.script(answer), language="sql", wrap_lines=True)
            st.caption("This view, with every choice spelled out:")
            self._show_address()

    def draw(self, chart: Chart, alt_text: str) -> None:
        """Draw a chart and nothing beside it.

        Args:
            chart: to draw.
            alt_text: the chart in words, for screen readers.
        """
        _draw_chart(chart, alt_text)

    def offer_files(
        self, chart: Chart | None, answer: Answer, *, title: str, about: Mapping[str, Any]
    ) -> None:
        """Offer an answer as files, and its picture where there is one.

        Args:
            chart: of the answer.
            answer: a query's.
            title: of the picture.
            about: what the numbers are of.
        """
        offer_downloads(
            self.topic, chart, answer, title=title, about={**about, "link": self.address()}
        )
        with st.expander("Link to this view"):
            self._show_address()

    def _show_address(self) -> None:
        """Show this view's address, and offer a short one where the host lets readers keep it."""
        st.code(self.address(), language=None, wrap_lines=True)
        offer_short_link(self.topic, self.address())

    def show_notes(self) -> None:
        """Say which parts of the address were not understood, below the answer."""
        with self._answer:
            super().show_notes()

    def explain(self, text: str) -> None:
        """Say how to read the chart, and what not to read into it: behind one click."""
        self._method.markdown(text)
        kept.keep(kept.Explanation(text))

    def also(self, title: str, chart: Drawn, answer: Answer, alt_text: str) -> None:
        """Show a second chart of the page, with the table and SQL behind it.

        Args:
            title: what it shows.
            chart: of it.
            answer: the query it draws.
            alt_text: the chart in words, for screen readers.
        """
        st.markdown(f"#### {title}")
        self._draw(chart, alt_text, None, 2)
        kept.keep(kept.Figure(title, alt_text, chart, answer))
        behind(f"Table and SQL: {title[0].lower()}{title[1:]}", answer)

    def _draw(self, chart: Drawn, alt_text: str, lead: Lead | Pick | None, across: int) -> None:
        """Draw a chart, or panels side by side; on a phone Streamlit puts them one below another.

        A click leads to another page, if it leads anywhere, or chooses something on this one.
        """
        if isinstance(lead, Pick):
            assert not isinstance(chart, dict)
            return draw_picked(chart, alt_text, lead, self.topic)
        if not isinstance(chart, dict):
            clicked = _draw_chart(chart, alt_text, lead, self.topic)
        else:
            clicked = None
            names = list(chart)
            across = min(across, len(names))
            for first in range(0, len(names), across):
                shown = names[first : first + across]
                for name, column in zip(shown, st.columns(across), strict=False):
                    with column:
                        st.markdown(f"**{plain(name)}**")
                        key = f"{self.topic}-{name}"
                        told = f"{name}: {alt_text}"
                        clicked = _draw_chart(chart[name], told, lead, key) or clicked
        if lead is None:
            return
        st.caption(lead.hint)
        if clicked:
            st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1
            with st.container(key="lead"):
                st.page_link(
                    script_of(lead.topic), label=lead.label, query_params=lead.query(clicked)
                )
            # Streamlit's own switch would leave an entry in the history that was never a view.
            st.html(_FOLLOW, unsafe_allow_javascript=True)


def table(answer: Answer, columns: dict[str, Any] | None = None) -> None:
    """Show an answer as a table, its column names in words."""
    words = {name: name.replace("_", " ") for name in answer.frame.columns}
    st.dataframe(answer.frame, hide_index=True, column_config={**words, **(columns or {})})


def behind(label: str, answer: Answer) -> None:
    """Fold away a second answer that a figure draws: its table and its SQL."""
    with st.expander(label):
        table(answer)
        st.code(export.script(answer), language="sql", wrap_lines=True)


def _draw_chart(
    chart: Chart, alt_text: str, lead: Lead | None = None, key: str = ""
) -> Mapping[str, Any] | None:
    """Draw a chart; return the fields that were clicked, where it leads anywhere."""
    spec = on_screen(chart, dark=st.context.theme.type == "dark")
    if lead is None:
        st.vega_lite_chart(spec=spec, width="stretch", alt=alt_text)
        return None
    event = st.vega_lite_chart(
        spec=spec, width="stretch", alt=alt_text, on_select="rerun", selection_mode=lead.picked,
        key=f"{key}-chart-{st.session_state.get(_CLICKS, 0)}",
    )  # fmt: skip
    clicked = event["selection"].get(lead.picked)
    return clicked[0] if clicked else None
