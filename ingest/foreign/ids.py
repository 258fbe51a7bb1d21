"""Sample ids: read from arrays and files, and used to put rows in one order."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingest.errors import FeaturesFileError, SampleIdsError

NAMES = ("ids", "id", "sample_id", "sample_ids")
"""What an array or a column of sample ids is called."""
_SHOWN = 3


def as_ids(values: Any, title: str) -> tuple[str, ...]:
    """Return sample ids as text, each once.

    Args:
        values: (n,) text of fixed width, bytes of UTF-8 or whole numbers.
        title: where they are from, for a sentence.

    Raises:
        SampleIdsError: they are something else, or one is empty or there twice.
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise SampleIdsError(
            f"{title}: sample ids should be (n,) text or whole numbers, got {array.shape} "
            f"{array.dtype}"
        )
    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise SampleIdsError(f"{title}: sample ids should be UTF-8, {error}") from error
    return checked_ids([str(one) for one in array.tolist()], title)


def checked_ids(ids: Sequence[str | None], title: str) -> tuple[str, ...]:
    """Return sample ids, each there and each once.

    Raises:
        SampleIdsError: one is missing, empty or there twice; the sentence says which.
    """
    named: list[str] = []
    for row, one in enumerate(ids):
        if not one:
            raise SampleIdsError(f"{title}: row {row} has no sample id")
        named.append(one)
    twice = [one for one, count in Counter(named).items() if count > 1]
    if twice:
        raise SampleIdsError(
            f"{title}: a sample id should stand for one row, and {some(twice)} "
            f"{'stand' if len(twice) > 1 else 'stands'} for several"
        )
    return tuple(named)


def ids_file(path: Path) -> tuple[str, ...]:
    """Read sample ids: .txt one a line, .csv or .jsonl or .parquet by column, .npy as an array.

    Raises:
        SampleIdsError, FeaturesFileError, DatasetError: they cannot be read, or are no ids.
    """
    ending = path.suffix.lower()
    if ending in (".txt", ".csv", ".jsonl"):
        return _text_ids(path, ending)
    if ending == ".parquet":
        from ingest.foreign.parquet import parquet_ids

        return parquet_ids(path)
    if ending == ".npy":
        from ingest.foreign.arrays import open_npy

        with open_npy(path) as contents:
            return as_ids(contents.arrays[0].read(), path.name)
    raise FeaturesFileError(
        f"ids should be in a .txt, .csv, .jsonl, .parquet or .npy file, got {path.name}"
    )


def _text_ids(path: Path, ending: str) -> tuple[str, ...]:
    from ingest.datasets.table import lines_of, read_rows, read_text

    if ending == ".txt":
        lines = lines_of(read_text(path, "file of ids"))
        while lines and not lines[-1]:
            lines.pop()
        return checked_ids(lines, path.name)
    rows = read_rows(path, [])
    column = _column(list(rows[0]), path)
    found = [row.get(column) for row in rows]
    return checked_ids([None if one is None else str(one) for one in found], path.name)


def _column(columns: Sequence[str], path: Path) -> str:
    named = [name for name in columns if name.lower() in NAMES] or list(columns)
    if len(named) == 1:
        return named[0]
    raise SampleIdsError(
        f"{path.name} should have one column of ids, called {', '.join(NAMES[:-1])} or "
        f"{NAMES[-1]}; its columns: {', '.join(columns)}"
    )


class Rows(NamedTuple):
    """Which rows of two sides are the same samples."""

    x: np.ndarray | None
    """(m,) rows of the one; None where all are taken as they stand."""
    y: np.ndarray | None
    """(m,) rows of the other, of the same samples in the same order; likewise."""
    left_x: int = 0
    """Rows of the one that the other does not have."""
    left_y: int = 0


def same_rows(
    x: Sequence[str], y: Sequence[str], x_title: str, y_title: str, *, intersect: bool
) -> Rows:
    """Return which rows of `y` are the samples of `x`, in x's order.

    Args:
        x: (n,) sample ids, each once.
        y: (m,) likewise.
        x_title, y_title: whose they are.
        intersect: take the samples in common; else both have to hold the same.

    Raises:
        SampleIdsError: they hold other samples, or, with `intersect`, none in common.
    """
    if tuple(x) == tuple(y):
        return Rows(None, None)
    places = {one: row for row, one in enumerate(y)}
    missing = [one for one in x if one not in places]
    here = set(x)
    surplus = [one for one in y if one not in here]
    if len(missing) == len(x):
        raise SampleIdsError(
            f"{x_title} and {y_title} have no sample in common: {some(x)} there, {some(y)} here"
        )
    if (missing or surplus) and not intersect:
        told = [
            f"{title} lacks {len(ids):,} of {other}'s {total:,} samples ({some(ids)})"
            for title, other, ids, total in (
                (y_title, x_title, missing, len(x)),
                (x_title, y_title, surplus, len(y)),
            )
            if ids
        ]
        raise SampleIdsError(
            f"{' and '.join(told)}; --intersect takes the {len(x) - len(missing):,} in common"
        )
    kept = [row for row, one in enumerate(x) if one in places]
    return Rows(
        np.array(kept) if missing else None,
        np.array([places[x[row]] for row in kept]),
        len(missing),
        len(surplus),
    )


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts names as people do: "layer.2" before "layer.10"."""
    parts = re.split(r"(\d+)", name)
    return tuple((1, int(p), p) if p.isdecimal() else (0, 0, p) for p in parts)


def some(names: Sequence[str]) -> str:
    """Return the first few names, for a sentence."""
    rest = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    short = (one if len(one) <= 40 else f"{one[:37]}..." for one in names[:_SHOWN])
    return ", ".join(short) + rest
