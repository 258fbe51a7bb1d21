"""Widgets in, a frozen selection out; every choice stands in the page's address."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from pages.ui.answers import Setting

T = TypeVar("T")


@dataclass
class Controls:
    """A row of widgets, and what was chosen: enough to write the view's address."""

    chosen: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def choose(
        self,
        label: str,
        options: Sequence[T],
        *,
        key: str,
        default: T | None = None,
        shown: Callable[[T], str] = str,
        help: str | None = None,  # noqa: A002 (Streamlit's own word)
        width: int = 190,
    ) -> T:
        """Offer options; where there is one only, take it and spare the reader a widget."""
        start = options.index(default) if default in options else 0
        menu = functools.partial(st.selectbox, index=start)
        return self._offer(menu, label, options, start, key, shown, help, width)

    def slide(
        self,
        label: str,
        options: Sequence[T],
        *,
        key: str,
        shown: Callable[[T], str] = str,
        help: str | None = None,  # noqa: A002
        width: int = 190,
    ) -> T:
        """Offer what there is along a slider, from the left; one option needs none."""
        return self._offer(st.select_slider, label, options, 0, key, shown, help, width)

    def _offer(
        self,
        widget: Callable[..., T],
        label: str,
        options: Sequence[T],
        start: int,
        key: str,
        shown: Callable[[T], str],
        help: str | None,  # noqa: A002
        width: int,
    ) -> T:
        labels = [shown(option) for option in options]
        self._check_address(label, key, labels, labels[start])
        if len(options) == 1:
            return options[0]
        picked = widget(
            label, options, format_func=shown, key=key, help=help, width=width, bind="query-params"
        )
        self.chosen[key] = shown(picked)
        return picked

    def view(self, options: Sequence[str], *, key: str = "view") -> str:
        """Offer ways to draw the same answer."""
        self._check_address("Show as", key, options, options[0])
        picked = st.segmented_control(
            "Show as", options, default=options[0], required=True, key=key, bind="query-params"
        )
        self.chosen[key] = picked or options[0]
        return picked or options[0]

    def place(self, label: str, count: int, *, key: str) -> int:
        """Offer the places 0 to count - 1 of a row."""
        # No value: a click on a picture may have set one.
        picked = st.slider(label, 0, count - 1, key=key, bind="query-params")
        self.chosen[key] = str(picked)
        return picked

    def switch(self, label: str, *, key: str, help: str) -> bool:  # noqa: A002
        """Offer yes or no, yes unless the reader says otherwise."""
        self._check_address(label, key, ("true", "false"), "true")
        picked = st.toggle(label, value=True, key=key, help=help, bind="query-params")
        self.chosen[key] = "true" if picked else "false"
        return picked

    def address(self) -> str:
        """Return this view's address with every choice spelled out, defaults too."""
        base = (st.context.url or "").partition("?")[0]
        return base + ("?" + urlencode(self.chosen) if self.chosen else "")

    def show_notes(self) -> None:
        """Say which parts of the address were not understood."""
        for note in self.notes:
            st.info(note)

    def _check_address(self, label: str, key: str, labels: Sequence[str], default: str) -> None:
        asked = st.query_params.get(key)
        if asked is not None and asked not in labels:
            self.notes.append(
                f"The address asks for {label} “{asked}”, which is not here; showing “{default}”."
            )


_STEPS = (
    # label, column offered, key in the address, width
    ("Dataset", "dataset", "dataset", 240),
    ("Samples n", "n", "n", 130),
    ("Metric", "metric_label", "metric", 170),
    ("Neighbors k", "k", "k", 130),
    ("Bandwidth σ", "sigma", "sigma", 130),
    ("Truncation", "truncation", "truncation", 150),
    ("Rows normalized", "normalized", "normalized", 150),
    ("Caption pooling", "pooling", "pooling", 160),
    ("Caption prompt", "prompt", "prompt", 160),
    ("Precision", "precision", "precision", 150),
)


def choose_setting(
    controls: Controls, settings: pl.DataFrame, *, without: Sequence[str] = ()
) -> Setting:
    """Narrow the settings down, from the dataset to the precision; the first row is the default.

    Args:
        controls: where the widgets go.
        settings: answer of `queries.settings`, or part of it.
        without: columns that are not asked for; what is left of them is taken.
    """
    left = settings
    for label, column, key, width in _STEPS:
        if column in without:
            continue
        options = left[column].unique(maintain_order=True).to_list()
        if options == [None]:
            continue  # the metric has no such thing, whatever the address of another one says
        picked = controls.choose(
            label,
            sorted(options, key=_natural),
            key=key,
            default=options[0],
            shown=_plain,
            width=width,
        )
        left = left.filter(pl.col(column).eq_missing(pl.lit(picked)))
    return Setting.of(left.row(0, named=True))


def choose_candidates(controls: Controls) -> tuple[bool, bool]:
    """Ask whether all layers side by side compete, and whether untrained models are shown."""
    concatenated = controls.switch(
        "All layers side by side compete",
        key="concatenated",
        help="On: the concatenation of all layers is one more candidate, as in the paper. "
        "Off: single layers only, as in the paper's released code.",
    )
    untrained = controls.switch(
        "Show untrained models",
        key="untrained",
        help="Randomly initialized networks show what architecture and pictures alone bring.",
    )
    return concatenated, untrained


def _natural(value: Any) -> tuple[bool, Any]:
    return (value is None, value if value is not None else 0)


def _plain(value: Any) -> str:
    return "none" if value is None else str(value)
