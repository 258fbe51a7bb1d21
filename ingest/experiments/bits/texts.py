"""Text to predict, one document at a time: .txt, .jsonl and .parquet files, or captions."""

import codecs
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.datasets import Dataset
from ingest.datasets.walk import files_below, is_text, shown
from ingest.errors import DatasetError
from ingest.extract.content import files_hash


class Document(NamedTuple):
    """A text and where it came from."""

    name: str
    text: str


class Skipped(NamedTuple):
    """A document that could not be read, and why."""

    name: str
    reason: str


Skip = Callable[[Skipped], None]


class Text(NamedTuple):
    """A text to measure models on."""

    name: str
    """As it stands in the warehouse."""
    content: str
    """Hash of what `read` will yield."""
    read: Callable[[Skip], Iterator[Document]]
    """Streams the documents anew, in the same order; is told what was left out."""


def text_of_files(source: Path, column: str) -> Text:
    """Return a file or folder as a text; see `documents`.

    Raises:
        DatasetError: there is no such file, none of these kinds, or one that cannot be read.
    """
    files = text_files(source)
    for file in files:
        if file.suffix.lower() == ".parquet":  # before a model is loaded
            _parquet_file(file, column)
    try:
        otherwise = [_reads_otherwise(file) for file in files]
    except OSError as error:
        raise DatasetError(f"Cannot read the text {error.filename}: {error.strerror}.") from error
    content = f"{files_hash(files)} {column}" + (" to the letter" if any(otherwise) else "")
    return Text(source.name, content, lambda skip: documents(source, column, skip))


def _reads_otherwise(file: Path) -> bool:
    """Whether a file was once read with something changed or left out: its results' key says so.

    Line ends of a .txt file became line feeds and its byte-order mark text; a .jsonl file ended
    where it is not UTF-8.
    """
    ending = file.suffix.lower()
    if ending == ".parquet":
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as opened:
        start = True
        while block := opened.read(1 << 20):
            if ending == ".txt" and (b"\r" in block or (start and block[:3] == codecs.BOM_UTF8)):
                return True
            start = False
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return ending == ".jsonl"
    return False


def text_of_captions(dataset: Dataset) -> Text:
    """Return a dataset's captions as a text, each a document of its own."""

    def read(skip: Skip) -> Iterator[Document]:
        for sample, caption in zip(dataset.sample_ids, dataset.captions, strict=True):
            reason = why_no_text(caption)
            if reason is None:
                yield Document(sample, caption)
            else:
                skip(Skipped(sample, reason.replace("it is", "its caption is")))

    return Text(f"{dataset.record.id} captions", dataset.caption_hash, read)


def documents(source: Path, column: str, skip: Skip) -> Iterator[Document]:
    """Stream documents in a fixed order: files by name, records as they stand.

    A .txt file is one document, to the letter; a .jsonl line and a .parquet row hold one under
    `column`. A document that is empty, a blank line, a null, and text that is not UTF-8 are handed
    to `skip`, and the rest go on. A byte-order mark is no text.

    Args:
        source: a file, or a folder that is searched for such files.
        column: name of the text in .jsonl and .parquet records.
        skip: told what was left out.

    Raises:
        DatasetError: there is no such file, none of these kinds, or one that cannot be read.
    """
    for file in text_files(source):
        try:
            for place, found in _READERS[file.suffix.lower()](file, column):
                name = shown(f"{file.name}{place}")
                reason = found.reason if isinstance(found, _Absent) else why_no_text(found)
                if reason is None:
                    yield Document(name, str(found))
                else:
                    skip(Skipped(name, reason))
        except OSError as error:
            raise DatasetError(
                f"Cannot read the text {file}: {error.strerror or error}."
            ) from error


def why_no_text(text: str | None) -> str | None:
    """Return why a document holds nothing to predict, or None where it does."""
    if text is None or not text.strip():
        return "it is empty"
    return None if is_text(text) else "it holds half of a surrogate pair, which is no text"


class _Absent(NamedTuple):
    """What stands in a file where a text should."""

    reason: str


_Found = str | None | _Absent


def text_files(source: Path) -> list[Path]:
    """Return the files a source means, in order.

    Raises:
        DatasetError: there is none.
    """
    if os.path.isdir(source):
        files = files_below(source, _READERS)
    else:
        files = [source] if source.suffix.lower() in _READERS and os.path.isfile(source) else []
    if not files:
        raise DatasetError(
            f"{source}: expected a .txt, .jsonl or .parquet file, or a folder that holds some"
        )
    return files


def _decoded(raw: bytes) -> _Found:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _Absent(f"it is not UTF-8 at byte {error.start:,}")


def _txt(file: Path, column: str) -> Iterator[tuple[str, _Found]]:
    yield "", _decoded(file.read_bytes().removeprefix(codecs.BOM_UTF8))


def _jsonl(file: Path, column: str) -> Iterator[tuple[str, _Found]]:
    for number, raw in enumerate(_lines(file), start=1):
        line = _decoded(raw)
        if not isinstance(line, str):
            yield f":{number}", line
        elif not line.strip():
            yield f":{number}", _Absent("the line is blank")
        else:
            yield f":{number}", _field(file, number, line, column)


def _field(file: Path, number: int, line: str, column: str) -> str | None:
    try:
        record = json.loads(line)
        text = None if record is None else record[column]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        text = NotImplemented
    if text is not None and not isinstance(text, str):
        raise DatasetError(
            f'{file.name}, line {number}: expected a JSON object with a text "{column}"; '
            "--text-column names another"
        )
    return text


def _lines(file: Path) -> Iterator[bytes]:
    """Stream the lines of a file, which end at a line feed, a carriage return, or both."""
    with file.open("rb") as opened:
        for number, line in enumerate(opened):
            line = line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
            parts = re.split(rb"\r\n|\n|\r", line)
            # What follows the last end is the next line's, or nothing.
            yield from parts[:-1] if line.endswith((b"\n", b"\r")) else parts


def _parquet(file: Path, column: str) -> Iterator[tuple[str, _Found]]:
    batches = _parquet_file(file, column).iter_batches(batch_size=256, columns=[column])
    number = 0
    while True:
        try:
            batch = next(batches, None)
        except Exception as error:  # noqa: BLE001 - damaged pages raise what they like
            raise _unreadable(file, error) from error
        if batch is None:
            return
        for cell in batch.column(0):
            number += 1
            yield f":{number}", _cell(cell)


def _cell(cell: Any) -> _Found:
    try:
        return cell.as_py()
    except UnicodeDecodeError as error:
        return _Absent(f"it is not UTF-8 at byte {error.start:,}")


def _parquet_file(file: Path, column: str) -> pq.ParquetFile:
    """Open a .parquet file whose column holds text.

    Raises:
        DatasetError: it cannot be read, or the column is absent, there twice, or holds no text.
    """
    try:
        table = pq.ParquetFile(file)
        schema = table.schema_arrow
    except Exception as error:  # noqa: BLE001 - damaged heads raise what they like
        raise _unreadable(file, error) from error
    if schema.names.count(column) != 1:
        there = "two of them" if column in schema.names else f"it has {', '.join(schema.names)}"
        raise DatasetError(
            f"{file.name}: expected a column {column!r}, {there}; --text-column names another"
        )
    kind = schema.field(column).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests: Iterable[Callable[[pa.DataType], bool]] = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null,
    )  # fmt: skip
    if not any(test(plain) for test in tests):
        raise DatasetError(
            f"{file.name}: the column {column!r} should hold text, it holds {kind}; --text-column "
            "names another"
        )
    return table


def _unreadable(file: Path, error: Exception) -> DatasetError:
    said = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
    return DatasetError(f"{file.name} cannot be read as a .parquet file: {said}")


_READERS: dict[str, Callable[[Path, str], Iterator[tuple[str, _Found]]]] = {
    ".txt": _txt,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
