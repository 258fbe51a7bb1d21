"""Hubness of every feature set, and the test of nesting of every pair: a durable unit each."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import FeatureFile, Unit
from ingest.pipeline.scores.rows import compared_sets
from ingest.pipeline.scores.sides import KeptLayers
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.errors import DegenerateLayerError
from prh_core.hubness import density, hubness
from prh_core.metrics.neighbors import mutual_knn
from prh_core.metrics.search import nearest
from prh_core.nesting import compare_cycles, compare_nesting, relative_ranks
from prh_core.prepare import constant_layers

NESTING_VERSION = 1
"""Raised when the same features would give other numbers; part of every unit's key."""
MOST = 4096
"""Samples at most: ranks of all pairs are held. Of more, the first of one random order."""


class SpaceUnit(NamedTuple):
    """One feature set whose layers' hubs are counted."""

    key: str
    side: FeatureFile
    k: int
    truncation: str

    @property
    def name(self) -> str:
        """The model's id."""
        return self.side.header.model_id


class PairUnit(NamedTuple):
    """One pair of feature sets to test."""

    key: str
    x: FeatureFile
    y: FeatureFile
    k: int
    truncation: str

    @property
    def name(self) -> str:
        """Both models' ids."""
        return f"{self.x.header.model_id} × {self.y.header.model_id}"


class _Space(NamedTuple):
    """The usable layers of a feature set, unit rows, with their neighbors."""

    layers: Sequence[Any]
    places: np.ndarray
    lists: np.ndarray
    n: int


def plan_nesting(scores: Iterable[Unit]) -> tuple[list[SpaceUnit], list[PairUnit]]:
    """List what is to be measured of these planned scores by mutual k-NN, done or not."""
    spaces: dict[str, SpaceUnit] = {}
    pairs: dict[str, PairUnit] = {}
    for unit in scores:
        setting = unit.setting
        if setting.metric != "mutual_knn" or setting.n is not None or setting.k is None:
            continue
        how = {
            "k": setting.k,
            "truncation": setting.truncation,
            "most": MOST,
            "version": NESTING_VERSION,
        }
        for side in (unit.x, unit.y):
            key = unit_key({"hubs of": side.header.key, **how})
            spaces[key] = SpaceUnit(key, side, setting.k, setting.truncation)
        key = unit_key({"nested x": unit.x.header.key, "nested y": unit.y.header.key, **how})
        pairs[key] = PairUnit(key, unit.x, unit.y, setting.k, setting.truncation)
    return list(spaces.values()), list(pairs.values())


def measure_nesting(
    run: Run, spaces: Sequence[SpaceUnit], pairs: Sequence[PairUnit], progress: Progress
) -> None:
    """Measure what is missing; each unit is durable when finished."""
    kept, listed = KeptLayers(), dict[tuple[str, int, str], _Space]()

    def space(side: FeatureFile, k: int, truncation: str) -> _Space:
        key = (side.header.key, k, truncation)
        if key not in listed:
            # One x meets many y: four spaces are enough to keep.
            while len(listed) >= 4:
                listed.pop(next(iter(listed)))
            listed[key] = _opened(side, k, truncation, kept)
        return listed[key]

    run.each(
        "hubness",
        spaces,
        lambda unit: _hubs(unit, space(unit.side, unit.k, unit.truncation)),
        progress,
        "Counting hubs",
    )
    run.each(
        "nesting",
        pairs,
        lambda unit: [
            _nested(unit, *(space(side, unit.k, unit.truncation) for side in (unit.x, unit.y)))
        ],
        progress,
        "Testing who is nested in whom",
    )


def _opened(side: FeatureFile, k: int, truncation: str, kept: KeptLayers) -> _Space:
    n = MOST if side.header.n > MOST else None
    layers = kept.of(side, truncation, n)
    places = np.flatnonzero(~constant_layers(layers))
    if not places.size:
        raise DegenerateLayerError(
            f"{side.header.model_id}: all {len(layers)} layers are constant on "
            f"{side.header.dataset_id}, so no sample is near another"
        )
    usable = [layers[i] for i in places]
    return _Space(usable, places, nearest(usable, k), n or side.header.n)


def _rows(space: _Space, at: int) -> np.ndarray:
    return space.layers[at].exact().astype(np.float32)


def _hubs(unit: SpaceUnit, space: _Space) -> list[dict[str, Any]]:
    header, rows = unit.side.header, list[dict[str, Any]]()
    for at, place in enumerate(space.places):
        lists, layer = space.lists[at], _rows(space, at)
        # Two neighbors tell a dimension, whatever k is.
        near = nearest([space.layers[at]], 2)[0] if unit.k < 2 else lists
        cosines = np.einsum("id,ijd->ij", layer, layer[near])
        dense = density(-np.sort(-cosines, axis=1))
        rows.append(
            {
                "features": header.key,
                "model_id": header.model_id,
                "dataset_id": header.dataset_id,
                "row_order": header.row_order,
                "pooling": header.pooling,
                "prompt": header.prompt,
                "k": unit.k,
                "truncation": unit.truncation,
                "n": space.n,
                "layer": int(place),
                "layer_name": header.layer_names[place],
                **hubness(lists)._asdict(),
                **dense._asdict(),
                "farthest": float(cosines[:, unit.k - 1].mean()),
                "dimension": None if np.isnan(dense.dimension) else dense.dimension,
                "version": NESTING_VERSION,
            }
        )
    return rows


def _nested(unit: PairUnit, x: _Space, y: _Space) -> dict[str, Any]:
    table = mutual_knn(x.lists, y.lists, [unit.k])[0]
    a, b = (int(at) for at in np.unravel_index(table.argmax(), table.shape))
    one, other = (np.ascontiguousarray(lists) for lists in (x.lists[a], y.lists[b]))
    cycles = compare_cycles(one, other)
    found = compare_nesting(one, other, relative_ranks(_rows(x, a)), relative_ranks(_rows(y, b)))
    header_x, header_y = unit.x.header, unit.y.header
    return {
        **compared_sets(header_x, header_y),
        "k": unit.k,
        "truncation": unit.truncation,
        "n": x.n,
        "layer_x": int(x.places[a]),
        "layer_y": int(y.places[b]),
        "layer_name_x": header_x.layer_names[x.places[a]],
        "layer_name_y": header_y.layer_names[y.places[b]],
        "mutual_knn": float(table[a, b]),
        "out_y_back_x": cycles.out_y_back_x,
        "out_x_back_y": cycles.out_x_back_y,
        "cycle_low": cycles.contrast.low,
        "cycle_high": cycles.contrast.high,
        "cycle_p": cycles.contrast.p_value,
        "imbalance_xy": found.imbalance_xy,
        "imbalance_yx": found.imbalance_yx,
        "popular_xy": found.popular_xy,
        "popular_yx": found.popular_yx,
        "raw": found.raw.difference,
        "raw_low": found.raw.low,
        "raw_high": found.raw.high,
        "raw_p": found.raw.p_value,
        "beyond_hubs": found.beyond_hubs.difference,
        "beyond_low": found.beyond_hubs.low,
        "beyond_high": found.beyond_hubs.high,
        "beyond_p": found.beyond_hubs.p_value,
        "version": NESTING_VERSION,
    }
