"""The files below a folder, as people lay them out: linked folders, odd names, capital endings."""

import os
import zipfile
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from ingest.errors import DatasetError


def files_below(folder: Path, endings: Collection[str] | None = None) -> list[Path]:
    """Return the files below a folder, sorted by path; folders that are linked in are entered.

    A link that leads back to a folder it lies in is not. A link that leads nowhere is a file here:
    who opens it says so.

    Args:
        folder: where to look.
        endings: lower-case endings (".txt") of the files wanted, which match in any case; None
            wants all.

    Raises:
        DatasetError: a folder cannot be listed, or the name of a file with such an ending is not
            UTF-8.
    """
    files: list[Path] = []
    for path in _below(folder, ()):
        if endings is not None and path.suffix.lower() not in endings:
            continue
        if endings is not None and not is_text(str(path)):
            raise DatasetError(f"The name of {shown(str(path))} is not UTF-8 text; rename it.")
        files.append(path)
    return sorted(files)


def _below(folder: Path, above: tuple[str, ...]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        with os.scandir(folder) as listed:
            entries = list(listed)
    except OSError as error:
        raise DatasetError(f"Cannot read the folder {folder}: {error.strerror}.") from error
    for entry in entries:
        if _is_folder(entry):
            yield from _below(Path(entry.path), (*above, real))
        else:
            yield Path(entry.path)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def zipped_files(
    archive: Path, endings: Collection[str]
) -> dict[PurePosixPath, Callable[[], bytes]]:
    """Return the files of a .zip that end so, by their paths in it, and how to read each.

    What macOS adds for itself (`__MACOSX`) and hidden files are left out. Reading raises OSError,
    whatever is wrong.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        opened = zipfile.ZipFile(archive)
    except Exception as error:  # noqa: BLE001 - a damaged directory raises what it likes
        what = getattr(error, "strerror", None) or error
        raise DatasetError(f"cannot read {archive.name}: {what}") from error
    files: dict[PurePosixPath, Callable[[], bytes]] = {}
    for member in opened.infolist():
        # Some programs of Windows write its separator.
        name = member.filename.replace("\\", "/") if member.create_system == 0 else member.filename
        path = PurePosixPath(name)
        hidden = path.name.startswith(".") or path.parts[:1] == ("__MACOSX",)
        if not hidden and not member.is_dir() and path.suffix.lower() in endings:
            files[path] = partial(_member, opened, member)
    return files


_LARGEST = 1 << 30
"""Bytes of a file in a .zip; more is no picture, but an archive made to fill the memory."""


def _member(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > _LARGEST:
        raise OSError(f"it unpacks to {member.file_size:,} bytes")
    try:
        return opened.read(member)
    except Exception as error:  # noqa: BLE001 - passwords, checksums, methods nobody knows
        raise OSError(str(error).strip() or type(error).__name__) from error


def is_text(value: str) -> bool:
    """Whether a string can be written as UTF-8: it holds no half of a surrogate pair."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(value: str) -> str:
    r"""Return a string as a message can show it, halves of surrogate pairs as "\ud83e"."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
