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

from ingest.errors import UnknownColumnError
from ingest.store.atomic import atomic_path, disk_full_named, sweep
from prh_core.warehouse import schema
from prh_core.warehouse.errors import DataFolderError, WarehouseDamagedError, WarehouseMissingError
from prh_core.warehouse.filling import (
    ask,
    build,
    count,
    damage_named,
    derive,
    fill,
    tables,
)
from prh_core.warehouse.location import WAREHOUSE_FILE
from prh_core.warehouse.reading import open_readonly

OF_CAPTIONS = frozenset({"samples", "caption_summaries", "thumbnails", "sample_thumbnails"})
"""Tables that hold captions, or pictures, themselves."""
OF_SCORES = frozenset({"scores", "batch_scores"})
"""Tables with a row per pair of feature sets: most of what a warehouse holds."""
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
            rows: columns by name, as in prh_core/warehouse/schema, whose types they get; a column
                that is not there is empty.

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

    def chosen(self, table: str, columns: Sequence[str], **equal: Any) -> pl.DataFrame:
        """Return some columns of a table's parts, of the rows that have these values."""
        files = sorted((self.parts / table).glob("*.parquet"))
        types = schema.column_types(table)
        read = {name: types[name] for name in dict.fromkeys((*columns, *equal))}
        if not files:
            return pl.DataFrame(schema=read).select(columns)
        with damage_named(files):
            parts = pl.scan_parquet(
                files, schema=read, extra_columns="ignore", missing_columns="insert", glob=False
            )
            return parts.filter(**equal).select(columns).collect()

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
            return count(connection).scores

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
            previous = self.path if self._has_usable_previous() else None
            with atomic_path(self.path) as temporary, disk_full_named(self.path):
                counts = build(temporary, self.parts, previous)
        seconds = (datetime.now(tz=UTC) - started).total_seconds()
        return Published(self.path, *counts, seconds)

    def pack(
        self, folder: Path, name: str, *, captions: bool = True, scores_on: str | None = None
    ) -> list[Path]:
        """Leave every published table as one part in another folder of parts.

        Args:
            folder: e.g. another data folder's `parts`.
            name: of the parts.
            captions: whether the texts and picture names of samples go along.
            scores_on: the dataset whose scores go along; None takes those of all.

        Raises:
            WarehouseMissingError, WarehouseDamagedError, WarehouseTooOldError: see `open_readonly`.
        """
        made: list[Path] = []
        for table in tables():
            target = folder / table / f"{name}.parquet"
            target.unlink(missing_ok=True)
            if table == "metrics" or (table in OF_CAPTIONS and not captions):
                continue  # metrics are described by the code that publishes
            with open_readonly(self.path, older=False) as connection:
                found = connection.table(table)
                if scores_on is not None and table in OF_SCORES:
                    column = duckdb.ColumnExpression("dataset_id")
                    found = found.filter(column == duckdb.ConstantExpression(scores_on))
                rows = found.pl()
            if rows.height:
                with atomic_path(target) as temporary:
                    rows.cast(dict(schema.column_types(table))).write_parquet(temporary)
                made.append(target)
        return made

    def of_parts(self, name: str) -> pl.DataFrame:
        """Ask a query of prh_core/warehouse/publish of the parts, before they are published."""
        with duckdb.connect(":memory:") as connection:
            fill(connection, self.parts)
            derive(connection)
            return ask(connection, name).pl()

    def _has_usable_previous(self) -> bool:
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
