"""Neighbors and maps of layers, found as scores find them, and rows made of them."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.experiments.neighbors.plan import NEIGHBORS_VERSION, SEED, LayerUnit
from ingest.pipeline.scores.plan import FeatureFile
from ingest.pipeline.scores.sides import ALL_LAYERS, KeptLayers, usable_layers
from prh_core.errors import DegenerateLayerError
from prh_core.metrics.registry import PrepareOptions
from prh_core.metrics.search import search
from prh_core.prepared import PreparedLayers
from prh_core.sample_maps import sample_map

TABLE = "neighbor_layers"
DECIMALS = 5
"""Of the similarities that are stored."""


class Found(NamedTuple):
    """Each sample's neighbors in one layer."""

    layers: PreparedLayers
    """The layer, or all of those that stand side by side."""
    neighbors: np.ndarray
    """(n, k) int32, nearest first."""
    similarities: np.ndarray
    """(n, k) float32, cosines."""


class LayerReader:
    """Feature sets as scores prepare them; the last one stays, since its layers follow."""

    def __init__(self, device: str | None = None) -> None:
        """Compute on this device; None on the CPU."""
        self._device = device
        self._last: tuple[tuple[str, str], PreparedLayers, list[int]] | None = None

    def _usable(self, side: FeatureFile, truncation: str) -> tuple[PreparedLayers, list[int]]:
        asked = (side.header.key, truncation)
        if self._last is None or self._last[0] != asked:
            self._last = None  # room for the next
            read = KeptLayers(0, self._device).of(side, truncation, None)
            layers, positions = usable_layers(side, read)
            self._last = asked, layers, positions.tolist()
        return self._last[1:]

    def find(self, unit: LayerUnit) -> Found:
        """Find the neighbors of one layer, or of all layers side by side.

        Raises:
            DegenerateLayerError: the layer is constant, or all of them are.
            DamagedFeatureFileError, NotFiniteError: the file cannot be trusted.
        """
        layers, positions = self._usable(unit.side, unit.truncation)
        together = unit.layer == len(unit.side.header.layer_names)
        if not together:
            if unit.layer not in positions:
                raise DegenerateLayerError(
                    f"{unit.name}: {name_of(unit)} is constant on {unit.side.header.dataset_id}, "
                    "so no sample is nearer than another"
                )
            layers = [layers[positions.index(unit.layer)]]
        found = search(layers, PrepareOptions(unit.k, together, device=self._device), "raw")
        # Inner products of rows side by side: the sum over layers of unit rows.
        cosines = found.values[-1] / np.float32(len(layers))
        return Found(layers, np.ascontiguousarray(found.indices[-1]), cosines)


def name_of(unit: LayerUnit) -> str:
    """Return the name of a unit's layer."""
    return (*unit.side.header.layer_names, ALL_LAYERS)[unit.layer]


def rows_of(unit: LayerUnit, reader: LayerReader) -> dict[str, Any]:
    """Return the rows of one layer by table, the one that says it is done last.

    Raises:
        DegenerateLayerError, DamagedFeatureFileError, NotFiniteError: see `LayerReader.find`.
        ConvergenceError: there are fewer than four samples.
    """
    found = reader.find(unit)
    drawn = sample_map(found.layers, found.neighbors, found.similarities, seed=SEED)
    header = unit.side.header
    samples = pl.DataFrame(
        {
            "position": np.arange(header.n, dtype=np.int32),
            "neighbors": lists_of(found.neighbors),
            "similarities": lists_of(np.round(found.similarities, DECIMALS)),
            "x": drawn.places[:, 0],
            "y": drawn.places[:, 1],
        }
    )
    layer = {
        "features": header.key,
        "model_id": header.model_id,
        "dataset_id": header.dataset_id,
        "row_order": header.row_order,
        "pooling": header.pooling,
        "prompt": header.prompt,
        "truncation": unit.truncation,
        "layer": unit.layer,
        "layer_name": name_of(unit),
        "n": header.n,
        "k": unit.k,
        "map_method": drawn.method,
        "seed": SEED,
        "map_kept": drawn.kept,
        "neighbors_version": NEIGHBORS_VERSION,
    }
    return {"sample_neighbors": samples, TABLE: [layer]}


def lists_of(values: np.ndarray) -> pl.Series:
    """Return the rows of a matrix as a column of lists."""
    return pl.Series(
        values=values, dtype=pl.Array(pl.Series(values[:0, 0]).dtype, values.shape[1])
    ).cast(pl.List(pl.Series(values[:0, 0]).dtype))
