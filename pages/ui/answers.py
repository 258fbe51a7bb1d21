"""What a query is asked with, and what it answers."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, Self

import polars as pl

from pages.ui.warehouse import ask

Modality = str
"""language, vision, or any other name."""


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
        """Take the fields from a row's columns; those it lacks by default, where they have one."""
        needed = {
            field.name for field in fields(cls) if field.name in row or field.default is MISSING
        }
        return cls(**{name: row[name] for name in needed})

    def values(self) -> dict[str, Any]:
        """Return each parameter by its name in SQL."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sides(Parameters):
    """Which models are compared with which: the modality of the first and of the second."""

    modality_x: str
    modality_y: str

    @property
    def names(self) -> tuple[str, str]:
        """Return what to call the two in words and in the address: apart, where they are alike."""
        if self.modality_x != self.modality_y:
            return self.modality_x, self.modality_y
        return self.modality_x, f"other {self.modality_y}"


LANGUAGE_VISION = Sides("language", "vision")
"""What the paper compares."""


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
    modality_x: str = LANGUAGE_VISION.modality_x
    """Of the first models."""
    modality_y: str = LANGUAGE_VISION.modality_y
    """Of the second."""

    @property
    def sides(self) -> Sides:
        """Return which models are compared with which."""
        return Sides(self.modality_x, self.modality_y)


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
