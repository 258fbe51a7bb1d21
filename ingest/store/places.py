"""Which process of which machine this is, so that another can tell whether it still lives."""

import hashlib
import os
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_STATE, _STARTED = 0, 19
"""Where /proc/PID/stat tells them, counted after the name."""


def here() -> str:
    """Name what process ids are unique in: this host, boot and namespace of processes.

    Two containers of one host share its boot and count their processes apart; a host that was
    started anew counts from the beginning.
    """
    return _here(os.getpid())


@cache
def _here(_pid: int) -> str:  # a child may have been put into another namespace
    parts = [socket.gethostname(), _text(_PROC / "sys/kernel/random/boot_id")]
    try:
        parts.append(os.readlink(_PROC / "self/ns/pid"))
    except OSError:
        parts.append("")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def started(pid: int) -> str:
    """Return when a process here began, in ticks since boot; "0" where the system does not say.

    An id is given again, but not with the same beginning.
    """
    fields = _stat(pid)
    return fields[_STARTED] if fields else "0"


def lives(pid: int, since: str) -> bool:
    """Say whether the process of that id here, which began at `since`, still lives."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # somebody else's
    fields = _stat(pid)
    if fields is None:
        return True
    return fields[_STATE] not in "ZX" and since in ("0", fields[_STARTED])


def _stat(pid: int) -> list[str] | None:
    told = _text(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return told if len(told) > _STARTED else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
