"""HDF5 files, through h5py: datasets of numbers, in groups or not; nothing outside the file."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ingest.errors import FeaturesFileError, MissingExtraError, SampleIdsError
from ingest.foreign.held import Contents, Held, checked_claim
from ingest.foreign.ids import NAMES, as_ids, checked_ids, natural

_DEEPEST = 8


@contextlib.contextmanager
def open_hdf5(path: Path) -> Iterator[Contents]:
    """Open a .h5 file; a layer is read when it is taken.

    Datasets are in natural order of their paths ("block/2" before "block/10"). Links out of the
    file, virtual datasets and values kept in other files are refused.

    Raises:
        FeaturesFileError: it is no such file, refers to others, or claims what it does not hold.
        MissingExtraError: h5py is not installed.
    """
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"reading {path.name} needs h5py: pip install 'prh-explorer[hdf5]'"
        ) from error
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise FeaturesFileError(f"{path.name} is no whole HDF5 file: {error}") from error
    with file:
        contents = Contents([])
        try:
            found = dict(_datasets(h5py, file, path))
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise FeaturesFileError(f"{path.name} is damaged: {error}") from error
        for name in sorted(found, key=natural):
            array = _held(h5py, path, name, found[name])
            if name.rpartition("/")[2].lower() in NAMES:
                contents.ids = _ids(h5py, path, name, found[name], array)
            else:
                contents.add(array)
        yield contents


def _datasets(
    h5py: Any, group: Any, path: Path, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        raise FeaturesFileError(f"{path.name} has groups within groups, deeper than {_DEEPEST}")
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise FeaturesFileError(
                f"{path.name}: {prefix}{name} is a link to {getattr(link, 'filename', 'elsewhere')}"
                "; only what the file itself holds is read"
            )
        child = group[name]
        if isinstance(child, h5py.Group):
            yield from _datasets(h5py, child, path, f"{prefix}{name}/", depth + 1)
        elif isinstance(child, h5py.Dataset):
            yield f"{prefix}{name}", child


def _held(h5py: Any, path: Path, name: str, dataset: Any) -> Held:
    if dataset.is_virtual or dataset.external:
        raise FeaturesFileError(
            f"{path.name}: {name} keeps its values in other files; only what the file itself holds "
            "is read"
        )
    if dataset.shape is None:
        return Held(name, (), "empty", lambda: np.empty(()))
    stored = min(dataset.id.get_storage_size(), path.stat().st_size)
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    checked_claim(path, name, max(dataset.nbytes, chunk), stored)
    if dataset.chunks is None and dataset.nbytes > stored:
        raise FeaturesFileError(
            f"{path.name}: {name} claims {dataset.shape} {dataset.dtype} and holds {stored:,} bytes"
        )

    def read() -> Any:
        return _Slices(dataset, f"{path.name}: {name}")

    return Held(name, tuple(dataset.shape), str(dataset.dtype), read)


class _Slices:
    """Values of a dataset, read where they are indexed."""

    def __init__(self, dataset: Any, title: str) -> None:
        self._dataset, self._title = dataset, title

    def __getitem__(self, at: Any) -> np.ndarray:
        try:
            return self._dataset[at]
        except (OSError, RuntimeError, ValueError) as error:  # a filter nobody has, a bad chunk
            raise FeaturesFileError(f"{self._title} cannot be read: {error}") from error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[()], dtype=dtype)


def _ids(h5py: Any, path: Path, name: str, dataset: Any, array: Held) -> tuple[str, ...]:
    title = f"{path.name}, {name}"
    if h5py.check_string_dtype(dataset.dtype) is None:
        return as_ids(np.asarray(array.read()), title)
    if len(array.shape) != 1:
        raise SampleIdsError(f"{title}: sample ids should be (n,) text, got {array.shape}")
    try:
        return checked_ids(dataset.asstr()[:].tolist(), title)
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        raise SampleIdsError(f"{title}: sample ids cannot be read: {error}") from error
