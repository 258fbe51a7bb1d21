"""A folder of images, each with its caption in a .txt file of the same name."""

from pathlib import Path

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.files import open_files
from ingest.datasets.images import image_endings
from ingest.datasets.registry import opener, refuse_unknown_options, text_option
from ingest.datasets.table import read_text
from ingest.datasets.walk import files_below
from ingest.errors import MissingCaptionError
from ingest.progress import Progress


@opener("sidecar")
def open_sidecar(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open option `images`, a folder; rows are in the order of the names.

    Raises:
        MissingCaptionError: an image has no text file beside it.
    """
    refuse_unknown_options(record, {"images"})
    folder = record.home / text_option(record, "images")
    paths = sorted(files_below(folder, image_endings()))[: record.limit]
    for path in paths:
        if not path.with_suffix(".txt").exists():
            raise MissingCaptionError(f"Dataset {record.id!r}: {path.name} has no .txt beside it.")
    return open_files(
        record,
        [path.relative_to(folder).as_posix() for path in paths],
        paths,
        [read_text(path.with_suffix(".txt"), "caption").strip() for path in paths],
        skip_corrupt=skip_corrupt,
        progress=progress,
        cache=cache,
    )
