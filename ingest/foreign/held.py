"""What a file of features holds, told before anything of it is read, and how an array is taken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingest.errors import FeaturesFileError
from prh_core.errors import NotFiniteError
from prh_core.types import Layer

PACKED = 20
"""How many times a compressed array may exceed its packed bytes: features are noise to a packer."""
SMALL = 256 * 2**20
"""Bytes up to which an array may exceed them more: labels as ones and zeros do."""
_KINDS = "fiu"
_CHUNK = 2**22
"""Elements checked at a time where a layer is not finite or too large."""


class Held(NamedTuple):
    """One array of a file: what its header claims, held against the file's size, and its values."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As numpy or the file's own format calls it."""
    read: Callable[[], Any]
    """Returns what can be indexed like an array of that shape; as little as can be is read."""

    @property
    def told(self) -> str:
        """Its shape and dtype, for a sentence."""
        return f"{self.shape} {self.dtype}"


@dataclass
class Contents:
    """What one file holds."""

    arrays: list[Held]
    """In the order of the file."""
    ids: tuple[str, ...] | None = None
    """(n,) sample ids, where the file has them."""
    row_order: str | None = None
    """The hash of the sample ids in order, where the file tells nothing but that."""
    left: list[str] = field(default_factory=list)
    """Names of what is there and is neither a layer nor ids."""

    def add(self, array: Held) -> None:
        """Take an array as layers, or leave it: a layer has two axes at least."""
        if len(array.shape) < 2:
            self.left.append(array.name)
        else:
            self.arrays.append(array)


def checked_claim(path: Path, name: str, claimed: int, packed: int) -> None:
    """Refuse an array that claims to unpack to what no features do.

    Args:
        path: the file.
        name: of the array.
        claimed: bytes it says it has.
        packed: bytes of the file that it is unpacked from.

    Raises:
        FeaturesFileError: it claims more than `SMALL` and `PACKED` times its packed bytes.
    """
    if claimed > max(SMALL, PACKED * packed):
        raise FeaturesFileError(
            f"{path.name}: {name} claims {size(claimed)}, and {size(packed)} of the file are its; "
            f"features do not pack {PACKED} to 1, so nothing was read"
        )


def size(count: int) -> str:
    """Return a number of bytes for a sentence."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count:,} bytes"


def sliced(array: Held, layout: str, title: str) -> Iterator[tuple[str, Layer]]:
    """Yield the layers of an array of two axes or three, as float32.

    Args:
        array: what the file holds.
        layout: "lnd" or "nld", which an array of three axes needs.
        title: the file, for a sentence.

    Raises:
        FeaturesFileError: its axes or numbers are none of features.
        NotFiniteError: a layer holds what float32 cannot.
    """
    if 0 in array.shape:
        raise FeaturesFileError(
            f"{title}: {array.name} should be (n, d) with n and d at least 1, got {array.told}"
        )
    if len(array.shape) == 2:
        yield array.name, narrowed(array.read(), title, array.name)
        return
    if layout not in ("lnd", "nld"):
        raise FeaturesFileError(
            f"{title}: {array.name} has three axes, {array.shape}, and nothing says which are the "
            f"samples; say --layout lnd where it is (layers, n, d), here {array.shape[1]:,} "
            f"samples, or --layout nld where it is (n, layers, d), here {array.shape[0]:,}"
        )
    whole = array.read()
    for index in range(array.shape[0 if layout == "lnd" else 1]):
        name = f"{array.name}.{index}"
        part = whole[index] if layout == "lnd" else whole[:, index]
        yield name, narrowed(part, title, name)


def narrowed(part: Any, title: str, name: str) -> Layer:
    """Return one layer, (n, d), as float32; a float32 array in memory or in a file is not copied.

    Raises:
        FeaturesFileError: it holds no real numbers.
        NotFiniteError: it holds NaN, infinity, or what is beyond float32's range; the sentence
            says in which row and column.
    """
    values = np.asarray(part)
    if values.dtype.kind not in _KINDS:
        raise FeaturesFileError(
            f"{title}: layer {name!r} should hold real numbers, got dtype {values.dtype}"
        )
    with np.errstate(over="ignore"):
        layer = np.require(values, np.float32, ["C", "A", "W"])
    flat = layer.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(np.dot(flat, flat))  # which also overflows, and the slow check clears
    if not finite:
        _refuse_not_finite(values, layer, title, name)
    return layer


def _refuse_not_finite(values: np.ndarray, layer: Layer, title: str, name: str) -> None:
    rows = max(1, _CHUNK // layer.shape[1])
    count, first = 0, None
    for start in range(0, len(layer), rows):
        bad = ~np.isfinite(layer[start : start + rows])
        if first is None and bad.any():
            row, column = (int(at) for at in np.argwhere(bad)[0])
            first = start + row, column
        count += int(bad.sum())
    if first is None:
        return
    value = values[first]
    what = f"{value:g} is beyond float32's range" if np.isfinite(value) else f"{value}"
    raise NotFiniteError(
        f"{title}: layer {name!r} holds {count:,} values that are not finite, the first in row "
        f"{first[0]}, column {first[1]}: {what}"
    )
