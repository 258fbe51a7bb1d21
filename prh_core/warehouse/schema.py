"""The warehouse's schema: a SQL file per subject, in its final form, read here and nowhere else.

A file's first line names its version. Each table and view stands once, under the comment that says
what it is, a column a line with its type and its own comment; these comments become the database's.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

_FOLDER = Path(__file__).parent / "schema"
_RECORD = Path(__file__).parent / "publish" / "record_subject.sql"
_VERSION = re.compile(r"-- Version (\d+)\. ")
_CREATED = re.compile(
    r"(?P<comment>(?:^--[^\n]*\n)+)^CREATE (?P<kind>TABLE|VIEW) (?P<name>\w+)(?P<body>.*?;)\n",
    re.MULTILINE | re.DOTALL,
)
_COLUMN = re.compile(r'^    "?(?P<name>\w+)"? [A-Z][^\n]*? -- (?P<comment>[^\n]*)$', re.MULTILINE)
_WORD = re.compile(r"\w+")

RENAMED = {
    "licence": "license",
    "regulariser": "regularizer",
    "neighbours": "neighbors",
    "colours": "colors",
}
"""Columns of schema 14 and before, and what they are called now."""


class Subject(NamedTuple):
    """One file of the schema."""

    name: str
    version: int
    sql: str


@cache
def subjects() -> tuple[Subject, ...]:
    """Return every subject of the schema, by name."""
    made: list[Subject] = []
    for path in sorted(_FOLDER.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        version = _VERSION.match(sql)
        if version is None:
            raise ValueError(f"{path.name} should begin with its version: -- Version 16. ...")
        made.append(Subject(path.stem, int(version[1]), sql))
    return tuple(made)


def newest_version() -> int:
    """Return the schema that this code makes."""
    return max(subject.version for subject in subjects())


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every table and view in an empty database, with comments, and record the versions."""
    made, views = _definitions("TABLE"), _definitions("VIEW")
    connection.execute("BEGIN")
    try:
        for match in made:
            connection.execute(match[0])
        _create_views(connection, views)
        for statement in _comments([*made, *views]):
            connection.execute(statement)
        now, record = datetime.now(tz=UTC), _RECORD.read_text(encoding="utf-8")
        for subject in subjects():
            facts = {"version": subject.version, "name": subject.name, "applied_at": now}
            connection.execute(record, facts)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _definitions(kind: str) -> list[re.Match[str]]:
    found = (match for subject in subjects() for match in _CREATED.finditer(subject.sql))
    return [match for match in found if match["kind"] == kind]


def _create_views(connection: duckdb.DuckDBPyConnection, views: list[re.Match[str]]) -> None:
    """Make the views, each after those that it asks."""
    waiting = views
    while waiting:
        names = {match["name"] for match in waiting}
        ready = [m for m in waiting if not (names - {m["name"]}) & set(_WORD.findall(m["body"]))]
        if not ready:
            raise ValueError(f"views ask each other in a circle: {', '.join(sorted(names))}")
        for match in ready:
            connection.execute(match[0])
        waiting = [match for match in waiting if match not in ready]


class Described(NamedTuple):
    """What a table is, in the words of its schema file."""

    comment: str
    columns: dict[str, str]
    """By column, in order."""


@cache
def described() -> dict[str, Described]:
    """Return what every table is and what its columns mean, by table."""
    return {
        match["name"]: Described(
            _text(match), {c["name"]: c["comment"] for c in _COLUMN.finditer(match["body"])}
        )
        for match in _definitions("TABLE")
    }


def _text(match: re.Match[str]) -> str:
    return " ".join(line.removeprefix("--").strip() for line in match["comment"].splitlines())


def _comments(definitions: list[re.Match[str]]) -> Iterator[str]:
    """Yield what hands the files' own comments to the database; DuckDB binds no parameter there."""
    for match in definitions:
        yield f"COMMENT ON {match['kind']} {match['name']} IS {_quoted(_text(match))}"
        if match["kind"] == "TABLE":
            for column in _COLUMN.finditer(match["body"]):
                place = f'{match["name"]}."{column["name"]}"'
                yield f"COMMENT ON COLUMN {place} IS {_quoted(column['comment'])}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def column_types(table: str) -> dict[str, pl.DataType]:
    """Return the columns of a table, in order, with the types that its parts have.

    Raises:
        KeyError: there is no such table.
    """
    return tables()[table]


@cache
def tables() -> dict[str, dict[str, pl.DataType]]:
    """Return the types of every table's columns, by table."""
    made: dict[str, dict[str, pl.DataType]] = {}
    with duckdb.connect(":memory:") as connection:
        for match in _definitions("TABLE"):
            # Views and comments would cost every command a third of a second.
            connection.execute(match[0])
            types = connection.table(match["name"]).limit(0).pl().schema
            made[match["name"]] = {column: _in_utc(kind) for column, kind in types.items()}
    return made


def _in_utc(kind: pl.DataType) -> pl.DataType:
    """Return the type of a part: DuckDB names the time zone of this machine."""
    return pl.Datetime("us", "UTC") if isinstance(kind, pl.Datetime) else kind
