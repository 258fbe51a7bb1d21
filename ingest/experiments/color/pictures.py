"""Pictures whose pixels are counted: a folder, a .zip, a package's, or the catalog's."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ingest.catalog import Catalog
from ingest.datasets import open_dataset
from ingest.datasets.images import decode, image_endings, rgb
from ingest.datasets.tasks.openers import open_task
from ingest.datasets.walk import files_below, zipped_files
from ingest.errors import (
    CorruptImageError,
    DatasetError,
    MissingPackageError,
    UnsupportedImageError,
)
from ingest.progress import Progress

PACKAGE = "package:scikit-learn"
MOST_PIXELS = 300_000_000
"""Pixels of all pictures together, about 1 GB."""


class Pictures(NamedTuple):
    """Pictures as bytes, and where they are from."""

    title: str
    source: str
    license: str
    citation: str
    images: list[np.ndarray]
    """(height, width, 3) bytes each."""
    digest: str
    """Hash of their pixels in order."""


class _Found(NamedTuple):
    title: str
    source: str
    license: str
    citation: str
    count: int
    opened: Iterator[Image.Image]


def open_pictures(
    given: str, catalog: Catalog, progress: Progress, *, shrink: int | None, cache: Path
) -> Pictures:
    """Read pictures into memory.

    Args:
        given: a folder, a .zip, the id of a task or dataset of the catalog, or `PACKAGE`.
        catalog: where such ids are looked up.
        progress: told about reading.
        shrink: bring the shorter side to so many pixels first; None leaves them as they are.
        cache: where checked images are remembered.

    Raises:
        DatasetError: there is no such thing, or it holds no picture, or too many pixels.
        CorruptImageError, UnsupportedImageError: one does not decode, or is none that is read.
    """
    found = _find(given, catalog, progress, cache)
    images: list[np.ndarray] = []
    digest = hashlib.sha256()
    pixels = 0
    progress.start(f"Reading {found.title}", found.count)
    for picture in found.opened:
        array = np.array(_shrunk(rgb(picture), shrink), np.uint8)
        pixels += array.shape[0] * array.shape[1]
        if pixels > MOST_PIXELS:
            raise DatasetError(
                f"{found.title} holds more than {MOST_PIXELS:,} pixels; make its pictures smaller "
                "with --shrink 64"
            )
        digest.update(repr(array.shape).encode())
        digest.update(array.tobytes())
        images.append(array)
        progress.advance(1)
    progress.done()
    if not images:
        raise DatasetError(f"{found.title} holds no picture")
    return Pictures(
        found.title, found.source, found.license, found.citation, images, digest.hexdigest()
    )


def _shrunk(picture: Image.Image, side: int | None) -> Image.Image:
    if side is None or min(picture.size) <= side:
        return picture
    scale = side / min(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX)


def _find(given: str, catalog: Catalog, progress: Progress, cache: Path) -> _Found:
    if given == PACKAGE:
        return _photographs()
    if given in catalog.tasks:
        record = catalog.task(given)
        dataset = open_task(record).dataset
        read = (dataset.image(i) for i in range(len(dataset)))
        return _Found(
            record.title, record.source, record.license, record.citation, len(dataset), read
        )
    if given in catalog.datasets:
        described = catalog.dataset(given)
        dataset = open_dataset(described, progress=progress, cache=cache)
        read = (dataset.image(i) for i in range(len(dataset)))
        return _Found(
            described.title, described.source, described.license, described.citation,
            len(dataset), read,
        )  # fmt: skip
    path = Path(given)
    if os.path.isdir(path):
        files = [f for f in files_below(path, image_endings()) if not f.name.startswith(".")]
        opened = (_decoded(f.name, f.read_bytes) for f in files)
        return _Found(path.name, path.name, "see its source", "", len(files), opened)
    if path.suffix.lower() == ".zip" and os.path.isfile(path):
        return _zipped(path)
    raise DatasetError(
        f"{given!r} is no folder, no .zip, no task or dataset of the catalog, and not {PACKAGE}"
    )


def _zipped(path: Path) -> _Found:
    found = sorted(zipped_files(path, image_endings()).items(), key=lambda item: str(item[0]))
    names = [name for name, _ in found]
    opened = (_decoded(name.name, read) for name, read in found)
    return _Found(path.stem, path.name, "see its source", "", len(names), opened)


def _photographs() -> _Found:
    """Open the two photographs that scikit-learn ships."""
    try:
        from sklearn.datasets import load_sample_images
    except ImportError as error:
        raise MissingPackageError(
            "these photographs come with the package scikit-learn: pip install scikit-learn"
        ) from error
    found: Any = load_sample_images()
    return _Found(
        "Two photographs of scikit-learn",
        "scikit-learn: china.jpg and flower.jpg",
        "CC-BY-2.0",
        "Photographs by danielbuechele (china) and vultilion (flower), Flickr",
        len(found.images),
        (Image.fromarray(image) for image in found.images),
    )


def _decoded(name: str, read: Callable[[], bytes]) -> Image.Image:
    try:
        return decode(read())
    except CorruptImageError as error:
        raise CorruptImageError(f"{name} does not decode: {error}") from error
    except UnsupportedImageError as error:
        raise UnsupportedImageError(f"{name} is not read: {error}") from error
    except OSError as error:
        raise DatasetError(f"cannot read {name}: {error.strerror or error}") from error
