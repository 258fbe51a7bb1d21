"""What a query is asked with, and what it answers."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import polars as pl

from pages.ui.warehouse import ask

Modality = Literal["vision", "language"]


class Answer(NamedTuple):
    """A frame, and the question it answers."""

    frame: pl.DataFrame
    name: str
    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameters:
    """A record whose fields are parameters of queries."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Take the fields from a row that has them among its columns."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    def values(self) -> dict[str, Any]:
        """Return each parameter by its name in SQL."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Setting(Parameters):
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


def answer_beside(module: str) -> Callable[..., Answer]:
    """Return a function that asks the SQL files beside a module, by their names.

    Each $parameter of a file takes the argument of its name, or the field of its name of an
    argument that is a record of `Parameters`.

    Args:
        module: the module's file.
    """
    folder = Path(module).parent

    def answer(name: str, *records: Parameters, **parameters: Any) -> Answer:
        sql = _load(folder / f"{name}.sql")
        needed = set(re.findall(r"\$(\w+)", sql))
        fields_of = {key: value for record in records for key, value in record.values().items()}
        chosen = {key: value for key, value in fields_of.items() if key in needed} | parameters
        return Answer(ask(sql, **chosen), name, sql, chosen)

    return answer


@functools.cache
def _load(file: Path) -> str:
    """Return the text of a query, with what its lines "-- include FILE" stand for."""

    def included(line: re.Match[str]) -> str:
        _comment, _, sql = _load(file.parent / line[1]).partition("\n")
        return sql.rstrip("\n") + line[2]

    text = file.read_text(encoding="utf-8")
    return re.sub(r"^ *-- include (\S+\.sql)(,?)$", included, text, flags=re.M)
