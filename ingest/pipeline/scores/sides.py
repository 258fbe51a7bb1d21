"""Feature sets read, truncated, normalized and prepared, each once for all that compare it."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingest.pipeline.scores.plan import FeatureFile, Unit
from ingest.store.features import StoredLayer
from ingest.store.means import read_mean
from prh_core.backend import backend
from prh_core.batches import batches_of, prepare_batches
from prh_core.curves import first_samples
from prh_core.errors import DegenerateLayerError, PRHError
from prh_core.metrics.registry import Family, PrepareOptions
from prh_core.prepare import constant_layers, normalize, truncate
from prh_core.prepared import PreparedLayer, PreparedLayers

ALL_LAYERS = "all layers"
"""Name of the candidate made of all layers side by side."""


class Prepared(NamedTuple):
    """A feature set ready to be compared, with the layers that could not be."""

    ready: Any
    """What the family prepared, or all batches of it (`prh_core.batches.Batched`)."""
    usable: np.ndarray
    """Positions in the full table of the layers `ready` holds, the concatenation last."""
    names: tuple[str, ...]


class KeptLayers:
    """Normalized layers that the next family of metrics will ask for again.

    Families ask for the same feature sets in the same order, so what fits stays, and what does not
    is made anew: dropping the oldest would drop each just before it is asked for. The file that is
    asked for next is read meanwhile.
    """

    def __init__(self, limit: int | None = None, device: str | None = None) -> None:
        """Keep `limit` bytes at most, where they are prepared: None for numpy, else a device.

        Raises:
            MissingLibraryError, PRHError: there is no such device here.
        """
        self._run = backend(device).features
        self._limit = self._run.room() if limit is None else limit
        self._kept: dict[tuple[str, str, int | None], PreparedLayers] = {}
        self._paths: dict[str, tuple[Path, ...]] = {}
        self._next: dict[str, str] = {}
        self._ahead: dict[str, Future[list[StoredLayer]]] = {}

    def expect(self, files: Sequence[FeatureFile]) -> None:
        """Say in which order feature sets will be asked for."""
        keys = [file.header.key for file in files]
        self._paths = {file.header.key: file.paths for file in files}
        self._next = dict(pairwise(keys))
        self._ahead.clear()

    def clear(self) -> None:
        """Drop what is kept, and keep no more: memory ran out."""
        self._limit = 0
        self._kept.clear()
        self._ahead.clear()

    def of(self, side: FeatureFile, truncation: str, n: int | None) -> PreparedLayers:
        """Read a feature set, truncate and l2-normalize it, or hand it out again.

        Raises:
            DegenerateLayerError, DamagedFeatureFileError, NotFiniteError: it cannot be used.
        """
        key = (side.header.key, truncation, n)
        if key in self._kept:
            return self._kept[key]
        layers = self._read(side)
        following = self._next.get(side.header.key)
        if following is not None and (following, truncation, n) not in self._kept:
            self._ahead[following] = _READER.submit(read_mean, self._paths[following])
        if n is not None:
            rows = first_samples(side.header.n, n)
            layers = [layer._replace(rows=layer.rows[rows]) for layer in layers]
        there = [self._run.put_rows(*layer) for layer in layers]
        del layers
        clamped = truncate(there, None if truncation == "none" else truncation, run=self._run)
        ready = normalize(clamped, side.header.model_id, self._run)
        size = sum(layer.nbytes for layer in ready)
        if size <= self._limit:
            self._limit -= size
            self._kept[key] = ready
        return ready

    def _read(self, side: FeatureFile) -> list[StoredLayer]:
        ahead = self._ahead.pop(side.header.key, None)
        return read_mean(side.paths) if ahead is None else ahead.result()


_READER = ThreadPoolExecutor(1, "feature-reader")


def prepare(
    side: FeatureFile,
    family: Family,
    truncation: str,
    options: PrepareOptions,
    n: int | None = None,
    kept: KeptLayers | None = None,
) -> Prepared:
    """Read a feature set, truncate, l2-normalize, and prepare it for a family of metrics.

    `n` samples only, the first of one random order; truncation then looks at these alone.
    Constant layers (the embedding of a prompt's fixed last token) are set aside, not refused:
    their cells of the layer table stay empty.

    Raises:
        DegenerateLayerError: every layer is constant, or a row has no direction.
        DamagedFeatureFileError, NotFiniteError: the file cannot be trusted.
    """
    kept = kept or KeptLayers(0, options.device)
    layers, usable = usable_layers(side, kept.of(side, truncation, n))
    return _with_names(side, family.prepare(layers, options), usable)


def prepare_unit(
    side: FeatureFile, unit: Unit, options: PrepareOptions, kept: KeptLayers
) -> Prepared:
    """Prepare one side of a unit, whole or batch by batch.

    Raises:
        PRHError: as `prepare`; where a batch cannot be prepared, the message says so.
    """
    setting, family = unit.setting, unit.setting.definition.family
    if unit.batch is None:
        return prepare(side, family, setting.truncation, options, setting.n, kept)
    layers, usable = usable_layers(side, kept.of(side, setting.truncation, None))
    batches = batches_of(side.header.n, unit.batch, setting.seed)
    try:
        batched = prepare_batches(layers, family, options, batches)
    except PRHError as error:
        raise PRHError(
            f"{side.header.model_id}, batches of {unit.batch} for {setting.metric}: {error}"
        ) from error
    return _with_names(side, batched, usable)


def usable_layers(
    side: FeatureFile, layers: PreparedLayers
) -> tuple[list[PreparedLayer], np.ndarray]:
    """Return the layers that are not constant, and their positions.

    Args:
        side: whose they are.
        layers: all of its layers, from `KeptLayers.of`.

    Raises:
        DegenerateLayerError: every layer is constant.
    """
    usable = np.flatnonzero(~constant_layers(layers))
    if not usable.size:
        raise DegenerateLayerError(
            f"{side.header.model_id}: all {len(layers)} layers are constant on "
            f"{side.header.dataset_id}, so nothing can be compared"
        )
    return [layers[i] for i in usable], usable


def _with_names(side: FeatureFile, ready: Any, usable: np.ndarray) -> Prepared:
    names: Sequence[str] = side.header.layer_names
    return Prepared(ready, np.append(usable, len(names)), (*names, ALL_LAYERS))
