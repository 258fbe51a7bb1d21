"""A catalog of one task, for the tests of tasks."""

from pathlib import Path

from ingest.catalog import load_catalog
from ingest.catalog.records import TaskRecord

HEAD = """
[[task]]
id = "mine"
title = "Mine"
group = "natural"
kind = "{kind}"
source = "made for a test"
revision = "1"
license = "MIT"
citation = "none"
options = {{ {options} }}
"""


def record(folder: Path, kind: str = "npz", options: str = 'file = "mine.npz"') -> TaskRecord:
    """Write a catalog of one task into a folder and return its record."""
    catalog = folder / "tasks.toml"
    catalog.write_text(HEAD.format(kind=kind, options=options), encoding="utf-8")
    return load_catalog([catalog]).task("mine")
