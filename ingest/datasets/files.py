"""A dataset of image files, each checked before a model is loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.datasets.images import check_files, decode, keep_rows
from ingest.errors import CorruptImageError, UnsupportedImageError
from ingest.progress import Progress


def open_files(
    record: DatasetRecord,
    names: Sequence[str],
    paths: Sequence[Path],
    captions: Sequence[str],
    *,
    skip_corrupt: bool,
    progress: Progress,
    cache: Path | None,
) -> Dataset:
    """Make a dataset of image files, its rows in their order.

    Args:
        record: what it is.
        names: sample ids.
        paths: where each image lies.
        captions: what is said of each.
        skip_corrupt: leave images that cannot be decoded out, instead of refusing them.
        progress: told about the check.
        cache: folder that remembers which files were checked; None remembers nothing.

    Raises:
        CorruptImageError: an image cannot be decoded, and none is to be skipped.
        UnsupportedImageError: an image is none that is read here.
        DatasetError: a file cannot be read.
    """
    hashes, _ = check_files(paths, progress, cache)
    kept = keep_rows(names, hashes, lambda row: paths[row].read_bytes(), skip_corrupt, record.id)
    kept_paths = [paths[row] for row in kept]
    return Dataset(
        record=record,
        sample_ids=tuple(names[row] for row in kept),
        captions=tuple(captions[row] for row in kept),
        image_refs=tuple(str(path) for path in kept_paths),
        skipped=tuple(name for name, digest in zip(names, hashes, strict=True) if digest is None),
        image_hashes=tuple(digest for digest in hashes if digest is not None),
        reader=_Files(record.id, tuple(kept_paths)),
    )


class _Files(NamedTuple):
    """Reads a dataset's images, in this process or, pickled, in another."""

    dataset_id: str
    paths: tuple[Path, ...]

    def __call__(self, i: int) -> Image.Image:
        try:
            return decode(self.paths[i].read_bytes())
        except (CorruptImageError, UnsupportedImageError, OSError) as error:
            raise CorruptImageError(
                f"Dataset {self.dataset_id!r}: the image {self.paths[i]} was readable and no "
                "longer is."
            ) from error
