"""Decode images, and check a whole set of them once."""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageOps

from ingest.errors import CorruptImageError
from ingest.progress import Progress

T = TypeVar("T")

# What Pillow raises on bytes that are no image, or only part of one.
_UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


def decode(raw: bytes) -> Image.Image:
    """Return the image in RGB, upright, transparency over white.

    Raises:
        CorruptImageError: the bytes do not decode.
    """
    try:
        with Image.open(io.BytesIO(raw)) as opened:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                seen = upright.convert("RGBA")
                white = Image.new("RGBA", seen.size, "white")
                return Image.alpha_composite(white, seen).convert("RGB")
            return upright.convert("RGB")
    except _UNDECODABLE as error:
        raise CorruptImageError(str(error)) from error


def check_files(
    paths: Sequence[Path], progress: Progress, cache: Path | None
) -> tuple[list[str | None], int]:
    """Decode every file once.

    Args:
        paths: the files, in order.
        progress: advanced once a file.
        cache: folder with the results of earlier checks, by path, size and modification time.

    Returns:
        Per file the SHA-256 (hex) of its bytes, or None when it does not decode; and how many
        files were really decoded this time.
    """
    known = _read_cache(cache)
    fresh: dict[str, tuple[int, int, str | None]] = {}

    def check(path: Path) -> str | None:
        stat = path.stat()
        key = str(path.resolve())
        earlier = known.get(key)
        if earlier is not None and earlier[:2] == (stat.st_size, stat.st_mtime_ns):
            return earlier[2]
        result = check_bytes(path.read_bytes())
        fresh[key] = (stat.st_size, stat.st_mtime_ns, result)
        return result

    results = _in_threads(check, paths, progress)
    if cache is not None and fresh:
        _write_cache(cache, {**known, **fresh})
    return results, len(fresh)


def check_bytes(raw: bytes) -> str | None:
    """Return the SHA-256 (hex) of an image file's bytes, or None when they do not decode."""
    try:
        decode(raw)
    except CorruptImageError:
        return None
    return hashlib.sha256(raw).hexdigest()


def check_rows(read: Callable[[int], bytes | None], n: int, progress: Progress) -> list[str | None]:
    """Decode rows 0 to n-1, given as bytes; return hashes as `check_files` does."""

    def check(row: int) -> str | None:
        raw = read(row)
        return None if raw is None else check_bytes(raw)

    return _in_threads(check, range(n), progress)


def keep_rows(
    names: Sequence[str], hashes: Sequence[str | None], skip_corrupt: bool, title: str
) -> list[int]:
    """Return the rows whose image decodes.

    Raises:
        CorruptImageError: some do not, and they are not to be skipped; names them.
    """
    bad = [name for name, found in zip(names, hashes, strict=True) if found is None]
    if bad and not skip_corrupt:
        shown = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        raise CorruptImageError(
            f"Dataset {title!r}: {len(bad)} of {len(names)} images cannot be decoded: {shown}. "
            "Replace them, or skip corrupt images to leave these samples out for every model."
        )
    return [row for row, found in enumerate(hashes) if found is not None]


def _in_threads(
    check: Callable[[T], str | None], items: Sequence[T], progress: Progress
) -> list[str | None]:
    results: list[str | None] = []
    progress.start("Checking images", len(items))
    try:
        # Decoding releases the interpreter lock, so threads help.
        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
            for result in pool.map(check, items):
                results.append(result)
                progress.advance(1)
    finally:
        progress.done()
    return results


def _cache_file(cache: Path) -> Path:
    return cache / "checked-images.json"


def _read_cache(cache: Path | None) -> dict[str, tuple[int, int, str | None]]:
    if cache is None or not _cache_file(cache).exists():
        return {}
    try:
        stored = json.loads(_cache_file(cache).read_text(encoding="utf-8"))
        return {key: (int(row[0]), int(row[1]), row[2]) for key, row in stored.items()}
    except (ValueError, TypeError, IndexError, AttributeError):
        return {}  # A damaged cache only costs a second check.


def _write_cache(cache: Path, content: dict[str, tuple[int, int, str | None]]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=cache, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(content, out)
    os.replace(temporary, _cache_file(cache))
