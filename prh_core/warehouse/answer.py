"""A reader's own question in SQL: one statement that reads, and an answer of any type as text."""

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, cast

import duckdb
import polars as pl

from prh_core.warehouse.errors import QueryError
from prh_core.warehouse.reading import open_readonly, seal

_READS = frozenset({"SELECT", "EXPLAIN", "PRAGMA", "MULTI"})
"""By the parser's word; MULTI is PIVOT. What they could still write is sealed off."""
READ_BY_STRANGERS = frozenset({"SELECT", "EXPLAIN"})
"""What a public host runs: no PRAGMA, and no PIVOT, whose parts the parser does not tell."""
_PLAIN = frozenset(
    "BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT FLOAT DOUBLE "
    "VARCHAR".split()
)
"""Types that stay what they are; DuckDB itself writes all others as text."""
_WHOLE = frozenset({"HUGEINT", "UHUGEINT", "BIGNUM"})


class Answer(NamedTuple):
    """Columns of an answer, each value as text where no plain type holds it."""

    frame: pl.DataFrame
    """Nested values are JSON text. Of columns with one name, later ones get a number."""
    kinds: tuple[str, ...]
    """plain, whole, decimal, nested or text, by column."""

    def rows(self) -> list[tuple[object, ...]]:
        """Return rows for a table: numbers as numbers, everything else as text."""
        return [
            tuple(int(v) if k == "whole" and v else v for k, v in zip(self.kinds, row, strict=True))
            for row in self.frame.iter_rows()
        ]

    def json(self, ascii_only: bool = False) -> str:
        """Return a JSON array of an object per row; NaN and infinities, which JSON lacks, are null.

        A decimal number that no float holds is text.
        """
        objects = [
            {
                name: _json_value(kind, value)
                for name, kind, value in zip(self.frame.columns, self.kinds, row, strict=True)
            }
            for row in self.frame.iter_rows()
        ]
        return json.dumps(objects, ensure_ascii=ascii_only, separators=(",", ":"), allow_nan=False)


def answer(path: Path, sql: str) -> Answer:
    """Run one read-only statement of the reader's on the published warehouse.

    Raises:
        QueryError: it is not one statement that reads, or it does not run; DuckDB's own sentence is
            passed on.
    """
    with open_readonly(path) as connection:
        return answer_on(connection, sql)


def answer_on(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    kinds_read: frozenset[str] = _READS,
    most: int | None = None,
) -> Answer:
    """Run one read-only statement on an open warehouse, which is sealed off for good.

    Args:
        connection: of `open_readonly`.
        sql: the statement.
        kinds_read: kinds of statements that are run.
        most: rows to fetch; None fetches all.

    Raises:
        QueryError: as `answer` does.
    """
    try:
        text = _one_that_reads(connection, sql, kinds_read)
        relation = seal(connection).sql(text)
        kinds = tuple(_kind(str(column)) for column in relation.types)
        shown = [_expression(place, kind) for place, kind in enumerate(kinds, start=1)]
        few = relation if most is None else relation.limit(most)
        frame = few.project(", ".join(shown)).pl()
        frame.columns = _distinct(relation.columns)
    except (duckdb.Error, ValueError, RuntimeError) as error:
        raise QueryError(str(error)) from error
    return Answer(frame, kinds)


def _one_that_reads(
    connection: duckdb.DuckDBPyConnection, sql: str, kinds_read: frozenset[str]
) -> str:
    """Return the statement without what ends it."""
    if not sql.isascii() and sql.encode(errors="replace").decode() != sql:
        raise QueryError("the statement holds half a character, which is no text")
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"expected one statement, got {len(statements)}")
    kind = statements[0].type.name
    if kind not in kinds_read:
        raise QueryError(
            "expected a statement that reads (SELECT, FROM, DESCRIBE, SHOW, SUMMARIZE or "
            f"EXPLAIN{', PIVOT' if 'MULTI' in kinds_read else ''}), got one of kind {kind}: the "
            "published warehouse is never written by hand"
        )
    end = sql.rfind(";")
    while end >= 0 and _is_blank(connection, sql[end:]):
        sql = sql[:end]
        end = sql.rfind(";")
    return sql


def _is_blank(connection: duckdb.DuckDBPyConnection, rest: str) -> bool:
    """Say whether nothing but comments follows a semicolon, which then ends the statement."""
    try:
        return not connection.extract_statements(rest)
    except duckdb.Error:
        return False  # it was within a text or a comment


def _kind(column: str) -> str:
    if column in _PLAIN:
        return "plain"
    if column in _WHOLE:
        return "whole"
    if column.endswith("]") or column.startswith(("STRUCT", "MAP", "UNION")) or column == "VARIANT":
        return "nested"
    return "decimal" if column.startswith("DECIMAL") else "text"


def _expression(place: int, kind: str) -> str:
    if kind == "plain":
        return f"#{place} AS c{place}"
    if kind == "nested":
        return f"CAST(to_json(#{place}) AS VARCHAR) AS c{place}"
    return f"CAST(#{place} AS VARCHAR) AS c{place}"


def _distinct(names: list[str]) -> list[str]:
    distinct: list[str] = []
    for name in names:
        other, number = name, 1
        while other in distinct:
            other, number = f"{name}_{number}", number + 1
        distinct.append(other)
    return distinct


def _json_value(kind: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if kind == "nested":
        return _without_nan(json.loads(value))
    if kind == "whole":
        return int(value)
    if kind == "decimal":
        number = float(value)
        return number if Decimal(repr(number)) == Decimal(value) else value
    return _without_nan(value)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_without_nan(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in cast(dict[str, Any], value).items()}
    return value
