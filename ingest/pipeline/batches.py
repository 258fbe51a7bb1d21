"""What pairs of models score on average over batches of their samples, to rows. No SQL.

Outliers are truncated as everywhere, by a look at the whole feature set; then batches are cut, the
same ones of every feature set. Neither relabeled nor with an interval: these scores stand beside
those over all samples, which have both.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.pipeline.refused import Refused
from ingest.pipeline.run import Run
from ingest.pipeline.score import (
    ALL_LAYERS,
    SCORE_VERSION,
    FeatureFile,
    KeptLayers,
    Setting,
    Unit,
    sides_columns,
    usable_layers,
)
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.curves import Batched, batch_tables, batches_of, check_batch, prepare_batches
from prh_core.errors import DegenerateLayerError, PRHError
from prh_core.layers import best_pair
from prh_core.metrics import get_metric
from prh_core.metrics.registry import PrepareOptions
from prh_core.types import LayerScores

TABLE = "batch_scores"


class BatchUnit(NamedTuple):
    """One mean over batches to compute."""

    key: str
    x: FeatureFile
    y: FeatureFile
    setting: Setting
    batch: int
    """Samples a batch."""


class _Side(NamedTuple):
    """A feature set, every batch of it prepared."""

    batched: Batched
    usable: np.ndarray
    """Positions in the full table of the layers prepared, all side by side last."""
    names: tuple[str, ...]


def plan_batches(scores: Iterable[Unit], sizes: Sequence[int]) -> list[BatchUnit]:
    """List the means over batches of every pair of feature sets that is scored over all samples.

    Args:
        scores: planned scores; settings over fewer samples have no batches.
        sizes: samples a batch.

    Raises:
        SampleCountError: a size leaves a single batch that is not all samples.
        NeighborCountError: k does not fit a batch.
    """
    units: dict[str, BatchUnit] = {}
    for score in scores:
        if score.setting.n is not None:
            continue
        for size in sizes:
            check_batch(size, score.x.header.n, score.setting.k)
            unit = BatchUnit(_key(score, size), score.x, score.y, score.setting, size)
            units.setdefault(unit.key, unit)
    return list(units.values())


def _key(score: Unit, size: int) -> str:
    setting = score.setting
    return unit_key(
        {
            "x": score.x.header.key,
            "y": score.y.header.key,
            "metric": setting.metric,
            "k": setting.k,
            "sigma": setting.sigma,
            "truncation": setting.truncation,
            "batch": size,
            "seed": setting.seed,
            "version": SCORE_VERSION,
        }
    )


def batches_missing(
    run: Run, units: Sequence[BatchUnit], progress: Progress, device: str | None = None
) -> None:
    """Compute the means that are not stored; rows become durable model by model.

    A feature set is prepared once for all partners, metrics of one family and ks. One that cannot
    be is noted by name, and the others go on.
    """
    missing = run.missing(TABLE, units)
    if not missing:
        return
    progress.start("Scores over batches", len(missing))
    for _, same in groupby(sorted(missing, key=_shared), key=lambda u: u.setting.truncation):
        kept = KeptLayers()
        for _, group in groupby(same, key=_shared):
            _compute(run, list(group), progress, device, kept)
    progress.done()


def _shared(unit: BatchUnit) -> tuple[Any, ...]:
    """Return what units that share their preparation have in common, truncation first."""
    setting = unit.setting
    family = get_metric(setting.metric).family.name
    return (setting.truncation, family, setting.sigma or 0.0, unit.batch, setting.seed)


def _compute(
    run: Run, units: Sequence[BatchUnit], progress: Progress, device: str | None, kept: KeptLayers
) -> None:
    deepest = max(unit.setting.k or 1 for unit in units)
    options = PrepareOptions(deepest, concatenate=True, sigma=units[0].setting.sigma, device=device)
    sides: dict[str, _Side | None] = {}
    for file in {f.header.key: f for unit in units for f in (unit.x, unit.y)}.values():
        try:
            sides[file.header.key] = _side(file, units[0], options, kept)
        except PRHError as error:
            run.refused.append(Refused(file.header.model_id, str(error)))
            sides[file.header.key] = None
    by_y: dict[str, dict[tuple[str, str], list[BatchUnit]]] = {}
    for unit in units:
        same = by_y.setdefault(unit.y.header.key, {})
        same.setdefault((unit.x.header.key, unit.setting.metric), []).append(unit)
    for pairs in by_y.values():
        rows: list[dict[str, Any]] = []
        for chosen in pairs.values():
            try:
                rows += _rows(chosen, sides, deepest, run.run_id)
            except PRHError as error:
                names = (chosen[0].x.header.model_id, chosen[0].y.header.model_id)
                run.refused.append(Refused(names[0], f"{names[0]} with {names[1]}: {error}"))
            progress.advance(len(chosen))
        if rows:
            keys = sorted(row["unit_key"] for row in rows)
            part = pl.DataFrame(rows, schema_overrides=_NULLABLE)
            run.workspace.warehouse.append(TABLE, unit_key({"units": keys}), part)
            run.done += len(rows)


_NULLABLE = {"k": pl.Int64, "sigma": pl.Float64}


def _side(file: FeatureFile, unit: BatchUnit, options: PrepareOptions, kept: KeptLayers) -> _Side:
    header = file.header
    layers = kept.of(file, unit.setting.truncation, None)
    usable = usable_layers(header, layers)
    family = get_metric(unit.setting.metric).family
    batches = batches_of(header.n, unit.batch, unit.setting.seed)
    try:
        batched = prepare_batches([layers[i] for i in usable], family, options, batches)
    except PRHError as error:
        raise PRHError(
            f"{header.model_id}, batches of {unit.batch} for {unit.setting.metric}: {error}"
        ) from error
    return _Side(batched, np.append(usable, len(layers)), (*header.layer_names, ALL_LAYERS))


def _rows(
    units: Sequence[BatchUnit], sides: Mapping[str, _Side | None], deepest: int, run_id: str
) -> list[dict[str, Any]]:
    """Return the rows of one pair under one metric, none where a side was refused."""
    x, y = sides[units[0].x.header.key], sides[units[0].y.header.key]
    if x is None or y is None:
        return []
    ks = list(dict.fromkeys(unit.setting.k or deepest for unit in units))
    metric = get_metric(units[0].setting.metric)
    tables = dict(zip(ks, batch_tables(metric, x.batched, y.batched, ks), strict=True))
    return [_row(unit, x, y, tables[unit.setting.k or deepest], run_id) for unit in units]


def _row(unit: BatchUnit, x: _Side, y: _Side, compared: LayerScores, run_id: str) -> dict[str, Any]:
    best = best_pair(compared, get_metric(unit.setting.metric).higher_is_closer)
    if best is None:
        raise DegenerateLayerError(
            f"{unit.setting.metric} is not defined for any pair of layers in all batches of "
            f"{unit.batch}"
        )
    hx, hy, setting = unit.x.header, unit.y.header, unit.setting
    layer_x, layer_y = int(x.usable[best.layer_x]), int(y.usable[best.layer_y])
    return {
        **sides_columns(unit.key, run_id, hx, hy),
        "metric": setting.metric,
        "k": setting.k,
        "sigma": setting.sigma,
        "truncation": setting.truncation,
        "normalized": True,
        "n": hx.n,
        "batch": unit.batch,
        "batches": len(x.batched.ready),
        "seed": setting.seed,
        "score": best.score,
        "layer_x": layer_x,
        "layer_y": layer_y,
        "layer_name_x": x.names[layer_x],
        "layer_name_y": y.names[layer_y],
        "score_version": SCORE_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }
