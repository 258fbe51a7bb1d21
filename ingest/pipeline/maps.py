"""Maps of models of one modality that were compared with each other, made once and stored."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.convergence import distances, squared
from prh_core.maps import METHODS, Method, model_map

MAP_VERSION = 1
"""Raised when mapping would give other places; part of every map's key."""
SEED = 0
_SETTING = (
    "dataset_id", "row_order", "n", "metric", "k", "sigma", "truncation", "normalized", "precision",
)  # fmt: skip
_OF_CAPTIONS = ("pooling", "prompt")
"""What language models differ in besides; a vision model has its own, and its maps have none."""


class MapUnit(NamedTuple):
    """One map to make."""

    key: str
    setting: dict[str, Any]
    method: Method
    models: list[str]
    alignment: np.ndarray

    @property
    def name(self) -> str:
        """The metric whose alignments are mapped."""
        return f"map of {self.setting['metric']}"


def map_models(run: Run, progress: Progress) -> None:
    """Lay out the models of every setting that has four of them or more, where it is not done.

    Metrics in which lower is closer have no -log(alignment) and are left out.
    """
    pairs = run.workspace.warehouse.of_parts("model_pairs").drop_nulls("score")
    run.each("maps", plan_maps(pairs), _lay_out, progress, "Mapping models", derived=True)


def plan_maps(pairs: pl.DataFrame) -> list[MapUnit]:
    """List the maps of these pairs of models, done or not."""
    units: list[MapUnit] = []
    names = ("modality", *_SETTING, *_OF_CAPTIONS)
    for values, rows in pairs.group_by(names, maintain_order=True):
        setting: dict[str, Any] = dict(zip(names, values, strict=True))
        if setting.pop("modality") != "language":
            for name in _OF_CAPTIONS:
                del setting[name]
        models, table = squared(*(rows[side].to_list() for side in ("model_a", "model_b", "score")))
        if len(models) < 4:
            continue
        for method in METHODS:
            key = unit_key(
                {
                    **setting,
                    "models": models,
                    "alignment": table[np.triu_indices(len(models), 1)].tolist(),
                    "method": method,
                    "seed": SEED,
                    "version": MAP_VERSION,
                }
            )
            units.append(MapUnit(key, setting, method, models, table))
    return units


def _lay_out(unit: MapUnit) -> list[dict[str, Any]]:
    apart = distances(unit.alignment)
    drawn = model_map(apart.values, unit.method, seed=SEED)
    return [
        {
            **unit.setting,
            "method": unit.method,
            "seed": SEED,
            "model_id": model,
            "x": float(x),
            "y": float(y),
            "models": len(unit.models),
            "trustworthiness": drawn.trustworthiness,
            "neighbors": drawn.neighbors,
            "raised": apart.raised,
            "floor": apart.floor,
            "map_version": MAP_VERSION,
        }
        for model, (x, y) in zip(unit.models, drawn.places, strict=True)
    ]
