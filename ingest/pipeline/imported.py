"""Features that were imported: stored under what they hold, found again without a catalog file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl
from pydantic import ValidationError

from ingest.catalog import Catalog, ModelRecord
from ingest.catalog.records import DatasetRecord
from ingest.datasets import Dataset, open_dataset
from ingest.datasets.dataset import COMMON, dataset_of_ids, subset
from ingest.errors import CatalogError, SampleIdsError
from ingest.extract import variants_for
from ingest.extract.saved import content_of, precision_of, saved_facts
from ingest.foreign import Given, read_given
from ingest.foreign.fit import on_samples
from ingest.foreign.pair import usable
from ingest.pipeline.features import header_of, plan_extraction, record_features
from ingest.pipeline.run import Run, record_dataset
from ingest.pipeline.stored import sample_ids
from ingest.progress import Progress
from ingest.store.features import read_header
from ingest.store.workspace import Workspace
from prh_core.types import Layout

_UNSTATED = "unstated"
_MARK = "imported"
"""A fact of feature sets that were imported."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user says of features to import."""

    files: Sequence[Path]
    dataset: str
    model: str
    modality: str
    label: str | None = None
    family: str = "imported"
    ids: Path | None = None
    layout: Layout = "auto"
    row_order: str | None = None
    pooling: str | None = None
    precision: str = "float32"
    intersect: bool = False
    new_dataset: bool = False


class Checked(NamedTuple):
    """Features ready to be stored: nothing is written before all of it is there."""

    record: ModelRecord
    dataset: Dataset
    given: Given
    notes: tuple[str, ...]


def check_import(
    workspace: Workspace,
    catalog: Catalog,
    wanted: Wanted,
    progress: Progress,
    dataset: Dataset | None = None,
) -> Checked:
    """Read features, put them on the samples of a dataset, and describe their model.

    Args:
        workspace: the data folder.
        catalog: of models and datasets.
        wanted: what a user says of the features.
        progress: told about opening the dataset.
        dataset: the one that is named, where it is open already.

    Raises:
        CatalogError: the model is one of the catalog, or the dataset is unknown.
        FeaturesFileError, SampleIdsError, SampleCountError, NotFiniteError: the files are not as
            described, or not of these samples.
        DegenerateLayerError: every layer is constant.
    """
    if wanted.model in catalog.models:
        raise CatalogError(
            f"the catalog describes a model {wanted.model!r}, whose features `prh extract` makes; "
            f"give yours another id, e.g. --model {wanted.model}-imported"
        )
    given = read_given(wanted.files, ids=wanted.ids, layout=wanted.layout)
    dataset = dataset or _dataset(workspace, catalog, wanted, given, progress)
    fitted = on_samples(
        given,
        dataset.record.id,
        dataset.sample_ids,
        dataset.row_order,
        said=wanted.row_order,
        intersect=wanted.intersect,
    )
    notes = list(given.notes)
    if fitted.rows is not None:
        dataset = subset(dataset, fitted.rows.tolist())
        notes.append(
            f"{len(dataset):,} samples in common: a dataset of its own, {dataset.record.id}"
        )
    if fitted.surplus:
        notes.append(f"{fitted.surplus:,} rows of other samples left out")
    aside = usable(fitted.given.layers, given.title).aside
    if aside:
        notes.append(f"constant, so set aside when it is scored: {', '.join(aside[:5])}")
    record = _described(
        model_id=wanted.model,
        label=wanted.label or wanted.model,
        modality=wanted.modality,
        family=wanted.family,
        source=given.title,
        revision=content_of(fitted.given.layers),
        options={
            "precision": wanted.precision,
            **({} if wanted.pooling is None else {"pooling": wanted.pooling}),
        },
    )
    precision_of(record)
    return Checked(record, dataset, fitted.given, tuple(notes))


def store_import(run: Run, checked: Checked) -> None:
    """Store features that were checked, with the records of their model and dataset."""
    record_dataset(run.workspace, checked.dataset)
    store_features(run, checked)


def store_features(run: Run, checked: Checked) -> None:
    """Store features that were checked, with the record of their model."""
    record, dataset, given, _ = checked
    (unit,) = plan_extraction(
        run.workspace, dataset, [(record, variants_for(record))], precision_of(record)
    )
    if unit.path.exists():
        record_features(run, record, read_header(unit.path), unit.path)
        run.skipped += 1
        return
    facts = {
        **saved_facts(record, given, record.revision),
        "pooling": unit.variant.pooling,
        _MARK: "yes",
    }
    header = header_of(unit.key, record, dataset, unit.variant, facts, given.layers)
    path = run.workspace.features.write(header, given.layers)
    record_features(run, record, header, path)
    run.done += 1


def _described(*, model_id: str, options: dict[str, Any], **fields: Any) -> ModelRecord:
    told = {
        "objective": _UNSTATED,
        "license": _UNSTATED,
        "citation": _UNSTATED,
        **fields,
        "id": model_id,
        "loader": "features",
        "options": options,
    }
    try:
        return ModelRecord.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where, what = ".".join(map(str, first["loc"])), first["msg"]
        raise CatalogError(
            f"a model cannot be called {model_id!r} with {where} {first['input']!r}: "
            f"{what[:1].lower()}{what[1:]}"
        ) from error


def _dataset(
    workspace: Workspace, catalog: Catalog, wanted: Wanted, given: Given, progress: Progress
) -> Dataset:
    known = wanted.dataset in catalog.datasets or bool(sample_ids(workspace, wanted.dataset))
    if known or not wanted.new_dataset:
        try:
            return open_known(workspace, catalog, wanted.dataset, progress=progress)
        except CatalogError as error:
            raise CatalogError(
                f"{error} --new-dataset makes one of the sample ids in the files."
            ) from error
    if given.ids is None:
        raise SampleIdsError(
            f"{given.title} has no ids, of which the dataset {wanted.dataset} would be made: give "
            "them in the file or beside it (--ids)"
        )
    return dataset_of_ids(ids_record(wanted.dataset, given.title), given.ids)


def ids_record(dataset_id: str, source: str) -> DatasetRecord:
    """Describe a dataset of which nothing but names of samples is known.

    Raises:
        CatalogError: a dataset cannot be called so.
    """
    try:
        return DatasetRecord(
            id=dataset_id,
            title=dataset_id,
            kind="ids",
            source=source,
            revision="1",
            license=_UNSTATED,
            citation=_UNSTATED,
        )
    except ValidationError as error:
        what = error.errors()[0]["msg"]
        raise CatalogError(
            f"a dataset cannot be called {dataset_id!r}: {what[:1].lower()}{what[1:]}"
        ) from error


def open_known(
    workspace: Workspace,
    catalog: Catalog,
    dataset_id: str,
    *,
    skip_corrupt: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """Open a dataset of the catalog, or one an import made: ids alone, or a part of another.

    Raises:
        UnknownRecordError: there is none of that id.
        DatasetError: it cannot be opened; see `open_dataset`.
    """
    if dataset_id in catalog.datasets:
        return open_dataset(
            catalog.dataset(dataset_id),
            skip_corrupt=skip_corrupt,
            progress=progress,
            cache=workspace.cache,
        )
    stored = sample_ids(workspace, dataset_id)
    whole, part, _ = dataset_id.rpartition(COMMON)
    if stored and part:
        opened = open_known(workspace, catalog, whole, skip_corrupt=skip_corrupt, progress=progress)
        places = {name: row for row, name in enumerate(opened.sample_ids)}
        for names in stored.values():
            if all(name in places for name in names):
                found = subset(opened, [places[name] for name in names])
                if found.record.id == dataset_id:
                    return found
        raise CatalogError(f"{whole} no longer has the samples of {dataset_id}; import it again.")
    row = _last(workspace.warehouse.rows("datasets", f"{dataset_id}.*"), dataset_id=dataset_id)
    if stored and row is not None and row["kind"] == "ids":
        record = ids_record(dataset_id, row["source"])
        return dataset_of_ids(record, next(iter(stored.values())))
    return open_dataset(catalog.dataset(dataset_id))  # which names the nearest


def with_imported(
    workspace: Workspace, catalog: Catalog, models: Sequence[str], dataset: Dataset
) -> Catalog:
    """Return the catalog with the models among these that were imported for a dataset.

    A model's record is that of its last import for the dataset; the catalog's own go before.
    """
    asked = {model for model in models if model not in catalog.models}
    sets = workspace.warehouse.rows("feature_sets") if asked else None
    described = workspace.warehouse.rows("models") if asked else None
    if sets is None or described is None:
        return catalog
    found: dict[str, ModelRecord] = {}
    of_dataset = {"dataset_id": dataset.record.id, "row_order": dataset.row_order}
    for model in asked:
        own = sets.filter(model_id=model, **of_dataset)
        own = own.filter(pl.col("facts").str.json_path_match(f"$.{_MARK}").is_not_null())
        made, told = _last(own, "finished_at"), _last(described, model_id=model)
        if made is not None and told is not None:
            fields = {k: v for k, v in told.items() if k not in ("model_id", "recorded_at")}
            found[model] = _described(
                model_id=model,
                options={"precision": made["precision"], "pooling": made["pooling"]},
                **{**fields, "revision": made["revision"]},
            )
    return replace(catalog, models=MappingProxyType({**found, **catalog.models}))


def _last(
    rows: pl.DataFrame | None, by: str = "recorded_at", **where: str
) -> dict[str, Any] | None:
    """Return the newest of the rows with these values, None where there is none."""
    if rows is None:
        return None
    rows = rows.filter(**where).sort(by) if where else rows.sort(by)
    return rows.row(-1, named=True) if rows.height else None
