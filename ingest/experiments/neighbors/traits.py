"""What samples are like beside their features: classes, and pictures in numbers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from ingest.datasets import Dataset
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key

SIDE = 224
"""Pixels of the longer side that a picture is brought to, so that detail compares."""
STATISTICS_VERSION = 1
_LUMA = (0.299, 0.587, 0.114)


def store_labels(
    run: Run, dataset_id: str, row_order: str, labels: Sequence[str], source: str
) -> None:
    """Leave the class of every sample, unless the same are there.

    Args:
        run: the run.
        dataset_id: whose samples.
        row_order: their order.
        labels: (n,) in it.
        source: "captions", or the path of the file they were read from.
    """
    key = unit_key({"dataset": dataset_id, "row_order": row_order, "labels": list(labels)})
    if key in run.workspace.warehouse.part_names("sample_labels"):
        run.skipped += 1
        return
    now, name = datetime.now(tz=UTC), Path(source).name
    rows = [
        {
            "dataset_id": dataset_id,
            "row_order": row_order,
            "position": position,
            "label": label,
            "source": name,
            "recorded_at": now,
        }
        for position, label in enumerate(labels)
    ]
    run.workspace.warehouse.append("sample_labels", key, rows)
    run.done += 1


def store_picture_statistics(run: Run, dataset: Dataset, progress: Progress) -> None:
    """Leave what every sample's picture is like, unless that is there.

    Args:
        run: the run.
        dataset: one with pictures.
        progress: told a step per sample.

    Raises:
        DatasetError: a picture cannot be read.
    """
    shared = {"dataset_id": dataset.record.id, "row_order": dataset.row_order}
    key = unit_key({**shared, "pictures": dataset.image_hash, "version": STATISTICS_VERSION})
    if key in run.workspace.warehouse.part_names("picture_statistics"):
        run.skipped += 1
        return
    progress.start("Pictures in numbers", len(dataset))
    now = datetime.now(tz=UTC)
    rows: list[dict[str, object]] = []
    for row in range(len(dataset)):
        told = picture_statistics(dataset.image(row))
        rows.append({**shared, "position": row, **told, "recorded_at": now})
        progress.advance(1)
    progress.done()
    run.workspace.warehouse.append("picture_statistics", key, rows)
    run.done += 1


def picture_statistics(picture: Image.Image) -> dict[str, float]:
    """Return what a picture is like, its longer side brought to 224 pixels.

    Returns:
        brightness: mean luma (Rec. 601), 0 to 1.
        contrast: standard deviation of luma.
        colorfulness: Hasler and Suesstrunk 2003, eq. 3, of channels from 0 to 1.
        detail: mean size of the luma's gradient, by differences of neighboring pixels.
    """
    small = picture.convert("RGB")
    scale = SIDE / max(small.size)
    size = tuple(max(2, round(side * scale)) for side in small.size)
    small = small.resize((size[0], size[1]), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float64) / 255
    luma = pixels @ np.array(_LUMA)
    red, green, blue = np.moveaxis(pixels, -1, 0)
    opponents = (red - green, (red + green) / 2 - blue)
    spread = np.hypot(*(one.std() for one in opponents))
    center = np.hypot(*(one.mean() for one in opponents))
    down, across = np.diff(luma, axis=0)[:, :-1], np.diff(luma, axis=1)[:-1]
    return {
        "brightness": float(luma.mean()),
        "contrast": float(luma.std()),
        "colorfulness": float(spread + 0.3 * center),
        "detail": float(np.hypot(down, across).mean()),
    }
