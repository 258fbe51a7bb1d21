"""What pages show, kept while somebody listens: a report is made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from pages.ui.answers import Answer
from pages.ui.charts.parts import Drawn
from pages.ui.findings import Finding


class Figure(NamedTuple):
    """A chart, what it draws and what it is of."""

    title: str
    alt_text: str
    chart: Drawn
    answer: Answer
    measured: tuple[str, ...] = ()
    about: dict[str, Any] = {}
    view: str = ""
    across: int = 2
    """Panels side by side."""


class Explanation(NamedTuple):
    """How to read a chart, and what not to read into it, in Markdown."""

    text: str


Shown: TypeAlias = Finding | Figure | Explanation
_listening: list[list[Shown]] = []


@contextmanager
def listen() -> Iterator[list[Shown]]:
    """Return a list that grows by what the page shown next shows, in its order."""
    heard: list[Shown] = []
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)


def keep(what: Shown) -> None:
    """Tell whoever listens."""
    for heard in _listening:
        heard.append(what)
