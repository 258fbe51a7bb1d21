r"""A folder of images with a list of file names and class numbers, as Places-365 is handed out.

    [dataset.options]
    images = "places365/val_256"                          # folder of the images
    list = "places365/places365_val.txt"                  # "Places365_val_00000001.jpg 165" a line
    categories = "places365/categories_places365.txt"     # "/a/airfield 0" a line

Rows are in the order of the list; `limit` keeps the first. A caption is the name of the class
("airfield"), so such a dataset is for vision models among themselves.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.files import open_files
from ingest.datasets.folder import matched
from ingest.datasets.registry import opener, refuse_unknown_options, text_option
from ingest.datasets.table import lines_of, read_text
from ingest.datasets.walk import files_below
from ingest.errors import DatasetError
from ingest.progress import Progress


@opener("listed")
def open_listed(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open a folder of images with a list of them; see the module's text for the options."""
    refuse_unknown_options(record, {"images", "list", "categories"})
    folder = record.home / text_option(record, "images")
    listed = _read_numbered(record, record.home / text_option(record, "list"))
    categories = _read_numbered(record, record.home / text_option(record, "categories"))
    classes: dict[int, str] = {}
    for name, number in categories.items():
        if classes.setdefault(number, name) != name:
            raise DatasetError(
                f"Dataset {record.id!r}: the categories give number {number} to both "
                f"{classes[number]} and {name}."
            )
    names = list(listed)[: record.limit]
    paths = _paths(record, folder, names)
    missing = [path.name for path in paths if not os.path.lexists(path)]
    if missing:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(missing)} of {len(names)} listed images are not in "
            f"{folder}, e.g. {missing[0]}; {record.note}"
        )
    unknown = sorted({listed[name] for name in names} - set(classes))
    if unknown:
        raise DatasetError(f"Dataset {record.id!r}: class {unknown[0]} has no name in categories.")
    return open_files(
        record,
        names,
        paths,
        [_class_title(classes[listed[name]]) for name in names],
        skip_corrupt=skip_corrupt,
        progress=progress,
        cache=cache,
    )


def _read_numbered(record: DatasetRecord, file: Path) -> Mapping[str, int]:
    """Read "name number" lines, in order.

    Raises:
        DatasetError: there is no such file, or a line is none of these.
    """
    try:
        lines = lines_of(read_text(file, "list"))
    except DatasetError as error:
        raise DatasetError(f"Dataset {record.id!r}: {error} {record.note}".rstrip()) from error
    numbers: dict[str, int] = {}
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name, _, number = line.strip().rpartition(" ")
        # No class has a number of ten digits; int() refuses those of thousands.
        if not name or not number.isdecimal() or len(number) > 9 or name in numbers:
            raise DatasetError(
                f"Dataset {record.id!r}, line {place} of {file.name}: expected a new name and a "
                f"number, got {line[:60]!r}"
            )
        numbers[name] = int(number)
    return numbers


def _paths(record: DatasetRecord, folder: Path, names: list[str]) -> list[Path]:
    """Return where each listed image lies, under its name or that name in another spelling."""
    paths = [folder / name for name in names]
    if all(os.path.lexists(path) for path in paths) or not os.path.isdir(folder):
        return paths
    existing = {path.relative_to(folder).as_posix(): path for path in files_below(folder)}
    matches = matched(names, existing, record.id)
    return [existing[matches[name]] if name in matches else folder / name for name in names]


def _class_title(category: str) -> str:
    """Return a class's name in words, "/a/bridge/covered" as "bridge covered"."""
    parts = category.strip("/").split("/")
    return " ".join(parts[1:] or parts).replace("_", " ")
