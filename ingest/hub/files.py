"""Files of a data folder, here and in a repository: one layout, one way to tell them apart."""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ingest.progress import Progress
from prh_core.warehouse.filling import tables
from prh_core.warehouse.location import WAREHOUSE_FILE

FEATURES, PARTS, WAREHOUSE = "features", "parts", "warehouse"
WHAT = (FEATURES, PARTS, WAREHOUSE)
"""What can be pushed and pulled."""
DESCRIBING = ("feature_sets", "models", "datasets", "samples")
"""Tables of what feature files are of: their parts go along with them."""
NAMES_ALONE = ".ids"
"""Ends the name of a part of samples that holds their ids and no text."""
CARD, CROISSANT = "README.md", "croissant.json"
"""What describes a repository; both are made by a push."""
_NAME = r"[A-Za-z0-9][^/\\\x00-\x1f]*"
_FEATURES = re.compile(
    rf"features/(?P<model>{_NAME})/(?P<dataset>{_NAME})\.[0-9a-f]{{16}}\.safetensors"
)
_PART = re.compile(rf"parts/(?P<table>[a-z_]+)/(?P<name>{_NAME})\.parquet")
_CHUNK = 1 << 20


class RemoteFile(NamedTuple):
    """A file in a repository, as the hub lists it."""

    path: str
    bytes: int
    sha256: str | None
    """Of a large file; git keeps small ones under `blob` alone."""
    blob: str
    """Git's hash of the content, of a large file of what points to it."""


class LocalFile(NamedTuple):
    """A file to push: one here, or content made of one."""

    path: str
    """In the repository."""
    source: Path | bytes
    bytes: int
    sha256: str
    blob: str
    seen: int
    """Modification time of the file in nanoseconds when it was read; 0 of content."""

    def same_as(self, remote: RemoteFile) -> bool:
        """Say whether the hub keeps this very content."""
        if self.bytes != remote.bytes:
            return False
        return self.sha256 == remote.sha256 if remote.sha256 else self.blob == remote.blob


def kind_of(path: str) -> str | None:
    """Return which of `WHAT` a file of a repository is; None of what no data folder holds.

    A path that could lead out of a data folder is none.
    """
    if path == WAREHOUSE_FILE:
        return WAREHOUSE
    if _FEATURES.fullmatch(path):
        return FEATURES
    part = _PART.fullmatch(path)
    return PARTS if part is not None and part["table"] in tables() else None


def of_features(path: str) -> tuple[str, str]:
    """Return the ids of model and dataset in the path of a feature file."""
    found = _FEATURES.fullmatch(path)
    if found is None:
        raise ValueError(path)
    return found["model"], found["dataset"]


def table_of(path: str) -> str:
    """Return the table of a part."""
    return path.split("/")[1]


def beside(path: str, sha256: str) -> str:
    """Return another name for a part, where its own is taken by other rows: both are kept."""
    stem = path.removesuffix(".parquet")
    return f"{stem}.{sha256[:8]}.parquet"


def read_file(path: str, source: Path | bytes, tell: Callable[[int], None]) -> LocalFile:
    """Hash a file that is to be pushed.

    Args:
        path: in the repository.
        source: where it lies, or its content.
        tell: told of every stretch of bytes that was read.
    """
    if isinstance(source, bytes):
        hashes = Hashes(len(source))
        hashes.update(source)
        tell(len(source))
        return LocalFile(path, source, len(source), *hashes.hex(), 0)
    seen = source.stat()
    hashes = Hashes(seen.st_size)
    with source.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            hashes.update(chunk)
            tell(len(chunk))
    return LocalFile(path, source, seen.st_size, *hashes.hex(), seen.st_mtime_ns)


class Hashes:
    """A file's SHA-256, and the hash that git gives it."""

    def __init__(self, size: int) -> None:
        """Begin with nothing of a file of so many bytes."""
        self._sha256 = hashlib.sha256()
        self._blob = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Go on."""
        self._sha256.update(chunk)
        self._blob.update(chunk)

    def hex(self) -> tuple[str, str]:
        """Return both."""
        return self._sha256.hexdigest(), self._blob.hexdigest()


class PartsBySize:
    """Parts of a repository by table and size: the same rows may have another name there."""

    def __init__(self, files: Iterable[RemoteFile]) -> None:
        """Take the parts among these files."""
        self._parts: dict[tuple[str, int], list[RemoteFile]] = {}
        for file in files:
            if kind_of(file.path) == PARTS:
                self._parts.setdefault((table_of(file.path), file.bytes), []).append(file)

    def same_as(self, part: LocalFile) -> RemoteFile | None:
        """Return the part that has this very content, under whatever name; None without."""
        of_size = self._parts.get((table_of(part.path), part.bytes), [])
        return next((file for file in of_size if part.same_as(file)), None)


class InKilobytes:
    """Tells a progress of bytes, in kB; several threads may."""

    def __init__(self, progress: Progress, title: str, total: int) -> None:
        """Begin a task of so many bytes."""
        self._progress, self._lock = progress, Lock()
        self._bytes, self._told = 0, 0
        progress.start(f"{title}, kB", -(-total // 1000))

    def __call__(self, n: int) -> None:
        """Count n more bytes."""
        with self._lock:
            self._bytes += n
            whole = -(-self._bytes // 1000)
            if whole > self._told:
                self._progress.advance(whole - self._told)
                self._told = whole
