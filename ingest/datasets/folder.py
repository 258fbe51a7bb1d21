r"""A folder of images with a captions file, described in a user's own TOML file.

    [[dataset]]
    id = "photos"
    title = "My photos"
    kind = "folder"
    source = "where they come from"
    revision = "1"
    licence = "CC-BY-4.0"
    citation = "me"
    [dataset.options]
    images = "images"              # folder, relative to this file
    captions = "captions.csv"      # .csv with a header, or .jsonl; UTF-8
    image_column = "image"         # optional: file name within the folder
    caption_column = "caption"     # optional: a text or, in .jsonl, a list of texts
    caption_index = 0              # optional: which text of the list
    where = { split = "test" }     # optional: only rows with these values

Rows are in the order of the captions file.
"""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.files import open_files
from ingest.datasets.registry import opener, option, refuse_unknown_options, text_option
from ingest.datasets.table import Row, one_caption, read_rows
from ingest.errors import DatasetError, MissingCaptionError
from ingest.progress import Progress

_OPTIONS = {"images", "captions", "image_column", "caption_column", "caption_index", "where"}


@opener("folder")
def open_folder(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open a folder of images with its captions file; see the module's text for the options."""
    refuse_unknown_options(record, _OPTIONS)
    base = record.home
    folder = base / text_option(record, "images")
    table = base / text_option(record, "captions")
    image_column = text_option(record, "image_column", "image")
    caption_column = text_option(record, "caption_column", "caption")
    index = option(record, "caption_index", int, 0)
    where = option(record, "where", dict, {})
    assert isinstance(index, int) and isinstance(where, dict)

    files = _images_in(folder)
    rows = read_rows(table, [image_column, caption_column, *where])
    _refuse_uncaptioned(record, files, {str(row[image_column]) for row in rows})
    rows = [row for row in rows if all(str(row[c]) == _text(v) for c, v in where.items())]
    if not rows:
        raise DatasetError(f"Dataset {record.id!r}: no row of {table} matches where = {where}.")
    names = [str(row[image_column]) for row in rows]
    _refuse_duplicates(record, names, rows)
    missing = [name for name in names if name not in files]
    if missing:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(missing)} caption rows name an image that is not in "
            f"{folder}: {_some(missing)}."
        )
    names, rows = names[: record.limit], rows[: record.limit]
    captions = [
        one_caption(row[caption_column], index, name, record.id)
        for name, row in zip(names, rows, strict=True)
    ]

    paths = [files[name] for name in names]
    return open_files(
        record,
        names,
        paths,
        captions,
        skip_corrupt=skip_corrupt,
        progress=progress,
        cache=cache,
    )


def _images_in(folder: Path) -> dict[str, Path]:
    """Return name within the folder (with '/') -> path, for every image file in it."""
    if not folder.is_dir():
        raise DatasetError(f"There is no image folder {folder}.")
    endings = Image.registered_extensions()
    found = {
        path.relative_to(folder).as_posix(): path
        for top, _, names in os.walk(folder)
        for path in (Path(top, name) for name in names)
        if path.suffix.lower() in endings and not path.name.startswith(".")
    }
    if not found:
        raise DatasetError(f"The image folder {folder} holds no images.")
    return found


def _refuse_uncaptioned(record: DatasetRecord, files: dict[str, Path], named: set[str]) -> None:
    without = sorted(set(files) - named)
    if without:
        raise MissingCaptionError(
            f"Dataset {record.id!r} has {len(files)} images but captions for only "
            f"{len(files) - len(without)}; without one: {_some(without)}. Add the captions, or "
            "move these images elsewhere."
        )


def _refuse_duplicates(record: DatasetRecord, names: Sequence[str], rows: Sequence[Row]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(twice)} images have more than one caption row: "
            f"{_some(twice)}. Choose one each with the option where, e.g. "
            f"where = {{ caption_index = 0 }}; columns: {', '.join(rows[0])}."
        )


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + rest


def _text(value: object) -> str:
    """Return a TOML value as a captions file would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
