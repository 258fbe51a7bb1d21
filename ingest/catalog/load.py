"""Read catalog files (TOML) into frozen records; the shipped ones and a user's own alike."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from ingest.catalog.records import (
    SHIPPED,
    DatasetRecord,
    ModelRecord,
    PanelRecord,
    Record,
    TaskRecord,
    TextRecord,
)
from ingest.catalog.variant_records import PoolingRecord, PromptRecord
from ingest.errors import CatalogError, UnknownRecordError

R = TypeVar("R")

_TABLES: Mapping[str, type[Record]] = {
    "model": ModelRecord,
    "dataset": DatasetRecord,
    "panel": PanelRecord,
    "task": TaskRecord,
    "text": TextRecord,
    "prompt": PromptRecord,
    "pooling": PoolingRecord,
}


@dataclass(frozen=True)
class Catalog:
    """All records by id, in the order of the files that hold them."""

    models: Mapping[str, ModelRecord]
    datasets: Mapping[str, DatasetRecord]
    panels: Mapping[str, PanelRecord]
    tasks: Mapping[str, TaskRecord]
    texts: Mapping[str, TextRecord]
    prompts: Mapping[str, PromptRecord]
    poolings: Mapping[str, PoolingRecord]

    def model(self, record_id: str) -> ModelRecord:
        """Return the model of that id, or raise UnknownRecordError naming the nearest ids."""
        return _lookup("model", self.models, record_id)

    def model_named(self, name: str) -> ModelRecord | None:
        """Return the model somebody else calls by this name: its id, its label or its source.

        A source that holds checkpoints on the way, too, stands for the trained model at its main
        revision. None where there is none, or where a source holds several (a package of many
        weights).
        """
        if name in self.models:
            return self.models[name]
        same = [record for record in self.models.values() if name in (record.label, record.source)]
        if len(same) > 1:
            same = [record for record in same if record.trained and record.revision == "main"]
        return same[0] if len(same) == 1 else None

    def dataset(self, record_id: str) -> DatasetRecord:
        """Return the dataset of that id, or raise UnknownRecordError naming the nearest ids."""
        return _lookup("dataset", self.datasets, record_id)

    def task(self, record_id: str) -> TaskRecord:
        """Return the task of that id, or raise UnknownRecordError naming the nearest ids."""
        return _lookup("task", self.tasks, record_id)

    def tasks_named(self, names: Sequence[str]) -> list[TaskRecord]:
        """Return tasks by id; a name that begins several ids ("vtab") stands for all of them."""
        return [
            task
            for name in names
            for task in ([t for t in self.tasks.values() if t.id.startswith(f"{name}-")]
                         or [self.task(name)])
        ]  # fmt: skip

    def panel(self, record_id: str) -> PanelRecord:
        """Return the panel of that id, or raise UnknownRecordError naming the nearest ids."""
        return _lookup("panel", self.panels, record_id)

    def prompt(self, record_id: str) -> PromptRecord:
        """Return the prompt of that id, or raise UnknownRecordError naming the nearest ids."""
        return _lookup("prompt", self.prompts, record_id)

    def pooling(self, record_id: str) -> PoolingRecord:
        """Return the pooling of that id, or raise UnknownRecordError naming the nearest ids."""
        return _lookup("pooling", self.poolings, record_id)


def load_catalog(extra: Sequence[Path] = ()) -> Catalog:
    """Read the shipped records, then those of each file in `extra`.

    Raises:
        CatalogError: a file is missing or malformed, an id is listed twice, or a panel names a
            model that no file describes.
    """
    shipped = sorted(SHIPPED.glob("*.toml"))
    records: dict[str, dict[str, Record]] = {table: {} for table in _TABLES}
    origin: dict[tuple[str, str], Path] = {}
    for path in (*shipped, *extra):
        for table, record in _read(Path(path)):
            record_id = str(getattr(record, "id"))  # noqa: B009 - every record type has an id
            if (table, record_id) in origin:
                first = origin[table, record_id]
                where = f"both in {first} and in {path}" if first != path else f"twice in {path}"
                raise CatalogError(f"The {table} id {record_id!r} is listed {where}.")
            origin[table, record_id] = Path(path)
            records[table][record_id] = record
    models, datasets, panels, tasks, texts, prompts, poolings = (
        records[table] for table in _TABLES
    )
    resolved = {name: _resolved(name, panels, models, origin) for name in panels}
    return Catalog(
        MappingProxyType(models),  # type: ignore[arg-type] - each table holds one record type
        MappingProxyType(datasets),  # type: ignore[arg-type]
        MappingProxyType(resolved),
        MappingProxyType(tasks),  # type: ignore[arg-type]
        MappingProxyType(texts),  # type: ignore[arg-type]
        MappingProxyType(prompts),  # type: ignore[arg-type]
        MappingProxyType(poolings),  # type: ignore[arg-type]
    )


def _resolved(
    name: str,
    panels: Mapping[str, Record],
    models: Mapping[str, Record],
    origin: Mapping[tuple[str, str], Path],
    inside: tuple[str, ...] = (),
) -> PanelRecord:
    """Return the panel with the models of the panels it names added, each model once."""
    panel = panels[name]
    assert isinstance(panel, PanelRecord)
    here = f"Panel {name!r} of {origin['panel', name]}"
    if name in inside:
        raise CatalogError(f"{here} contains itself.")
    for member in panel.models:
        if member not in models:
            raise CatalogError(
                f"{here} names the model {member!r}, which no catalog file describes."
                f"{_nearest(member, models)}"
            )
    members = list(panel.models)
    for other in panel.panels:
        if other not in panels:
            raise CatalogError(
                f"{here} names the panel {other!r}, which no catalog file describes."
                f"{_nearest(other, panels)}"
            )
        members += _resolved(other, panels, models, origin, (*inside, name)).models
    return panel.model_copy(update={"models": tuple(dict.fromkeys(members))})


def _lookup(table: str, records: Mapping[str, R], record_id: str) -> R:
    if record_id in records:
        return records[record_id]
    raise UnknownRecordError(
        f"There is no {table} {record_id!r} in the catalog.{_nearest(record_id, records)}"
    )


def _nearest(name: str, known: Mapping[str, object]) -> str:
    folded = {key.lower(): key for key in known}
    near = difflib.get_close_matches(name.lower(), list(folded), n=3, cutoff=0.4)
    return f" Nearest: {', '.join(folded[key] for key in near)}." if near else ""


def _read(path: Path) -> list[tuple[str, Record]]:
    """Return (table, record) for every record of one file, in file order per table."""
    try:
        # utf-8-sig: editors of Windows like to write a byte-order mark.
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CatalogError(f"Cannot read the catalog file {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"The catalog file {path} is not UTF-8 text ({error}).") from error
    except (ValueError, RecursionError) as error:  # numbers too long, tables too deep
        raise CatalogError(f"The catalog file {path} is not valid TOML: {error}.") from error
    unknown = sorted(set(content) - set(_TABLES) - {"series"})
    if unknown:
        raise CatalogError(
            f"The catalog file {path} has a table {unknown[0]!r}; expected one of "
            f"{', '.join(f'[[{table}]]' for table in (*_TABLES, 'series'))}."
        )
    records: list[tuple[str, Record]] = []
    for table, rows in content.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise CatalogError(f"In {path}, write [[{table}]] with double brackets, not [{table}].")
        if table == "series":
            records.extend(
                ("model", _record(path, "model", row))
                for one in rows
                for row in _members(path, one)
            )
            continue
        records.extend((table, _record(path, table, row)) for row in rows)
    return records


def _members(path: Path, series: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the model rows of a series: what `common` says, completed by each member's own."""
    if set(series) != {"common", "member"}:
        raise CatalogError(
            f"In {path}, a [[series]] holds [series.common] and [[series.member]]; got "
            f"{', '.join(sorted(series)) or 'nothing'}."
        )
    shared, own_rows = series["common"], series["member"]
    tables = [shared, *(own_rows if isinstance(own_rows, list) else [None])]
    if not all(
        isinstance(row, dict) and isinstance(row.get("options", {}), dict) for row in tables
    ):
        raise CatalogError(
            f"In {path}, a [[series]] holds the table [series.common] and tables "
            "[[series.member]], their options tables too."
        )
    return [
        {**shared, **own, "options": {**shared.get("options", {}), **own.get("options", {})}}
        for own in own_rows
    ]


def _record(path: Path, table: str, row: dict[str, Any]) -> Record:
    kind = _TABLES[table]
    fields = {key: value for key, value in row.items() if key != "base"}
    if "base" in row:
        raise CatalogError(f"In {path}, {table} {row.get('id')!r} must not set 'base'.")
    if "base" in kind.model_fields:
        fields["base"] = path.resolve().parent
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the record"
        value = repr(first["input"])
        value = value if len(value) <= 80 else f"{value[:77]}..."
        shown = "" if first["type"] == "missing" else f"; got {value}"
        more = error.error_count() - 1
        rest = f" ({more} more in this record)" if more else ""
        raise CatalogError(
            f"In {path}, {table} {str(row.get('id', '(no id)'))[:60]!r}, field {field!r}: "
            f"{first['msg'][0].lower()}{first['msg'][1:]}{shown}.{rest}"
        ) from error
