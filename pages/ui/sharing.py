"""Short links: views that were given a name, and how a reader keeps one."""

import json
import os
from urllib.parse import quote

import streamlit as st

from pages import PAGES
from pages.ui.plain import plain
from prh_core.warehouse.errors import ViewError
from prh_core.warehouse.location import data_folder
from prh_core.warehouse.views import KEEPING, LONGEST_NAME, find_view, keep_view, list_views

_TO = "to"
"""Key of a short link: /?to=NAME."""
_TOLD = "told of a view"
"""Of the session: what became of the last view that was to be kept."""
MOST_LISTED = 24
_SCRIPTS = {page.url: page.script for page in PAGES}
"""By path of a page's address."""


def follow() -> None:
    """Lead a short link to its view; Back does not come by it again."""
    name = st.query_params.get(_TO)
    if name is None:
        return
    view = find_view(data_folder(), name)
    if view is None or view.page not in _SCRIPTS:
        st.info(f"No view is kept here under the name “{plain(name, 80)}”.")
        return
    # Only characters that an address has: no letter of it ends the script.
    leads = json.dumps("./" + view.address.lstrip("/"))
    st.html(f"<script>location.replace({leads})</script>", unsafe_allow_javascript=True)
    st.caption(f"On the way to “{name}”.")
    st.stop()


def offer_short_link(topic: str, address: str) -> None:
    """Offer to keep a view under a short name, where the host lets its readers.

    Args:
        topic: of the page.
        address: of the view, whole.
    """
    if not os.environ.get(KEEPING):
        return
    key = f"short-{topic}"
    (url,) = (page.url for page in PAGES if page.topic == topic)
    base, _, query = address.partition("?")

    def keep() -> None:
        try:
            view = keep_view(data_folder(), st.session_state[key], f"/{url}?{query}".rstrip("?"))
        except ViewError as error:
            st.session_state[_TOLD] = (topic, str(error), "")
        else:
            st.session_state[_TOLD] = (topic, "", view.name)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        typed = st.text_input(
            "A short name for this view", key=key, max_chars=LONGEST_NAME, width=260,
            placeholder="e.g. fig-3-photographs",
        )  # fmt: skip
        st.button("Keep this view", key=f"keep-{topic}", on_click=keep, disabled=not typed)
    of, refused, name = st.session_state.get(_TOLD, ("", "", ""))
    if of == topic and refused:
        st.warning(f"{plain(refused[:1].upper() + refused[1:], 400)}.")
    elif of == topic:
        short = f"{base.removesuffix(url).rstrip('/')}/?{_TO}={quote(name)}"
        st.code(short, language=None)


def show_views() -> None:
    """List the views that were kept, each a link; nothing where there are none."""
    views = [view for view in list_views(data_folder()) if view.page in _SCRIPTS]
    if not views:
        return
    st.markdown("#### Views kept here")
    with st.container(horizontal=True, gap="small"):
        for view in views[:MOST_LISTED]:
            script, label = _SCRIPTS[view.page], plain(view.name, 80)
            st.page_link(script, label=label, query_params=view.choices or None)
    if len(views) > MOST_LISTED:
        st.caption(f"{len(views) - MOST_LISTED} more are kept: `prh view` lists them.")
