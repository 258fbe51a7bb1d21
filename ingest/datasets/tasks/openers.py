r"""Where tasks come from: a .npz file, a folder of folders, scikit-learn, drawings, or the hub.

[[task]]
id = "pneumonia"
title = "PneumoniaMNIST"
group = "specialized"
kind = "npz"                   # train_images, train_labels, test_images, test_labels: see arrays.py
source = "where it comes from"
revision = "1"
license = "CC-BY-4.0"
citation = "somebody"
[task.options]
file = "pneumonia.npz"         # relative to this file
"""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ingest.catalog.hub import hub_errors
from ingest.catalog.records import TaskRecord
from ingest.datasets.hub import cell_bytes, hub_library, undecoded
from ingest.datasets.images import content_hash, decode, image_endings
from ingest.datasets.tasks.arrays import labels_of, pictures_of
from ingest.datasets.tasks.task import Picture, Task, assembled
from ingest.datasets.walk import files_below, zipped_files
from ingest.errors import (
    CorruptImageError,
    DatasetError,
    MissingPackageError,
    TaskError,
    UnsupportedImageError,
)

_UNDECODED = (CorruptImageError, UnsupportedImageError)
SEED = 0
"""Of splits and drawings."""


def open_task(record: TaskRecord) -> Task:
    """Open a task.

    Raises:
        TaskError: it is not as described.
        MissingPackageError: the package that holds it is not installed.
        HubUnreachableError, UnknownHubModelError: the hub does not answer, or not with that.
    """
    return _OPENERS[record.kind](record)


@contextmanager
def _refusing(record: TaskRecord, *errors: type[Exception], prefix: str = "") -> Iterator[None]:
    """Turn errors inside the block into a TaskError that names the task."""
    try:
        yield
    except errors as error:
        raise TaskError(f"task {record.id}: {prefix}{error}") from error


def _option(record: TaskRecord, name: str, default: str | None = None) -> str:
    value = record.options.get(name, default)
    if not isinstance(value, str):
        raise TaskError(f"task {record.id}: option {name!r} should be a text, got {value!r}")
    return value


def _npz(record: TaskRecord) -> Task:
    file = (record.base or Path()) / _option(record, "file")
    test = _option(record, "test", "test")
    wanted = [f"{split}_{what}" for split in ("train", test) for what in _PARTS]
    arrays = _arrays(record, file, wanted)
    for images, labels in (arrays[:2], arrays[2:]):
        if images.ndim == 0 or labels.ndim == 0 or len(images) != len(labels):
            counts = [len(x) if x.ndim else "no" for x in (images, labels)]
            raise TaskError(
                f"task {record.id}: {counts[0]} images and {counts[1]} labels do not match"
            )
    for part, images in (("training", arrays[0]), ("test", arrays[2])):
        if not len(images):
            raise TaskError(f"task {record.id}: its {part} split is missing or empty")
    classes = record.options.get("classes")
    if classes is not None and not isinstance(classes, list):
        raise TaskError(f"task {record.id}: option 'classes' should be a list, got {classes!r}")
    class_names = None if classes is None else [str(name) for name in classes]
    with _refusing(record, ValueError, prefix=f"in {file.name}, "):
        train, tested = (_pictures(images) for images in pictures_of(arrays[0], arrays[2]))
        labels, names = labels_of(arrays[1], arrays[3], class_names)
    return assembled(record, (train, labels[0]), (tested, labels[1]), names)


def _arrays(record: TaskRecord, file: Path, wanted: Sequence[str]) -> list[np.ndarray]:
    """Return arrays of a .npz file by name.

    Raises:
        TaskError: it cannot be read, is none, or lacks one.
    """
    try:
        with np.load(file, allow_pickle=False) as content:
            absent = [name for name in wanted if name not in content]
            if not absent:
                return [np.asarray(content[name]) for name in wanted]
    except Exception as error:  # noqa: BLE001 - zip, zlib and the arrays' heads raise what they like
        what = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        if isinstance(error, TypeError | AttributeError):  # numpy returned an array of its own
            what = "it is no .npz archive of arrays"
        raise TaskError(f"task {record.id}: cannot read {file.name}: {what}") from error
    raise TaskError(
        f"task {record.id}: {file.name} should hold {', '.join(wanted)}; it lacks "
        f"{', '.join(absent)}"
    )


_PARTS = ("images", "labels")


def _classes(record: TaskRecord) -> Task:
    """Open a folder, or a .zip, with a folder of images per class: every fifth of a class tests.

    Where it holds folders train and test instead, these are the splits, a folder per class in each.
    """
    folder = (record.base or Path()) / _option(record, "folder")
    files = _zipped(record, folder) if folder.suffix.lower() == ".zip" else _in(record, folder)
    divided = {"train", "test"} <= {path.parts[0] for path in files if len(path.parts) > 2}
    names = _class_names(
        record, [path for path in files if len(path.parts) > (2 if divided else 1)]
    )
    if not names:
        raise TaskError(f"task {record.id}: expected a folder per class in {folder.name}, got none")
    splits: list[tuple[list[Picture], list[int]]] = [([], []), ([], [])]
    counts = dict.fromkeys(names, 0)
    for path in sorted(files):
        name = _class_of(path)
        if name not in counts:
            continue
        shown, read = f"{name}/{path.name}", files[path]
        try:
            raw = read()
        except OSError as error:
            raise TaskError(
                f"task {record.id}: cannot read {shown}: {error.strerror or error}"
            ) from error
        with _refusing(record, *_UNDECODED, prefix=f"{shown} does not decode: "):
            decode(raw)
        split = splits[path.parts[0] == "test" if divided else counts[name] % 5 == 4]
        counts[name] += 1
        split[0].append(Picture(shown, content_hash(raw), partial(_decoded, read)))
        split[1].append(names.index(name))
    return assembled(record, splits[0], splits[1], names)


def _class_of(path: PurePath) -> str:
    """Return the folder an image lies in, its accents composed: macOS decomposes them."""
    return unicodedata.normalize("NFC", path.parts[-2]) if len(path.parts) > 1 else ""


def _class_names(record: TaskRecord, paths: Sequence[PurePath]) -> list[str]:
    """Return the classes, sorted.

    Raises:
        TaskError: two folders beside each other look the same.
    """
    spelled: dict[PurePath, str] = {}
    for path in paths:
        folder = path.parent.parent / _class_of(path)
        if spelled.setdefault(folder, path.parts[-2]) != path.parts[-2]:
            raise TaskError(
                f"task {record.id}: two folders {_class_of(path)!r} differ only in how their "
                "accents are spelled (composed or decomposed); rename one"
            )
    return sorted({_class_of(path) for path in paths})


def _in(record: TaskRecord, folder: Path) -> dict[PurePath, Callable[[], bytes]]:
    """Return the images below a folder by their paths in it, and how to read each.

    Raises:
        TaskError: there is no such folder, or it cannot be listed.
    """
    if not os.path.isdir(folder):
        what = "is a file, no folder" if os.path.isfile(folder) else "is not there"
        raise TaskError(f"task {record.id}: expected a folder per class; {folder.name} {what}")
    with _refusing(record, DatasetError):
        files = files_below(folder, image_endings())
    shown = [path for path in files if not path.name.startswith(".")]
    return {path.relative_to(folder): path.read_bytes for path in shown}


def _zipped(record: TaskRecord, file: Path) -> dict[PurePath, Callable[[], bytes]]:
    """Return the same of a .zip; a folder that all of it lies in is no class.

    Raises:
        TaskError: it cannot be read.
    """
    with _refusing(record, DatasetError):
        files = zipped_files(file, image_endings())
    paths: dict[PurePath, Callable[[], bytes]] = {path: read for path, read in files.items()}
    if len({path.parts[0] for path in paths}) == 1:
        paths = {PurePosixPath(*path.parts[1:]): read for path, read in paths.items()}
    return paths


def _decoded(read: Callable[[], bytes]) -> Image.Image:
    return decode(read())


def _digits(record: TaskRecord) -> Task:
    """Open scikit-learn's handwritten digits, 8 x 8 pixels: every fifth tests."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingPackageError(
            "the digits come with the package scikit-learn: pip install scikit-learn"
        ) from error
    digits: Any = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    return _every_fifth(record, images, digits.target.tolist(), _numbered(10))


def _drawn(record: TaskRecord) -> Task:
    """Draw a structured task: `what` = count (discs, 1 to 6) or orientation (bars, 8 angles).

    `pictures` says how many, every fifth of them to test.
    """
    count = record.options.get("pictures", 600)
    if not isinstance(count, int) or count < 50:
        raise TaskError(f"task {record.id}: pictures should be 50 or more, got {count!r}")
    what = _option(record, "what")
    if what not in ("count", "orientation"):
        raise TaskError(f"task {record.id}: what should be count or orientation, got {what!r}")
    rng = np.random.default_rng(SEED)
    draw = _count if what == "count" else _orientation
    classes = 6 if what == "count" else 8
    labels = [int(label) for label in rng.permutation(np.arange(count) % classes)]
    images = np.stack([draw(label, rng) for label in labels])
    names = (
        [f"{label + 1} discs" for label in range(classes)]
        if what == "count"
        else [f"{label * 180 / classes:g} degrees" for label in range(classes)]
    )
    return _every_fifth(record, images, labels, names)


_SIDE = 96


def _count(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw label + 1 discs that do not touch, of several sizes and colors."""
    image = Image.new("RGB", (_SIDE, _SIDE), tuple(rng.integers(170, 256, 3).tolist()))
    pen = ImageDraw.Draw(image)
    placed: list[tuple[float, float, float]] = []
    while len(placed) <= label:
        radius = float(rng.uniform(5, 10))
        x, y = rng.uniform(radius + 1, _SIDE - radius - 1, 2).tolist()
        if all((x - a) ** 2 + (y - b) ** 2 > (radius + r + 2) ** 2 for a, b, r in placed):
            placed.append((x, y, radius))
            color = tuple(rng.integers(0, 140, 3).tolist())
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return np.asarray(image)


def _orientation(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a bar at one of eight angles, of any place, length and color."""
    image = Image.new("RGB", (_SIDE, _SIDE), tuple(rng.integers(170, 256, 3).tolist()))
    angle = np.pi * (label / 8 + rng.uniform(-0.02, 0.02))
    half = rng.uniform(16, 30)
    x, y = rng.uniform(34, _SIDE - 34, 2)
    dx, dy = half * np.cos(angle), -half * np.sin(angle)
    color = tuple(rng.integers(0, 140, 3).tolist())
    pen = ImageDraw.Draw(image)
    pen.line((x - dx, y - dy, x + dx, y + dy), fill=color, width=int(rng.integers(4, 9)))
    return np.asarray(image)


def _hub(record: TaskRecord) -> Task:
    """Open a hub dataset with a column of images (the first, unless named) and one of labels."""
    datasets = hub_library()
    unreadable = (ValueError, datasets.exceptions.DatasetsError)
    label = _option(record, "label_column", "label")
    name = record.options.get("name")
    pictures: list[Sequence[Picture]] = []
    labels: list[np.ndarray] = []
    names: list[str] | None = None
    for split in (_option(record, "train", "train"), _option(record, "test", "test")):
        with hub_errors("dataset", record.source, record.revision):
            with _refusing(record, *unreadable, prefix=f"split {split!r}: "):
                table: Any = datasets.load_dataset(
                    record.source,
                    None if name is None else str(name),
                    revision=record.revision,
                    split=split,
                )
        columns = [n for n, kind in table.features.items() if isinstance(kind, datasets.Image)]
        image = _option(record, "image_column", columns[0] if columns else "image")
        absent = [column for column in (image, label) if column not in table.column_names]
        if absent:
            raise TaskError(
                f"task {record.id}: {record.source} has no column {absent[0]!r}; its columns: "
                f"{', '.join(table.column_names)}"
            )
        kind = table.features[label]
        names = list(kind.names) if hasattr(kind, "names") else names
        labels.append(_column(table[label]))
        with _refusing(record, DatasetError):
            table = undecoded(table, image, f"split {split!r}")
        pictures.append([_row(record, table, image, i) for i in range(len(table))])
    with _refusing(record, ValueError, prefix=f"in the column {label!r}, "):
        classes, names = labels_of(labels[0], labels[1], names)
    return assembled(record, (pictures[0], classes[0]), (pictures[1], classes[1]), names)


def _column(values: Sequence[Any]) -> np.ndarray:
    """Return a column of labels as an array; of values that make none, as objects."""
    try:
        return np.array(list(values))
    except ValueError:  # lists of several lengths
        return np.array([None])


def _row(record: TaskRecord, table: Any, column: str, i: int) -> Picture:
    where = f"row {i} of {record.source!r}"

    def raw() -> bytes:
        with _refusing(record, DatasetError):
            content = cell_bytes(table[i][column], where)
        if content is None:
            raise TaskError(f"task {record.id}: {where} holds no image")
        return content

    def read() -> Image.Image:
        content = raw()
        with _refusing(record, *_UNDECODED, prefix=f"{where} does not decode: "):
            return decode(content)

    return Picture(str(i), content_hash(raw()), read)


def _every_fifth(
    record: TaskRecord, images: np.ndarray, labels: Sequence[int], names: Sequence[str]
) -> Task:
    """Let every fifth sample test."""
    pictures = _pictures(images)
    testing = [i for i in range(len(labels)) if i % 5 == 4]
    training = [i for i in range(len(labels)) if i % 5 != 4]
    train, test = (
        ([pictures[i] for i in rows], [labels[i] for i in rows]) for rows in (training, testing)
    )
    return assembled(record, train, test, names)


def _pictures(images: np.ndarray) -> list[Picture]:
    """Return a (n, H, W) or (n, H, W, 3) uint8 array as pictures."""
    return [
        Picture(
            f"{i:06d}",
            hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest(),
            partial(Image.fromarray, image),
        )
        for i, image in enumerate(images)
    ]


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]


_OPENERS: Mapping[str, Callable[[TaskRecord], Task]] = {
    "npz": _npz,
    "classes": _classes,
    "digits": _digits,
    "drawn": _drawn,
    "hub": _hub,
}
