"""Read a captions file, CSV or JSON lines, into rows of columns."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.errors import DatasetError, MissingCaptionError

Row = Mapping[str, Any]


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Return the file's rows in order; the ending says which format it is.

    Args:
        path: a .csv file with a header line, or a .jsonl file with one object a line.
        columns: the columns that must be there.

    Raises:
        DatasetError: the file is missing, no UTF-8, malformed, empty, or lacks a column.
    """
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(f"The captions file {path} should end in .csv or .jsonl.")
    try:
        # utf-8-sig: spreadsheets like to write a byte-order mark.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DatasetError(f"There is no captions file {path}.") from error
    except OSError as error:
        raise DatasetError(f"Cannot read the captions file {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"The captions file {path} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    rows = reader(path, text)
    if not rows:
        raise DatasetError(f"The captions file {path} holds no rows.")
    for number, row in enumerate(rows, start=1):
        for column in columns:
            if column not in row:
                there = ", ".join(str(key) for key in row)
                raise DatasetError(
                    f"The captions file {path} has no column {column!r} in row {number}; "
                    f"its columns: {there}."
                )
    return rows


def _read_csv(path: Path, text: str) -> list[Row]:
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise DatasetError(
            f"The captions file {path} is no valid CSV near line {reader.line_num}: {error}."
        ) from error
    for number, row in enumerate(rows, start=1):
        if None in row:
            raise DatasetError(
                f"Row {number} of {path} has more cells than the header; quote cells that hold "
                "a comma."
            )
    return rows  # type: ignore[return-value] - no None key is left


def _read_jsonl(path: Path, text: str) -> list[Row]:
    rows: list[Row] = []
    # Not splitlines(): JSON strings may hold U+2028, which it would split at.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(f"Line {number} of {path} is no valid JSON: {error}.") from error
        if not isinstance(row, dict):
            raise DatasetError(f"Line {number} of {path} is no JSON object.")
        rows.append(row)
    return rows


def one_caption(value: object, index: int, sample: str, title: str) -> str:
    """Return a row's caption: the text itself, or number `index` of a list of texts.

    Raises:
        MissingCaptionError: it is absent or empty.
        DatasetError: it is neither a text nor a list of texts.
    """
    if isinstance(value, str):
        value = [value]  # one text is a list of one: its second caption is not its first again
    if isinstance(value, Sequence):
        if index >= len(value):
            counted = "1 caption" if len(value) == 1 else f"{len(value)} captions"
            raise MissingCaptionError(
                f"Dataset {title!r}: {sample} has {counted}, but number {index} "
                "(counted from 0) is asked for."
            )
        value = value[index]
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise DatasetError(
            f"Dataset {title!r}: the caption of {sample} should be text; got {value!r}."
        )
    if not value.strip():
        raise MissingCaptionError(f"Dataset {title!r}: the caption of {sample} is empty.")
    return value
