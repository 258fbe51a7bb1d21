"""Text to predict, one document at a time: .txt, .jsonl and .parquet files, or captions."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from ingest.datasets import Dataset
from ingest.errors import DatasetError
from ingest.extract.checkpoints import files_hash


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
        DatasetError: there is no such file, or none of these kinds.
    """
    content = f"{files_hash(text_files(source))} {column}"
    return Text(source.name, content, lambda skip: documents(source, column, skip))


def text_of_captions(dataset: Dataset) -> Text:
    """Return a dataset's captions as a text, each a document of its own."""

    def read(skip: Skip) -> Iterator[Document]:
        for sample, caption in zip(dataset.sample_ids, dataset.captions, strict=True):
            if caption.strip():
                yield Document(sample, caption)
            else:
                skip(Skipped(sample, "its caption is empty"))

    return Text(f"{dataset.record.id} captions", dataset.caption_hash, read)


def documents(source: Path, column: str, skip: Skip) -> Iterator[Document]:
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
