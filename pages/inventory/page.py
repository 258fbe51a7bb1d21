"""Start here: the hypothesis, what this warehouse says of it, and what is in it."""

import streamlit as st

from pages import PAGES
from pages.inventory import chart, queries, text
from pages.inventory.headlines import MOST, Headline, draw_thumbnail, headlines
from pages.ui import shell
from pages.ui.findings import BADGES
from pages.ui.frame import script_of
from pages.ui.plain import plain
from pages.ui.shell import Frame, Nothing

_ACROSS = 3


def draw(frame: Frame) -> None:
    """Tell the hypothesis, what was found, and what is here."""
    st.markdown(text.HYPOTHESIS)
    models, coverage = queries.models(), queries.coverage()
    if models.frame.is_empty():
        raise Nothing
    _show_headlines(headlines())
    _show_figures()
    st.markdown("#### What is in here")
    runs = queries.runs()
    if coverage.frame.is_empty():
        st.info("Models are here, but no dataset yet.")
    else:
        frame.figure(
            chart.coverage(coverage.frame),
            coverage,
            title="What is in here: layers per model and dataset",
            measured=[text.describe_last_run(row) for row in runs.frame[:1].iter_rows(named=True)],
            alt_text="Which model has features on which dataset.",
        )
        frame.explain(text.COVERAGE)
    _show_models(frame)
    st.markdown("#### Datasets")
    shell.table(queries.datasets())
    st.markdown("#### Last runs")
    shell.table(runs, {"seconds": st.column_config.NumberColumn("duration", format="%.1f s")})


def _show_headlines(found: list[Headline]) -> None:
    """Show headline results side by side, each leading to its page."""
    if not found:
        return
    st.markdown("#### What the numbers here say")
    dark = st.context.theme.type == "dark"
    for (place, one), column in zip(enumerate(found), st.columns(MOST), strict=False):
        (page,) = (page for page in PAGES if page.topic == one.topic)
        with column.container(border=True, height="stretch", gap="small"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{page.title}**", width="content")
                st.badge(BADGES[one.finding.verdict], color=text.VERDICTS[one.finding.verdict])
            st.caption(plain(one.finding.after_badge(), 300))
            st.image(draw_thumbnail(place, dark=dark), width="stretch", alt=one.told)
            st.page_link(
                page.script, label=f"See it: paper, {page.figure}", query_params=one.address
            )


def _show_figures() -> None:
    """List the paper's figures with their state here, each leading to its page."""
    st.markdown("#### The paper's figures here")
    with st.container(gap=None):
        for row in queries.figures().frame.iter_rows(named=True):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                label = f"{row['figure']}: {row['what']}"
                st.page_link(script_of(row["topic"]), label=label, width=290)
                st.badge(row["state"], color=text.STATES[row["state"]], width=170)
                st.caption(text.describe_figure(row), width=380)


def _show_models(frame: Frame) -> None:
    """Show models as cards, those that a reader looks for."""
    everyone = queries.models()
    st.markdown("#### Models")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        words = frame.search("Search models", key="q", placeholder="e.g. DINOv2, Apache")
        families = everyone.frame["family"].unique().sort().to_list()
        chosen = frame.several("Family", families, key="family", width=330)
        found = text.match_models(everyone.frame, words, chosen)
        page = frame.choose("Models shown", text.list_pages(found.height), key="cards", width=140)
    if found.is_empty():
        st.info("No model here is like that. Fewer letters find more.")
        return
    rows = list(text.pick_page(found, page).iter_rows(named=True))
    for first in range(0, len(rows), _ACROSS):
        for row, column in zip(rows[first : first + _ACROSS], st.columns(_ACROSS), strict=False):
            with column.container(border=True, height="stretch", gap=None):
                name, *lines = [row["model"], *text.describe_model(row)]
                st.markdown(f"**{plain(name)}** · {row['modality']}")
                st.caption("  \n".join(lines))
    shell.behind("All models as a table", everyone)


shell.show("inventory", draw)
