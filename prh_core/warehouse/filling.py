"""Parts to tables: a database is filled from every part, then from the file it replaces."""

import contextlib
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import duckdb
import polars as pl

from prh_core.metrics import all_metrics
from prh_core.warehouse import schema
from prh_core.warehouse.errors import DamagedPartError, DataFolderError

_SQL, _DERIVING = (
    {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted((Path(__file__).parent / folder).glob("*.sql"))
    }
    for folder in ("publish", "derive")
)
DERIVED = (
    "superseded",
    "alignment",
    "alignment_within_modality",
    "alignment_settings",
    "settings_within_modality",
    "scored_pairs",
    "scored_models",
    "closest_models",
    "feature_set_scores",
)
"""Tables that are made of the others, each after those that it asks."""
STORAGE_VERSION = "v1.5.0"
"""Written so that DuckDB shells from 1.5 on open the file too."""


class Counts(NamedTuple):
    """What a database holds."""

    scores: int
    feature_sets: int


def build(target: Path, parts: Path, previous: Path | None = None) -> Counts:
    """Make a new database of every part below a folder.

    Args:
        target: the file to make.
        parts: a folder of tables' folders of parts.
        previous: a published file to carry rows over from, where their parts are not here.

    Raises:
        DamagedPartError, DataFolderError: see `fill`.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "storage_compatibility_version": STORAGE_VERSION
    }
    with duckdb.connect(str(target), config=config) as connection:
        fill(connection, parts)
        if previous:
            carry_over(connection, previous)
        derive(connection)
        connection.execute("CHECKPOINT")
        return count(connection)


def count(connection: duckdb.DuckDBPyConnection) -> Counts:
    """Count scores and feature sets."""
    return Counts(*ask(connection, "counts").fetchall()[0])


def statements() -> list[str]:
    """Return the SQL that publishes, in the order of its files."""
    return [*_SQL.values(), *_DERIVING.values()]


def fill(connection: duckdb.DuckDBPyConnection, parts: Path) -> None:
    """Make the schema in an empty database and insert every part below a folder.

    Raises:
        DamagedPartError: a part cannot be read; the message says which and what to do.
        DataFolderError: the system does not let one be read.
    """
    schema.create(connection)
    metrics = cast(Any, _metrics().to_arrow())
    _insert(connection, "metrics", connection.from_arrow(metrics))
    for table in tables():
        files = sorted((parts / table).glob("*.parquet"))
        if files:
            with damage_named(files):
                names = [_as_pattern(file) for file in files]
                _insert(connection, table, connection.read_parquet(names, union_by_name=True))


def carry_over(connection: duckdb.DuckDBPyConnection, previous: Path) -> None:
    """Insert rows of the file that is being replaced whose parts are not here."""
    connection.execute(_SQL["attach_previous"], {"path": str(previous)})
    known = connection.execute(_SQL["previous_tables"]).fetchall()
    for table in tables():
        if (table,) in known:
            _insert(connection, table, connection.table(f"previous.{table}"))
    connection.execute(_SQL["detach_previous"])


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the tables that are made of the others, by prh_core/warehouse/derive."""
    for table in DERIVED:
        connection.execute(_DERIVING[table])


def tables() -> list[str]:
    """Return the tables that are published: those with a file in prh_core/warehouse/publish."""
    return [name for name in _SQL if name in schema.tables()]


def _metrics() -> pl.DataFrame:
    """Describe the registered metrics; the registry knows those of old scores, too."""
    types = schema.column_types("metrics")
    rows = [
        {name: getattr(metric, name, None) for name in types}
        | {"is_symmetric": metric.symmetric, "family": metric.family.name}
        for metric in all_metrics()
    ]
    return pl.DataFrame(rows, schema=types)


def ask(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    """Ask a query of prh_core/warehouse/publish."""
    return connection.sql(_SQL[name])


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: duckdb.DuckDBPyRelation
) -> None:
    """Insert rows by their table's own statement, columns of earlier schemas under today's names.

    A column that the schema lacks is left behind, one that the rows lack is empty.
    """
    named = {schema.RENAMED.get(column, column): column for column in rows.columns}
    chosen = [
        duckdb.ColumnExpression(named[n]).alias(n)
        if n in named
        else duckdb.ConstantExpression(None).alias(n)
        for n in schema.column_types(table)
    ]
    connection.register("incoming", rows.select(*chosen))
    connection.execute(_SQL[table])
    connection.unregister("incoming")


@contextlib.contextmanager
def damage_named(files: Sequence[Path]) -> Generator[None]:
    """Say which part cannot be read, and what to do.

    Raises:
        DamagedPartError: one is no whole Parquet file.
        DataFolderError: the system does not let one be read.
    """
    try:
        yield
    except (duckdb.Error, pl.exceptions.PolarsError, OSError) as error:
        for file in files:
            try:
                pl.read_parquet(file, glob=False)
            except OSError as refused:
                raise DataFolderError(
                    f"the part {file} cannot be read: {refused.strerror or refused}"
                ) from refused
            except pl.exceptions.PolarsError as damage:
                raise DamagedPartError(
                    f"the part {file} is damaged ({str(damage).strip().splitlines()[0]}); delete "
                    "it and run the command that made it again, or put a copy in its place"
                ) from damage
        raise error


def _as_pattern(file: Path) -> str:
    """Return a path as a pattern that means this file alone."""
    return re.sub(r"([*?\[])", r"[\1]", str(file))
