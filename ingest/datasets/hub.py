"""A dataset on the Hugging Face hub, such as the paper's WIT pairs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from ingest.catalog.hub import hub_errors
from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.images import check_rows, decode, keep_rows
from ingest.datasets.registry import (
    caption_index,
    opener,
    option,
    refuse_unknown_options,
    text_option,
)
from ingest.datasets.table import one_caption
from ingest.errors import DatasetError, MissingPackageError
from ingest.progress import Progress

_OPTIONS = {
    "split", "name", "files", "image_column", "caption_column", "caption_index", "skip_uncaptioned",
}  # fmt: skip


@opener("hub")
def open_hub(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open a hub dataset; sample ids are its row numbers.

    Options: `split` (train), `name` (configuration), `files` (patterns of the repository's data
    files; all of them by default), `image_column` (image), `caption_column` (caption; a text or a
    list of texts), `caption_index` (0) and `skip_uncaptioned` (false): rows without a caption are
    left out, for every model alike, and not counted by `limit`; a row keeps its number.
    """
    refuse_unknown_options(record, _OPTIONS)
    image_column = text_option(record, "image_column", "image")
    caption_column = text_option(record, "caption_column", "caption")
    index = caption_index(record)
    table = _load(record, image_column, caption_column)
    rows: Sequence[int] = range(len(table))
    if option(record, "skip_uncaptioned", bool, False):
        rows = _captioned(table[caption_column], index, record.limit)
        if not rows:
            raise DatasetError(
                f"The hub dataset {record.source!r}: none of its {len(table):,} rows has a caption "
                f"in {caption_column!r}."
            )
    rows = rows[: record.limit]
    if len(rows) < len(table):
        table = table.select(rows)
    names = [str(row) for row in rows]
    captions = [
        one_caption(value, index, f"row {row}", record.id)
        for row, value in zip(names, table[caption_column], strict=True)
    ]

    images = _Images(table, image_column, record.source)
    hashes = check_rows(images.raw, len(table), progress)
    kept = keep_rows([f"row {name}" for name in names], hashes, images.raw, skip_corrupt, record.id)

    return Dataset(
        record=record,
        sample_ids=tuple(names[row] for row in kept),
        captions=tuple(captions[row] for row in kept),
        image_refs=tuple(
            f"hf://datasets/{record.source}@{record.revision}/{names[row]}" for row in kept
        ),
        skipped=tuple(name for name, digest in zip(names, hashes, strict=True) if digest is None),
        image_hashes=tuple(digest for digest in hashes if digest is not None),
        reader=_Kept(images, tuple(kept)),
    )


def _captioned(column: Iterable[Any], index: int, limit: int | None) -> list[int]:
    """Return the numbers of the first rows whose caption is there, `limit` of them at most."""
    found: list[int] = []
    for row, value in enumerate(column):
        if len(found) == limit:
            break
        told = [value] if isinstance(value, str) or value is None else value
        text = told[index] if index < len(told) else None
        if isinstance(text, str) and text.strip():
            found.append(row)
    return found


class _Images(NamedTuple):
    """The images of a hub dataset."""

    table: Any
    column: str
    source: str

    def raw(self, row: int) -> bytes | None:
        """Return an image's file."""
        return cell_bytes(self.table[row][self.column], f"row {row} of {self.source!r}")


class _Kept(NamedTuple):
    """Reads the images that were kept, in this process or, pickled, in another."""

    images: _Images
    rows: tuple[int, ...]

    def __call__(self, i: int) -> Image.Image:
        return decode(self.images.raw(self.rows[i]) or b"")


def hub_library() -> Any:
    """Return the package `datasets`, which reads hub datasets.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import datasets
        import datasets.exceptions
    except ImportError as error:
        raise MissingPackageError(
            "Hub datasets need the package datasets: pip install datasets"
        ) from error
    return datasets


def cell_bytes(cell: Mapping[str, Any] | None, row: str) -> bytes | None:
    """Return the bytes of an undecoded image of a `datasets.Dataset`; None where there is none.

    Raises:
        DatasetError: the file it names cannot be read.
    """
    if cell is None or (cell["bytes"] is None and cell["path"] is None):
        return None
    if cell["bytes"] is not None:
        return cell["bytes"]
    try:
        return Path(cell["path"]).read_bytes()
    except OSError as error:
        raise DatasetError(
            f"Cannot read the image {cell['path']} of {row}: {error.strerror}."
        ) from error


def undecoded(table: Any, column: str, where: str) -> Any:
    """Return a `datasets.Dataset` whose column holds images as bytes.

    Raises:
        DatasetError: the column holds none.
    """
    import pyarrow as pa

    try:
        return table.cast_column(column, hub_library().Image(decode=False))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DatasetError(
            f"{where}: the column {column!r} should hold images; it holds {table.features[column]}."
        ) from error


def _load(record: DatasetRecord, image_column: str, caption_column: str) -> Any:
    """Return the split as a `datasets.Dataset` whose image column holds undecoded bytes."""
    datasets = hub_library()
    split = text_option(record, "split", "train")
    name = record.options.get("name")
    files = option(record, "files", list, []) or None
    where = f"The hub dataset {record.source!r} at revision {record.revision!r}"
    with hub_errors("dataset", record.source, record.revision):
        try:
            table = datasets.load_dataset(
                record.source,
                str(name) if name is not None else None,
                revision=record.revision,
                data_files={split: files} if files else None,
                split=split,
            )
        except datasets.exceptions.DataFilesNotFoundError as error:
            raise DatasetError(
                f"{where} holds no data files: it may have been emptied. Use a folder dataset "
                "or another mirror."
            ) from error
        except (ValueError, datasets.exceptions.DatasetsError) as error:
            raise DatasetError(f"{where} cannot be read as described: {error}") from error
    columns = table.column_names or []
    for column in (image_column, caption_column):
        if column not in columns:
            raise DatasetError(
                f"{where} has no column {column!r}; its columns: {', '.join(columns)}."
            )
    # Other columns are left where they lie: a row is read for its image alone.
    table = table.select_columns(list(dict.fromkeys((image_column, caption_column))))
    return undecoded(table, image_column, where)
