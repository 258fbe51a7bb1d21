"""Whose results are shown: one's own, or those that ship; and how far the demo is."""

import streamlit as st

from pages.ui.plain import plain
from pages.ui.trials import current_trial, drop_trial
from prh_core.warehouse.errors import WarehouseError
from prh_core.warehouse.location import data_folder
from prh_core.warehouse.progress import WorkProgress, read_progress
from prh_core.warehouse.shipped import shows_shipped

_SHIPPED = (
    "**Results that ship with PRH Explorer:** small models from packages on emoji, two that were "
    "watched while they learned, and numbers measured on Flickr8k and ImageNet, whose photographs "
    "do not ship."
)
_YOURS = "`prh demo` makes the first part on this machine; `prh run` measures what you choose."


def show_source() -> None:
    """Say below the pages' names whose results these are, and how far the demo is."""
    trial = current_trial()
    if trial is not None and trial.succeeded:
        request = trial.request
        st.caption(
            f"**With your model {plain(request.label, 80)}** beside those on "
            f"{plain(request.dataset, 80)}, in this session only."
        )
        st.button("Show the others alone", on_click=drop_trial)
        return
    try:
        shipped = shows_shipped()
    except WarehouseError:
        return  # the page itself says so
    progress = read_progress(data_folder())
    if shipped:
        st.caption(_SHIPPED if progress else f"{_SHIPPED} {_YOURS}")
    if progress is not None:
        _follow_demo()


@st.fragment(run_every=3)
def _follow_demo() -> None:
    progress = read_progress(data_folder())
    if progress is None:
        st.rerun()  # it is at its end: its results are shown from now on
    st.progress(progress.share, text=_describe(progress))
    st.caption(_tell(progress))


def tell_demo() -> str:
    """Return what a demo that is not at its end means for a reader; nothing where none is."""
    progress = read_progress(data_folder())
    return _tell(progress) if progress else ""


def _tell(progress: WorkProgress) -> str:
    if progress.stands_still:
        return "**The demo is not at its end.** `prh demo` goes on where it stopped."
    return "**The demo is at work here.** Its results are shown as soon as it is at its end."


def _describe(progress: WorkProgress) -> str:
    """Return what is being done, and how much of it is."""
    count = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
    return f"{progress.title}{count}"
