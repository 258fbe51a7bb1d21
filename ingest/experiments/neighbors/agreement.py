"""How many neighbors two models share, sample by sample, from the lists that are stored."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from ingest.experiments.neighbors.plan import NEIGHBORS_VERSION, LayerUnit, PairUnit
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.compiled.overlaps import row_shared

TABLE = "sample_agreement"
_LISTS = 64
"""Layers whose lists are held at once."""


def count_missing(run: Run, units: Sequence[PairUnit], progress: Progress) -> None:
    """Count what every pair of layers shares, where it is not stored; a part per feature set.

    Pairs of a layer that could not be stored are left out: it has been named.
    """
    stored = run.workspace.warehouse.column("neighbor_layers", "unit_key")
    ready = [unit for unit in units if {unit.x.key, unit.y.key} <= stored]
    missing = sorted(run.missing(TABLE, ready), key=_second)
    if not missing:
        return
    lists = lru_cache(maxsize=_LISTS)(lambda key: _stored_lists(run, key))
    progress.start("Agreement, sample by sample", len(missing))
    for _, same in groupby(missing, _second):
        rows = [_row(run, unit, lists(unit.x.key), lists(unit.y.key)) for unit in same]
        keys = [row["unit_key"] for row in rows]
        run.workspace.warehouse.append(TABLE, unit_key({"units": sorted(keys)}), rows)
        run.done += len(keys)
        progress.advance(len(keys))
    progress.done()


def _second(unit: PairUnit) -> str:
    return unit.y.side.header.key


def _stored_lists(run: Run, key: str) -> np.ndarray:
    """Return the neighbors of a stored layer, (n, k) int32."""
    rows = run.workspace.warehouse.rows("sample_neighbors", key)
    assert rows is not None  # its layer is stored, which is written after it
    return (
        rows.sort("position")["neighbors"].list.to_array(rows["neighbors"].list.len()[0]).to_numpy()
    )


def _row(run: Run, unit: PairUnit, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    a, b = (np.ascontiguousarray(lists[:, : unit.k]) for lists in (x, y))
    header = unit.x.side.header
    return {
        "unit_key": unit.key,
        "run_id": run.run_id,
        **_side("x", unit.x),
        **_side("y", unit.y),
        "dataset_id": header.dataset_id,
        "row_order": header.row_order,
        "truncation": unit.x.truncation,
        "k": unit.k,
        "n": header.n,
        "shared": row_shared(a, b).tolist(),
        "neighbors_version": NEIGHBORS_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }


def _side(at: str, unit: LayerUnit) -> dict[str, Any]:
    return {
        f"features_{at}": unit.side.header.key,
        f"model_{at}": unit.name,
        f"layer_{at}": unit.layer,
    }
