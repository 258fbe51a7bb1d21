"""Start here: the hypothesis, what this warehouse says of it, and what is in it."""

import streamlit as st

from pages import PAGES
from pages.inventory import chart, queries, text
from pages.inventory.headlines import MOST, Headline, draw_thumbnail, headlines
from pages.ui import shell
from pages.ui.answers import Answer
from pages.ui.findings import BADGES
from pages.ui.frame import script_of
from pages.ui.plain import plain
from pages.ui.sharing import show_views
from pages.ui.shell import Frame, Nothing

_COVERAGE, _MODELS, _DATASETS, _RUNS = "Coverage", "Models", "Datasets", "Last runs"
_CARD = 296  # pixels: three beside each other at 1280


def draw(frame: Frame) -> None:
    """Tell the hypothesis, what was found, and what is here."""
    st.markdown(text.HYPOTHESIS)
    models = queries.models()
    if models.frame.is_empty():
        raise Nothing
    _show_headlines(headlines())
    show_views()
    _show_figures()
    st.markdown("#### What is in here")
    # One at a time: all of them at once took a reader's browser a quarter of a second more.
    what = frame.view([_COVERAGE, _MODELS, _DATASETS, _RUNS], key="here")
    if what == _COVERAGE:
        _show_coverage(frame)
    elif what == _MODELS:
        _show_models(frame, models)
    elif what == _DATASETS:
        shell.table(queries.datasets())
    else:
        runs = queries.runs()
        shell.table(runs, {"seconds": st.column_config.NumberColumn("duration", format="%.1f s")})


def _show_coverage(frame: Frame) -> None:
    """Draw which model has features on which dataset."""
    coverage = queries.coverage()
    if coverage.frame.is_empty():
        st.info("Models are here, but no dataset yet.")
        return
    last = queries.runs().frame[:1]
    frame.figure(
        chart.coverage(coverage.frame),
        coverage,
        title="What is in here: layers per model and dataset",
        measured=[text.describe_last_run(row) for row in last.iter_rows(named=True)],
        alt_text="Which model has features on which dataset.",
    )
    frame.explain(text.COVERAGE)


def _show_headlines(found: list[Headline]) -> None:
    """Show headline results side by side, each leading to its page."""
    if not found:
        return
    st.markdown("#### What the numbers here say")
    dark = st.context.theme.type == "dark"
    for one, column in zip(found, st.columns(MOST), strict=False):
        (page,) = (page for page in PAGES if page.topic == one.topic)
        with column.container(border=True, height="stretch", gap="small"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{page.title}**", width="content")
                st.badge(BADGES[one.finding.verdict], color=text.VERDICTS[one.finding.verdict])
            st.caption(plain(one.finding.after_badge(), 300))
            st.image(draw_thumbnail(one, dark=dark), width="stretch", alt=one.told)
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
                st.markdown(text.describe_figure(row), width=560)


def _show_models(frame: Frame, everyone: Answer) -> None:
    """Show models as cards, those that a reader looks for."""
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
    with st.container(horizontal=True, gap="small"):
        for row in rows:
            with st.container(border=True, width=_CARD, height="stretch"):
                st.markdown(text.describe_model(row))
    shell.behind("All models as a table", everyone)


shell.show("inventory", draw)
