"""Probe models on tasks: features once, the probe on the last layer, a durable row each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingest.catalog.records import ModelRecord
from ingest.datasets.tasks.task import Task
from ingest.errors import CatalogError
from ingest.extract import CropCache, extract, suited_precision, variants_for
from ingest.pipeline.features import header_of, loaded_from
from ingest.pipeline.run import Run, record_model
from ingest.progress import Progress
from ingest.store.features import EXTRACT_VERSION, read_header, read_layers, unit_key
from ingest.store.precision import EXACT, PRECISIONS, Kind, check_store, chosen_precision, of_store
from prh_core.probes import linear_probe

PROBE_VERSION = 2
"""Raised when probing would give other numbers; part of every unit's key."""


LAYERS = ("last", "best")
"""Which layer is probed: the last, or the one that does best on the inner split."""


class ProbeUnit(NamedTuple):
    """One model on one task."""

    key: str
    record: ModelRecord
    task: Task
    features_key: str
    features: Path
    """Where the features of the layers to probe lie, or would lie."""
    layer: str
    """One of `LAYERS`."""
    precision: str = EXACT
    """In which the network computes."""
    store: str = EXACT
    """Number format of the feature file."""

    @property
    def name(self) -> str:
        """The model's id."""
        return self.record.id


def plan_probes(
    run: Run,
    models: Sequence[ModelRecord],
    tasks: Sequence[Task],
    layer: str = "last",
    precision: str = EXACT,
    store: str = EXACT,
) -> list[ProbeUnit]:
    """List every probe of these models on these tasks, done or not.

    Raises:
        CatalogError: the layer is none of `LAYERS`, the precision none of `PRECISIONS`: auto is
            resolved before (`probe_precision`); or the store none of `STORES`.
    """
    if layer not in LAYERS:
        raise CatalogError(f"--layer should be one of {', '.join(LAYERS)}, got {layer!r}")
    if precision not in PRECISIONS:
        raise CatalogError(f"expected one of {', '.join(PRECISIONS)}, got {precision!r}")
    check_store(store)
    place = run.workspace.features.place
    units: list[ProbeUnit] = []
    for record in models:
        for task in tasks:
            parts = _parts(record, task, layer)
            features, path = place(record.id, task.record.id, parts, precision, store)
            key = unit_key(
                {
                    "features": features,
                    "labels": task.labels.tolist(),
                    "training": task.training,
                    "layer": layer,
                    "version": PROBE_VERSION,
                }
            )
            units.append(ProbeUnit(key, record, task, features, path, layer, precision, store))
    return units


def probe_precision(
    run: Run,
    models: Sequence[ModelRecord],
    tasks: Sequence[Task],
    layer: str,
    dtype: str,
    device: str,
    store: str = EXACT,
) -> str:
    """Return the one precision of these probes, as `chosen_precision` says of a study.

    Raises:
        CatalogError, MixedPrecisionError: see there.
    """
    stored: dict[str, set[Kind]] = {}
    for record in models:
        for task in tasks:
            parts = _parts(record, task, layer)
            there = run.workspace.features.kinds(record.id, task.record.id, parts)
            if there:
                stored.setdefault(record.id, set()).update(there)
    chosen = chosen_precision(dtype, of_store(stored, store), "these tasks")
    return chosen or suited_precision(device)


def _parts(record: ModelRecord, task: Task, layer: str) -> dict[str, Any]:
    """Return everything that determines a task's features but their `Kind`."""
    return {
        **loaded_from(record),
        "task": task.record.id,
        "row_order": task.dataset.row_order,
        "content": task.dataset.image_hash,
        "layers": {"last": "last", "best": "all"}.get(layer, layer),
        "version": EXTRACT_VERSION,
    }


def probe_missing(
    run: Run,
    units: Sequence[ProbeUnit],
    progress: Progress,
    *,
    device: str = "auto",
    batch_size: int | None = None,
) -> None:
    """Probe what is missing; a model or task that fails is noted and the others finish.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    seeing = {unit.record.id for unit in units if not unit.features.exists()}
    crops = CropCache() if len(seeing) > 1 else None

    def compute(unit: ProbeUnit) -> list[dict[str, Any]]:
        if unit.record.modality != "vision":
            raise CatalogError(f"{unit.record.id} is a language model: it sees no pictures")
        if not unit.features.exists():
            _extract(run, unit, progress, device, batch_size, crops)
        progress.note(f"Probing {unit.record.label} on {unit.task.record.title}")
        row = _probe(unit)
        record_model(run, unit.record)
        return [row]

    run.each("competence", units, compute, progress)


def _extract(
    run: Run,
    unit: ProbeUnit,
    progress: Progress,
    device: str,
    batch_size: int | None,
    crops: CropCache | None,
) -> None:
    record, dataset = unit.record, unit.task.dataset
    (variant,) = variants_for(record)
    extracted = extract(
        record,
        dataset,
        [variant],
        device=device,
        dtype=unit.precision,
        batch_size=batch_size,
        progress=progress,
        crops=crops,
    )[variant]
    layers = extracted.layers
    if unit.layer == "last":
        layers = dict([list(layers.items())[-1]])
    header = header_of(
        unit.features_key, record, dataset, variant, extracted.facts, layers, unit.store
    )
    run.workspace.features.write(header, layers)


def _probe(unit: ProbeUnit) -> dict[str, Any]:
    header, task = read_header(unit.features), unit.task
    at = task.training
    place, best = 0, None
    for i, features in enumerate(read_layers(unit.features)):
        layer = np.asarray(features, np.float32)
        probe = linear_probe(layer[:at], task.labels[:at], layer[at:], task.labels[at:])
        # The deeper of equals; the test samples have no say in it.
        if best is None or max(probe.inner.values()) >= max(best.inner.values()):
            place, best = i, probe
    assert best is not None  # a model without layers has no features
    return {
        "model_id": unit.record.id,
        "revision": header.revision,
        "task_id": task.record.id,
        "task": task.record.title,
        "task_group": task.record.group,
        "layer": header.layer_names[place],
        "layer_choice": unit.layer,
        "pooling": header.pooling,
        "precision": str(header.kind),
        "width": header.widths[place],
        "accuracy": best.accuracy,
        "mean_per_class": best.mean_per_class,
        "interval_low": best.low,
        "interval_high": best.high,
        "regularizer": best.regularizer,
        "classes": best.classes,
        "train": best.train,
        "test": best.test,
        "source": task.record.source,
        "license": task.record.license,
        "note": task.record.note,
        "probe_version": PROBE_VERSION,
    }
