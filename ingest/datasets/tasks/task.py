"""One task: pictures with classes, divided into a training and a test set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ingest.catalog.records import DatasetRecord, TaskRecord
from ingest.datasets import Dataset
from ingest.datasets.images import rgb
from ingest.errors import TaskError

LIMIT = 10_000
"""Most training samples, and most test samples (paper, Fig. 2)."""


class Picture(NamedTuple):
    """A picture of a task, before it is opened."""

    name: str
    digest: str
    """Hash of its content."""
    read: Callable[[], Image.Image]


@dataclass(frozen=True)
class Task:
    """Training samples, then test samples, as one dataset of pictures."""

    record: TaskRecord
    dataset: Dataset
    """Captions are the classes' names."""
    labels: NDArray[np.int64] = field(repr=False)
    """(n,) classes, from 0."""
    training: int
    """How many of the first samples are for training; the rest test."""
    classes: tuple[str, ...]


def assembled(
    record: TaskRecord,
    train: tuple[Sequence[Picture], Sequence[int]],
    test: tuple[Sequence[Picture], Sequence[int]],
    classes: Sequence[str],
) -> Task:
    """Put a task together from its splits, at most `LIMIT` samples of each.

    Which samples those are does not depend on anything but the record's id.

    Args:
        record: the task.
        train: pictures and their classes.
        test: likewise.
        classes: their names.

    Raises:
        TaskError: a split is empty, there is one class only, fewer samples than classes, a label
            out of range, or a class to test that training lacks.
    """
    pictures: list[Picture] = []
    labels: list[int] = []
    counts: list[int] = []
    for name, (all_of, their) in (("training", train), ("test", test)):
        if not all_of:
            raise TaskError(f"task {record.id}: its {name} split is missing or empty")
        kept = _subsample(len(all_of), record.id)
        pictures += [all_of[i] for i in kept]
        labels += [int(their[i]) for i in kept]
        counts.append(len(kept))
    known = sorted(set(labels[: counts[0]]))
    if len(known) < 2:
        raise TaskError(f"task {record.id}: expected two classes or more, got {len(known)}")
    if counts[0] < len(classes):
        raise TaskError(
            f"task {record.id}: {counts[0]} training samples are fewer than its "
            f"{len(classes)} classes"
        )
    outside = sorted({label for label in labels if not 0 <= label < len(classes)})
    if outside:
        raise TaskError(
            f"task {record.id}: labels should lie between 0 and {len(classes) - 1}, got "
            f"{', '.join(map(str, outside[:5]))}"
        )
    untaught = sorted(set(labels) - set(known))
    if untaught:
        raise TaskError(
            f"task {record.id}: {', '.join(classes[label] for label in untaught[:5])} has no "
            "training sample"
        )
    names = [f"{place:06d}-{picture.name}" for place, picture in enumerate(pictures)]
    dataset = Dataset(
        record=_as_dataset(record),
        sample_ids=tuple(names),
        captions=tuple(classes[label] for label in labels),
        image_refs=tuple(picture.name for picture in pictures),
        skipped=(),
        image_hashes=tuple(picture.digest for picture in pictures),
        reader=lambda i: rgb(pictures[i].read()),
    )
    return Task(record, dataset, np.array(labels, np.int64), counts[0], tuple(classes))


def _subsample(n: int, name: str) -> list[int]:
    if n <= LIMIT:
        return list(range(n))
    seed = int.from_bytes(name.encode()[:8].ljust(8, b"\0"), "little")
    return sorted(np.random.default_rng(seed).permutation(n)[:LIMIT].tolist())


def _as_dataset(record: TaskRecord) -> DatasetRecord:
    return DatasetRecord(
        id=record.id,
        title=record.title,
        kind="task",
        source=record.source,
        revision=record.revision,
        license=record.license,
        citation=record.citation,
        note=record.note,
    )
