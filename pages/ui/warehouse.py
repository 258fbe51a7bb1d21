"""The pages' door to the results: answers are remembered, and a swapped file is seen at once."""

import functools
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from pages.ui.remembered import MIB, Memory
from prh_core.warehouse.reading import name_error, open_readonly
from prh_core.warehouse.shipped import shown_file

_REMEMBERED = 256 * MIB
_OF_TRIAL = 16 * MIB
"""The same of one reader's trial."""
_opening = threading.Lock()


_trials: list[Callable[[], Path | None]] = []


def look_first(trial_file: Callable[[], Path | None]) -> None:
    """Ask a reader's own results before the shared ones, where there are some.

    Args:
        trial_file: returns their file; None where this reader has none.
    """
    _trials[:] = [trial_file]


def _trial_file() -> Path | None:
    return _trials[0]() if _trials else None


class Snapshot(NamedTuple):
    """One state of the warehouse that is shown: what was made of it holds until another is."""

    path: Path
    inode: int
    mtime_ns: int


def shown() -> Snapshot:
    """Return the state that the shown file has now; zeros where it cannot be looked at.

    It is that of the trial of this session's reader, where there is one.
    """
    path = _trial_file() or shown_file()
    try:
        stat = path.stat()
    except OSError:
        return Snapshot(path, 0, 0)
    return Snapshot(path, stat.st_ino, stat.st_mtime_ns)


def ask(query: str, **parameters: Any) -> pl.DataFrame:
    """Answer one SQL query from the newest published warehouse, or from what ships.

    Args:
        query: SQL with $parameters.
        **parameters: a value per $parameter.

    Raises:
        WarehouseError: the published file cannot be read; its class says why.
    """
    with _opening:
        state = shown()
        results = _snapshot(state) if _trial_file() is None else _trial(state)
    return results.ask(query, parameters)


class Results:
    """One file of results: what it answered is remembered."""

    def __init__(self, path: Path, room: int = _REMEMBERED) -> None:
        """Open the file that a path names now.

        Args:
            path: of the file.
            room: bytes of answers that are remembered.

        Raises:
            WarehouseError: it cannot be read; its class says why.
        """
        self._path = path
        self._instance = open_readonly(path, older=False)
        self._answers: Memory[pl.DataFrame] = Memory(room)

    def ask(self, query: str, parameters: Mapping[str, Any]) -> pl.DataFrame:
        """Answer a query from memory, or from the file."""
        return self._answers.answer(
            (query, *((name, type(value), value) for name, value in sorted(parameters.items()))),
            lambda: self.ask_file(query, parameters),
            lambda frame: int(frame.estimated_size()),
        )

    def ask_file(self, query: str, parameters: Mapping[str, Any]) -> pl.DataFrame:
        """Answer a query from the file."""
        try:
            with self._instance.cursor() as cursor:
                cursor.execute("USE warehouse")
                return cursor.sql(query, params=dict(parameters)).pl()
        except (duckdb.ParserException, duckdb.BinderException):
            raise  # our query is wrong, not the file
        except duckdb.Error as error:
            raise name_error(self._path, error) from error


# A question under way keeps its own reference; an old snapshot goes with the last one.
@functools.lru_cache(maxsize=1)
def _snapshot(state: Snapshot) -> Results:
    return Results(state.path)


@functools.lru_cache(maxsize=8)
def _trial(state: Snapshot) -> Results:
    return Results(state.path, _OF_TRIAL)
