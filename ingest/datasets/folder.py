r"""A folder of images with a captions file, described in a user's own TOML file.

    [[dataset]]
    id = "photos"
    title = "My photos"
    kind = "folder"
    source = "where they come from"
    revision = "1"
    license = "CC-BY-4.0"
    citation = "me"
    [dataset.options]
    images = "images"              # folder, relative to this file
    captions = "captions.csv"      # .csv with a header, or .jsonl; UTF-8
    image_column = "image"         # optional: file name within the folder
    caption_column = "caption"     # optional: a text or, in .jsonl, a list of texts
    caption_index = 0              # optional: which text of the list
    where = { split = "test" }     # optional: only rows with these values
    frame_index = 0                # optional: rows name folders of frames; which is looked at

Rows are in the order of the captions file. A name is matched as it stands, or else spelled with
composed accents (NFC), since macOS decomposes those of files it stores. Of an item of several
frames 0 is the middle one, 1 and 2 the quarters, and so on (see `frames`).
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.files import open_files
from ingest.datasets.frames import chosen_frame, items_of
from ingest.datasets.images import image_endings
from ingest.datasets.registry import (
    caption_index,
    file_option,
    frame_index,
    opener,
    option,
    refuse_unknown_options,
    text_option,
)
from ingest.datasets.table import Row, image_name, one_caption, read_rows
from ingest.datasets.walk import files_below, shown
from ingest.errors import DatasetError, MissingCaptionError
from ingest.progress import Progress

_OPTIONS = {
    "images", "captions", "image_column", "caption_column", "caption_index", "where", "frame_index",
}  # fmt: skip


@opener("folder")
def open_folder(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open a folder of images with its captions file; see the module's text for the options."""
    refuse_unknown_options(record, _OPTIONS)
    base = record.home
    folder = base / text_option(record, "images")
    table = file_option(record, "captions")
    image_column = text_option(record, "image_column", "image")
    caption_column = text_option(record, "caption_column", "caption")
    index = caption_index(record)
    where = option(record, "where", dict, {})
    assert isinstance(where, dict)

    files = _images_in(folder)
    frame = frame_index(record)
    items = {} if frame is None else items_of(files, record.id, folder)
    if items:
        files = {item: folder / item for item in items}
    rows = read_rows(table, [image_column, caption_column, *where])
    row_names = [image_name(row[image_column], number, table) for number, row in enumerate(rows, 1)]
    matches = matched(row_names, files, record.id)
    _refuse_uncaptioned(record, files, set(matches.values()))
    chosen = [
        (name, row)
        for name, row in zip(row_names, rows, strict=True)
        if all(_text(row[column]) == _text(value) for column, value in where.items())
    ]
    if not chosen:
        raise DatasetError(f"Dataset {record.id!r}: no row of {table} matches where = {where}.")
    names, rows = [name for name, _ in chosen], [row for _, row in chosen]
    _refuse_duplicates(record, [matches.get(name, name) for name in names], rows)
    missing = [name for name in names if name not in matches]
    if missing:
        _refuse_strangers(record, folder, missing)
        raise DatasetError(
            f"Dataset {record.id!r}: {len(missing)} caption rows name an image that is not in "
            f"{folder}: {_some(missing)}."
        )
    _tell_strangers(folder, table, progress)
    names, rows = names[: record.limit], rows[: record.limit]
    captions = [
        one_caption(row[caption_column], index, name, record.id)
        for name, row in zip(names, rows, strict=True)
    ]

    paths = [files[matches[name]] for name in names]
    if frame is not None:
        paths = [folder / chosen_frame(items, matches[name], frame, record.id) for name in names]
    return open_files(
        record, names, paths, captions, skip_corrupt=skip_corrupt, progress=progress, cache=cache
    )


def matched(names: Sequence[str], existing: Collection[str], title: str) -> dict[str, str]:
    """Return which of the names that are there each name means, where one is.

    Raises:
        DatasetError: a name is there in several spellings, and in none as it is written.
    """
    alike: dict[str, list[str]] = {}
    for name in existing:
        alike.setdefault(unicodedata.normalize("NFC", name), []).append(name)
    matches: dict[str, str] = {}
    for name in names:
        spellings = alike.get(unicodedata.normalize("NFC", name), [])
        if name in spellings:
            matches[name] = name
        elif len(spellings) > 1:
            raise DatasetError(
                f"Dataset {title!r}: {name} may be {len(spellings)} files whose names differ only "
                "in how their accents are spelled (composed or decomposed); rename one."
            )
        elif spellings:
            matches[name] = spellings[0]
    return matches


def _images_in(folder: Path) -> dict[str, Path]:
    """Return name within the folder (with '/') -> path, for every image file in it."""
    if not os.path.isdir(folder):
        what = "it is a file" if os.path.isfile(folder) else "there is none"
        raise DatasetError(f"There is no image folder {folder}: {what}.")
    files = {
        path.relative_to(folder).as_posix(): path for path in files_below(folder, image_endings())
    }
    if not any(_counts(path) for path in files.values()):
        raise DatasetError(f"The image folder {folder} holds no images.")
    return files


def _counts(path: Path) -> bool:
    """Whether an image must have a caption: what systems hide need not, and may."""
    return not path.name.startswith(".")


def _refuse_strangers(record: DatasetRecord, folder: Path, missing: Sequence[str]) -> None:
    """Refuse rows that name a file which is there, and is no image by its ending."""
    strangers = [name for name in missing if os.path.exists(folder / name)]
    if strangers:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(strangers)} caption rows name what is no image file: "
            f"{_some(strangers)}."
        )


def _tell_strangers(folder: Path, table: Path, progress: Progress) -> None:
    """Say which files beside the images are left alone."""
    endings = image_endings()
    strangers = [
        path.relative_to(folder).as_posix()
        for path in files_below(folder)
        if _counts(path) and path.suffix.lower() not in endings
        if os.path.realpath(path) != os.path.realpath(table)
    ]
    if strangers:
        are = "file is no image and is" if len(strangers) == 1 else "files are no images and are"
        progress.note(f"{len(strangers)} {are} left alone: {_some(strangers)}.")


def _refuse_uncaptioned(
    record: DatasetRecord, files: Mapping[str, Path], named: Collection[str]
) -> None:
    counted = {name for name, path in files.items() if _counts(path) or name in named}
    without = sorted(counted.difference(named))
    if without:
        raise MissingCaptionError(
            f"Dataset {record.id!r} has {len(counted)} images but captions for only "
            f"{len(counted) - len(without)}; without one: {_some(without)}. Add the captions, or "
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
    return shown(", ".join(names[:5])) + rest


def _text(value: object) -> str:
    """Return a value as a captions file would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
