r"""Names of samples and whatever there is of them: for features that were saved elsewhere.

    [dataset.options]
    table = "samples.csv"          # .csv, .jsonl, or a .txt of names, one a line; here, or at
                                   # hf://datasets/OWNER/NAME/FILE
    id_column = "id"               # optional, as all that follow
    caption_column = "caption"     # read where the table has it; else a label is the caption
    label_column = "label"
    image_column = "image"         # file name within the folder `images`
    images = "images"              # by default the folder of the TOML file

Rows are in the order of the table; `limit` keeps the first. Where there are no captions or no
images, models that would look at them are refused, and features that were saved are taken.
"""

from collections import Counter
from pathlib import Path

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset, dataset_of_ids
from ingest.datasets.files import open_files
from ingest.datasets.registry import (
    file_option,
    opener,
    option,
    refuse_unknown_options,
    text_option,
)
from ingest.datasets.table import Row, image_name, lines_of, one_caption, read_rows, read_text
from ingest.errors import DatasetError
from ingest.progress import Progress

_COLUMNS = ("id_column", "caption_column", "label_column", "image_column")


@opener("ids")
def open_ids(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open a table of samples; see the module's text for the options."""
    refuse_unknown_options(record, {"table", "images", *_COLUMNS})
    table = file_option(record, "table")
    rows = _rows(record, table)[: record.limit]
    named = [row[text_option(record, "id_column", "id")] for row in rows]
    for number, name in enumerate(named, start=1):
        if name is None or not str(name):
            raise DatasetError(f"Dataset {record.id!r}: row {number} of {table.name} has no id.")
    names = [str(name) for name in named]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(f"Dataset {record.id!r}: {table.name} names {twice[0]!r} twice.")
    told = _column(record, rows, "caption") or _column(record, rows, "label")
    captions = [] if told is None else [
        one_caption(_text(row[told]), 0, name, record.id)
        for row, name in zip(rows, names, strict=True)
    ]  # fmt: skip
    image = _column(record, rows, "image")
    if image is None:
        return dataset_of_ids(record, names, captions)
    folder = record.home / str(option(record, "images", str, "."))
    paths = [folder / image_name(row[image], at, table) for at, row in enumerate(rows, start=1)]
    lost = [path.name for path in paths if not path.exists()]
    if lost:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(lost)} of {len(paths)} images are not in {folder}, e.g. "
            f"{lost[0]}."
        )
    return open_files(
        record,
        names,
        paths,
        captions or [""] * len(names),
        skip_corrupt=skip_corrupt,
        progress=progress,
        cache=cache,
    )


def _rows(record: DatasetRecord, table: Path) -> list[Row]:
    if table.suffix.lower() != ".txt":
        return read_rows(table, [text_option(record, "id_column", "id")])
    lines = lines_of(read_text(table, "file of ids"))
    return [{text_option(record, "id_column", "id"): line} for line in lines if line]


def _column(record: DatasetRecord, rows: list[Row], what: str) -> str | None:
    """Return the column of captions, labels or images; None where the table has none."""
    name = text_option(record, f"{what}_column", what)
    if rows and name in rows[0]:
        return name
    if f"{what}_column" in record.options:
        raise DatasetError(f"Dataset {record.id!r}: its table has no column {name!r}.")
    return None


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value
