"""Noise ceilings to rows: what each feature set scores with itself, seen again. No SQL here."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.feature_store import read_layers, unit_key
from ingest.progress import Progress
from ingest.run import Run
from ingest.score import SCORE_VERSION, FeatureFile, Refused, Setting
from prh_core.curves import noise_ceiling
from prh_core.errors import DegenerateLayerError, PRHError
from prh_core.metrics import get_metric
from prh_core.prepare import constant_layers

SPLITS = 10


class CeilingUnit(NamedTuple):
    """One ceiling to compute."""

    key: str
    side: FeatureFile
    setting: Setting


def plan_ceilings(files: Iterable[FeatureFile], settings: Iterable[Setting]) -> list[CeilingUnit]:
    """List the ceiling of every feature set under every setting over all its samples.

    Settings that differ in what a ceiling does not look at (permutations) are one; a given
    bandwidth has none.
    """
    units: dict[str, CeilingUnit] = {}
    settings = [s for s in settings if s.n is None and s.sigma is None]
    for side in files:
        for setting in settings:
            key = unit_key(
                {
                    "ceiling": side.header.key,
                    "metric": setting.metric,
                    "k": setting.k,
                    "truncation": setting.truncation,
                    "seed": setting.seed,
                    "splits": SPLITS,
                    "version": SCORE_VERSION,
                }
            )
            units[key] = CeilingUnit(key, side, setting)
    return list(units.values())


def ceilings_missing(
    run: Run, units: Sequence[CeilingUnit], progress: Progress, device: str | None = None
) -> None:
    """Compute the ceilings that are not stored yet; each is durable when finished."""
    warehouse = run.workspace.warehouse
    missing = run.missing("noise_ceilings", units)
    if not missing:
        return
    progress.start("Noise ceilings", len(missing))
    for unit in missing:
        try:
            row = _row(unit, run.run_id, device)
        except PRHError as error:
            run.refused.append(Refused(unit.side.header.model_id, str(error)))
        else:
            types = {"k": pl.Int64}
            warehouse.append(
                "noise_ceilings", unit.key, pl.DataFrame([row], schema_overrides=types)
            )
            run.done += 1
        progress.advance(1)
    progress.done()


def _row(unit: CeilingUnit, run_id: str, device: str | None) -> dict[str, Any]:
    header, setting = unit.side.header, unit.setting
    layers = read_layers(unit.side.path)
    usable = np.flatnonzero(~constant_layers(layers))
    if not usable.size:
        raise DegenerateLayerError(
            f"{header.model_id}: every layer is constant, so it has no ceiling"
        )
    found = noise_ceiling(
        [layers[i] for i in usable],
        metric=setting.metric,
        k=setting.k or 1,
        truncate=None if setting.truncation == "none" else setting.truncation,
        splits=SPLITS,
        seed=setting.seed,
        device=device,
    )
    return {
        "unit_key": unit.key,
        "run_id": run_id,
        "features": header.key,
        "model_id": header.model_id,
        "dataset_id": header.dataset_id,
        "row_order": header.row_order,
        "pooling": header.pooling,
        "prompt": header.prompt,
        "metric": setting.metric,
        "k": setting.k if get_metric(setting.metric).uses_k else None,
        "truncation": setting.truncation,
        "n": header.n,
        "score": found.score,
        "scores": list(found.scores),
        "method": found.method,
        "seed": setting.seed,
        "score_version": SCORE_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }
