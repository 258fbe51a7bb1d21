"""What local weights hold, for the keys of what is made of them; a hash is made once a file."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.cache import cache_root
from ingest.extract.saved import saved_files
from ingest.extract.user_modules import module_file
from ingest.store.atomic import atomic_path
from prh_core.errors import PRHError

_WEIGHTS = frozenset({".safetensors", ".bin", ".gguf", ".pt", ".pth", ".th"})
# What else in a folder of transformers determines features: configuration and tokenizer.
_BESIDE = frozenset({".json", ".model", ".txt", ".py", ".jinja", ".tiktoken", ".spm", ".vocab"})

_WORTH_KEEPING = 1 << 20
"""Bytes from which on a hash is kept on disk: a smaller file is read sooner than looked up, and a
folder of texts has thousands of them."""
_made: dict[tuple[str, str], str] = {}
"""(file, its state) -> sha256, of this process: a cache folder may be read-only."""


def content_hash(path: Path) -> str:
    """Return 'sha256:' and 16 hex digits over a file, or over the weight files of a folder.

    Raises:
        CatalogError: a file cannot be read.
    """
    return f"sha256:{files_hash(_files(path, _WEIGHTS))[:16]}"


def files_hash(files: Iterable[Path]) -> str:
    """Return the sha256 of files' contents, in their order and whatever their names.

    Raises:
        CatalogError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(bytes.fromhex(_hash(file)))
    return digest.hexdigest()


def local_content(record: ModelRecord) -> str | None:
    """Return a hash of the local files behind a model; None where it has none.

    These are the file or folder of option `checkpoint` or `path`, a folder's configuration and
    tokenizer included, and the file of a user's module. Files that are not there have no content:
    the loader says so.

    Raises:
        CatalogError: a file cannot be read.
    """
    hashes: list[tuple[str, str]] = []
    for name, place in (("path", _option(record, "path")), ("checkpoint", record.checkpoint)):
        if place is not None and _there(place):
            hashes += [(f"{name}/{f.name}", _hash(f)) for f in _files(place, _WEIGHTS | _BESIDE)]
    if record.saved:
        hashes += [(f.name, _hash(f)) for f in saved_files(record) if _there(f)]
    if record.loader == "module":
        file = module_file(record)
        if file is not None:
            hashes.append(("module", _hash(file)))
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest() if hashes else None


def _option(record: ModelRecord, name: str) -> Path | None:
    value = record.options.get(name)
    return (record.base or Path()) / value if isinstance(value, str) else None


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a folder above it may not be entered, or the name is too long
        raise CatalogError(f"Cannot read {path}: {error.strerror}.") from error


def _files(path: Path, endings: frozenset[str]) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        return sorted(f for f in path.iterdir() if f.suffix.lower() in endings and f.is_file())
    except OSError as error:
        raise CatalogError(f"Cannot read {path}: {error.strerror}.") from error


def _hash(file: Path) -> str:
    """Return a file's sha256; read anew only where its size, times or place on disk changed."""
    try:
        seen = file.stat()
        state = f"{seen.st_size}-{seen.st_mtime_ns}-{seen.st_ctime_ns}-{seen.st_ino}"
        name = str(file.resolve())
        large = seen.st_size >= _WORTH_KEEPING
        known = _made.get((name, state)) or (_kept(name, state) if large else None)
        if known is None:
            with file.open("rb") as handle:
                known = hashlib.file_digest(handle, "sha256").hexdigest()
            if large:
                _keep(name, state, known)
    except OSError as error:
        raise CatalogError(f"Cannot read {file}: {error.strerror}.") from error
    _made[name, state] = known
    return known


def _place(name: str) -> Path:
    return cache_root() / "hashes" / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.json"


def _kept(name: str, state: str) -> str | None:
    try:
        kept = json.loads(_place(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = isinstance(kept, dict) and kept.get("state") == state
    value = kept.get("sha256") if same else None
    return value if isinstance(value, str) and len(value) == 64 else None


def _keep(name: str, state: str, value: str) -> None:
    try:
        with atomic_path(_place(name)) as temporary:
            temporary.write_text(json.dumps({"state": state, "sha256": value}), encoding="utf-8")
    except (OSError, PRHError):
        return  # a cache that cannot be written costs time, never the hash
