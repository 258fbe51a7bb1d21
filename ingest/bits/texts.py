"""Text to predict, one document at a time: files and folders of .txt, .jsonl and .parquet."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from ingest.errors import DatasetError


class Document(NamedTuple):
    """A text and where it came from."""

    name: str
    text: str


class Skipped(NamedTuple):
    """A document that could not be read, and why."""

    name: str
    reason: str


def documents(source: Path, column: str, skip: Callable[[Skipped], None]) -> Iterator[Document]:
    """Stream documents in a fixed order: files by name, records as they stand.

    A .txt file is one document; a .jsonl line and a .parquet row hold one under `column`. A
    document that is empty, or a file that is not UTF-8, is handed to `skip`, and the rest go on.

    Args:
        source: a file, or a folder that is searched for such files.
        column: name of the text in .jsonl and .parquet records.
        skip: told what was left out.

    Raises:
        DatasetError: there is no such file, or none of these kinds.
    """
    for file in text_files(source):
        try:
            for place, text in _READERS[file.suffix](file, column):
                name = f"{file.name}{place}"
                if text.strip():
                    yield Document(name, text)
                else:
                    skip(Skipped(name, "it is empty"))
        except UnicodeDecodeError as error:
            skip(Skipped(file.name, f"it is not UTF-8 at byte {error.start:,}"))


def text_files(source: Path) -> list[Path]:
    """Return the files a source means, in order.

    Raises:
        DatasetError: there is none.
    """
    files = [source] if source.is_file() else sorted(source.rglob("*"))
    files = [file for file in files if file.suffix in _READERS]
    if not files:
        raise DatasetError(
            f"{source}: expected a .txt, .jsonl or .parquet file, or a folder that holds some"
        )
    return files


def _txt(file: Path, column: str) -> Iterator[tuple[str, str]]:
    yield "", file.read_text(encoding="utf-8")


def _jsonl(file: Path, column: str) -> Iterator[tuple[str, str]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                text = json.loads(line)[column]
            except (json.JSONDecodeError, KeyError, TypeError):
                text = None
            if not isinstance(text, str):
                raise DatasetError(
                    f'{file.name}, line {number}: expected a JSON object with a text "{column}"; '
                    "--text-column names another"
                )
            yield f":{number}", text


def _parquet(file: Path, column: str) -> Iterator[tuple[str, str]]:
    table = pq.ParquetFile(file)
    if column not in table.schema_arrow.names:
        raise DatasetError(
            f"{file.name}: expected a column {column!r}, it has "
            f"{', '.join(table.schema_arrow.names)}; --text-column names another"
        )
    number = 0
    for batch in table.iter_batches(batch_size=256, columns=[column]):
        for text in batch.column(0).to_pylist():
            number += 1
            yield f":{number}", text or ""


_READERS: dict[str, Callable[[Path, str], Iterator[tuple[str, str]]]] = {
    ".txt": _txt,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
