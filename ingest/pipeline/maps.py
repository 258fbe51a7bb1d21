"""Maps of models of one modality that were compared with each other, made once and stored."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.convergence import distances, squared
from prh_core.errors import ConvergenceError
from prh_core.maps import METHODS, Method, model_map

MAP_VERSION = 1
"""Raised when mapping would give other places; part of every map's key."""
SEED = 0
_SETTING = (
    "dataset_id", "row_order", "n", "metric", "k", "sigma", "truncation", "normalized", "precision",
)  # fmt: skip
_OF_CAPTIONS = ("pooling", "prompt")
"""What language models differ in besides; a vision model has its own, and its maps have none."""
_NULLABLE = {
    "k": pl.Int64, "sigma": pl.Float64, "precision": pl.String, "pooling": pl.String,
    "prompt": pl.String,
}  # fmt: skip


def map_missing(run: Run, progress: Progress) -> None:
    """Lay out the models of every setting that has four of them or more, where it is not done.

    Metrics in which lower is closer have no -log(alignment) and are left out.
    """
    warehouse = run.workspace.warehouse
    pairs = warehouse.of_parts("model_pairs").drop_nulls("score")
    stored = warehouse.column("maps", "unit_key")
    wanted: list[tuple[str, Method, dict[str, Any], list[str], np.ndarray]] = []
    named = ("modality", *_SETTING, *_OF_CAPTIONS)
    for values, rows in pairs.group_by(named, maintain_order=True):
        setting: dict[str, Any] = dict(zip(named, values, strict=True))
        if setting.pop("modality") == "vision":
            for name in _OF_CAPTIONS:
                del setting[name]
        names, table = squared(*(rows[side].to_list() for side in ("model_a", "model_b", "score")))
        if len(names) < 4:
            continue
        for method in METHODS:
            key = unit_key(
                {
                    **setting,
                    "models": names,
                    "alignment": table[np.triu_indices(len(names), 1)].tolist(),
                    "method": method,
                    "seed": SEED,
                    "version": MAP_VERSION,
                }
            )
            if key not in stored:
                wanted.append((key, method, setting, names, table))
    if not wanted:
        return
    progress.start("Mapping models", len(wanted))
    for key, method, setting, names, table in wanted:
        try:
            apart = distances(table)
        except ConvergenceError as error:
            progress.note(f"No map of {setting['metric']}: {error}")
            progress.advance(1)
            continue
        found = model_map(apart.values, method, seed=SEED)
        rows = [
            {
                "unit_key": key,
                "run_id": run.run_id,
                **dict.fromkeys(_OF_CAPTIONS),
                **setting,
                "method": method,
                "seed": SEED,
                "model_id": name,
                "x": float(x),
                "y": float(y),
                "models": len(names),
                "trustworthiness": found.trustworthiness,
                "neighbors": found.neighbors,
                "raised": apart.raised,
                "floor": apart.floor,
                "map_version": MAP_VERSION,
                "finished_at": datetime.now(tz=UTC),
            }
            for name, (x, y) in zip(names, found.places, strict=True)
        ]
        warehouse.append("maps", key, pl.DataFrame(rows, schema_overrides=_NULLABLE))
        progress.advance(1)
    progress.done()
