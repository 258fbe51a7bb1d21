"""A folder dataset of three pictures, for the tests of datasets."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from ingest.catalog.records import DatasetRecord

NAMES = ("b.png", "a.png", "c.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three pictures with their captions."""
    (tmp_path / "images").mkdir()
    for shade, name in enumerate(NAMES):
        Image.new("RGB", (8, 8), (shade * 40, 0, 0)).save(tmp_path / "images" / name)
    captions(tmp_path, [(name, f"caption of {name}") for name in NAMES])
    return tmp_path


def captions(folder: Path, rows: Sequence[tuple[str, ...]], header: str = "image,caption") -> None:
    """Write the captions file."""
    lines = [header, *(",".join(row) for row in rows)]
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def record(folder: Path, limit: int | None = None, **options: object) -> DatasetRecord:
    """Return the record of the folder."""
    return DatasetRecord.model_validate(
        {
            "id": "mine",
            "title": "Mine",
            "kind": "folder",
            "source": "here",
            "revision": "1",
            "license": "MIT",
            "citation": "me",
            "limit": limit,
            "base": folder,
            "options": {"images": "images", "captions": "captions.csv", **options},
        }
    )
