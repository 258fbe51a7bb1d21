"""Items of several frames: which are looked at, what is refused, and their features averaged."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ingest.catalog import load_catalog
from ingest.datasets import Dataset, open_dataset
from ingest.datasets.caption_sets import build_sets
from ingest.datasets.frames import spread_order
from ingest.errors import CaptionSetError, DatasetError
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.ingest.test_captions import ask

CLIPS = """
[[dataset]]
id = "clips"
title = "Clips"
kind = "folder"
source = "made for a test"
revision = "1"
license = "MIT"
citation = "none"
options = { images = "clips", captions = "clips.csv", frame_index = 0 }
"""
FRAMES = 5


def write_clips(folder: Path, n: int = 24) -> Path:
    """Write a study whose items are folders of five frames, each a little brighter."""
    catalog = write_study(folder, n)
    rows = ["image,caption"]
    for i in range(n):
        item = folder / "clips" / f"clip-{i:02d}"
        item.mkdir(parents=True)
        seen = np.random.default_rng(i).integers(0, 200, (24, 24, 3))
        for frame in range(FRAMES):
            pixels = (seen + 10 * frame).astype(np.uint8)
            Image.fromarray(pixels).save(item / f"{frame:04d}.png")
        rows.append(f"clip-{i:02d},picture {i} moves")
    (folder / "clips.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    catalog.write_text(catalog.read_text(encoding="utf-8") + CLIPS, encoding="utf-8")
    return catalog


def opened(catalog: Path) -> Dataset:
    return open_dataset(load_catalog([catalog]).dataset("clips"))


@given(count=st.integers(1, 200), first=st.integers(1, 200))
def test_the_first_frames_are_spread_over_all(count: int, first: int) -> None:
    order = spread_order(count)
    assert sorted(order) == list(range(count)) and order[0] == count // 2
    seen = sorted(order[:first])
    apart = np.diff([-1, *seen, count])
    assert apart.max() <= 2 * count / min(first + 1, count) + 2


def test_an_item_is_its_middle_frame_and_others_on_request(tmp_path: Path) -> None:
    base = opened(write_clips(tmp_path))
    assert base.sample_ids[:2] == ("clip-00", "clip-01") and len(base) == 24
    assert Path(base.image_refs[3]).parts[-2:] == ("clip-03", "0002.png")
    made = {one.spec.name: one for one in build_sets(base, ["frame:1", "frame:2"], open_dataset)}
    assert made["frame:1"].dataset.image_hash == base.image_hash
    second = made["frame:2"].dataset
    assert second.record.id == "clips.frame-2" and made["frame:2"].of_pictures
    assert Path(second.image_refs[3]).name == "0001.png"
    away = np.asarray(base.image(3), int) - np.asarray(second.image(3), int)
    assert (away == 10).all()
    assert second.row_order == base.row_order and second.captions == base.captions


def test_what_has_no_such_frame_is_named(tmp_path: Path) -> None:
    catalog = write_clips(tmp_path)
    base = opened(catalog)
    with pytest.raises(CaptionSetError, match=r"frame:6.*clip-00 has 5 frames, but number 5"):
        build_sets(base, ["frame:6"], open_dataset)
    single = open_dataset(load_catalog([catalog]).dataset("noise"))
    with pytest.raises(CaptionSetError, match="frame:2: dataset 'noise' has no option frame_index"):
        build_sets(single, ["frame:2"], open_dataset)
    (tmp_path / "clips" / "stray.png").write_bytes((tmp_path / "images" / "000.png").read_bytes())
    with pytest.raises(DatasetError, match=r"stray\.png lies in .*clips itself"):
        opened(catalog)
    (tmp_path / "clips" / "stray.png").unlink()
    for frame in (tmp_path / "clips" / "clip-07").iterdir():
        frame.unlink()
    with pytest.raises(DatasetError, match="clip-07"):
        opened(catalog)
    text = catalog.read_text(encoding="utf-8").replace("frame_index = 0", "frame_index = -1")
    catalog.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="'frame_index' of dataset 'clips' counts from 0"):
        opened(catalog)


def test_frames_are_averaged(tmp_path: Path) -> None:
    catalog = write_clips(tmp_path / "study")
    finished = prh(
        "captions", "--catalog", catalog, "--dataset", "clips", "--models", "conv-a,letters-a",
        "--k", "5", "--permutations", "0", "--average-pictures", "3", "--data", tmp_path / "data",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    rows = ask(tmp_path / "data", "FROM averaged_scores ORDER BY samples_y")
    assert rows["made_of_y"].to_list() == [
        ["own"], ["own", "frame:2"], ["own", "frame:2", "frame:3"],
    ]  # fmt: skip
    assert set(rows["samples_x"]) == {1} and rows["features_y"].n_unique() == 3
