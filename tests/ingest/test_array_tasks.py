"""Tasks as arrays, zips and folders bring them: what their numbers mean, or a refusal by name."""

import io
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ingest.datasets.tasks.openers import open_task
from ingest.errors import TaskError
from tests.ingest.task_files import record

LABELS = np.arange(12) % 3
GRAY = np.random.default_rng(0).integers(0, 256, (12, 6, 5)).astype(np.uint8)
GRAY[0, 0, :2] = 0, 255
COLORS = np.random.default_rng(1).integers(0, 256, (12, 6, 5, 3)).astype(np.uint8)


def written(folder: Path, images: Any, labels: Any = LABELS, cut: int = 9, **more: Any) -> None:
    arrays = {
        "train_images": images[:cut], "train_labels": labels[:cut],
        "test_images": images[cut:], "test_labels": labels[cut:],
    } | more  # fmt: skip
    np.savez(folder / "mine.npz", **arrays)


@pytest.mark.parametrize(
    "images",
    [
        GRAY,
        GRAY[..., None],
        GRAY[:, None],
        (GRAY / 255).astype(np.float16),
        (GRAY / 255).astype(np.float32),
        GRAY / 255,
        GRAY.astype(np.float32),
        GRAY.astype(np.float64) + 0.25 * (GRAY < 255),
        GRAY.astype(np.uint16) * 257,
        GRAY.astype(">u2") * np.uint16(257),
        GRAY.astype(np.int64),
        GRAY.astype(np.int16),
        GRAY.astype(np.uint16),
    ],
    ids=lambda images: f"{images.dtype} {images.shape} to {images.max():g}",
)
def test_numbers_of_every_kind_are_the_same_pictures(tmp_path: Path, images: np.ndarray) -> None:
    written(tmp_path, images)
    dataset = open_task(record(tmp_path)).dataset
    for i, gray in enumerate(GRAY):
        found = np.asarray(dataset.image(i))
        np.testing.assert_array_equal(found, np.repeat(gray[..., None], 3, axis=2))


def test_channels_come_last_or_first_and_transparency_is_white(tmp_path: Path) -> None:
    alpha = np.full((*GRAY.shape, 1), 255, np.uint8)
    alpha[:, 0, 0] = 0
    for images in (
        COLORS, COLORS.transpose(0, 3, 1, 2), COLORS / 255,
        np.concatenate([COLORS, np.full_like(alpha, 255)], axis=3),
    ):  # fmt: skip
        written(tmp_path, images)
        dataset = open_task(record(tmp_path)).dataset
        assert all((np.asarray(dataset.image(i)) == COLORS[i]).all() for i in range(12))
    written(tmp_path, np.concatenate([COLORS, alpha], axis=3))
    seen = np.asarray(open_task(record(tmp_path)).dataset.image(3))
    assert seen[0, 0].tolist() == [255] * 3 and (seen[1:] == COLORS[3, 1:]).all()
    written(tmp_path, GRAY > 99)
    seen = np.asarray(open_task(record(tmp_path)).dataset.image(3))
    assert (seen[..., 0] == (GRAY[3] > 99) * 255).all()


def test_the_key_of_plain_bytes_is_that_of_the_bytes(tmp_path: Path) -> None:
    import hashlib

    for images in (GRAY, COLORS):
        written(tmp_path, images)
        hashes = open_task(record(tmp_path)).dataset.image_hashes
        assert hashes[0] == hashlib.sha256(images[0].tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (GRAY.astype(np.float32) / 127.5 - 1, "images should be uint8, .* got float32 from -1"),
        (GRAY / 255 * 1.02, "got float64 from 0 to 1.02"),
        (GRAY.astype(np.int32) * 257, "got int32 from 0 to 65535"),
        (GRAY.astype(np.int16) - 128, "got int16 from -128"),
        (np.where(GRAY == 0, np.nan, GRAY), "not finite"),
        (np.where(GRAY == 0, np.inf, GRAY), "not finite"),
        (GRAY.astype(complex), "images should be uint8, got complex128"),
        (GRAY.astype("U3"), "images should be uint8, got <U3"),
        (GRAY.reshape(12, -1), r"images should be \(n, H, W\)"),
        (GRAY[..., None, None], r"images should be \(n, H, W\)"),
        (GRAY[:, :0], "images should have pixels"),
        (COLORS[..., :2], r"neither axis holds"),
        (COLORS[:, :3], r"either axis may be the channels"),
    ],
)
def test_images_of_another_range_or_layout_are_refused(
    tmp_path: Path, images: np.ndarray, told: str
) -> None:
    written(tmp_path, images)
    with pytest.raises(TaskError, match=told):
        open_task(record(tmp_path))


@pytest.mark.parametrize("other", [GRAY / 255, GRAY.astype(np.uint16) * 257, COLORS])
def test_both_splits_are_read_alike(tmp_path: Path, other: np.ndarray) -> None:
    written(tmp_path, GRAY, test_images=other[9:])
    with pytest.raises(TaskError, match="images"):
        open_task(record(tmp_path))
    written(tmp_path, GRAY * 1.0, test_images=GRAY[9:] / 255)
    with pytest.raises(TaskError, match="in one range, got float64 up to 255"):
        open_task(record(tmp_path))


WORDS = np.array(["cow", "ant", "bee"])


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (LABELS, "012"),
        (LABELS[:, None], "012"),
        (LABELS.astype(float), "012"),
        (LABELS.astype(np.uint8), "012"),
        (np.eye(3)[LABELS], "012"),
        (np.eye(3, dtype=bool)[LABELS], "012"),
        (WORDS[LABELS], ("ant", "bee", "cow")),
        (WORDS[LABELS].astype(bytes), ("ant", "bee", "cow")),
        (WORDS[LABELS][:, None], ("ant", "bee", "cow")),
    ],
)
def test_labels_of_every_kind_are_classes(tmp_path: Path, labels: Any, classes: Any) -> None:
    written(tmp_path, GRAY, labels)
    task = open_task(record(tmp_path))
    assert task.classes == tuple(classes)
    names = WORDS if classes[0] == "ant" else np.array(["0", "1", "2"])
    assert task.dataset.captions == tuple(names[LABELS])
    assert task.labels.tolist() == [classes.index(names[label]) for label in LABELS]


def test_words_take_the_order_of_the_classes_given(tmp_path: Path) -> None:
    written(tmp_path, GRAY, WORDS[LABELS])
    options = 'file = "mine.npz", classes = ["cow", "bee", "ant"]'
    assert open_task(record(tmp_path, options=options)).labels.tolist()[:3] == [0, 2, 1]
    with pytest.raises(TaskError, match="'cow' is none of the classes given"):
        open_task(record(tmp_path, options='file = "mine.npz", classes = ["bee", "ant"]'))
    with pytest.raises(TaskError, match="'classes' should be a list"):
        open_task(record(tmp_path, options='file = "mine.npz", classes = "bee"'))


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.random.default_rng(0).integers(0, 2, (12, 14)), r"\(9, 14\) name several classes"),
        (np.zeros((12, 3)), "several classes a picture, or none"),
        (LABELS + 0.5, "whole numbers, got fractions or NaN"),
        (np.where(LABELS == 0, np.nan, LABELS), "whole numbers, got fractions or NaN"),
        (LABELS.astype(complex), "whole numbers or words, got complex128"),
        (LABELS * 10**9, "9 training samples are fewer than its 2000000001 classes"),
        (LABELS * 2.0**60, "labels should count classes from 0"),
        (LABELS.astype(np.uint64) * 2**63, "labels should count classes from 0"),
        (np.zeros((12, 2, 2), int), "labels"),
        (LABELS - 1, "between 0 and 1, got -1"),
    ],
)
def test_labels_that_are_no_classes_are_refused(tmp_path: Path, labels: Any, told: str) -> None:
    written(tmp_path, GRAY, labels)
    with pytest.raises(TaskError, match=told):
        open_task(record(tmp_path))


def test_splits_with_other_labels_or_none_are_refused(tmp_path: Path) -> None:
    written(tmp_path, GRAY, LABELS, test_labels=WORDS[LABELS[9:]])
    with pytest.raises(TaskError, match="one split are words, of the other numbers"):
        open_task(record(tmp_path))
    written(tmp_path, GRAY, np.eye(3)[LABELS], test_labels=np.eye(4)[LABELS[9:]])
    with pytest.raises(TaskError, match="3 columns of labels, the other 4"):
        open_task(record(tmp_path))
    written(tmp_path, GRAY, LABELS, cut=12)
    with pytest.raises(TaskError, match="test split is missing or empty"):
        open_task(record(tmp_path))
    written(tmp_path, GRAY, LABELS, train_labels=np.array(3))
    with pytest.raises(TaskError, match="9 images and no labels"):
        open_task(record(tmp_path))


def test_a_file_that_is_no_archive_of_arrays_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    written(tmp_path, GRAY)
    whole = file.read_bytes()
    np.save(tmp_path / "one.npy", GRAY)
    objects = io.BytesIO()
    np.savez(objects, train_images=np.array([{}, []], object), train_labels=LABELS,
             test_images=GRAY, test_labels=LABELS)  # fmt: skip
    for content, told in (
        (b"", "cannot read"), (b"PK\x03\x04 and no more", "cannot read"),
        (whole[:500], "cannot read"), ((tmp_path / "one.npy").read_bytes(), "no .npz archive"),
        (objects.getvalue(), "cannot read mine.npz: Object arrays"),
    ):  # fmt: skip
        file.write_bytes(content)
        with pytest.raises(TaskError, match=told):
            open_task(record(tmp_path))
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            archive.writestr(f"{name}.npy", b"no array")
    with pytest.raises(TaskError):
        open_task(record(tmp_path))
    file.unlink()
    file.mkdir()
    with pytest.raises(TaskError, match="cannot read"):
        open_task(record(tmp_path))


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_zip_as_systems_write_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.ZIP", "w") as archive:
        for i in range(10):
            for name in ("ant", "bee"):
                member = zipfile.ZipInfo(f"photos\\{name}\\{i}.PNG")
                member.create_system = 0
                archive.writestr(member, picture(i))
                archive.writestr(f"__MACOSX/photos/{name}/._{i}.PNG", b"what macOS leaves")
    task = open_task(record(tmp_path, "classes", 'folder = "photos.ZIP"'))
    assert (task.classes, task.training, len(task.labels)) == (("ant", "bee"), 16, 20)
    raw = bytearray((tmp_path / "photos.ZIP").read_bytes())
    at = raw.index(b"IDAT")
    raw[at : at + 4] = b"XXXX"
    (tmp_path / "photos.ZIP").write_bytes(bytes(raw))
    with pytest.raises(TaskError, match="cannot read ant/0.PNG: Bad CRC-32"):
        open_task(record(tmp_path, "classes", 'folder = "photos.ZIP"'))


def test_class_folders_as_systems_write_them(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    for split, name in (("train", composed), ("test", decomposed)):
        for folder in (name, "[tea]"):
            (tmp_path / "photos" / split / folder).mkdir(parents=True)
            for i in range(4):
                (tmp_path / "photos" / split / folder / f"{i}.Png").write_bytes(picture(i))
    (tmp_path / "photos" / "train" / "[tea]" / "._0.png").write_bytes(b"what macOS leaves")
    opened = record(tmp_path, "classes", 'folder = "photos"')
    task = open_task(opened)
    assert task.classes == ("[tea]", composed) and task.training == 8
    (tmp_path / "photos" / "train" / decomposed).mkdir()
    (tmp_path / "photos" / "train" / decomposed / "x.png").write_bytes(picture(0))
    with pytest.raises(TaskError, match="differ only in how their accents"):
        open_task(opened)
    (tmp_path / "photos" / "train" / decomposed / "x.png").unlink()
    (tmp_path / "photos" / "train" / "[tea]" / "x.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(TaskError, match=r"cannot read \[tea\]/x\.png: No such file"):
        open_task(opened)
    (tmp_path / "file").write_text("x")
    with pytest.raises(TaskError, match="file is a file, no folder"):
        open_task(record(tmp_path, "classes", 'folder = "file"'))


def test_deep_pictures_of_classes_are_scaled(tmp_path: Path) -> None:
    for name, shade in (("dark", 40), ("light", 200)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(5):
            deep = np.full((8, 8), (shade + i) * 257, np.uint16)
            Image.fromarray(deep).save(tmp_path / "photos" / name / f"{i}.tif")
    dataset = open_task(record(tmp_path, "classes", 'folder = "photos"')).dataset
    assert dataset.image(0).getpixel((0, 0)) == (40, 40, 40)
    assert dataset.image_hashes[0].endswith(":decoding-1")
