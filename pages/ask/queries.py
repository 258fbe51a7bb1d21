"""The schema, examples to begin with, and the answer to whatever a reader asks."""

import functools
from pathlib import Path
from typing import NamedTuple

from pages.ui.answers import Answer, answer_beside
from pages.ui.warehouse import Snapshot, shown
from prh_core.warehouse.stranger import Host, StrangersAnswer

_answer = answer_beside(__file__)
_EXAMPLES = Path(__file__).with_name("examples")


class Example(NamedTuple):
    """A statement to begin with."""

    title: str
    sql: str


@functools.cache
def examples() -> tuple[Example, ...]:
    """Return the examples, those of the paper's figures first; a file's first line is its title."""
    found: list[Example] = []
    for file in sorted(_EXAMPLES.glob("*.sql")):
        sql = file.read_text(encoding="utf-8").strip()
        found.append(Example(sql.partition("\n")[0].removeprefix("--").strip(), sql))
    return tuple(found)


def schema() -> Answer:
    """Return every column of every table and view.

    Columns:
        table_name: of the table or view
        says: what it is
        is_view: whether it is a view
        column_name: of the column
        data_type: in DuckDB's words
        comment: what the column means; empty where nothing says
    """
    return _answer("schema")


def ask_stranger(sql: str) -> StrangersAnswer:
    """Answer a reader's own statement, bounded in a process of its own, and remember the answer.

    Raises:
        QueryError: it is not one statement that reads, does not run, or costs too much.
    """
    return _remembered(shown(), sql)


@functools.cache
def _host() -> Host:
    return Host()


@functools.lru_cache(maxsize=8)
def _remembered(state: Snapshot, sql: str) -> StrangersAnswer:
    return _host().ask(state.path, sql)
