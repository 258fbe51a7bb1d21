"""Files that are whole or absent: written under a temporary name, synced, then renamed."""

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import DiskFullError

_TEMPORARY = re.compile(r"\.(?P<pid>\d+)-[0-9a-f]{8}\.tmp$")


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it becomes `target`, else it is removed.

    File and folder are synced around the rename, so after a power cut the target is either the
    old file, the new one, or absent.

    Raises
    ------
    DiskFullError
        The disk filled up while writing; `target` is as it was.
    """
    temporary = target.with_name(f"{target.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    with disk_full_named(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)


@contextlib.contextmanager
def disk_full_named(target: Path) -> Iterator[None]:
    """Turn any library's way of saying 'no space left' into one sentence."""
    try:
        yield
    except DiskFullError:
        raise
    except Exception as error:
        # safetensors and DuckDB wrap the errno in an exception of their own.
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or "No space left on device" in str(error) or "Disk quota exceeded" in str(error):
            raise DiskFullError(
                f"the disk is full, so {target.name} was not written; nothing already stored was "
                f"changed. Free some space in {target.parent} and run the same command again"
            ) from error
        raise


def sweep(root: Path) -> list[Path]:
    """Remove temporaries that a killed process left under `root`; return what was removed."""
    orphans: list[Path] = []
    for path in root.rglob("*.tmp*") if root.exists() else ():
        match = _TEMPORARY.search(path.name.removesuffix(".wal"))
        if match and not _alive(int(match["pid"])):
            path.unlink(missing_ok=True)
            orphans.append(path)
    return orphans


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; there the rename itself is what we have.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
