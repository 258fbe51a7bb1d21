"""The door of a host that asks for sign-in: pages begin behind it only."""

import functools
import os

import streamlit as st

from pages.ui.plain import plain
from prh_core.warehouse.errors import SignInError
from prh_core.warehouse.readers import SIGN_IN_DEMANDED, Readers, readers_of

_ADMITTED = "admitted"
"""Of the session: this reader came through the door before."""
_REMEMBER = """<script>
if (location.pathname + location.search !== "/")
    sessionStorage.setItem("prh-wanted", location.pathname + location.search);
</script>"""
_RETURN = """<script>
const wanted = sessionStorage.getItem("prh-wanted");
sessionStorage.removeItem("prh-wanted");
if (wanted && location.pathname + location.search !== wanted)
    location.replace(location.origin + wanted);
</script>"""
"""A provider leads back to the start, not to the page that was asked for. With its origin, a path
that begins with two slashes names no other host."""


def admit() -> None:
    """Let those in whom the host names; show everybody else the door and end the run."""
    try:
        readers = _readers()
    except SignInError:
        _show_door("This host asks for sign-in, and how is not set up right: nobody is let in.")
        st.stop()
    if readers is None:
        return
    if not st.user.is_logged_in:
        st.html(_REMEMBER, unsafe_allow_javascript=True)
        _show_door(f"This host shows its results to {readers.describe()}.")
        st.button("Sign in", on_click=st.login)
        st.stop()
    if not readers.admit(st.user.to_dict()):
        email = plain(str(st.user.get("email") or "somebody without an address"), 200)
        _show_door(
            f"You are signed in as {email}. This host shows its results to "
            f"{readers.describe()}, by an address that is verified."
        )
        st.button("Sign out", on_click=st.logout)
        st.stop()
    if not st.session_state.get(_ADMITTED):
        st.session_state[_ADMITTED] = True
        st.html(_RETURN, unsafe_allow_javascript=True)


def show_reader() -> None:
    """Say who is signed in, and offer to sign out; nothing where no sign-in is asked for."""
    if _readers() is not None:
        st.caption(f"Signed in as {plain(str(st.user.get('email')), 200)}")
        st.button("Sign out", on_click=st.logout, type="tertiary")


@functools.cache
def _readers() -> Readers | None:
    """Return whom the host admits, as it said when the app began; None admits everybody.

    Raises:
        SignInError: sign-in is asked for, and its settings are not there or will not do.
    """
    if st.secrets.load_if_toml_exists() and "sign_in" in st.secrets:
        return readers_of(st.secrets.to_dict())
    if os.environ.get(SIGN_IN_DEMANDED):
        raise SignInError("sign-in was asked for, and its settings cannot be read")
    return None


def _show_door(sentence: str) -> None:
    st.title("PRH Explorer", anchor=False)
    st.markdown(sentence)
