"""safetensors files, and with them the feature files of a data folder."""

import contextlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ingest.errors import FeaturesFileError
from ingest.foreign.held import Contents, Held
from ingest.foreign.ids import NAMES, as_ids, checked_ids, natural
from ingest.store.features import FORMAT, read_header

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2",
    "U8": "u1",
}  # fmt: skip


@contextlib.contextmanager
def open_safetensors(path: Path) -> Iterator[Contents]:
    """Open a .safetensors file; its tensors stay in the file until a layer of them is taken.

    Tensors are in natural order of their names ("layer.2" before "layer.10"), since the format
    keeps none. Ids are a tensor of whole numbers, or a JSON list of texts under `ids` in the
    metadata. A feature file of a data folder has its own layer names and tells its row order.

    Raises:
        FeaturesFileError: it is no such file, or not as long as it claims.
        DamagedFeatureFileError: a feature file that does not describe itself as one.
    """
    try:
        # The library holds every claim of the header against the file's length.
        with safe_open(path, framework="numpy") as opened:
            metadata = opened.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise FeaturesFileError(f"{path.name} is no whole .safetensors file: {error}") from error
    contents = Contents([])
    tensors = _tensors(path)
    names = {name: name for name in sorted(tensors, key=natural)}
    if metadata.get("format") == FORMAT:
        header = read_header(path)
        names = {f"{at:04d}": name for at, name in enumerate(header.layer_names)}
        contents.row_order = header.row_order
    elif "ids" in metadata:
        contents.ids = _listed(metadata["ids"], path.name)
    for key, name in names.items():
        array = _held(path, name, *tensors[key])
        if name.lower() in NAMES and contents.row_order is None:
            contents.ids = as_ids(array.read(), f"{path.name}, {name}")
        else:
            contents.add(array)
    yield contents


def _tensors(path: Path) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Return dtype, shape and first byte of every tensor, as the library has checked them."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {
        name: (told["dtype"], tuple(told["shape"]), 8 + length + told["data_offsets"][0])
        for name, told in header.items()
    }


def _held(path: Path, name: str, dtype: str, shape: tuple[int, ...], begins: int) -> Held:
    def read() -> np.ndarray:
        if dtype not in _DTYPES:
            raise FeaturesFileError(
                f"{path.name}: {name} holds {dtype}, expected one of {', '.join(_DTYPES)}"
            )
        if 0 in shape:
            return np.empty(shape, np.float32)
        values = np.asarray(np.memmap(path, _DTYPES[dtype], "c", offset=begins, shape=shape))
        if dtype == "BF16":  # the upper half of a float32
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values

    return Held(name, shape, dtype, read)


def _listed(text: str, title: str) -> tuple[str, ...]:
    try:
        ids = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FeaturesFileError(f"{title}: ids in the metadata are no JSON: {error}") from error
    if not isinstance(ids, list) or not all(isinstance(one, str | int) for one in ids):
        raise FeaturesFileError(f"{title}: ids in the metadata should be a JSON list of texts")
    return checked_ids([str(one) for one in ids], title)
