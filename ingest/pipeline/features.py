"""Feature sets: what names them, which are stored, what is said of them, and their precision."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingest.catalog import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError
from ingest.extract import Variant, suited_precision
from ingest.extract.content import local_content
from ingest.extract.saved import read_by
from ingest.pipeline.run import Run, record_model
from ingest.pipeline.scores.plan import FeatureFile, open_features
from ingest.progress import Progress
from ingest.store.features import EXTRACT_VERSION, FeatureHeader
from ingest.store.precision import (
    EXACT,
    PRECISIONS,
    Kind,
    apart,
    check_store,
    chosen_precision,
    listed,
    named_precision,
    of_store,
)
from ingest.store.workspace import Workspace


class Extraction(NamedTuple):
    """One feature set to make: a unit of work."""

    key: str
    record: ModelRecord
    variant: Variant
    path: Path
    precision: str = EXACT
    """In which the network computes."""
    store: str = EXACT
    """Number format of the file."""


def loaded_from(record: ModelRecord) -> dict[str, Any]:
    """Return what determines the network behind features, for their key."""
    try:
        content = local_content(record)
    except CatalogError as error:  # told by name when the model is loaded, and the others go on
        content = str(error)
    weights = {} if content is None else {"weights": content}
    if record.saved:  # where the files lay is no part of what they hold
        told = {"model": record.id, "loader": record.loader, "revision": record.revision}
        return {**told, "options": read_by(record), **weights}
    return {
        "model": record.id,
        "source": record.source,
        "revision": record.revision,
        "loader": record.loader,
        "options": record.options,
        **weights,
    }


def header_of(
    key: str,
    record: ModelRecord,
    dataset: Dataset,
    variant: Variant,
    facts: Mapping[str, str],
    layers: Mapping[str, np.ndarray],
    store: str = EXACT,
) -> FeatureHeader:
    """Describe features that were extracted, for their file in that number format."""
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
        dtype=store,
        precision=facts["dtype"],
        facts=dict(facts),
    )


def extraction_parts(record: ModelRecord, dataset: Dataset, variant: Variant) -> dict[str, Any]:
    """Return everything that determines the features but their `Kind`, and nothing else."""
    return {
        **loaded_from(record),
        "dataset": dataset.record.id,
        "row_order": dataset.row_order,
        # What a network saw that ran elsewhere is not known here.
        **({} if record.saved else {"content": dataset.content_for(record.modality)}),
        **variant.content(),
        "version": EXTRACT_VERSION,
    }


def plan_extraction(
    workspace: Workspace,
    dataset: Dataset,
    models: Sequence[tuple[ModelRecord, Sequence[Variant]]],
    precision: str = EXACT,
    store: str = EXACT,
) -> list[Extraction]:
    """List the feature sets these models need on this dataset, done or not.

    Raises:
        CatalogError: the precision is none of `PRECISIONS`: auto is resolved before keys are made;
            or the store none of `STORES`.
    """
    check_store(store)
    if precision not in PRECISIONS:
        raise CatalogError(f"expected one of {', '.join(PRECISIONS)}, got {precision!r}")
    units = []
    for record, variants in models:
        for variant in variants:
            parts = extraction_parts(record, dataset, variant)
            key, path = workspace.features.place(
                record.id, dataset.record.id, parts, precision, store
            )
            units.append(Extraction(key, record, variant, path, precision, store))
    return units


def stored_kinds(
    workspace: Workspace,
    dataset: Dataset,
    models: Sequence[tuple[ModelRecord, Sequence[Variant]]],
) -> dict[str, set[Kind]]:
    """Return by model how its features on this dataset were computed and are stored."""
    found: dict[str, set[Kind]] = {}
    for record, variants in models:
        for variant in variants:
            parts = extraction_parts(record, dataset, variant)
            there = workspace.features.kinds(record.id, dataset.record.id, parts)
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
    store: str = EXACT,
) -> str:
    """Return the one precision of a study; say so where stored features are of another kind.

    Raises:
        CatalogError, MixedPrecisionError: see `chosen_precision`.
    """
    kinds = stored_kinds(workspace, dataset, models)
    stored = of_store(kinds, store)
    chosen = chosen_precision(dtype, stored, dataset.record.id) or suited_precision(device)
    others = apart(kinds, Kind(chosen, store))
    if progress is not None and others:
        progress.note(
            f"This study is in {Kind(chosen, store)}; stored on {dataset.record.id} are "
            f"{listed(others)}, which it does not use."
        )
    elif progress is not None and named_precision(dtype) is None and stored and chosen != EXACT:
        progress.note(f"Going on in {chosen}, in which features are stored; --dtype chooses.")
    return chosen


def record_features(run: Run, record: ModelRecord, header: FeatureHeader, path: Path) -> None:
    """Leave a feature file's row, and its model's, as parts."""
    record_model(run, record)
    facts = header.facts
    row = {
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
        "precision": str(header.kind),
        "bytes": path.stat().st_size,
        "file": str(path.relative_to(run.workspace.home)),
        "seconds": _number(facts.get("seconds")),
        "items_per_second": _number(facts.get("items_per_second")),
        "device": facts.get("device"),
        "facts": json.dumps(facts, sort_keys=True),
    }
    run.append("feature_sets", header.key, [row])


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def feature_files(units: Sequence[Extraction]) -> dict[str, list[FeatureFile]]:
    """Return the stored feature sets of these units, by model id."""
    files: dict[str, list[FeatureFile]] = {}
    for unit in units:
        if unit.path.exists():
            files.setdefault(unit.record.id, []).append(open_features(unit.path))
    return files
