"""Files that are whole or absent: written under a temporary name, synced, then renamed."""

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import DiskFullError
from ingest.store import places

FORGOTTEN = 7 * 24 * 3600
"""Seconds after which a temporary of another machine counts as left behind."""
_LONGEST = 255 - len(".tmp")
"""Bytes of a file's name, less what DuckDB appends to it."""
_TEMPORARY = re.compile(
    r"\.(?P<pid>\d+)-((?P<where>[0-9a-f]{12})-(?P<since>\d+)-)?[0-9a-f]{8}\.tmp(\.wal|\.tmp)?$"
)
"""Names of before had no place in them."""


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it becomes `target`, else it is removed.

    File and folder are synced around the rename, so after a power cut the target is either the
    old file, the new one, or absent.

    Raises:
        DiskFullError: the disk filled up while writing; `target` is as it was.
    """
    temporary = _temporary(target)
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
    """Remove temporaries that a killed process left under `root`; return what was removed.

    What this host, boot and process namespace wrote goes when its process is dead. Of another
    machine's processes nothing is known here, and a lock need not reach from one machine to the
    other (NFS, Lustre), so what it wrote goes when nobody has written to it for `FORGOTTEN`, by
    the file system's own clock.
    """
    orphans: list[Path] = []
    clock: float | None = None
    for folder, folders, files in os.walk(root):
        for name in [*files, *folders]:
            match = _TEMPORARY.search(name)
            if match is None:
                continue
            path = Path(folder, name)
            if match["where"] == places.here():
                dead = not places.lives(int(match["pid"]), match["since"])
            else:
                clock = _clock(root) if clock is None else clock
                dead = _age(path, clock) > FORGOTTEN
            if dead and _removed(path):
                orphans.append(path)
    return orphans


def _temporary(target: Path) -> Path:
    pid = os.getpid()
    mark = f".{pid}-{places.here()}-{places.started(pid)}-{secrets.token_hex(4)}.tmp"
    name = os.fsencode(target.name)[: _LONGEST - len(mark)]
    return target.with_name(name.decode(errors="ignore") + mark)


def _clock(root: Path) -> float:
    """Return the file system's time, which need not be this machine's; 0 where nobody may write."""
    probe = _temporary(root / "clock")
    try:
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
    except OSError:
        return 0.0
    return now


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except OSError:
        return 0.0  # it is gone, or nobody can tell


def _removed(path: Path) -> bool:
    try:
        if path.is_dir():  # DuckDB's folder for what does not fit memory
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        return False  # gone already, or another user's
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
