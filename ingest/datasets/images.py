"""Decode images, and check a whole set of them once."""

import contextlib
import hashlib
import io
import json
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image

from ingest.errors import CorruptImageError, DatasetError, UnsupportedImageError
from ingest.progress import Progress

T = TypeVar("T")
_Checked = tuple[int, int, str | None]
"""Size, modification time and hash of a file that was checked."""

DECODING = 1
"""Raised when `decode` gives other pixels for pictures that are not plain 8-bit ones."""

with contextlib.suppress(ImportError):
    import pillow_heif  # pyrefly: ignore[missing-import] - HEIC, where somebody installed it

    pillow_heif.register_heif_opener()

# What Pillow names by its ending and does not decode: documents, film and tables of numbers.
_NO_PICTURES = {".bufr", ".grib", ".h5", ".hdf", ".mpeg", ".mpg", ".pdf"}
# Pictures that need a decoder of their own: taken for images, so that they are refused by name.
_OTHERS = {".heic", ".heif", ".hif", ".jxl"}
# First bytes of what lies about under an image's name.
_STRANGERS = (
    (b"%pdf", "it is a PDF document, not an image"),
    (b"<!doctype html", "it is a web page, not an image"),
    (b"<html", "it is a web page, not an image"),
    (b"<?xml", "it is XML, not a picture of pixels"),
    (b"<svg", "it is an SVG drawing, not a picture of pixels"),
    (b"version https://git-lfs", "it is a pointer of Git LFS: fetch the file with `git lfs pull`"),
    (b"pk\x03\x04", "it is a zip archive, not an image"),
)
_HEIC = {
    b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
}
_JXL = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")
_ORIENTATION = 0x0112
"""The tag of EXIF."""
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
"""Tags of TIFF: bits per sample, whether 0 is white, and whether samples are signed."""
_SIGNED = 2


def image_endings() -> frozenset[str]:
    """Return the lower-case endings of files that are taken for images."""
    known = {e for e, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return frozenset((known | _OTHERS) - _NO_PICTURES)


def decode(raw: bytes) -> Image.Image:
    """Return the image in RGB, upright, transparency over white, 8 bits a channel.

    Gray of 9 to 16 bits is scaled by its own range: 0 to 65535 (PNG, JPEG 2000), to `maxval` (PGM),
    to what its bits hold (TIFF).

    Raises:
        CorruptImageError: the bytes do not decode.
        UnsupportedImageError: they are a picture without a range of its own (floats, 32 bits,
            signed numbers), or one that needs a decoder which is not installed.
    """
    return _decoded(raw).image


def content_hash(raw: bytes) -> str:
    """Return the SHA-256 (hex) of an image file's bytes, marked where `DECODING` has a say.

    Looks at the head of the file only.
    """
    try:
        with Image.open(io.BytesIO(raw)) as opened:
            return _hash(raw, _plain(opened))
    except Exception:  # noqa: BLE001 - as in `_decoded`; what does not open has no pixels
        return _hash(raw, True)


def rgb(picture: Image.Image) -> Image.Image:
    """Return a picture in RGB, transparency over white, 8 bits a channel; see `decode`.

    Raises:
        UnsupportedImageError: its numbers have no range of their own.
    """
    if picture.mode.startswith(("I", "F")) or _tag(picture, _SAMPLE_FORMAT, 1) == _SIGNED:
        picture = _scaled(picture)
    if picture.mode == "La":
        picture = picture.convert("LA")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")


def _scaled(picture: Image.Image) -> Image.Image:
    """Return deep gray as L, or LA where one of its values is transparent."""
    top = _top(picture)
    if top is None:
        raise UnsupportedImageError(
            f"its pixels (mode {picture.mode} of {picture.format or 'Pillow'}) are signed, 32-bit "
            "or floating-point numbers without a range of their own: save it as gray of 8 or 16 "
            "bits, scaled as you mean it"
        )
    values = np.asarray(picture).astype(np.uint32)
    if _tag(picture, _PHOTOMETRIC, 1) == 0:  # white is zero: Pillow inverts 8 bits only
        values = top - values
    gray = Image.fromarray(((values * 255 + top // 2) // top).astype(np.uint8))
    clear = picture.info.get("transparency")
    if clear is None:
        return gray
    alpha = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
    return Image.merge("LA", (gray, alpha))


def _top(picture: Image.Image) -> int | None:
    """Return the largest number that deep gray can hold; None where it has no range."""
    if _tag(picture, _SAMPLE_FORMAT, 1) == _SIGNED or picture.format == "FITS":
        return None
    if picture.mode.startswith("I;16"):
        return (1 << int(_tag(picture, _BITS, 16))) - 1
    # Pillow brings a portable gray map of any maxval above 255 to these.
    return 65535 if picture.mode == "I" and picture.format == "PPM" else None


def _tag(picture: Image.Image, number: int, default: int) -> int:
    """Return a tag of a TIFF file, the first channel's; `default` for other pictures."""
    value = getattr(picture, "tag_v2", {}).get(number, default)
    return value[0] if isinstance(value, tuple) else value


def _decoded(raw: bytes) -> "_Decoded":
    try:
        try:
            return _opened(raw)
        except UnsupportedImageError:
            raise
        except Exception:  # noqa: BLE001 - the tags, not the pixels, may be what is wrong
            return _opened(raw, tags=False)
    except UnsupportedImageError:
        raise
    except Image.UnidentifiedImageError as error:
        raise _stranger(raw) from error
    except MemoryError as error:
        raise CorruptImageError("it needs more memory than there is") from error
    except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged bytes
        reason = str(error).strip().split("\n")[0]
        raise CorruptImageError(reason.rstrip(".") or type(error).__name__) from error


class _Decoded(NamedTuple):
    image: Image.Image
    plain: bool
    """As `_plain` says."""


def _opened(raw: bytes, *, tags: bool = True) -> _Decoded:
    """Decode; without `tags`, whatever the file says of orientation, place and time is not read."""
    with Image.open(io.BytesIO(raw)) as opened:
        plain, of_16 = _plain(opened), _names_16_bits(opened)
        if not tags:
            opened.getexif = Image.Exif
        opened.load()
        if of_16:
            opened.info["transparency"] = tuple(v >> 8 for v in opened.info["transparency"])
        picture = rgb(opened)
        turn = _UPRIGHT.get(opened.getexif().get(_ORIENTATION, 1))
        return _Decoded(picture if turn is None else picture.transpose(turn), plain)


def _plain(opened: Image.Image) -> bool:
    """Whether `DECODING` has no say in an opened, not yet loaded picture."""
    palette = opened.palette if opened.mode == "P" else None
    clear_palette = palette is not None and palette.mode.endswith("A")
    return not (opened.mode.startswith("I") or clear_palette or _names_16_bits(opened))


def _names_16_bits(opened: Image.Image) -> bool:
    """Whether a PNG names its transparent color in 16 bits: Pillow holds the upper 8 of pixels."""
    tile = opened.tile[0] if getattr(opened, "tile", None) else None  # pyrefly: ignore
    return tile is not None and tile.args == "RGB;16B" and "transparency" in opened.info


def _stranger(raw: bytes) -> DatasetError:
    """Return what is wrong with bytes in which Pillow finds no picture."""
    head = raw[:64].lstrip().lower()
    if raw[4:12] in _HEIC and b"avif" not in head and "HEIF" not in Image.OPEN:
        return UnsupportedImageError(
            "it is HEIC, which needs the package pillow-heif; convert it to PNG or JPEG"
        )
    if raw.startswith(_JXL):
        return UnsupportedImageError(
            "it is JPEG XL, which Pillow does not read; convert it to PNG or JPEG"
        )
    known = (what for start, what in _STRANGERS if head.startswith(start))
    nothing = "it is empty" if not raw else "it is damaged, or no image that Pillow reads"
    return CorruptImageError(next(known, nothing))


def _hash(raw: bytes, plain: bool) -> str:
    digest = hashlib.sha256(raw).hexdigest()
    return digest if plain else f"{digest}:decoding-{DECODING}"


def check_files(
    paths: Sequence[Path], progress: Progress, cache: Path | None
) -> tuple[list[str | None], int]:
    """Decode every file once.

    Args:
        paths: the files, in order.
        progress: advanced once a file.
        cache: folder with the results of earlier checks, by path, size and modification time.

    Returns:
        Per file the `content_hash` of its bytes, or None when it does not decode; and how many
        files were really decoded this time.

    Raises:
        DatasetError: a file cannot be read at all: a link that leads nowhere, no permission.
    """
    known = _read_cache(cache)
    fresh: dict[str, _Checked] = {}

    def check(path: Path) -> str | None:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise DatasetError(f"The image {path} is no file.")
            key = str(path.resolve())
            earlier = known.get(key)
            if earlier is not None and earlier[:2] == (status.st_size, status.st_mtime_ns):
                return earlier[2]
            result = check_bytes(path.read_bytes())
        except OSError as error:
            if path.is_symlink() and not os.path.exists(path):
                raise DatasetError(
                    f"The image {path} is a link that leads nowhere; mend the link or remove it."
                ) from error
            raise DatasetError(f"Cannot read the image {path}: {error.strerror}.") from error
        fresh[key] = (status.st_size, status.st_mtime_ns, result)
        return result

    results = _in_threads(check, paths, progress)
    if cache is not None and fresh:
        _write_cache(cache, {**known, **fresh})
    return results, len(fresh)


def check_bytes(raw: bytes) -> str | None:
    """Return the `content_hash` of an image file's bytes, or None when they do not decode."""
    try:
        return _hash(raw, _decoded(raw).plain)
    except (CorruptImageError, UnsupportedImageError):
        return None


def check_rows(read: Callable[[int], bytes | None], n: int, progress: Progress) -> list[str | None]:
    """Decode rows 0 to n-1, given as bytes; return hashes as `check_files` does."""

    def check(row: int) -> str | None:
        raw = read(row)
        return None if raw is None else check_bytes(raw)

    return _in_threads(check, range(n), progress)


def keep_rows(
    names: Sequence[str],
    hashes: Sequence[str | None],
    read: Callable[[int], bytes | None],
    skip_corrupt: bool,
    title: str,
) -> list[int]:
    """Return the rows whose image decodes.

    Args:
        names: how each row is called in a message.
        hashes: None for a row that does not decode.
        read: row -> bytes, to say what is wrong with those.
        skip_corrupt: leave them out.
        title: of the dataset.

    Raises:
        CorruptImageError: some do not, and they are not to be skipped; names them.
        UnsupportedImageError: some are pictures that are not read here, which is no damage.
    """
    bad = [row for row, digest in enumerate(hashes) if digest is None]
    reasons = {row: _wrong(read(row)) for row in bad}
    unread = [row for row in bad if isinstance(reasons[row], UnsupportedImageError)]
    if unread:
        more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
        raise UnsupportedImageError(
            f"Dataset {title!r}: the image {names[unread[0]]}{more} is not read: "
            f"{reasons[unread[0]]}."
        )
    if bad and not skip_corrupt:
        some = ", ".join(f"{names[row]} ({reasons[row]})" for row in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise CorruptImageError(
            f"Dataset {title!r}: {len(bad)} of {len(names)} images cannot be decoded: {some}{more}."
            " Replace them, or skip corrupt images to leave these samples out for every model."
        )
    return [row for row, digest in enumerate(hashes) if digest is not None]


def _wrong(raw: bytes | None) -> DatasetError:
    if raw is None:
        return CorruptImageError("there is none")
    try:
        decode(raw)
    except (CorruptImageError, UnsupportedImageError) as error:
        return error
    return CorruptImageError("it did not decode the first time")


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


def _decoders() -> str:
    """Name what decided whether and how a file decodes: what others found is checked again."""
    return f"{DECODING}, Pillow {Image.__version__}, {len(Image.OPEN)} formats"


def _read_cache(cache: Path | None) -> dict[str, _Checked]:
    if cache is None or not _cache_file(cache).exists():
        return {}
    try:
        stored = json.loads(_cache_file(cache).read_text(encoding="utf-8"))
        return {
            key: (int(row[0]), int(row[1]), row[2])
            for key, row in stored.items()
            if row[3:] == [_decoders()]
        }
    except (ValueError, TypeError, IndexError, AttributeError):
        return {}  # A damaged cache only costs a second check.


def _write_cache(cache: Path, content: dict[str, _Checked]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=cache, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({key: [*row, _decoders()] for key, row in content.items()}, out)
    os.replace(temporary, _cache_file(cache))
