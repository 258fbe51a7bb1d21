"""What an import found, by table of the warehouse, and how it becomes parts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from ingest.catalog import Catalog, ModelRecord
from ingest.errors import ImportFileError
from ingest.pipeline.run import Run, record_model
from ingest.store.features import unit_key
from prh_core.warehouse.schema import column_types

UNKNOWN_ORDER = "unknown"
"""Row order of a published set: nobody here knows which samples it has."""

_KEYS = {
    "benchmarks": ("collection", "model_id", "benchmark", "measure", "shots"),
    "imported_bits": ("collection", "model_id", "text"),
    "imported_scores": (
        "collection", "model_x", "model_y", "dataset_id", "metric", "k", "n", "truncation",
        "pooling_x", "prompt_x", "pooling_y", "normalized",
    ),
}  # fmt: skip
"""What makes a row the same row when it is imported again."""


@dataclass
class Results:
    """Rows of one file, and what it holds that has no place here."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Rows by table, in file order."""
    models: dict[str, ModelRecord] = field(default_factory=dict)
    """Models the file names and the catalog knows."""
    unknown: dict[str, None] = field(default_factory=dict)
    """Names of models that the catalog does not know, each once."""
    left_out: list[str] = field(default_factory=list)
    """Sentences about values that were not taken."""

    def add(self, table: str, row: dict[str, Any]) -> None:
        """Add a row."""
        self.rows.setdefault(table, []).append(row)

    def model(self, catalog: Catalog, name: str, modality: str) -> ModelRecord | None:
        """Return the catalog's model of that name, or note that there is none."""
        record = catalog.model_named(name)
        if record is None or record.modality != modality:
            self.unknown.setdefault(name)
            return None
        self.models[record.id] = record
        return record

    def extend(self, other: "Results") -> None:
        """Add everything another file holds."""
        for table, rows in other.rows.items():
            self.rows.setdefault(table, []).extend(rows)
        self.models.update(other.models)
        self.unknown.update(other.unknown)
        self.left_out += other.left_out

    def measured(self) -> list[ModelRecord]:
        """Return the models that have a row."""
        columns = ("model_id", "model_x", "model_y")
        ids = {row.get(c) for rows in self.rows.values() for row in rows for c in columns}
        return [record for record in self.models.values() if record.id in ids]

    def count(self) -> int:
        """Return how many measurements there are; a dataset's record is none."""
        return sum(len(rows) for table, rows in self.rows.items() if table in _KEYS)


def store(run: Run, results: Results, what: str) -> None:
    """Leave the rows as parts; the same file imported again replaces its own.

    Raises:
        ImportFileError: there is nothing to keep, or one thing has two values.
        DiskFullError: nothing already stored was changed.
    """
    if not results.count():
        raise ImportFileError(f"{what}: nothing to import, since {_why_nothing(results)}")
    now = datetime.now(tz=UTC)
    parts: list[tuple[str, str, pl.DataFrame]] = []
    for table, rows in results.rows.items():
        stamped = [_stamped(table, row, run.run_id, now) for row in rows]
        if table in _KEYS:
            seen: dict[str, dict[str, Any]] = {}
            for row in stamped:
                twin = seen.setdefault(row["unit_key"], row)
                if twin is not row:
                    key = ", ".join(str(row[part]) for part in _KEYS[table] if row[part])
                    raise ImportFileError(f"{what}: two values for one thing ({key})")
            name = unit_key({"units": sorted(seen)})
        else:
            name = ".".join(str(row[f"{table.removesuffix('s')}_id"]) for row in stamped)
        parts.append((table, name, pl.DataFrame(stamped, schema=column_types(table))))
    for record in results.measured():
        record_model(run, record)
    for table, name, rows in parts:
        count = len(rows) if table in _KEYS else 0
        before = run.workspace.warehouse.rows(table, name)
        if before is not None and _content(before).equals(_content(rows)):
            run.skipped += count
            continue
        run.workspace.warehouse.append(table, name, rows)
        run.done += count


def _why_nothing(results: Results) -> str:
    if results.unknown:
        names = ", ".join(list(results.unknown)[:5])
        return (
            f"the catalog knows none of its models ({names}); give their records with --catalog, "
            "or say which model it is with --model or [names]"
        )
    return results.left_out[0] if results.left_out else "it holds no measurement"


def _content(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what the source says, without when and by which run it was imported."""
    return rows.drop("run_id", "imported_at", "recorded_at", strict=False)


def _stamped(table: str, row: dict[str, Any], run_id: str, now: datetime) -> dict[str, Any]:
    if table not in _KEYS:
        return {**row, "recorded_at": now}
    key = unit_key({"table": table, **{part: row[part] for part in _KEYS[table]}})
    return {"unit_key": key, "run_id": run_id, **row, "imported_at": now}
