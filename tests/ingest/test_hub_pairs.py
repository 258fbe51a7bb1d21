"""Pairs on the hub: some of a repository's files, rows without a caption left out, a limit."""

import io
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pytest
from PIL import Image

from ingest.catalog import load_catalog
from ingest.catalog.records import DatasetRecord
from ingest.datasets import open_dataset
from ingest.errors import DatasetError
from ingest.progress import Silent

CAPTION = "caption_attribution_description"


def picture(shade: int) -> dict[str, Any]:
    written = io.BytesIO()
    Image.new("RGB", (8, 6), (shade, 0, 0)).save(written, "PNG")
    return {"bytes": written.getvalue(), "path": None}


@pytest.fixture
def on_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have `wikimedia/wit_base` on a hub whose files lie in a folder, in its layout."""
    folder = tmp_path / "data"
    folder.mkdir()
    said = [["a", None, "c"], ["", "e", "f"], ["g", "h", None]]
    for shard, captions in enumerate(said):
        rows = {
            "image": [picture(3 * shard + row) for row in range(3)],
            "image_url": ["http://nowhere.example"] * 3,
            "embedding": [[0.5, 0.25]] * 3,
            CAPTION: captions,
        }
        pl.DataFrame(rows, schema_overrides={CAPTION: pl.String}).write_parquet(
            folder / f"train-0000{shard}-of-00330-abc.parquet"
        )
    asked: list[dict[str, Any]] = []
    real = datasets.load_dataset

    def load(name: str, config: str | None, **how: Any) -> Any:
        asked.append({"name": name, **how})
        how.pop("revision")
        return real(str(tmp_path), config, cache_dir=str(tmp_path / "cache"), **how)

    monkeypatch.setattr(datasets, "load_dataset", load)
    return asked


def record(**changed: Any) -> DatasetRecord:
    """Return the record that ships, with some of its options changed."""
    shipped = load_catalog().dataset("wit_1m")
    options = {**shipped.options, **changed.pop("options", {})}
    return shipped.model_copy(update={"options": options, **changed})


def test_the_record_that_ships_opens_what_has_captions(on_hub: list[dict[str, Any]]) -> None:
    found = open_dataset(record(), progress=Silent())
    assert found.captions == ("a", "c", "e", "f", "g", "h")
    assert found.sample_ids == ("0", "2", "4", "5", "6", "7")  # rows keep their numbers
    assert [found.image(at).getpixel((0, 0)) for at in range(6)] == [
        (shade, 0, 0) for shade in (0, 2, 4, 5, 6, 7)
    ]
    assert found.image_refs[1] == "hf://datasets/wikimedia/wit_base@main/2"
    assert on_hub[0]["data_files"] == {"train": ["data/train-000[0-5]?-of-00330*.parquet"]}
    assert load_catalog().dataset("wit_1m").limit == 1_000_000


def test_only_the_files_that_are_named_are_read(on_hub: list[dict[str, Any]]) -> None:
    found = open_dataset(record(options={"files": ["data/train-00001*"]}), progress=Silent())
    assert found.captions == ("e", "f")


def test_a_limit_counts_rows_with_captions(on_hub: list[dict[str, Any]]) -> None:
    found = open_dataset(record(limit=3), progress=Silent())
    assert found.captions == ("a", "c", "e") and len(found) == 3


def test_without_leave_a_row_without_a_caption_is_refused(on_hub: list[dict[str, Any]]) -> None:
    with pytest.raises(DatasetError, match="row 1"):
        open_dataset(record(options={"skip_uncaptioned": False}), progress=Silent())


def test_where_no_row_has_a_caption_that_is_said(on_hub: list[dict[str, Any]]) -> None:
    with pytest.raises(DatasetError, match="none of its 9 rows has a caption in 'image_url'"):
        open_dataset(
            record(options={"caption_column": "image_url", "caption_index": 1}), progress=Silent()
        )


def test_files_that_are_not_there_are_named(on_hub: list[dict[str, Any]]) -> None:
    with pytest.raises(DatasetError, match="cannot be read as described|no data files"):
        open_dataset(record(options={"files": ["data/other-*"]}), progress=Silent())
