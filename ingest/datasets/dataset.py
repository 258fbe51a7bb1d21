"""The one shape every dataset has, and the hashes that say which rows it holds."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ingest.catalog.records import DatasetRecord
from ingest.errors import DatasetError

COMMON = ".common-"
"""What follows a dataset's id in that of a variant with some of its samples."""


def row_order_hash(ids: Iterable[str]) -> str:
    """Return the SHA-256 (hex) of the sample ids in order; sets with equal ones are comparable."""
    return _sequence_hash(ids)


def _sequence_hash(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8")
        # Length first, so that ("ab", "c") and ("a", "bc") differ.
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()


class Sound(NamedTuple):
    """A recording, its channels averaged."""

    samples: NDArray[np.float32]
    """(length,), full scale is 1."""
    rate: int
    """Samples a second."""


@dataclass(frozen=True)
class Dataset:
    """n paired images (or sounds) and captions in a fixed order; every one is known to decode."""

    record: DatasetRecord
    sample_ids: tuple[str, ...]
    """(n,) unique names of the samples, in row order."""
    captions: tuple[str, ...]
    """(n,) one caption a sample; empty where the dataset has none."""
    image_refs: tuple[str, ...]
    """(n,) where each image comes from: a path or a URI; empty where the dataset has none."""
    skipped: tuple[str, ...]
    """Samples left out, for every model alike, because their image does not decode."""
    image_hashes: Sequence[str] = field(repr=False)
    """(n,) a hash of each image's content; empty texts where the dataset has none."""
    reader: Callable[[int], Image.Image] = field(repr=False, compare=False)
    """Row number -> RGB image; may be called from several threads."""
    sound_hashes: Sequence[str] = field(default=(), repr=False)
    """(n,) a hash of each sound's content; empty where the dataset has none."""
    sounds: Callable[[int], Sound] | None = field(default=None, repr=False, compare=False)
    """Row number -> sound; may be called from several threads. None where there are none."""

    def __len__(self) -> int:
        """Return n, the number of samples."""
        return len(self.sample_ids)

    def image(self, i: int) -> Image.Image:
        """Return the image of row `i` in RGB."""
        return self.reader(i)

    def sound(self, i: int) -> Sound:
        """Return the sound of row `i`.

        Raises:
            DatasetError: the dataset has no sounds.
        """
        if self.sounds is None:
            raise DatasetError(f"Dataset {self.record.id!r} has no sounds to be heard.")
        return self.sounds(i)

    @property
    def has_captions(self) -> bool:
        """Whether there is anything for language models to read."""
        return any(self.captions)

    @cached_property
    def row_order(self) -> str:
        """SHA-256 (hex) of the sample ids in order."""
        return row_order_hash(self.sample_ids)

    @cached_property
    def caption_hash(self) -> str:
        """SHA-256 (hex) of the captions in order: what a language model's features depend on."""
        return _sequence_hash(self.captions)

    @cached_property
    def image_hash(self) -> str:
        """SHA-256 (hex) of the images' contents in order: what vision features depend on."""
        return _sequence_hash(self.image_hashes)

    def content_for(self, modality: str) -> str:
        """Return the SHA-256 (hex) of what the networks of a modality are shown, in order."""
        if modality == "audio":
            return _sequence_hash(self.sound_hashes)
        return self.image_hash if modality == "vision" else self.caption_hash


def dataset_of_ids(
    record: DatasetRecord, sample_ids: Sequence[str], captions: Sequence[str] = ()
) -> Dataset:
    """Make a dataset without images: names of samples and, if there are, captions."""
    n = len(sample_ids)

    def no_image(i: int) -> Image.Image:
        raise DatasetError(f"Dataset {record.id!r} has no images: {sample_ids[i]} is a name only.")

    return Dataset(
        record=record,
        sample_ids=tuple(sample_ids),
        captions=tuple(captions) or ("",) * n,
        image_refs=("",) * n,
        skipped=(),
        image_hashes=("",) * n,
        reader=no_image,
    )


def subset(dataset: Dataset, rows: Sequence[int]) -> Dataset:
    """Return a variant of a dataset with some of its samples, under an id of their own.

    The id ends in what tells the samples: of two choices no feature set is taken for the other's.

    Args:
        dataset: the whole.
        rows: of the samples, in order.
    """
    ids = tuple(dataset.sample_ids[row] for row in rows)
    record = dataset.record.model_copy(
        update={
            "id": f"{dataset.record.id}{COMMON}{row_order_hash(ids)[:8]}",
            "title": f"{dataset.record.title}: {len(ids):,} of {len(dataset):,} samples",
        }
    )
    return Dataset(
        record=record,
        sample_ids=ids,
        captions=tuple(dataset.captions[row] for row in rows),
        image_refs=tuple(dataset.image_refs[row] for row in rows),
        skipped=dataset.skipped,
        image_hashes=[dataset.image_hashes[row] for row in rows],
        reader=lambda i: dataset.reader(rows[i]),
        sound_hashes=[dataset.sound_hashes[row] for row in rows] if dataset.sounds else (),
        sounds=(lambda i: dataset.sound(rows[i])) if dataset.sounds else None,
    )
