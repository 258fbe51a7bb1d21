"""Color words and where people put them: a table of centroids, or of single namings."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.datasets.table import csv_rows, read_text
from ingest.errors import DatasetError
from prh_core.color_cooccurrence import Word, centroids, customary
from prh_core.errors import LayoutError

SENTENCES = (
    "The color {word}.",
    "This color is {word}.",
    "The color of this thing is {word}.",
)
"""What a language model reads of each word; the three embeddings are averaged (paper, Fig. 8)."""
_SHIPPED = Path(__file__).parent / "xkcd.csv"
_PLACE = ("L", "a", "b")


@dataclass(frozen=True)
class ColorWords:
    """Color words at their CIELAB places."""

    title: str
    source: str
    license: str
    rule: str
    """Which words of the source these are."""
    words: tuple[Word, ...]

    @property
    def names(self) -> list[str]:
        """The words, in order."""
        return [word.name for word in self.words]

    @property
    def lab(self) -> np.ndarray:
        """(words, 3) CIELAB."""
        return np.array([word.lab for word in self.words], np.float64)

    @property
    def digest(self) -> str:
        """Hash of the words and their places."""
        return hashlib.sha256(repr(self.words).encode()).hexdigest()


def shipped_words() -> ColorWords:
    """Return twenty color words of the XKCD survey.

    Those of Lindsey and Brown, which the paper took, are not ours to ship. These are the eleven
    basic color terms (Berlin and Kay 1969), which people in every survey use, and the nine most
    used other names of one word.
    """
    return ColorWords(
        title="XKCD color survey",
        source="XKCD color survey (2010), as matplotlib ships its names and sRGB values",
        license="CC0-1.0",
        rule="the 11 basic color terms and the 9 most used other names of one word",
        words=tuple(_read(_SHIPPED)),
    )


def words_of(file: Path) -> ColorWords:
    """Read a CSV of color words: `word, L, a, b`, and `count` where uses are known.

    A word on several lines is a naming of a chip each time: its place is their centroid and its
    count their number. Where counts are known, the paper's rule (after Lindsey and Brown 2014)
    keeps the twenty most used of those used 100 times or more.

    Raises:
        DatasetError: the file cannot be read, a column is missing, a value is no number, or too
            few words are left.
    """
    words = _read(file)
    told = all(word.uses for word in words)
    try:
        kept = customary(words) if told else words
    except LayoutError as error:
        raise DatasetError(f"{file.name}: {error}") from error
    if len(kept) < 4:
        raise DatasetError(f"{file.name} holds {len(kept)} color words; a layout needs four")
    return ColorWords(
        title=file.stem,
        source=file.name,
        license="see its source",
        rule=f"the {len(kept)} most used of those used 100 times or more" if told else "all words",
        words=tuple(kept),
    )


def _read(file: Path) -> list[Word]:
    rows = csv_rows(file, read_text(file, "table of color words"))
    columns = list(rows[0]) if rows else []
    absent = [name for name in ("word", *_PLACE) if name not in columns]
    if absent:
        raise DatasetError(
            f"{file.name} should have the columns word, L, a, b (and count); it lacks "
            f"{', '.join(absent)}"
        )
    names = [(row["word"] or "").strip() for row in rows]
    try:
        places = np.array([[float(row[axis] or "") for axis in _PLACE] for row in rows])
        uses = [int(row["count"] or "") for row in rows] if "count" in columns else [0] * len(rows)
    except ValueError as error:
        raise DatasetError(f"{file.name}: L, a, b and count should be numbers: {error}") from error
    if not all(names) or not np.isfinite(places).all():
        raise DatasetError(f"{file.name} has a line without a word, or with a place not finite")
    if len(set(names)) == len(names):
        return [
            Word(name, (float(l_), float(a), float(b)), use)
            for name, (l_, a, b), use in zip(names, places, uses, strict=True)
        ]
    if "count" in columns:
        twice = next(name for name in names if names.count(name) > 1)
        raise DatasetError(
            f"{file.name} counts {twice!r} on several lines; namings of chips have no count"
        )
    return centroids(names, places)
