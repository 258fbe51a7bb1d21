"""Tests on the shared research data and models, which a fresh clone does not have."""

import os
from pathlib import Path

import pytest


def shared_dir() -> Path:
    """Return the folder of shared data: $PRH_SHARED, or 'shared' beside the repository.

    Skips the test when it is absent.
    """
    beside = Path(__file__).resolve().parents[2].parent / "shared"
    folder = Path(os.environ.get("PRH_SHARED", beside))
    if not (folder / "datasets").is_dir():
        pytest.skip(f"no shared data at {folder}; set PRH_SHARED")
    return folder


def shared_catalog(folder: Path) -> Path:
    """Write the catalog of the shared models and datasets into `folder`; return its path."""
    template = Path(__file__).with_name("shared.toml").read_text(encoding="utf-8")
    target = folder / "shared.toml"
    target.write_text(template.replace("@SHARED@", str(shared_dir())), encoding="utf-8")
    adapters = Path(__file__).with_name("adapters.py")
    (folder / "adapters.py").write_text(adapters.read_text(encoding="utf-8"), encoding="utf-8")
    return target
