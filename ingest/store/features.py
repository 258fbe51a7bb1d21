"""Features on disk: one safetensors file per model, dataset, pooling, prompt and precision.

A tensor per layer, (n, d_l), in depth order; the header carries what makes the file safe to use:
which model and dataset, the hash of the sample ids in order, the computing precision, a checksum
per layer, and where the numbers came from. Files are immutable and appear whole or not at all.
Layers are stored as float32, or scaled and rounded to float16 (see `ingest.store.half`).
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ingest.errors import DamagedFeatureFileError, MixedPrecisionError, RowOrderError
from ingest.store.atomic import atomic_path
from ingest.store.away import find_away
from ingest.store.half import HALF, from_half, is_scale, to_half
from ingest.store.precision import EXACT, PRECISIONS, STORES, Kind
from prh_core.errors import NotFiniteError
from prh_core.types import Layers

FORMAT = "prh-features"
SCHEMA_VERSION = 2
"""2 added the computing precision."""
SCALED_VERSION = 3
"""Of files whose layers are scaled: a version that knows no scales refuses them."""
EXTRACT_VERSION = 1
"""Raised when extraction would give other numbers for the same model and data."""


@dataclass(frozen=True)
class FeatureHeader:
    """What a feature file says about itself."""

    key: str
    """Hash of everything that determines the numbers; names the unit of work."""
    model_id: str
    revision: str
    dataset_id: str
    dataset_revision: str
    row_order: str
    """sha256 of the sample ids in order."""
    n: int
    pooling: str
    prompt: str
    layer_names: tuple[str, ...]
    widths: tuple[int, ...]
    dtype: str
    """Number format in the file, one of `STORES`."""
    precision: str = EXACT
    """In which the network computed: one of `PRECISIONS`."""
    facts: dict[str, str] = field(default_factory=dict)
    """Library versions, device, speed: provenance, never part of the key."""
    checksums: dict[str, str] = field(default_factory=dict)
    scales: tuple[float, ...] = ()
    """What each layer was multiplied by before it was rounded, a power of two; none in float32."""

    @property
    def kind(self) -> Kind:
        """How the numbers were computed and are stored."""
        return Kind(self.precision, self.dtype)


def unit_key(parts: Mapping[str, Any]) -> str:
    """Return the name of a unit of work: a hash of what determines its result."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class FeatureStore:
    """Feature files under one folder."""

    def __init__(self, root: Path) -> None:
        """Open the store in `root`, which need not exist yet."""
        self.root = root

    def path(self, model_id: str, dataset_id: str, key: str) -> Path:
        """Return where a feature set lies or would lie."""
        return self.root / model_id / f"{dataset_id}.{key[:16]}.safetensors"

    def place(
        self,
        model_id: str,
        dataset_id: str,
        parts: Mapping[str, Any],
        precision: str,
        store: str = EXACT,
    ) -> "Place":
        """Return the key of a feature set and where it lies or would lie.

        Args:
            model_id: whose features.
            dataset_id: of what.
            parts: what else determines them.
            precision: one of `PRECISIONS`; float32 is not named in the key.
            store: one of `STORES`; likewise.
        """
        named = {"precision": precision, "store": store}
        key = unit_key({**parts, **{name: how for name, how in named.items() if how != EXACT}})
        return Place(key, self.path(model_id, dataset_id, key))

    def kinds(self, model_id: str, dataset_id: str, parts: Mapping[str, Any]) -> set[Kind]:
        """Return in which precisions and number formats a feature set is stored, or was."""
        found: set[Kind] = set()
        for kind in map(Kind._make, product(PRECISIONS, STORES)):
            path = self.place(model_id, dataset_id, parts, *kind).path
            if path.exists() or find_away(path) is not None:
                found.add(kind)
        return found

    def write(self, header: FeatureHeader, layers: Mapping[str, np.ndarray]) -> Path:
        """Store a feature set, whole or not at all.

        Args:
            header: its description, whose dtype says how layers are stored; checksums and scales
                are filled in here.
            layers: name to (n, d_l) float32 array, in depth order.

        Raises:
            NotFiniteError: a layer holds NaN or infinity; nothing is written.
            RowOrderError: a layer does not hold n rows.
            DiskFullError: the disk filled up; nothing is stored.
        """
        tensors: dict[str, np.ndarray] = {}
        scales: list[float] = []
        for index, (name, layer) in enumerate(layers.items()):
            if layer.shape[0] != header.n:
                raise RowOrderError(
                    f"{header.model_id}: layer {name} holds {layer.shape[0]} rows, "
                    f"the dataset has {header.n} samples"
                )
            if not np.isfinite(layer).all():
                row = int(np.flatnonzero(~np.isfinite(layer).all(axis=1))[0])
                raise NotFiniteError(
                    f"{header.model_id}: layer {index} ({name}) is not finite in row {row}; "
                    "nothing was stored"
                )
            if header.dtype == HALF:
                layer, scale = to_half(layer)
                scales.append(scale)
            # safetensors writes the buffer as it lies, so a strided view would be scrambled.
            tensors[f"{index:04d}"] = np.ascontiguousarray(layer)
        checksums = {
            name: _checksum(tensor, scales[index] if scales else None)
            for index, (name, tensor) in enumerate(tensors.items())
        }
        fields = asdict(header) | {"checksums": checksums, "scales": scales}
        if not scales:
            del fields["scales"]
        metadata = {
            "format": FORMAT,
            "schema_version": str(SCALED_VERSION if scales else SCHEMA_VERSION),
            "header": json.dumps(fields, sort_keys=True),
        }
        target = self.path(header.model_id, header.dataset_id, header.key)
        with atomic_path(target) as temporary:
            save_file(tensors, temporary, metadata=metadata)
        return target


class Place(NamedTuple):
    """The key of a feature set, and where it lies or would lie."""

    key: str
    path: Path


def read_header(path: Path) -> FeatureHeader:
    """Read what a feature file says about itself.

    Raises:
        DamagedFeatureFileError: not a feature file, truncated, or written by a newer version.
    """
    try:
        with safe_open(path, framework="numpy") as opened:
            metadata = opened.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise DamagedFeatureFileError(
            f"{path.name} cannot be read ({error}); delete it and extract again: {path}"
        ) from error
    if metadata.get("format") != FORMAT:
        raise DamagedFeatureFileError(f"{path.name} is not a PRH Explorer feature file: {path}")
    try:
        schema = int(metadata["schema_version"])
        known = schema in (SCHEMA_VERSION, SCALED_VERSION)
        header = _header(metadata["header"]) if known else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DamagedFeatureFileError(
            f"{path.name} does not describe itself as feature files do ({error}); delete it and "
            f"extract again: {path}"
        ) from error
    if header is None:
        raise DamagedFeatureFileError(
            f"{path.name} has feature schema {schema}, this version reads {SCHEMA_VERSION} and "
            f"{SCALED_VERSION}; "
            + ("update PRH Explorer" if schema > SCALED_VERSION else "delete it and extract again")
        )
    return header


def _header(text: str) -> FeatureHeader:
    """Return a header as it was written; ValueError or the like where it was not."""
    fields = json.loads(text)
    for name in ("layer_names", "widths", "scales"):
        fields[name] = tuple(fields.get(name, ()))
    header = FeatureHeader(**fields)
    for name, value in asdict(header).items():
        kind = {"n": int, "layer_names": tuple, "widths": tuple, "facts": dict, "checksums": dict,
                "scales": tuple}  # fmt: skip
        if not isinstance(value, kind.get(name, str)):
            raise ValueError(f"{name} is {value!r}")
    layers = range(len(header.layer_names))
    if len(header.widths) != len(layers) or any(f"{i:04d}" not in header.checksums for i in layers):
        raise ValueError("widths and checksums are not one a layer")
    if not all(isinstance(name, str) for name in header.layer_names):
        raise ValueError(f"layer_names is {header.layer_names!r}")
    if not all(isinstance(width, int) for width in header.widths):
        raise ValueError(f"widths is {header.widths!r}")
    if header.scales and len(header.scales) != len(layers):
        raise ValueError("scales are not one a layer")
    if not all(is_scale(scale) for scale in header.scales):
        raise ValueError(f"scales is {header.scales!r}")
    return header


class StoredLayer(NamedTuple):
    """A layer as a file has it."""

    rows: np.ndarray
    """(n, d) in the file's number format."""
    scale: float | None
    """What rows were multiplied by before they were rounded; None where they were not."""


def read_layers(path: Path, only: Sequence[int] | None = None) -> Layers:
    """Read a file's layers in depth order as float32, each checked against its checksum.

    Args:
        path: a feature file.
        only: indices of the layers wanted; all by default.

    Raises:
        DamagedFeatureFileError: truncated or altered; the message names the layer.
    """
    return [
        rows.astype(np.float32, copy=False) if scale is None else from_half(rows, scale)
        for rows, scale in read_stored(path, only)
    ]


def read_stored(path: Path, only: Sequence[int] | None = None) -> list[StoredLayer]:
    """Read a file's layers in depth order as they are stored, each checked against its checksum.

    Args:
        path: a feature file.
        only: indices of the layers wanted; all by default.

    Raises:
        DamagedFeatureFileError: truncated or altered; the message names the layer.
    """
    header = read_header(path)
    wanted = range(len(header.layer_names)) if only is None else only
    try:
        with safe_open(path, framework="numpy") as opened:
            tensors = [opened.get_tensor(f"{index:04d}") for index in wanted]
    except (SafetensorError, OSError) as error:
        raise DamagedFeatureFileError(
            f"{path.name} cannot be read ({error}); delete it and extract again: {path}"
        ) from error
    scales = [header.scales[index] if header.scales else None for index in wanted]
    # A core hashes 1 to 2 GB a second, less than a disk reads.
    with ThreadPoolExecutor(min(len(tensors), os.cpu_count() or 1) or 1) as pool:
        sums = pool.map(_checksum, tensors, scales)
        for index, found in zip(wanted, sums, strict=True):
            if found != header.checksums[f"{index:04d}"]:
                raise DamagedFeatureFileError(
                    f"{path.name}: layer {index} ({header.layer_names[index]}) does not match "
                    f"its checksum; delete the file and extract again: {path}"
                )
    return [StoredLayer(*pair) for pair in zip(tensors, scales, strict=True)]


def check_same_rows(first: FeatureHeader, second: FeatureHeader) -> None:
    """Refuse to compare features of other samples, or of the same samples in another order.

    Raises:
        RowOrderError: the classic silent failure: floor scores from scrambled rows.
    """
    if first.row_order != second.row_order or first.n != second.n:
        raise RowOrderError(
            f"{first.model_id} and {second.model_id} do not list the same samples in the same "
            f"order on {second.dataset_id} (n = {first.n} and {second.n}, row order "
            f"{first.row_order[:12]} and {second.row_order[:12]}); extract both again from one "
            "dataset"
        )


def check_same_precision(first: FeatureHeader, second: FeatureHeader) -> None:
    """Refuse to compare features that were computed or stored in different precision.

    Raises:
        MixedPrecisionError: the sentence says how to get both in one.
    """
    if first.dtype != second.dtype:
        raise MixedPrecisionError(
            f"{first.model_id} is stored in {first.dtype} on {first.dataset_id}, "
            f"{second.model_id} in {second.dtype}: a score would mix the two. Choose one format "
            "for the whole study, e.g. `--store float32`; `prh extract` makes what is missing in it"
        )
    if first.precision != second.precision:
        raise MixedPrecisionError(
            f"{first.model_id} was computed in {first.precision} on {first.dataset_id}, "
            f"{second.model_id} in {second.precision}: a score would mix the two. Choose one "
            "precision for the whole study, e.g. `--dtype float32`; `prh extract` makes what is "
            "missing in it"
        )


def _checksum(tensor: np.ndarray, scale: float | None) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(tensor).view(np.uint8).data)
    if scale is not None:  # a scale that changed would change every number of the layer
        digest.update(scale.hex().encode())
    return digest.hexdigest()
