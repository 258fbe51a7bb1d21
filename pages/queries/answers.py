"""What a query is asked with, and what it answers."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pages.ui.warehouse import ask

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Setting:
    """What must be equal for scores to be comparable."""

    dataset_id: str
    row_order: str
    n: int
    metric: str
    k: int | None
    sigma: float | None
    truncation: str
    normalized: bool
    pooling: str
    prompt: str
    precision: str | None = None
    """In which both networks computed; None where nobody says."""


class Answer(NamedTuple):
    """A frame, and the question it answers."""

    frame: pl.DataFrame
    name: str
    sql: str
    parameters: dict[str, Any]


@cache
def load(name: str) -> str:
    """Return the text of a query file."""
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


def answer(name: str, **parameters: Any) -> Answer:
    """Ask the query of that name."""
    sql = load(name)
    return Answer(ask(sql, **parameters), name, sql, parameters)
