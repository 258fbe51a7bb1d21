"""Folders built once and kept: complete, or not there at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from ingest.errors import DiskFullError


def cache_root() -> Path:
    """Return where converted models are kept: $PRH_CACHE, or the system's cache folder."""
    named = os.environ.get("PRH_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_path("prh-explorer"))


def cached_folder(key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder of that key, building it first when it is not there.

    Args:
        key: file name that says everything the content depends on.
        build: fills an empty folder.

    Raises:
        DiskFullError: no room; nothing is left behind.
    """
    root = cache_root() / "models"
    final = root / key
    if final.is_dir():
        return final
    try:
        root.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=root, prefix=".building-"))
    except OSError as error:
        raise _named(error, root) from error
    try:
        build(temporary)
        _sync(temporary)
        try:
            temporary.rename(final)
        except OSError:
            if not final.is_dir():  # otherwise another process was faster
                raise
    except Exception as error:
        full = _named(error, root)
        if full is error:
            raise
        raise full from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def _named(error: Exception, root: Path) -> Exception:
    """Return DiskFullError when that is what the error means, else the error itself."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    # safetensors, written in Rust, only says so in words.
    if full or "No space left on device" in str(error) or "os error 28" in str(error):
        return DiskFullError(f"The disk is full: no room for a converted model in {root}.")
    return error


def _sync(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
