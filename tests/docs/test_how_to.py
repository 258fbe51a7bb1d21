"""Every how-to page, followed word for word in a copy of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, ROOT, follow

HOW_TO = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.stem != "index")
ROOMS = ("ingest", "pages", "prh_core")
HUB = ("ingest/__init__.py", "ingest/hub_datasets.py", "ingest/hub_double.py")
TESTS = ("__init__.py", "checking.py", "conftest.py", "worlds.py", "core", *HUB)
"""What the checks of a metric, and of pushing to a hub, need of the suite."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the code, compiled modules and all; kernels know their place: a link."""
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns("compiled")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=ignored)
    (copy / "prh_core" / "compiled").symlink_to(ROOT / "prh_core" / "compiled")
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    for name in TESTS:
        source, target = ROOT / "tests" / name, copy / "tests" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    return copy


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_what_a_page_says_works(page: Path, project: Path) -> None:
    checks = follow(page, project)
    environment = {**os.environ, "PYTHONPATH": str(project), "COLUMNS": "200"}
    for check in checks:
        done = subprocess.run(
            [sys.executable, "-c", check],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    # Nobody may copy code from here that the project's own rules refuse.
    rules = [sys.executable, "-m", "ruff", "check", "--quiet", *ROOMS]
    linted = subprocess.run(rules, cwd=project, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout
    arrows = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    if "import-linter" in page.read_text(encoding="utf-8") or page.stem == "experiment":
        kept = subprocess.run(
            [sys.executable, "-c", arrows],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert kept.returncode == 0, kept.stdout


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = (DOCS / "how-to" / "index.md").read_text(encoding="utf-8")
    for page in HOW_TO:
        assert f"({page.name})" in listed
