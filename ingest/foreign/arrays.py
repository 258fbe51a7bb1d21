"""numpy's files: .npy, one array, and .npz, several; never a pickle."""

import contextlib
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from ingest.errors import FeaturesFileError
from ingest.foreign.held import Contents, Held, checked_claim, size
from ingest.foreign.ids import NAMES, as_ids

_MOST_AXES = 8
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class _Header(NamedTuple):
    shape: tuple[int, ...]
    column_major: bool
    dtype: np.dtype[Any]
    begins: int
    """Bytes before the values."""

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@contextlib.contextmanager
def open_npy(path: Path) -> Iterator[Contents]:
    """Open a .npy file; its values stay in the file until a layer of them is taken.

    Raises:
        FeaturesFileError: it is no such file, holds objects, or is not as long as it claims.
    """
    with path.open("rb") as file:
        header = _header(file, path.name)
    there = path.stat().st_size - header.begins
    if header.nbytes != there:
        raise FeaturesFileError(
            f"{path.name} claims {header.shape} {header.dtype}, {size(header.nbytes)}, and holds "
            f"{size(there)}: it is cut off or no whole .npy file"
        )

    def read() -> np.ndarray:
        order = "F" if header.column_major else "C"
        # Copied where it is written to, which nobody does: compiled kernels take no other array.
        mapped = np.memmap(
            path, header.dtype, "c", offset=header.begins, shape=header.shape, order=order
        )
        return np.asarray(mapped)

    reading = read if header.nbytes else partial(np.empty, header.shape, header.dtype)
    yield Contents([Held(path.stem, header.shape, str(header.dtype), reading)])


@contextlib.contextmanager
def open_npz(path: Path) -> Iterator[Contents]:
    """Open a .npz file; an array is unpacked when it is taken.

    Raises:
        FeaturesFileError: it is no such file, holds objects or what is no array, or an array
            claims another size than it has, or one that no features unpack to.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FeaturesFileError(f"{path.name} is no .npz file: {error}") from error
    with archive:
        contents = Contents([])
        seen: set[str] = set()
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name == member.filename:
                raise FeaturesFileError(f"{path.name} holds {name[:80]!r}, which is no array")
            if name in seen:
                raise FeaturesFileError(f"{path.name} holds two arrays called {name[:80]!r}")
            seen.add(name)
            array = _member(path, archive, member, name)
            if name.lower() in NAMES:
                contents.ids = as_ids(array.read(), f"{path.name}, {name}")
            else:
                contents.add(array)
        yield contents


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Held:
    title = f"{path.name}, {name}"
    if member.compress_type not in _METHODS or member.flag_bits & 1:
        raise FeaturesFileError(f"{title} is packed in a way that numpy does not write")
    checked_claim(path, name, member.file_size, min(member.compress_size, path.stat().st_size))

    def unpacked(take: Callable[[IO[bytes]], Any]) -> Any:
        try:
            with archive.open(member) as file:
                return take(file)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise FeaturesFileError(f"{title} cannot be unpacked: {error}") from error
        except zipfile.zlib.error as error:  # type: ignore[attr-defined] - zipfile's own import
            raise FeaturesFileError(f"{title} cannot be unpacked: {error}") from error

    header: _Header = unpacked(lambda file: _header(file, title))
    if header.begins + header.nbytes != member.file_size:
        raise FeaturesFileError(
            f"{title} claims {header.shape} {header.dtype}, {size(header.nbytes)}, and unpacks to "
            f"{size(member.file_size - header.begins)}"
        )
    return Held(
        name,
        header.shape,
        str(header.dtype),
        lambda: unpacked(lambda file: npy.read_array(file, allow_pickle=False)),
    )


def _header(file: IO[bytes], title: str) -> _Header:
    """Read what an array claims to be.

    Raises:
        FeaturesFileError: nothing readable, objects, records, or a shape that is none.
    """
    begin = file.read(npy.MAGIC_LEN + 4)
    rest = file.read(npy.ARRAY_ALIGN + 10_000) if begin.startswith(npy.MAGIC_PREFIX) else b""
    head = io.BytesIO(begin + rest)
    try:
        version = npy.read_magic(head)
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        if version not in readers:
            raise ValueError(f"version {version[0]}.{version[1]} is of records")
        shape, column_major, dtype = readers[version](head)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise FeaturesFileError(f"{title} is no array that numpy wrote: {reason}") from error
    if dtype.hasobject:
        raise FeaturesFileError(
            f"{title} holds Python objects, which are code and are never read; save it as one "
            "array of numbers or of text"
        )
    if dtype.names is not None or dtype.subdtype is not None:
        raise FeaturesFileError(f"{title} holds records of {dtype}, expected plain numbers")
    if len(shape) > _MOST_AXES or any(length < 0 for length in shape):
        raise FeaturesFileError(f"{title} claims the shape {shape}, which no array has")
    return _Header(tuple(int(length) for length in shape), column_major, dtype, head.tell())
