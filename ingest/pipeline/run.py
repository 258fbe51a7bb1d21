"""A run: units of work, skipped when done, each durable the moment it is finished."""

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar

import polars as pl

from ingest.catalog import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import DiskFullError, MissingExtraError, Refused
from ingest.pipeline import provenance
from ingest.progress import Progress
from ingest.store.atomic import sweep
from ingest.store.warehouse import Rows, folder_named
from ingest.store.workspace import Workspace
from prh_core.errors import PRHError
from prh_core.warehouse.schema import column_types


class Keyed(Protocol):
    """A unit of work with the name of its rows."""

    @property
    def key(self) -> str:
        """Hash of everything that determines its rows."""
        ...


class Unit(Keyed, Protocol):
    """A unit of work that a reader can be told of."""

    @property
    def name(self) -> str:
        """What a reader knows it by: a model's id."""
        ...


K = TypeVar("K", bound=Keyed)
U = TypeVar("U", bound=Unit)
UnitRows = Rows | Mapping[str, Rows]
"""Rows of the unit's table, or of several tables; the last is the one that says it is done."""


@dataclass
class Run:
    """Provenance of one command: a part when it starts, another when it ends.

    A run that is killed leaves only the first, and the warehouse then calls it unfinished.
    """

    workspace: Workspace
    run_id: str = field(
        default_factory=lambda: (
            f"{datetime.now(tz=UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(3)}"
        )
    )
    done: int = 0
    skipped: int = 0
    refused: list[Refused] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Sweep what killed runs left and record the start.

        Raises:
            DataFolderError: the data folder cannot be written.
        """
        sweep(self.workspace.home)
        with folder_named(self.workspace.home):
            self._leave(
                "start",
                command=provenance.command(),
                versions=json.dumps(provenance.versions()),
                device=provenance.machine(),
                accelerator=provenance.accelerators(),
                started_at=datetime.now(tz=UTC),
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Record the end and its outcome."""
        message = "; ".join(f"{item.name}: {item.reason}" for item in self.refused)
        if error is not None:
            message = str(error) or type(error).__name__
        self._leave(
            "end",
            accelerator=provenance.accelerators(),
            ended_at=datetime.now(tz=UTC),
            outcome="failed" if error is not None or self.refused else "done",
            message=provenance.without_folders(message),
            done=self.done,
            skipped=self.skipped,
        )

    def _leave(self, moment: str, **columns: object) -> None:
        row = {"run_id": self.run_id, **columns}
        self.workspace.warehouse.append("runs", f"{self.run_id}.{moment}", [row])

    def missing(self, table: str, units: Sequence[K]) -> list[K]:
        """Return the units whose rows the table's parts do not hold; count the others as found."""
        left = self._not_stored(table, units)
        self.skipped += len(units) - len(left)
        return left

    def _not_stored(self, table: str, units: Sequence[K]) -> list[K]:
        stored = self.workspace.warehouse.column(table, "unit_key") if units else set[str]()
        return [unit for unit in units if unit.key not in stored]

    def each(
        self,
        table: str,
        units: Sequence[U],
        compute: Callable[[U], UnitRows],
        progress: Progress,
        title: str | None = None,
        *,
        derived: bool = False,
    ) -> None:
        """Compute every unit whose rows the table does not hold; each is durable when finished.

        A unit that fails is named and the others go on.

        Args:
            table: where the rows of a unit that is done stand.
            units: done or not.
            compute: returns a unit's rows. The columns unit_key, run_id and finished_at are filled
                in where the table has them.
            progress: told about every unit.
            title: of the bar over the units; None leaves the bars to `compute`.
            derived: rows follow from others: they are neither counted, nor does the command fail
                where they cannot be made.

        Raises:
            DiskFullError: nothing already stored was changed.
        """
        missing = (self._not_stored if derived else self.missing)(table, units)
        if not missing:
            return
        if title is not None:
            progress.start(title, len(missing))
        for unit in missing:
            try:
                rows = compute(unit)
            except PRHError as error:
                self.leave_out(unit.name, error, progress, counted=not derived)
            else:
                self.append(table, unit.key, rows)
                self.done += not derived
            if title is not None:
                progress.advance(1)
        if title is not None:
            progress.done()

    def append(self, table: str, key: str, rows: UnitRows, part: str | None = None) -> None:
        """Leave a unit's rows as parts with its key, this run and the time: see `each`.

        Args:
            table: of the rows, where they are not given by table.
            key: of the unit.
            rows: of the unit.
            part: name of the part, where a unit leaves several; the key by default.
        """
        by_table = rows if isinstance(rows, Mapping) else {table: rows}
        for name, own in by_table.items():
            self.workspace.warehouse.append(name, part or key, self._stamped(name, key, own))

    def _stamped(self, table: str, key: str, rows: Rows) -> Rows:
        types = column_types(table)
        stamp = {"unit_key": key, "run_id": self.run_id, "finished_at": datetime.now(tz=UTC)}
        stamp = {name: value for name, value in stamp.items() if name in types}
        if isinstance(rows, pl.DataFrame):
            return rows.with_columns(
                pl.lit(value, types[name]).alias(name)
                for name, value in stamp.items()
                if name not in rows.columns
            )
        return [stamp | dict(row) for row in rows]

    def leave_out(
        self, name: str, error: PRHError, progress: Progress, *, counted: bool = True
    ) -> None:
        """Note what failed; what the next unit would meet, too, is raised again."""
        if isinstance(error, DiskFullError | MissingExtraError):
            raise error
        if counted:
            self.refused.append(Refused(name, str(error)))
        progress.note(f"{name} left out: {error}")


def record_dataset(workspace: Workspace, dataset: Dataset) -> None:
    """Leave the dataset's record and samples as parts."""
    record, now = dataset.record, datetime.now(tz=UTC)
    warehouse = workspace.warehouse
    name = f"{record.id}.{dataset.row_order[:12]}.{dataset.caption_hash[:12]}"
    row = {
        "dataset_id": record.id,
        "row_order": dataset.row_order,
        "title": record.title,
        "kind": record.kind,
        "source": record.source,
        "revision": record.revision,
        "license": record.license,
        "citation": record.citation,
        "note": record.note,
        "n": len(dataset),
        "skipped": list(dataset.skipped),
        "recorded_at": now,
    }
    warehouse.append("datasets", name, [row])
    if name not in warehouse.part_names("samples"):
        samples = pl.DataFrame(
            {
                "sample_id": dataset.sample_ids,
                "caption": dataset.captions,
                "image": dataset.image_refs,
            }
        ).with_columns(
            pl.int_range(pl.len(), dtype=pl.Int32).alias("position"),
            pl.lit(record.id).alias("dataset_id"),
            pl.lit(dataset.row_order).alias("row_order"),
            pl.lit(now).alias("recorded_at"),
        )
        warehouse.append("samples", name, samples)


def record_model(run: Run, record: ModelRecord) -> None:
    """Leave a model's record as a part."""
    described = record.model_dump(exclude={"loader", "options", "id", "layers", "width"})
    described["label"] = record.shown_as
    model = {"model_id": record.id, **described, "recorded_at": datetime.now(tz=UTC)}
    run.workspace.warehouse.append("models", record.id, [model])
