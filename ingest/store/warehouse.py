"""The warehouse: immutable Parquet parts are the durable log, one DuckDB file is what readers see.

Workers leave parts (whole or absent). The publisher builds a new database from them and swaps it
in by rename, so a reader always sees a complete state, is never blocked, and blocks nobody.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from ingest.errors import DataFolderError, UnknownColumnError
from ingest.store import schema
from ingest.store.atomic import atomic_path, disk_full_named, sweep
from ingest.store.publishing import ask, carry_over, damage_named, fill
from prh_core.warehouse.errors import WarehouseDamagedError, WarehouseMissingError
from prh_core.warehouse.location import WAREHOUSE_FILE
from prh_core.warehouse.reading import open_readonly

STORAGE_VERSION = "v1.5.0"
"""Written so that DuckDB shells from 1.5 on open the file too."""
Rows = pl.DataFrame | Sequence[Mapping[str, Any]]
"""Columns by name, or a dictionary a row."""


class Published(NamedTuple):
    """What a publication put where."""

    path: Path
    scores: int
    feature_sets: int
    seconds: float


class Warehouse:
    """The parts and the published database under one data folder."""

    def __init__(self, home: Path) -> None:
        """Use the warehouse in `home`, which need not exist yet."""
        self.home = home
        self.parts = home / "parts"
        self.path = home / WAREHOUSE_FILE

    def append(self, table: str, name: str, rows: Rows) -> Path:
        """Leave rows of one table as an immutable part, whole or not at all.

        Args:
            table: which table the rows belong to.
            name: of the part. The same name replaces the part, so a repeated unit of work never
                doubles rows.
            rows: columns by name, as in ingest/store/schema, whose types they get; a column that is
                not there is empty.

        Raises:
            UnknownColumnError: a column is none of the table's.
            DiskFullError: nothing was written.
        """
        types = schema.column_types(table)
        names = rows.columns if isinstance(rows, pl.DataFrame) else {n for row in rows for n in row}
        if unknown := sorted(set(names) - set(types)):
            raise UnknownColumnError(
                f"the table {table} has no column {', '.join(unknown)}; it has {', '.join(types)}"
            )
        target = self.parts / table / f"{name}.parquet"
        if isinstance(rows, pl.DataFrame):
            frame = rows.select(
                pl.col(n).cast(t) if n in names else pl.lit(None, t).alias(n)
                for n, t in types.items()
            )
        else:
            frame = pl.DataFrame(rows, schema=types)
        with atomic_path(target) as temporary:
            frame.write_parquet(temporary)
        return target

    def part_names(self, table: str) -> set[str]:
        """Return the names of a table's parts."""
        return {path.stem for path in (self.parts / table).glob("*.parquet")}

    def column(self, table: str, column: str) -> set[str]:
        """Return every value of one text column in a table's parts, e.g. the units already done."""
        files = sorted((self.parts / table).glob("*.parquet"))
        if not files:
            return set()
        # Parts of several ages differ in their other columns; a path is no pattern.
        with damage_named(files):
            parts = pl.scan_parquet(
                files, schema={column: pl.String}, extra_columns="ignore", glob=False
            )
            return set(parts.collect().to_series().to_list())

    def rows(self, table: str, names: str = "*") -> pl.DataFrame | None:
        """Return a table's parts whose names match as one frame, None when there are none."""
        files = sorted((self.parts / table).glob(f"{names}.parquet"))
        if not files:
            return None
        with damage_named(files):
            frames = [pl.read_parquet(file, glob=False) for file in files]
        return pl.concat(frames, how="diagonal_relaxed")

    def published_scores(self) -> int | None:
        """Return how many scores readers see, None before the first publication."""
        if not self.path.exists():
            return None
        with open_readonly(self.path) as connection:
            return _counts(connection)[0]

    def publish(self) -> Published:
        """Build the database from all parts and swap it in.

        Raises:
            WarehouseTooNewError, WarehouseBusyError: the published file has a newer schema, a newer
                DuckDB wrote it, or another program holds it; it is left alone.
            DamagedPartError: a part cannot be read; the message says which and what to do.
            DataFolderError: the data folder cannot be written.
            DiskFullError: the published file is as it was.
        """
        started = datetime.now(tz=UTC)
        with folder_named(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
        with self._only_publisher(), folder_named(self.home):
            sweep(self.home)
            previous = self._usable_previous()
            with atomic_path(self.path) as temporary:
                counts = self._build(temporary, previous)
        seconds = (datetime.now(tz=UTC) - started).total_seconds()
        return Published(self.path, *counts, seconds)

    def _build(self, target: Path, previous: bool) -> tuple[int, int]:
        config: dict[str, str | bool | int | float | list[str]] = {
            "storage_compatibility_version": STORAGE_VERSION
        }
        with disk_full_named(self.path), duckdb.connect(str(target), config=config) as connection:
            fill(connection, self.parts)
            if previous:
                carry_over(connection, self.path)
            connection.execute("CHECKPOINT")
            return _counts(connection)

    def of_parts(self, name: str) -> pl.DataFrame:
        """Ask a query of ingest/store/publish of the parts alone, before they are published."""
        with duckdb.connect(":memory:") as connection:
            fill(connection, self.parts)
            return ask(connection, name).pl()

    def _usable_previous(self) -> bool:
        """Say whether a published file is there to carry rows over from; refuse a newer one."""
        try:
            open_readonly(self.path).close()
            return True
        except WarehouseMissingError:
            return False
        except WarehouseDamagedError:
            # The parts are the log: a damaged file is set aside for inspection and rebuilt.
            self.path.rename(self.path.with_name(f"results.damaged-{secrets.token_hex(3)}.duckdb"))
            return False

    @contextlib.contextmanager
    def _only_publisher(self) -> Iterator[None]:
        # The kernel drops the lock with the process, so a killed publisher blocks nobody. Where a
        # file system has no locks, or not across machines, the last to rename wins: its file is
        # whole, too, and what it had not seen is in the parts for the next one.
        with folder_named(self.home):
            lock = (self.home / ".publish.lock").open("w")
        with lock:
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextlib.contextmanager
def folder_named(home: Path) -> Iterator[None]:
    """Turn the system's refusal of a data folder into one sentence.

    Raises:
        DataFolderError: it is a file, or cannot be made, read or written.
    """
    try:
        yield
    except OSError as error:
        raise DataFolderError(
            f"the data folder {home} cannot be written: {_reason(error, home)}; choose another "
            "with --data or PRH_DATA, or make it writable"
        ) from error


def _reason(error: OSError, home: Path) -> str:
    what = error.strerror or str(error)
    if error.filename is None or os.fsdecode(error.filename).endswith((str(home), ".tmp")):
        return what[:1].lower() + what[1:]
    return f"{what[:1].lower()}{what[1:]} ({Path(os.fsdecode(error.filename)).name})"


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    scores, feature_sets = ask(connection, "counts").fetchall()[0]
    return scores, feature_sets
