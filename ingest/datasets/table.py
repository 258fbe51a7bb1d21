"""Read a captions file, CSV or JSON lines, into rows of columns."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ingest.datasets.walk import is_text, shown
from ingest.errors import DatasetError, MissingCaptionError

Row = Mapping[str, Any]
_LONGEST_CELL = 2**31 - 1
"""What a C long holds everywhere."""


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Return the file's rows in order; the ending says which format it is.

    Args:
        path: a .csv file with a header line, or a .jsonl file with one object a line.
        columns: the columns that must be there.

    Raises:
        DatasetError: the file is missing, no UTF-8, malformed, empty, or lacks a column.
    """
    readers = {".csv": csv_rows, ".jsonl": _read_jsonl}
    reader: Callable[[Path, str], Sequence[Row]] | None = readers.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(f"The captions file {path} should end in .csv or .jsonl.")
    text = read_text(path, "captions file")
    rows = [*reader(path, text)]
    if not rows:
        raise DatasetError(f"The captions file {path} holds no rows.")
    for number, row in enumerate(rows, start=1):
        for column in columns:
            if column not in row:
                present = shown(", ".join(str(key) for key in row))
                raise DatasetError(
                    f"The captions file {path} has no column {column!r} in row {number}; "
                    f"its columns: {present}."
                )
    return rows


def read_text(path: Path, what: str) -> str:
    """Return a UTF-8 file's text to the letter, line ends included; a byte-order mark is none.

    Args:
        path: the file.
        what: how a message calls it.

    Raises:
        DatasetError: it is missing, cannot be read, or is no UTF-8 text.
    """
    try:
        # utf-8-sig: spreadsheets like to write a byte-order mark.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise DatasetError(f"There is no {what} {path}.") from error
    except OSError as error:
        raise DatasetError(f"Cannot read the {what} {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"The {what} {path} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    except ValueError as error:  # a path with a NUL
        raise DatasetError(f"There is no {what} {str(path)!r}: {error}.") from error
    if "\0" in text:
        raise DatasetError(
            f"The {what} {path} holds NUL bytes, as UTF-16 does; save it as UTF-8 text."
        )
    return text


def lines_of(text: str) -> list[str]:
    """Return the lines of a text: they end at a line feed, a carriage return, or both.

    Not `splitlines`, which also ends them at U+2028, U+0085, form feeds and other characters that
    stand within what people write.
    """
    return re.split(r"\r\n|\n|\r", text)


def csv_rows(path: Path, text: str) -> list[dict[str, str | None]]:
    """Return the rows of a CSV text by the columns of its header; a short row lacks its last.

    Columns without a name, as spreadsheets and pandas write them, are left out.

    Raises:
        DatasetError: it is malformed, a row has more cells than the header, or two columns have
            one name.
    """
    # A column may hold whole articles; an unclosed quote is told by `strict`.
    limit = csv.field_size_limit(_LONGEST_CELL)
    # newline="" hands cells on to the letter: line ends within them are theirs.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise DatasetError(
            f"{path} is no valid CSV near line {reader.line_num}: {error}."
        ) from error
    finally:
        csv.field_size_limit(limit)
    if not rows:
        return []
    header = rows[0]
    twice = [name for name, count in Counter(header).items() if count > 1 and name.strip()]
    if twice:
        raise DatasetError(
            f"The header of {path} names the column {twice[0]!r} more than once; rename one."
        )
    for number, row in enumerate(rows[1:], start=1):
        if len(row) > len(header):
            raise DatasetError(
                f"Row {number} of {path} has more cells than the header; quote cells that hold "
                "a comma."
            )
    return [
        {name: cell for name, cell in zip_longest(header, row) if name.strip()} for row in rows[1:]
    ]


def _read_jsonl(path: Path, text: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"Line {number} of {path} is no valid JSON: {error}.") from error
        if row is None:
            continue
        if not isinstance(row, dict):
            raise DatasetError(f"Line {number} of {path} is no JSON object.")
        rows.append(row)
    return rows


def image_name(value: object, number: int, path: Path) -> str:
    """Return the file name that a row gives.

    Args:
        value: its cell.
        number: of the row, from 1, for the message.
        path: the captions file.

    Raises:
        DatasetError: it is absent or no text.
    """
    if not isinstance(value, str) or not value:
        raise DatasetError(
            f"Row {number} of {path} should name an image file; got {_short(value)}."
        )
    if not is_text(value):
        raise DatasetError(
            f"Row {number} of {path} names the file {_short(value)}, which is no UTF-8 text."
        )
    return value


def one_caption(value: object, index: int, sample: str, title: str) -> str:
    """Return a row's caption: the text itself, or number `index` of a list of texts.

    Raises:
        MissingCaptionError: it is absent or empty.
        DatasetError: it is neither a text nor a list of texts, or holds half of a surrogate pair.
    """
    if isinstance(value, str):
        value = [value]  # one text is a list of one: its second caption is not its first again
    if isinstance(value, list | tuple):
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
            f"Dataset {title!r}: the caption of {sample} should be text; got {_short(value)}."
        )
    if not is_text(value):
        raise DatasetError(
            f"Dataset {title!r}: the caption of {sample} holds half of a surrogate pair, which is "
            f"no text: {_short(value)}."
        )
    if not value.strip():
        raise MissingCaptionError(f"Dataset {title!r}: the caption of {sample} is empty.")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
