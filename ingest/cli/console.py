"""The terminal: a progress with items per second and time left, and tables.

What is printed is data: brackets, emoji codes and control characters stand as they are.
"""

import io
import re
import sys
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, markup=False, emoji=False, highlight=False)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def make_printable() -> None:
    """Have both streams write what their encoding lacks as an escape, and never fail at it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def speaks_unicode() -> bool:
    """Say whether standard output can write any character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def literal(text: str) -> Text:
    """Return text whose brackets mean nothing, and that no control character can leave."""
    return Text(_CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text))


class _Speed(ProgressColumn):
    """Items per second."""

    def render(self, task: Task) -> Text:
        """Show the speed once it is known."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f}/s" if speed else "", style="progress.data.speed")


class TerminalProgress:
    """A live bar per task on a terminal; one finished line per task everywhere.

    Follows the protocol of `ingest.progress.Progress`.
    """

    def __init__(self, console: Console = err) -> None:
        """Draw on `console`; nothing is shown before the first task starts."""
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._title, self._total, self._count, self._started = "", 0, 0, 0.0

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing and leave the cursor where it belongs."""
        self._bars.stop()

    def start(self, title: str, total: int) -> None:
        """Begin a task; a task still open ends."""
        self.done()
        self._title, self._total, self._count = title, total, 0
        self._started = time.monotonic()
        self._task = self._bars.add_task(literal(title).plain, total=total)

    def advance(self, n: int) -> None:
        """Count finished items."""
        self._count += n
        if self._task is not None:
            self._bars.advance(self._task, n)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(literal(text))

    def done(self) -> None:
        """End the task and say how long it took."""
        if self._task is None:
            return
        self._bars.remove_task(self._task)
        self._task = None
        seconds = time.monotonic() - self._started
        speed = f", {self._count / seconds:,.1f}/s" if seconds > 0.1 else ""
        summary = f"  {self._title}: {self._count:,} of {self._total:,} in {seconds:.1f} s{speed}"
        self._console.print(literal(summary), style="dim")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers stand right, None shows as a dash."""
    rows = [tuple(row) for row in rows]
    drawn = Table(title=literal(title), title_justify="left", header_style="bold", expand=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        drawn.add_column(literal(column), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(literal(_cell(value)) for value in row))
    out.print(drawn)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
