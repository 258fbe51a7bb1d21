"""Small copies of a dataset's pictures, where its license lets them into the warehouse."""

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from ingest.datasets import Dataset
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key

PIXELS = 64
"""Longer side of a small picture."""
QUALITY = 60


def store_thumbnails(run: Run, dataset: Dataset, progress: Progress) -> None:
    """Leave a small picture of every sample, each content once, unless they are there.

    Args:
        run: the run.
        dataset: one whose record allows it.
        progress: told a step per sample.

    Raises:
        DatasetError: a picture cannot be read.
    """
    key = unit_key(
        {
            "dataset": dataset.record.id,
            "row_order": dataset.row_order,
            "pictures": dataset.image_hash,
            "pixels": PIXELS,
            "quality": QUALITY,
        }
    )
    warehouse = run.workspace.warehouse
    if key in warehouse.part_names("sample_thumbnails"):
        run.skipped += 1
        return
    pictures: dict[str, dict[str, Any]] = {}
    hashes: list[str] = []
    progress.start("Small pictures", len(dataset))
    for row in range(len(dataset)):
        picture = shrunk(dataset.image(row))
        pictures[picture["content_hash"]] = picture
        hashes.append(picture["content_hash"])
        progress.advance(1)
    progress.done()
    now = datetime.now(tz=UTC)
    warehouse.append("thumbnails", key, list(pictures.values()))
    warehouse.append(
        "sample_thumbnails",
        key,
        [
            {
                "dataset_id": dataset.record.id,
                "row_order": dataset.row_order,
                "position": position,
                "content_hash": content,
                "recorded_at": now,
            }
            for position, content in enumerate(hashes)
        ],
    )
    run.done += 1


def shrunk(picture: Image.Image) -> dict[str, Any]:
    """Return a row of `thumbnails`: a picture in RGB, its longer side `PIXELS` long at most."""
    small = picture.convert("RGB")
    small.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.save(written, "WEBP", quality=QUALITY, method=6)
    content = written.getvalue()
    return {
        "content_hash": hashlib.sha256(content).hexdigest(),
        "webp": content,
        "width": small.width,
        "height": small.height,
    }
