"""Where numba keeps compiled kernels, decided before the first of them.

Numba compiles beside the source, else in the user's cache, and refuses to begin where it can write
neither: in a container, or on a cluster's node. Then it gets a folder that can be written, or none.
"""

import importlib.util
import itertools
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import platformdirs
from numba.core import config as _config
from numba.core.bytecode import FunctionIdentity
from numba.misc.appdirs import AppDirs

NUMBA = cast(Any, _config)
"""Numba's settings, which it fills in when it is imported."""
_COMPILED = ("prh_core.compiled", "umap", "pynndescent")
"""Packages whose kernels are cached."""


def writable(folder: Path) -> bool:
    """Say whether a folder can be written to, making it if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except (OSError, RuntimeError):
        return False


def usual_places() -> list[Path]:
    """Return where numba itself would keep kernels, the ones beside their sources last."""
    if NUMBA.CACHE_DIR:
        return [Path(NUMBA.CACHE_DIR)]
    of_user: Any = AppDirs(appname="numba", appauthor=False)
    return [Path(of_user.user_cache_dir), *_beside_sources()]


def numba_finds_a_place() -> bool:
    """Say whether numba can keep every kernel where it usually does."""
    first, *beside = usual_places()
    return (bool(beside) and all(writable(place) for place in beside)) or writable(first)


def cache_places() -> list[Path]:
    """Return where what can be made again is kept: $PRH_CACHE, the system's cache, or else /tmp."""
    named = os.environ.get("PRH_CACHE")
    first = [Path(named)] if named else []
    return [*first, Path(platformdirs.user_cache_path("prh-explorer")), *_temporary()]


def other_places() -> list[Path]:
    """Return folders for kernels to try instead of numba's own."""
    return [place / "numba" for place in cache_places()]


def first_writable(places: Iterable[Path]) -> Path | None:
    """Return the first folder that can be written to; None where there is none."""
    return next((place for place in places if writable(place)), None)


def _beside_sources() -> list[Path]:
    folders: list[Path] = []
    for name in _COMPILED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folders.append(Path(spec.origin).parent / "__pycache__")
    return folders


def _temporary() -> list[Path]:
    """Return a folder of this user's alone: whoever can write kernels can have them run."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    try:
        folder = Path(tempfile.gettempdir()) / f"prh-explorer-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return []
    own = not hasattr(os, "getuid") or (
        status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077
    )
    return [folder] if own and stat.S_ISDIR(status.st_mode) else []


def _settle() -> bool:
    """Give numba a place, say so where it is not its own, and say whether kernels are kept."""
    if numba_finds_a_place():
        return True
    place = first_writable(other_places())
    if place is None:
        message = "no folder can be written, so kernels are compiled anew by every process"
    else:
        NUMBA.CACHE_DIR = str(place)
        message = (
            f"compiled kernels are kept in {place}, since their usual places cannot be written"
        )
    _warn(f"{message}; PRH_CACHE names another folder")
    return place is not None


def _name_apart() -> bool:
    """Begin numba's count of functions anywhere, so that names of two processes never meet.

    Numba names a compiled helper by its place in the code, its types and a count that begins at 1
    in every process. Kernels kept by two processes and loaded into a third may then call a helper
    of the other's that has the same name and does something else: sort for argsort, say.

    Returns:
        Whether numba counts in the way that is known here; where not, nothing may be kept.
    """
    if not isinstance(getattr(FunctionIdentity, "_unique_ids", None), itertools.count):
        _warn("this numba names kernels in another way, so every process compiles them anew")
        return False
    setattr(FunctionIdentity, "_unique_ids", itertools.count(secrets.randbits(48)))  # noqa: B010
    return True


def _warn(message: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"prh: {message}\n")


CACHED = _name_apart() and _settle()
"""Whether kernels are kept from one process to the next."""
