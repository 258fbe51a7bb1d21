"""A study whose images have three captions each, and a label."""

import csv
from pathlib import Path

from tests.ingest.own_study import write_study

RICH = """
[[dataset]]
id = "rich"
title = "Rich"
kind = "folder"
source = "made for a test"
revision = "1"
license = "MIT"
citation = "none"
options = { images = "images", captions = "rich.csv", where = { caption_index = 0 } }
"""


def write_rich(folder: Path, *, empty: str | None = None, n: int = 24) -> Path:
    """Write a study whose images have three captions each, and a label; return its catalog."""
    catalog = write_study(folder, n)
    with (folder / "rich.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["image", "caption_index", "caption", "label"])
        for i in range(n):
            for index in range(3):
                text = f"thing {i} seen for the {'first second third'.split()[index]} time"
                label = "" if empty == f"{i:03d}.png" and index == 0 else f"thing {i % 5}"
                writer.writerow([f"{i:03d}.png", index, text, label])
    with catalog.open("a", encoding="utf-8") as opened:
        opened.write(RICH)
    return catalog
