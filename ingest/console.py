"""The terminal: a progress with items per second and time left, and tables."""

import json
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import polars as pl
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

out = Console()
err = Console(stderr=True)


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
            TextColumn("{task.description}"),
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
        self._task = self._bars.add_task(title, total=total)

    def advance(self, n: int) -> None:
        """Count finished items."""
        self._count += n
        if self._task is not None:
            self._bars.advance(self._task, n)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, highlight=False, markup=False)

    def done(self) -> None:
        """End the task and say how long it took."""
        if self._task is None:
            return
        self._bars.remove_task(self._task)
        self._task = None
        seconds = time.monotonic() - self._started
        speed = f", {self._count / seconds:,.1f}/s" if seconds > 0.1 else ""
        self._console.print(
            f"  {self._title}: {self._count:,} of {self._total:,} in {seconds:.1f} s{speed}",
            style="dim",
            highlight=False,
            markup=False,
        )


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers stand right, None shows as a dash."""
    rows = [tuple(row) for row in rows]
    drawn = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        drawn.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    out.print(drawn)


def flattened(rows: pl.DataFrame) -> pl.DataFrame:
    """Write lists and structs as JSON text, because CSV has no place for them."""
    nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
    return rows.with_columns(
        pl.Series(
            name,
            [None if v is None else json.dumps(v, default=str) for v in rows[name].to_list()],
            dtype=pl.String,
        )
        for name in nested
    )


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
