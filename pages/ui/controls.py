"""Widgets in, choices out: a page's state is its address.

Every choice stands in it, by the page's own keys; a reader's move writes a new address, and Back
and Forward walk through them.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar
from urllib.parse import urlencode

import streamlit as st

from pages import SETTING
from pages.ui.plain import plain

T = TypeVar("T")

_MOVED, _SHOWN, _SPELLED, _CARRIED = "moved", "shown", "spelled", "carried"
"""Of the session: which control was moved just now; which controls its page showed last; each
page's choices, all of them; the setting that a reader chose."""


def link(topic: str, takes: Sequence[str]) -> dict[str, str]:
    """Return the query that a link to a page has: as it was left, or with the setting carried over.

    Args:
        topic: of the page.
        takes: keys of the setting that the page has.
    """
    state = st.session_state
    if topic in state.get(_SPELLED, {}):
        return state[_SPELLED][topic]
    return {key: value for key, value in state.get(_CARRIED, {}).items() if key in takes}


def _note_move(key: str, label: str | None) -> None:
    """Keep in mind that the reader moved a control, and what of the setting was chosen."""
    st.session_state[_MOVED] = key
    if key in SETTING and label is not None:
        carried = st.session_state.get(_CARRIED, {})
        st.session_state[_CARRIED] = {**carried, key: label}


class Controls:
    """A page's widgets, and what was chosen: enough to write the view's address."""

    def __init__(self, topic: str) -> None:
        """Take the state of a page from its address, or from the control that was just moved."""
        self.topic = topic
        self.chosen: dict[str, str] = {}
        self.notes: list[str] = []
        before_topic, self._before = st.session_state.get(_SHOWN, ("", ()))
        moved = st.session_state.pop(_MOVED, None)
        self.moved: str | None = moved if before_topic == topic else None
        """Key of the control that the reader moved just now."""
        self._moved = self.moved is not None
        self._shown: list[str] = []

    @property
    def row(self) -> AbstractContextManager[Any]:
        """Return where the two to four controls go that stay in view."""
        return nullcontext()

    @property
    def options(self) -> AbstractContextManager[Any]:
        """Return the drawer of controls that most readers never touch."""
        return nullcontext()

    def _where(self) -> AbstractContextManager[Any]:
        """Return where a widget goes now."""
        return nullcontext()

    def choose(
        self,
        label: str,
        options: Sequence[T],
        *,
        key: str,
        default: T | None = None,
        shown: Callable[[T], str] | None = None,
        told: Callable[[T], str] | None = None,
        help: str | None = None,  # noqa: A002 (Streamlit's own word)
        width: int = 190,
    ) -> T:
        """Offer options; where there is one only, take it and spare the reader a widget.

        `shown` is how the address writes an option, and the widget, too, unless `told` is given.
        """
        start = default if default in options else options[0]
        return self._offer(
            st.selectbox, label, options, start, key, shown or str, help, width, told
        )

    def slide(
        self,
        label: str,
        options: Sequence[T],
        *,
        key: str,
        shown: Callable[[T], str] | None = None,
        help: str | None = None,  # noqa: A002
        width: int = 190,
    ) -> T:
        """Offer what there is along a slider, from the left; one option needs none."""
        return self._offer(
            st.select_slider, label, options, options[0], key, shown or str, help, width
        )  # fmt: skip

    def _offer(
        self,
        widget: Callable[..., Any],
        label: str,
        options: Sequence[T],
        start: Any,
        key: str,
        shown: Callable[[T], str],
        help: str | None,  # noqa: A002
        width: int,
        told: Callable[[T], str] | None = None,
    ) -> T:
        picked = self._settle(label, key, options, start, shown)
        if len(options) > 1:
            st.session_state[key] = picked
            with self._where():
                picked = widget(
                    label, options, format_func=told or shown, key=key, help=help, width=width,
                    on_change=self._move(key, shown),
                )  # fmt: skip
        self._keep(key, shown(picked))
        return picked

    def view(self, options: Sequence[str], *, key: str = "view", default: str | None = None) -> str:
        """Offer ways to draw the same answer; one only needs no widget."""
        start = default if default is not None and default in options else options[0]
        picked = self._settle("Show as", key, options, start, str)
        if len(options) > 1:
            st.session_state[key] = picked
            with self._where():
                given = st.segmented_control(
                    "Show as", options, required=True, key=key, on_change=self._move(key, str)
                )
            picked = given or start
        self._keep(key, picked)
        return picked

    def place(self, label: str, count: int, *, key: str) -> int:
        """Offer the places 0 to count - 1 of a row."""
        picked = self._settle(label, key, range(count), 0, str)
        if count > 1:
            st.session_state[key] = picked
            picked = st.slider(label, 0, count - 1, key=key, on_change=self._move(key, str))
        self._keep(key, str(picked))
        return picked

    def switch(self, label: str, *, key: str, help: str, default: bool = True) -> bool:  # noqa: A002
        """Offer yes or no."""
        picked = self._settle(label, key, (True, False), default, _say_truth)
        st.session_state[key] = picked
        with self._where():
            picked = st.toggle(label, key=key, help=help, on_change=self._move(key, _say_truth))
        self._keep(key, _say_truth(picked))
        return picked

    def search(self, label: str, *, key: str, placeholder: str = "", width: int = 260) -> str:
        """Offer a field for words to look for; at most 80 characters."""
        asked = str(st.query_params.get(key, ""))[:80]
        given = st.session_state[key] if self._is_widgets(key) else asked
        st.session_state[key] = given
        typed = st.text_input(
            label, key=key, placeholder=placeholder, width=width, max_chars=80,
            on_change=self._move(key, str),
        )  # fmt: skip
        self._keep(key, typed)
        return typed

    def write(self, label: str, start: str, *, key: str, height: int, longest: int) -> str:
        """Offer a field for lines of text.

        Args:
            label: of the field.
            start: what stands in it at first.
            key: of the address.
            height: in pixels.
            longest: characters that it takes.
        """
        asked = str(st.query_params.get(key, start))[:longest]
        given = st.session_state[key] if self._is_widgets(key) else asked
        st.session_state[key] = given
        typed = st.text_area(
            label, key=key, height=height, max_chars=longest, on_change=self._move(key, str)
        )
        self._keep(key, typed)
        return typed

    def several(
        self, label: str, options: Sequence[str], *, key: str, width: int = 260
    ) -> list[str]:
        """Offer any number of options; none chosen means all."""
        asked = [name for name in st.query_params.get_all(key) if name in options]
        given = st.session_state[key] if self._is_widgets(key) else asked
        st.session_state[key] = [name for name in given if name in options]
        with self._where():
            picked = st.multiselect(
                label, options, key=key, width=width, on_change=self._move(key, lambda _: None)
            )
        self._shown.append(key)
        if picked:
            self.chosen[key] = picked  # type: ignore[assignment]
        return picked

    def asked(self, key: str) -> str | None:
        """Return what was chosen of a control that is not offered yet; None where nothing was."""
        if self._is_widgets(key):
            return str(st.session_state[key])
        return None if self._moved and key in self._before else st.query_params.get(key)

    def forget(self, key: str) -> None:
        """Let a control begin anew: what was chosen of it is no longer meant."""
        st.session_state.pop(key, None)

    def move(self, key: str, value: Any) -> None:
        """Set a control from elsewhere, e.g. by a click on a picture; for a callback."""
        st.session_state[key] = value
        _note_move(key, None)

    def address(self) -> str:
        """Return this view's address with every choice spelled out, defaults too."""
        base = (st.context.url or "").partition("?")[0]
        return base + ("?" + urlencode(self.chosen, doseq=True) if self.chosen else "")

    def remember(self) -> None:
        """Keep the page as it is for who comes back, and write a reader's move to the address."""
        state = st.session_state
        state[_SHOWN] = (self.topic, tuple(self._shown))
        if not self.chosen:
            return
        state[_SPELLED] = {**state.get(_SPELLED, {}), self.topic: dict(self.chosen)}
        if self._moved:
            st.query_params.from_dict(self.chosen)

    def show_notes(self) -> None:
        """Say which parts of the address were not understood."""
        for note in self.notes:
            st.info(note)

    def _move(self, key: str, shown: Callable[[Any], str | None]) -> Callable[[], None]:
        return lambda: _note_move(key, shown(st.session_state[key]))

    def _is_widgets(self, key: str) -> bool:
        """Tell whether the reader is at the controls and this one stood there before."""
        return self._moved and key in self._before and key in st.session_state

    def _settle(
        self, label: str, key: str, options: Sequence[T], start: T, shown: Callable[[T], str]
    ) -> T:
        """Return what stands: in the widget after a move, else in the address, else the default."""
        if self._is_widgets(key) and st.session_state[key] in options:
            return st.session_state[key]
        asked = None if self._moved and key in self._before else st.query_params.get(key)
        if asked is None:
            return start
        for option in options:
            if shown(option) == asked:
                return option
        if st.session_state.get(_CARRIED, {}).get(key) != asked:
            self.notes.append(
                f"The address asks for {label} “{plain(asked, 80)}”, which is not here; showing "
                f"“{plain(shown(start), 80)}”."
            )
        return start

    def _keep(self, key: str, label: str) -> None:
        self._shown.append(key)
        self.chosen[key] = label


def _say_truth(value: bool) -> str:
    return "true" if value else "false"
