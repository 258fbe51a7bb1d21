r"""Where tasks come from: a .npz file, a folder of folders, scikit-learn, drawings, or the hub.

[[task]]
id = "pneumonia"
title = "PneumoniaMNIST"
group = "specialised"
kind = "npz"                   # train_images, train_labels, test_images, test_labels
source = "where it comes from"
revision = "1"
licence = "CC-BY-4.0"
citation = "somebody"
[task.options]
file = "pneumonia.npz"         # relative to this file
"""

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ingest.catalog.records import TaskRecord
from ingest.datasets.images import decode
from ingest.errors import CorruptImageError, MissingPackageError, TaskError
from ingest.hub import hub_errors
from ingest.tasks.task import Picture, Task, assembled

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


def _option(record: TaskRecord, name: str, default: str | None = None) -> str:
    value = record.options.get(name, default)
    if not isinstance(value, str):
        raise TaskError(f"task {record.id}: option {name!r} should be a text, got {value!r}")
    return value


def _npz(record: TaskRecord) -> Task:
    file = (record.base or Path()) / _option(record, "file")
    test = _option(record, "test", "test")
    try:
        with np.load(file, allow_pickle=False) as content:
            wanted = [f"{split}_{what}" for split in ("train", test) for what in _PARTS]
            absent = [name for name in wanted if name not in content]
            if absent:
                raise TaskError(
                    f"task {record.id}: {file.name} should hold {', '.join(wanted)}; it lacks "
                    f"{', '.join(absent)}"
                )
            arrays = [np.asarray(content[name]) for name in wanted]
    except (OSError, ValueError) as error:
        raise TaskError(f"task {record.id}: cannot read {file.name}: {error}") from error
    splits = []
    for images, labels in (arrays[:2], arrays[2:]):
        if len(images) != len(labels):
            raise TaskError(
                f"task {record.id}: {len(images)} images and {len(labels)} labels do not match"
            )
        splits.append((_pictures(images), labels.reshape(len(labels)).astype(int).tolist()))
    given = record.options.get("classes")
    count = 1 + max(label for _, labels in splits for label in labels)
    names = [str(name) for name in given] if isinstance(given, list) else _numbered(count)
    return assembled(record, splits[0], splits[1], names)


_PARTS = ("images", "labels")


def _classes(record: TaskRecord) -> Task:
    """Open a folder, or a .zip, with a folder of images per class: every fifth of a class tests.

    Where it holds folders train and test instead, these are the splits, a folder per class in each.
    """
    folder = (record.base or Path()) / _option(record, "folder")
    files = _zipped(record, folder) if folder.suffix == ".zip" else _in(folder)
    divided = {"train", "test"} <= {path.parts[0] for path in files if len(path.parts) > 2}
    names = sorted({path.parts[-2] for path in files if len(path.parts) > (2 if divided else 1)})
    if not names:
        raise TaskError(f"task {record.id}: expected a folder per class in {folder.name}, got none")
    splits: list[tuple[list[Picture], list[int]]] = [([], []), ([], [])]
    seen = dict.fromkeys(names, 0)
    for path in sorted(path for path in files if path.parts[-2:-1] and path.parts[-2] in seen):
        name, read = path.parts[-2], files[path]
        raw = read()
        try:
            decode(raw)
        except CorruptImageError as error:
            raise TaskError(
                f"task {record.id}: {name}/{path.name} does not decode: {error}"
            ) from error
        side = splits[path.parts[0] == "test" if divided else seen[name] % 5 == 4]
        seen[name] += 1
        digest = hashlib.sha256(raw).hexdigest()
        side[0].append(Picture(f"{name}/{path.name}", digest, partial(_decoded, read)))
        side[1].append(names.index(name))
    return assembled(record, splits[0], splits[1], names)


def _in(folder: Path) -> dict[PurePath, Callable[[], bytes]]:
    """Return the images below a folder by their paths in it, and how to read each."""
    found = folder.rglob("*") if folder.is_dir() else []
    return {
        path.relative_to(folder): path.read_bytes
        for path in found
        if path.suffix.lower() in _IMAGES
    }


def _zipped(record: TaskRecord, file: Path) -> dict[PurePath, Callable[[], bytes]]:
    """Return the same of a .zip; a folder that all of it lies in is no class."""
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise TaskError(f"task {record.id}: cannot read {file.name}: {error}") from error
    paths: dict[PurePath, Callable[[], bytes]] = {
        PurePosixPath(name): partial(archive.read, name)
        for name in archive.namelist()
        if PurePosixPath(name).suffix.lower() in _IMAGES
    }
    if len({path.parts[0] for path in paths}) == 1:
        paths = {PurePosixPath(*path.parts[1:]): read for path, read in paths.items()}
    return paths


def _decoded(read: Callable[[], bytes]) -> Image.Image:
    return decode(read())


_IMAGES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def _digits(record: TaskRecord) -> Task:
    """Open scikit-learn's handwritten digits, 8 x 8 pixels: every fifth tests."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingPackageError(
            "the digits come with the package scikit-learn: pip install scikit-learn"
        ) from error
    found: Any = load_digits()
    images = np.round(found.images * (255 / 16)).astype(np.uint8)
    return _every_fifth(record, images, found.target.tolist(), _numbered(10))


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
    """Draw label + 1 discs that do not touch, of several sizes and colours."""
    image = Image.new("RGB", (_SIDE, _SIDE), tuple(rng.integers(170, 256, 3).tolist()))
    pen = ImageDraw.Draw(image)
    placed: list[tuple[float, float, float]] = []
    while len(placed) <= label:
        radius = float(rng.uniform(5, 10))
        x, y = rng.uniform(radius + 1, _SIDE - radius - 1, 2).tolist()
        if all((x - a) ** 2 + (y - b) ** 2 > (radius + r + 2) ** 2 for a, b, r in placed):
            placed.append((x, y, radius))
            colour = tuple(rng.integers(0, 140, 3).tolist())
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return np.asarray(image)


def _orientation(label: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a bar at one of eight angles, of any place, length and colour."""
    image = Image.new("RGB", (_SIDE, _SIDE), tuple(rng.integers(170, 256, 3).tolist()))
    angle = np.pi * (label / 8 + rng.uniform(-0.02, 0.02))
    half = rng.uniform(16, 30)
    x, y = rng.uniform(34, _SIDE - 34, 2)
    dx, dy = half * np.cos(angle), -half * np.sin(angle)
    colour = tuple(rng.integers(0, 140, 3).tolist())
    pen = ImageDraw.Draw(image)
    pen.line((x - dx, y - dy, x + dx, y + dy), fill=colour, width=int(rng.integers(4, 9)))
    return np.asarray(image)


def _hub(record: TaskRecord) -> Task:
    """Open a hub dataset with a column of images (the first, unless named) and one of labels."""
    try:
        import datasets
    except ImportError as error:
        raise MissingPackageError(
            "Hub datasets need the package datasets: pip install datasets"
        ) from error
    label = _option(record, "label_column", "label")
    name = record.options.get("name")
    splits: list[tuple[Sequence[Picture], Sequence[int]]] = []
    names: list[str] = []
    for split in (_option(record, "train", "train"), _option(record, "test", "test")):
        with hub_errors("dataset", record.source, record.revision):
            try:
                table: Any = datasets.load_dataset(
                    record.source,
                    None if name is None else str(name),
                    revision=record.revision,
                    split=split,
                )
            except ValueError as error:
                raise TaskError(f"task {record.id}: split {split!r}: {error}") from error
        pictures = [n for n, kind in table.features.items() if isinstance(kind, datasets.Image)]
        image = _option(record, "image_column", pictures[0] if pictures else "image")
        absent = [column for column in (image, label) if column not in table.column_names]
        if absent:
            raise TaskError(
                f"task {record.id}: {record.source} has no column {absent[0]!r}; its columns: "
                f"{', '.join(table.column_names)}"
            )
        labels = [int(value) for value in table[label]]
        kind = table.features[label]
        names = list(kind.names) if hasattr(kind, "names") else _numbered(1 + max(labels))
        table = table.cast_column(image, datasets.Image(decode=False))
        splits.append(([_row(table, image, i) for i in range(len(table))], labels))
    return assembled(record, splits[0], splits[1], names)


def _row(table: Any, column: str, i: int) -> Picture:
    def raw() -> bytes:
        cell = table[i][column]
        return cell["bytes"] if cell["bytes"] is not None else Path(cell["path"]).read_bytes()

    return Picture(str(i), hashlib.sha256(raw()).hexdigest(), lambda: decode(raw()))


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
    """Return (n, H, W) or (n, H, W, 3) uint8 arrays as pictures."""
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
