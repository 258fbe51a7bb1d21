"""The pages' door to the results: answers are remembered, and a swapped file is seen at once."""

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from prh_core.warehouse.reading import name_error, open_readonly
from prh_core.warehouse.shipped import shown_file

_REMEMBERED = 256
_opening = threading.Lock()


class Snapshot(NamedTuple):
    """One state of the warehouse that is shown: what was made of it holds until another is."""

    path: Path
    inode: int
    mtime_ns: int


def shown() -> Snapshot:
    """Return the state that the shown file has now; zeros where it cannot be looked at."""
    path = shown_file()
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
        snapshot = _snapshot(shown())
    return snapshot(query, **parameters)


# A question under way keeps its own reference; an old snapshot goes with the last one.
@functools.lru_cache(maxsize=1)
def _snapshot(state: Snapshot) -> Callable[..., pl.DataFrame]:
    """Open the file that a path names now; return what asks it and remembers its answers."""
    path = state.path
    instance = open_readonly(path, older=False)  # which names what is wrong

    @functools.lru_cache(maxsize=_REMEMBERED, typed=True)
    def answer(query: str, **parameters: Any) -> pl.DataFrame:
        try:
            with instance.cursor() as cursor:
                cursor.execute("USE warehouse")
                return cursor.sql(query, params=parameters).pl()
        except (duckdb.ParserException, duckdb.BinderException):
            raise  # our query is wrong, not the file
        except duckdb.Error as error:
            raise name_error(path, error) from error

    return answer
