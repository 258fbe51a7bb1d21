"""Where the results of a study lie, and what ships with PRH Explorer."""

import os
from pathlib import Path

import platformdirs

ROOMS = Path(__file__).resolve().parents[2]
"""The folder that `prh_core`, `ingest` and `pages` are imported from."""
PROJECT = ROOMS if (ROOMS / "app.py").exists() else ROOMS / "prh_explorer"
"""The folder of app.py: a clone, or what an installed package keeps beside its rooms."""
SHIPPED = PROJECT / "data" / "shipped"
"""Parts of the results that ship with PRH Explorer."""
PUBLISHED = PROJECT / "data" / "published"
"""Tables that others published, and how to read them."""
WAREHOUSE_FILE = "results.duckdb"
"""The published warehouse, in the data folder."""


def data_folder() -> Path:
    """Return the data folder: `PRH_DATA` if set, else a clone's `data/`, else the user's own."""
    if named := os.environ.get("PRH_DATA"):
        return Path(named)
    if (PROJECT / "pyproject.toml").exists():
        return PROJECT / "data"
    return platformdirs.user_data_path("prh-explorer")


def published_file() -> Path:
    """Return where the published warehouse is looked for."""
    return data_folder() / WAREHOUSE_FILE


def module_environment() -> dict[str, str]:
    """Return the environment in which another Python finds the rooms of this project."""
    paths = [str(ROOMS), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
