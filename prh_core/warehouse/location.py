"""Where the results of a study lie."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of app.py."""
WAREHOUSE_FILE = "results.duckdb"
"""The published warehouse, in the data folder."""
DEMO_UNFINISHED = "demo.unfinished"
"""Lies in the data folder from the beginning of `prh demo` to its end."""


def data_folder() -> Path:
    """Return the data folder: `PRH_DATA` if set, else `data/` beside the app."""
    return Path(os.environ.get("PRH_DATA") or PROJECT / "data")


def published_file() -> Path:
    """Return where the published warehouse is looked for."""
    return data_folder() / WAREHOUSE_FILE
