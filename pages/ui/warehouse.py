"""The one door to the results: cached, read-only, and it sees a swapped file at the next question.

`ask` opens the published file in an in-memory DuckDB instance of its own per snapshot. DuckDB
would hand a connection by path the file it opened before, not the one swapped in since.
"""

import os
import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

KNOWN_SCHEMA = 15
"""The newest schema these pages were written for."""
_DAMAGED = "The warehouse is damaged, or is not one of PRH Explorer's."
_REMEMBERED = 256
_REPOSITORY = Path(__file__).resolve().parents[2]


class WarehouseProblem(Exception):  # noqa: N818 (a state of the world to show, not a bug)
    """There is nothing to show; the message is one sentence for the reader."""

    remedy = ""
    """The command that fills or repairs the warehouse."""


class WarehouseMissing(WarehouseProblem):
    """No published file yet."""

    remedy = "prh demo"


class WarehouseEmpty(WarehouseProblem):
    """A published file without what this page shows."""

    remedy = "prh demo"


class NoSkills(WarehouseProblem):
    """A published file without a skill of any model."""

    remedy = "prh import lm-eval results_*.json"


class NoColors(WarehouseProblem):
    """A published file without colors laid out."""

    remedy = "prh color --panel demo --pictures package:scikit-learn"


class NoCaptionSets(WarehouseProblem):
    """A published file without caption sets compared."""

    remedy = (
        "prh captions --dataset emoji --panel demo --set column:word --set own "
        "--set column:definition"
    )


class NoTheory(WarehouseProblem):
    """A published file without a simulated world."""

    remedy = "prh theory"


class WarehouseDamaged(WarehouseProblem):
    """Truncated, or not a warehouse of ours."""

    remedy = "prh publish"


class WarehouseTooOld(WarehouseProblem):
    """Published by an older PRH Explorer."""

    remedy = "prh publish"


class WarehouseTooNew(WarehouseProblem):
    """Published by a newer PRH Explorer, or written by a newer DuckDB."""

    remedy = "pip install --upgrade prh-explorer"


class WarehouseBusy(WarehouseProblem):
    """Another program holds the file open for writing."""

    remedy = "fuser --verbose data/results.duckdb"


class WarehouseUnreadable(WarehouseProblem):
    """The system does not let the file be read."""

    remedy = "ls -l data/results.duckdb"


class _Identity(NamedTuple):
    path: str
    inode: int
    mtime_ns: int


class _Snapshot:
    """One published file, open, and the answers it gave so far."""

    def __init__(self, path: Path) -> None:
        self._instance = duckdb.connect(":memory:")
        self._answers: OrderedDict[object, pl.DataFrame] = OrderedDict()
        self._lock = threading.Lock()
        try:
            self._instance.execute("ATTACH $path AS warehouse (READ_ONLY)", {"path": str(path)})
            row = self._instance.execute(
                "SELECT max(version) FROM warehouse.schema_migrations"
            ).fetchone()
            _check_schema(row[0] if row else None)
            # DuckDB opens a file whose tail is missing, and tables without a row do not miss it.
            size = self._instance.execute(
                "SELECT 3 * 4096 + total_blocks * block_size FROM pragma_database_size() "
                "WHERE database_name = 'warehouse'"
            ).fetchone()
            if size is None or path.stat().st_size < size[0]:
                raise WarehouseDamaged(_DAMAGED)
        except duckdb.Error as error:
            self._instance.close()
            raise _held(path, error) or _named(error) from error
        except WarehouseProblem:
            self._instance.close()
            raise

    def ask(self, query: str, parameters: dict[str, Any]) -> pl.DataFrame:
        key = (query, tuple(sorted(parameters.items())))
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        try:
            with self._instance.cursor() as cursor:
                cursor.execute("USE warehouse")
                frame = cursor.sql(query, params=parameters).pl()
        except (duckdb.ParserException, duckdb.BinderException):
            raise  # our query is wrong, not the file
        except duckdb.Error as error:
            raise _named(error) from error
        with self._lock:
            self._answers[key] = frame
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        return frame


_snapshots: dict[_Identity, _Snapshot] = {}
_opening = threading.Lock()


def location() -> Path:
    """Return where the published warehouse is looked for: $PRH_DATA, else data/ beside the app."""
    return Path(os.environ.get("PRH_DATA") or _REPOSITORY / "data") / "results.duckdb"


def demo_unfinished() -> bool:
    """Tell whether a demo was begun here and is not at its end."""
    return location().with_name("demo.unfinished").exists()


def ask(query: str, **parameters: Any) -> pl.DataFrame:
    """Answer one SQL query from the newest published warehouse.

    Args:
        query: SQL with $parameters.
        **parameters: A value per $parameter.

    Raises:
        WarehouseMissing: nothing was published yet.
        WarehouseDamaged: the file cannot be read.
        WarehouseTooOld: its schema is older than these pages.
        WarehouseTooNew: its schema or its DuckDB is newer than what is installed here.
        WarehouseBusy: another program holds it open for writing.
        WarehouseUnreadable: the system does not let it be read.
    """
    return _snapshot().ask(query, parameters)


def _snapshot() -> _Snapshot:
    path = location()
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise WarehouseMissing("There is no warehouse yet.") from None
    except OSError as error:
        raise WarehouseUnreadable(f"The warehouse cannot be read: {error.strerror}.") from None
    identity = _Identity(str(path), stat.st_ino, stat.st_mtime_ns)
    with _opening:
        if identity not in _snapshots:
            opened = _Snapshot(path)
            # A question under way keeps its own reference; an old snapshot goes with the last one.
            _snapshots.clear()
            _snapshots[identity] = opened
        return _snapshots[identity]


def _check_schema(version: int | None) -> None:
    if version is None:
        raise WarehouseDamaged("The warehouse is damaged: it has no schema.")
    if version > KNOWN_SCHEMA:
        raise WarehouseTooNew(
            f"The warehouse has schema {version}, and this app knows schemas up to {KNOWN_SCHEMA}: "
            "update PRH Explorer."
        )
    if version < KNOWN_SCHEMA:
        raise WarehouseTooOld(
            f"The warehouse has schema {version}, and this app needs schema {KNOWN_SCHEMA}: "
            "publish it again."
        )


def _held(path: Path, error: duckdb.Error) -> WarehouseProblem | None:
    """Name what is no damage: a file that another program, or the system, keeps from us."""
    told = str(error)
    if "Could not set lock" in told:
        holder = re.search(r"\(PID ([1-9]\d*)\)", told)
        who = f" (PID {holder[1]})" if holder else ""
        return WarehouseBusy(
            f"Another program{who} holds {path.name} open for writing: close it, and reload."
        )
    try:
        with path.open("rb"):
            return None
    except OSError as refused:
        return WarehouseUnreadable(f"The warehouse cannot be read: {refused.strerror}.")


def _named(error: duckdb.Error) -> WarehouseProblem:
    if "version number" in str(error) or "newer version" in str(error):
        return WarehouseTooNew(
            f"The warehouse was written by a newer DuckDB than the {duckdb.__version__} installed "
            "here: update PRH Explorer."
        )
    return WarehouseDamaged(_DAMAGED)
