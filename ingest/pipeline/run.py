"""A run: a plan of units, skipped when done, each durable the moment it is finished."""

import importlib.metadata
import json
import os
import platform
import re
import secrets
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

import numpy as np
import polars as pl

from ingest.catalog import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import (
    CatalogError,
    DamagedFeatureFileError,
    DiskFullError,
    MissingExtraError,
)
from ingest.extract import PROMPTS, Variant, extract, ingest_half, suited_precision
from ingest.extract.content import local_content, weights_revision
from ingest.pipeline.score import FeatureFile, Refused, Setting, Unit, open_features, plan, score
from ingest.progress import Progress
from ingest.store.atomic import sweep
from ingest.store.features import (
    EXTRACT_VERSION,
    FeatureHeader,
    read_header,
    unit_key,
)
from ingest.store.precision import (
    EXACT,
    PRECISIONS,
    by_precision,
    chosen_precision,
    listed,
    named_precision,
)
from ingest.store.warehouse import folder_named
from ingest.store.workspace import Workspace
from prh_core.errors import PRHError

if TYPE_CHECKING:
    from ingest.experiments.bits.beside import CaptionBits

_VERSIONED = ("prh-explorer", "numpy", "numba", "duckdb", "polars", "torch", "timm", "transformers")

_RUN_COLUMNS = {
    "run_id": pl.String,
    "command": pl.String,
    "versions": pl.String,
    "device": pl.String,
    "accelerator": pl.String,
    "started_at": pl.Datetime("us", "UTC"),
    "ended_at": pl.Datetime("us", "UTC"),
    "outcome": pl.String,
    "message": pl.String,
    "done": pl.Int32,
    "skipped": pl.Int32,
}
"""Both parts of a run have all columns, so either alone can be published."""


DRIVER = Path("/proc/driver/nvidia/version")
"""Where Linux tells the version of the NVIDIA driver."""


def versions() -> dict[str, str]:
    """Return the versions of the libraries that make the numbers, of those installed."""
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def accelerators() -> str | None:
    """Name the CUDA devices of this machine and their driver, as far as torch is loaded.

    Torch takes seconds to import, so a command that runs no network does not ask for it.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    driver = _driver(DRIVER)
    return ", ".join(names) + (f" (driver {driver})" if driver else "")


def _driver(file: Path) -> str | None:
    """Return the version of the NVIDIA driver; None where the system does not say."""
    try:
        told = file.read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"\s(\d+(?:\.\d+)+)\s", told)
    return found[1] if found else None


class Keyed(Protocol):
    """A unit of work with the name of its row."""

    @property
    def key(self) -> str:
        """Hash of everything that determines the row."""
        ...


K = TypeVar("K", bound=Keyed)


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

        Raises
        ------
        DataFolderError
            The data folder cannot be written.
        """
        sweep(self.workspace.home)
        # A warehouse is sent to colleagues: folders of this machine are nobody's business.
        command = shlex.join([Path(word).name if "/" in word else word for word in sys.argv])
        with folder_named(self.workspace.home):
            self._leave(
                "start",
                command=command,
                versions=json.dumps(versions()),
                device=f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
                accelerator=accelerators(),
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
        message = "; ".join(f"{item.model_id}: {item.reason}" for item in self.refused)
        if error is not None:
            message = str(error) or type(error).__name__
        self._leave(
            "end",
            accelerator=accelerators(),
            ended_at=datetime.now(tz=UTC),
            outcome="failed" if error is not None or self.refused else "done",
            message=message,
            done=self.done,
            skipped=self.skipped,
        )

    def missing(self, table: str, units: Sequence[K]) -> list[K]:
        """Return the units whose rows the table's parts do not hold; count the others as found."""
        stored = self.workspace.warehouse.column(table, "unit_key")
        left = [unit for unit in units if unit.key not in stored]
        self.skipped += len(units) - len(left)
        return left

    def leave_out(self, record: ModelRecord, error: PRHError, progress: Progress) -> None:
        """Note a model that failed; what the next one would meet, too, is raised again."""
        if isinstance(error, DiskFullError | MissingExtraError):
            raise error
        self.refused.append(Refused(record.id, str(error)))
        progress.note(f"{record.label} left out: {error}")

    def _leave(self, moment: str, **columns: object) -> None:
        row = pl.DataFrame([{"run_id": self.run_id, **columns}], schema=_RUN_COLUMNS)
        self.workspace.warehouse.append("runs", f"{self.run_id}.{moment}", row)


class Extraction(NamedTuple):
    """One feature set to make: a unit of work."""

    key: str
    record: ModelRecord
    variant: Variant
    path: Path
    precision: str = EXACT
    """In which the network computes."""


def loaded_from(record: ModelRecord) -> dict[str, Any]:
    """Return what determines the network behind features, for their key."""
    try:
        content = local_content(record)
    except CatalogError as error:  # told by name when the model is loaded, and the others go on
        content = str(error)
    return {
        "model": record.id,
        "source": record.source,
        "revision": record.revision,
        "loader": record.loader,
        "options": record.options,
        **({} if content is None else {"weights": content}),
    }


def header_of(
    key: str,
    record: ModelRecord,
    dataset: Dataset,
    variant: Variant,
    facts: Mapping[str, str],
    layers: Mapping[str, np.ndarray],
) -> FeatureHeader:
    """Describe features that were extracted, for their file."""
    return FeatureHeader(
        key=key,
        model_id=record.id,
        revision=facts.get("revision", record.revision),
        dataset_id=dataset.record.id,
        dataset_revision=dataset.record.revision,
        row_order=dataset.row_order,
        n=len(dataset),
        pooling=facts.get("pooling", variant.pooling),
        prompt=variant.prompt or "none",
        layer_names=tuple(layers),
        widths=tuple(layer.shape[1] for layer in layers.values()),
        dtype="float32",
        precision=facts["dtype"],
        facts=dict(facts),
    )


def extraction_parts(record: ModelRecord, dataset: Dataset, variant: Variant) -> dict[str, Any]:
    """Return everything that determines the features but the precision, and nothing else."""
    content = dataset.image_hash if record.modality == "vision" else dataset.caption_hash
    return {
        **loaded_from(record),
        "dataset": dataset.record.id,
        "row_order": dataset.row_order,
        "content": content,
        "pooling": variant.pooling,
        "prompt": PROMPTS.get(variant.prompt, ""),
        "version": EXTRACT_VERSION,
    }


def extraction_key(
    record: ModelRecord, dataset: Dataset, variant: Variant, precision: str = EXACT
) -> str:
    """Name the unit of work: everything that determines the features, and nothing else.

    Where older files lie, `FeatureStore.place` knows better.
    """
    parts = extraction_parts(record, dataset, variant)
    return unit_key(parts if precision == EXACT else {**parts, "precision": precision})


def _stored_parts(
    workspace: Workspace, record: ModelRecord, dataset: Dataset, variant: Variant
) -> dict[str, Any]:
    """Return the parts that name a feature set here, done or not.

    Until the content of local weights was among them, files had the key without. Such a file keeps
    it while its header names the very weights that lie there now.
    """
    parts = extraction_parts(record, dataset, variant)
    older = {name: part for name, part in parts.items() if name != "weights"}
    if len(older) == len(parts) or record.loader == "module":
        return parts  # of a user's module an older file does not say which it was
    try:
        revision = weights_revision(record)
    except CatalogError:
        return parts
    for precision in PRECISIONS:
        path = workspace.features.place(record.id, dataset.record.id, older, precision).path
        if revision is not None and path.exists() and _told_revision(path).startswith(revision):
            return older
    return parts


def _told_revision(path: Path) -> str:
    """Return the revision in a feature file's header; nothing where it is damaged."""
    try:
        return read_header(path).revision
    except DamagedFeatureFileError:
        return ""


def plan_extraction(
    workspace: Workspace,
    dataset: Dataset,
    models: Sequence[tuple[ModelRecord, Sequence[Variant]]],
    precision: str = EXACT,
) -> list[Extraction]:
    """List the feature sets these models need on this dataset, done or not.

    Raises
    ------
    CatalogError
        The precision is none of `PRECISIONS`: auto is resolved before keys are made.
    """
    if precision not in PRECISIONS:
        raise CatalogError(f"expected one of {', '.join(PRECISIONS)}, got {precision!r}")
    units = []
    for record, variants in models:
        for variant in variants:
            parts = _stored_parts(workspace, record, dataset, variant)
            key, path = workspace.features.place(record.id, dataset.record.id, parts, precision)
            units.append(Extraction(key, record, variant, path, precision))
    return units


def stored_precisions(
    workspace: Workspace,
    dataset: Dataset,
    models: Sequence[tuple[ModelRecord, Sequence[Variant]]],
) -> dict[str, set[str]]:
    """Return by model the precisions in which its features on this dataset are stored."""
    found: dict[str, set[str]] = {}
    for record, variants in models:
        for variant in variants:
            parts = _stored_parts(workspace, record, dataset, variant)
            there = workspace.features.precisions(record.id, dataset.record.id, parts)
            if there:
                found.setdefault(record.id, set()).update(there)
    return found


def study_precision(
    workspace: Workspace,
    dataset: Dataset,
    models: Sequence[tuple[ModelRecord, Sequence[Variant]]],
    dtype: str,
    device: str,
    progress: Progress | None = None,
) -> str:
    """Return the one precision of a study; say so where stored features have another.

    Raises
    ------
    CatalogError, MixedPrecisionError
        See `chosen_precision`.
    """
    stored = stored_precisions(workspace, dataset, models)
    chosen = chosen_precision(dtype, stored, dataset.record.id) or suited_precision(device)
    others = by_precision({m: found for m, found in stored.items() if chosen not in found})
    if progress is not None and others:
        progress.note(
            f"This study is in {chosen}; stored on {dataset.record.id} are {listed(others)}, which "
            "it does not use."
        )
    elif progress is not None and named_precision(dtype) is None and stored and chosen != EXACT:
        progress.note(f"Going on in {chosen}, in which features are stored; --dtype chooses.")
    return chosen


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
    schema = {"skipped": pl.List(pl.String)}
    warehouse.append("datasets", name, pl.DataFrame([row], schema_overrides=schema))
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


def extract_missing(
    run: Run,
    dataset: Dataset,
    units: Sequence[Extraction],
    progress: Progress,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    caption_bits: bool = False,
) -> None:
    """Extract the units that are not stored yet; a model that fails is noted and the rest go on.

    With `caption_bits`, language models that predict text are scored on the captions in the same
    pass.

    Raises
    ------
    DiskFullError
        Nothing already stored was changed.
    """
    workspace = run.workspace
    record_dataset(workspace, dataset)
    recorded = workspace.warehouse.part_names("feature_sets")
    by_model: dict[str, list[Extraction]] = {}
    for unit in units:
        by_model.setdefault(unit.record.id, []).append(unit)
    for number, wanted in enumerate(by_model.values(), start=1):
        missing = []
        for unit in wanted:
            if not unit.path.exists():
                missing.append(unit)
                continue
            run.skipped += 1
            if unit.key not in recorded:  # killed between the file and its row
                record_features(run, unit.record, read_header(unit.path), unit.path)
        if not missing:
            continue
        title = f"[{number}/{len(by_model)}] {wanted[0].record.label}"
        watched = caption_bits and wanted[0].record.modality == "language"
        _extract_model(run, dataset, missing, progress, title, device, batch_size, watched)
    progress.done()


def _extract_model(
    run: Run,
    dataset: Dataset,
    missing: Sequence[Extraction],
    progress: Progress,
    title: str,
    device: str,
    batch_size: int | None,
    watched: bool,
) -> None:
    record = missing[0].record
    progress.note(title)
    watch = _caption_bits() if watched else None
    try:
        extracted = extract(
            record,
            dataset,
            [unit.variant for unit in missing],
            device=device,
            dtype=missing[0].precision,
            batch_size=batch_size,
            progress=progress,
            watch=watch,
        )
        for unit in missing:
            result = extracted[unit.variant]
            header = header_of(unit.key, record, dataset, unit.variant, result.facts, result.layers)
            path = run.workspace.features.write(header, result.layers)
            record_features(run, record, header, path)
            run.done += 1
            if watch is not None and unit is missing[0]:
                _keep_bits(run, dataset, record, watch, result.facts, progress)
    except PRHError as error:
        run.leave_out(record, error, progress)


def _caption_bits() -> "CaptionBits":
    with ingest_half("Predicting captions"):
        from ingest.experiments.bits.beside import CaptionBits

    return CaptionBits()


def _keep_bits(
    run: Run,
    dataset: Dataset,
    record: ModelRecord,
    watch: "CaptionBits",
    facts: Mapping[str, str],
    progress: Progress,
) -> None:
    """Leave the captions' bits per byte as parts, or say why there are none."""
    if watch.reason is not None:
        progress.note(f"{record.label} has no bits per byte of the captions: {watch.reason}")
        return
    from ingest.experiments.bits.rows import keep_captions

    keep_captions(run, dataset, record, watch, facts)


def record_model(run: Run, record: ModelRecord) -> None:
    """Leave a model's record as a part."""
    described = record.model_dump(exclude={"loader", "options", "id"})
    described["label"] = record.shown_as
    model = {"model_id": record.id, **described, "recorded_at": datetime.now(tz=UTC)}
    part = pl.DataFrame([model], schema_overrides={"parameters": pl.Int64})
    run.workspace.warehouse.append("models", record.id, part)


def record_features(run: Run, record: ModelRecord, header: FeatureHeader, path: Path) -> None:
    """Leave a feature file's row, and its model's, as parts."""
    record_model(run, record)
    warehouse, now = run.workspace.warehouse, datetime.now(tz=UTC)
    facts = header.facts
    row = {
        "unit_key": header.key,
        "run_id": run.run_id,
        "model_id": header.model_id,
        "revision": header.revision,
        "dataset_id": header.dataset_id,
        "row_order": header.row_order,
        "pooling": header.pooling,
        "prompt": header.prompt,
        "n": header.n,
        "layer_names": list(header.layer_names),
        "widths": list(header.widths),
        "dtype": header.dtype,
        "precision": header.precision,
        "bytes": path.stat().st_size,
        "file": str(path.relative_to(run.workspace.home)),
        "seconds": float(facts["seconds"]) if "seconds" in facts else None,
        "items_per_second": (
            float(facts["items_per_second"]) if "items_per_second" in facts else None
        ),
        "device": facts.get("device"),
        "facts": json.dumps(facts, sort_keys=True),
        "finished_at": now,
    }
    warehouse.append("feature_sets", header.key, pl.DataFrame([row]))


def feature_files(units: Sequence[Extraction]) -> dict[str, list[FeatureFile]]:
    """Return the stored feature sets of these units, by model id."""
    files: dict[str, list[FeatureFile]] = {}
    for unit in units:
        if unit.path.exists():
            files.setdefault(unit.record.id, []).append(open_features(unit.path))
    return files


def plan_scores(
    files: dict[str, list[FeatureFile]],
    xs: Sequence[ModelRecord],
    ys: Sequence[ModelRecord],
    settings: Sequence[Setting],
) -> list[Unit]:
    """List every score of the models `xs` against `ys` under these settings, done or not."""
    sides = [[file for m in models for file in files.get(m.id, [])] for models in (xs, ys)]
    return plan(sides[0], sides[1], settings)


def score_missing(
    run: Run, units: Sequence[Unit], progress: Progress, device: str | None = None
) -> None:
    """Score the units that are not stored yet; rows become durable model by model."""
    warehouse = run.workspace.warehouse
    missing = run.missing("scores", units)
    if not missing:
        return
    for rows in score(missing, run.run_id, progress, run.refused, device):
        keys = rows.get_column("unit_key").to_list()
        warehouse.append("scores", unit_key({"units": sorted(keys)}), rows)
        run.done += len(keys)
