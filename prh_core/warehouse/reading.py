"""The published warehouse, opened for reading, or a named error that says why it is not."""

import re
from pathlib import Path

import duckdb

from prh_core.warehouse.errors import (
    WarehouseBusyError,
    WarehouseDamagedError,
    WarehouseError,
    WarehouseMissingError,
    WarehouseTooNewError,
    WarehouseTooOldError,
    WarehouseUnreadableError,
)

SCHEMA_VERSION = 20
"""The newest schema: the largest version of a file in `schema/`, as a test makes sure."""
_DAMAGED = "the warehouse is damaged, or is not one of PRH Explorer's"
_SQL = {path.stem: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.sql")}


def open_readonly(path: Path, *, older: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a published warehouse for reading, in an in-memory instance of its own.

    An instance of its own, because DuckDB would hand a connection by path the file it opened
    before, not the one swapped in since.

    Args:
        path: the published file.
        older: whether an older schema will do.

    Returns:
        The connection, whose default database is the warehouse; a `with` block closes it.

    Raises:
        WarehouseMissingError: no such file.
        WarehouseDamagedError: not a warehouse of ours, or truncated.
        WarehouseTooOldError: an older PRH Explorer published it, and that will not do.
        WarehouseTooNewError: a newer PRH Explorer or DuckDB wrote it.
        WarehouseBusyError: another program holds it open for writing.
        WarehouseUnreadableError: the system does not let it be read.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise WarehouseMissingError("there is no warehouse yet", str(path)) from None
    except OSError as error:
        raise _unreadable(path, error) from error
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": False})
    try:
        connection.execute("ATTACH $path AS warehouse (READ_ONLY)", {"path": str(path)})
        connection.execute("USE warehouse")
        _check(schema_version(connection), older)
        # DuckDB opens a file whose tail is missing, and tables without a row do not miss it.
        whole = connection.execute(_SQL["size"]).fetchall()[0][0]
        if size < whole:
            raise WarehouseDamagedError(_DAMAGED, f"{size:,} of {whole:,} bytes are there")
    except duckdb.Error as error:
        connection.close()
        raise name_error(path, error) from error
    except WarehouseError:
        connection.close()
        raise
    return connection


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the schema of the connection's default database, 0 before the first migration."""
    return connection.execute(_SQL["schema_version"]).fetchall()[0][0]


def narrow(
    connection: duckdb.DuckDBPyConnection, memory_mb: int, threads: int
) -> duckdb.DuckDBPyConnection:
    """Bound what a stranger's statement may use of DuckDB; `seal` it before it runs.

    Args:
        connection: of `open_readonly`.
        memory_mb: at most.
        threads: at most.
    """
    connection.execute(_SQL["limit_memory"], {"value": f"{memory_mb}MB"})
    connection.execute(_SQL["limit_threads"], {"value": threads})
    connection.execute(_SQL["narrow"])
    return connection


def seal(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Let what a connection runs from now on touch no file but those attached, and no setting."""
    connection.execute(_SQL["seal"])
    return connection


def name_error(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return what DuckDB's error says of the published file: damaged, or only kept from us.

    Args:
        path: the published file.
        error: of opening it, or of reading from it.
    """
    told = str(error)
    line = told.strip().splitlines()[0]
    if "version number" in told or "newer version" in told:
        return WarehouseTooNewError(
            f"the warehouse was written by a newer DuckDB than the {duckdb.__version__} installed "
            "here",
            line,
        )
    if "Conflicting lock" in told:
        holder = re.search(r"\(PID ([1-9]\d*)\)", told)
        who = f" (PID {holder[1]})" if holder else ""
        return WarehouseBusyError(f"another program{who} holds {path.name} open for writing")
    if "Could not set lock" in told:
        return WarehouseBusyError("the warehouse cannot be locked for reading", line)
    try:
        with path.open("rb"):
            return WarehouseDamagedError(_DAMAGED, line)
    except OSError as refused:
        return _unreadable(path, refused)


def _unreadable(path: Path, error: OSError) -> WarehouseUnreadableError:
    return WarehouseUnreadableError(f"the warehouse cannot be read: {error.strerror}", str(path))


def _check(version: int, older: bool) -> None:
    if not version:
        raise WarehouseDamagedError(_DAMAGED, "it has no schema")
    if version > SCHEMA_VERSION:
        raise WarehouseTooNewError(
            f"the warehouse has schema {version}, and this PRH Explorer knows schemas up to "
            f"{SCHEMA_VERSION}"
        )
    if version < SCHEMA_VERSION and not older:
        raise WarehouseTooOldError(
            f"the warehouse has schema {version}, and the pages need schema {SCHEMA_VERSION}"
        )
