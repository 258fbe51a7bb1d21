"""Emoji drawn from OpenMoji's color font, captioned by their Unicode names."""

import hashlib
import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

from ingest.catalog.packages import shipped_file, shipped_files
from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.registry import opener, option, refuse_unknown_options, text_option
from ingest.errors import DatasetError, MissingPackageError
from ingest.progress import Progress

_FONT = "font/glyf_colr0.ttf"

# Named after Unicode 14, the version Python 3.11 knows: left out, so that every Python draws the
# same samples. (A name, once given, never changes.)
_AFTER_UNICODE_14 = frozenset(
    int(code, 16)
    for code in (
        "1F6D8 1F6DC 1FA75 1FA76 1FA77 1FA87 1FA88 1FA89 1FA8A 1FA8E 1FA8F 1FAAD 1FAAE 1FAAF "
        "1FABB 1FABC 1FABD 1FABE 1FABF 1FAC6 1FAC8 1FACD 1FACE 1FACF 1FADA 1FADB 1FADC 1FADF "
        "1FAE8 1FAE9 1FAEA 1FAEF 1FAF7 1FAF8"
    ).split()
)

# Share of the picture's side that the font's em square fills: leaves a tenth free around the
# widest drawings, so that the crop of a vision model's preprocessing cuts nothing off.
_EM = 0.66


@opener("openmoji")
def open_openmoji(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open the emoji of one code point each.

    Options: `seed`, `pixels` (side of a picture), and `caption_column`: name (the Unicode name),
    word (its last word: "building" of "office building"), or definition (the name, and what
    WordNet says of the longest part of it that names something in timm's table of ImageNet's
    synsets; of one without such a part, the name alone).

    The order is that of the SHA-256 of "seed:code point", so any first so many samples spread
    evenly over all groups of emoji, and growing the limit only appends.
    """
    refuse_unknown_options(record, {"seed", "pixels", "caption_column"})
    column = text_option(record, "caption_column", "name")
    if column not in ("name", "word", "definition"):
        raise DatasetError(
            f"Dataset {record.id!r} has captions of column name, word or definition; got {column!r}"
        )
    if not features.check("freetype2"):
        raise DatasetError("This Pillow cannot draw fonts; install Pillow from its wheels.")
    seed, pixels = option(record, "seed", int, 0), option(record, "pixels", int, 256)
    assert isinstance(seed, int) and isinstance(pixels, int)
    font_file = shipped_file(record.source, record.revision, _FONT)
    drawings = shipped_files(record.source, record.revision, ".svg", beside="svg/1F600.svg")
    points = (int(path.stem, 16) for path in drawings if "-" not in path.stem)
    named = [point for point in points if _usable(point)]
    order = sorted(named, key=lambda p: hashlib.sha256(f"{seed}:{p:X}".encode()).digest())
    chosen = order[: record.limit]

    font_hash = hashlib.sha256(font_file.read_bytes()).hexdigest()
    return Dataset(
        record=record,
        sample_ids=tuple(f"{point:X}" for point in chosen),
        captions=_captions([unicodedata.name(chr(point)).lower() for point in chosen], column),
        image_refs=tuple(f"openmoji:{point:X}" for point in chosen),
        skipped=(),
        image_hashes=tuple(f"{font_hash}:{_EM}:{pixels}:{point:X}" for point in chosen),
        reader=_Drawings(font_file, pixels, chosen),
    )


class _Drawings:
    """Draws emoji, in this process or, pickled, in another; those drawn last are remembered."""

    def __init__(self, font_file: Path, pixels: int, points: Sequence[int]) -> None:
        self._made_of = (font_file, pixels, points)
        self._pixels, self._points = pixels, points
        self._font = ImageFont.truetype(str(font_file), size=round(_EM * pixels))
        self._drawing = threading.Lock()  # Two threads must not use one FreeType face at once.
        self._drawn = lru_cache(maxsize=1024)(self._draw)

    def __reduce__(self) -> tuple[type, tuple[Path, int, Sequence[int]]]:
        return type(self), self._made_of

    def __call__(self, i: int) -> Image.Image:
        return self._drawn(self._points[i]).copy()

    def _draw(self, point: int) -> Image.Image:
        picture = Image.new("RGB", (self._pixels, self._pixels), "white")
        middle = (self._pixels / 2, self._pixels / 2)
        with self._drawing:
            ImageDraw.Draw(picture).text(
                middle, chr(point), font=self._font, embedded_color=True, anchor="mm"
            )
        return picture


def _captions(names: Sequence[str], column: str) -> tuple[str, ...]:
    if column == "name":
        return tuple(names)
    if column == "word":
        return tuple(name.split()[-1] for name in names)
    definitions = _definitions()
    captions: list[str] = []
    for name in names:
        words = name.split()
        # Longest first, and of equals the last: "office building" before "building".
        parts = (
            " ".join(words[start : start + size])
            for size in range(len(words), 0, -1)
            for start in range(len(words) - size, -1, -1)
        )
        known = next((part for part in parts if len(part) > 2 and part in definitions), None)
        captions.append(name if known is None else f"{name}: {known}, {definitions[known]}")
    return tuple(captions)


@lru_cache(maxsize=1)
def _definitions() -> dict[str, str]:
    """Return what WordNet says of the names of ImageNet's synsets, the first of several.

    Raises:
        MissingPackageError: timm, which ships the tables, is not installed.
    """
    try:
        metadata.version("timm")
    except metadata.PackageNotFoundError as error:
        raise MissingPackageError(
            "definitions of emoji come with the package timm: pip install 'prh-explorer[ingest]'"
        ) from error
    tables: list[dict[str, str]] = []
    for what in ("lemma", "definition"):
        ending = f"data/_info/imagenet_synset_to_{what}.txt"
        file = shipped_file("timm", metadata.version("timm"), ending)
        lines = file.read_text(encoding="utf-8").splitlines()
        tables.append(dict(line.split("\t", 1) for line in lines))  # type: ignore[arg-type]
    definitions: dict[str, str] = {}
    for synset, lemmas in tables[0].items():
        for lemma in lemmas.lower().split(", "):
            definitions.setdefault(lemma, tables[1][synset])
    return definitions


def _usable(point: int) -> bool:
    """Whether the code point has a name in every supported Python and is drawn by itself."""
    character = chr(point)
    combining = unicodedata.category(character).startswith("M")
    named = unicodedata.name(character, "") != ""
    return named and not combining and point not in _AFTER_UNICODE_14
