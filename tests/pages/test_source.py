"""Whose results are shown, and how far a demo is, is said below the pages' names."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.pipeline.told import write_progress
from pages.ui import source
from prh_core.warehouse import shipped
from prh_core.warehouse.location import WAREHOUSE_FILE
from prh_core.warehouse.progress import DEMO_UNFINISHED, WorkProgress
from tests.pages.conftest import ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder of somebody who named none and has measured nothing."""
    monkeypatch.delenv("PRH_DATA", raising=False)
    monkeypatch.setenv("PRH_CACHE", str(tmp_path / "cache"))
    shipped.shipped_warehouse.cache_clear()
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(shipped, "data_folder", lambda: folder)
    monkeypatch.setattr(source, "data_folder", lambda: folder)
    monkeypatch.setattr(shipped, "published_file", lambda: folder / WAREHOUSE_FILE)
    return folder


def _open() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    return app


def _beside(app: AppTest) -> str:
    return " ".join(text.value for text in app.sidebar.caption)


def test_a_first_visit_shows_what_ships_and_says_so(home: Path) -> None:
    app = _open()
    assert "ship with PRH Explorer" in _beside(app) and "`prh demo`" in _beside(app)
    assert not app.warning and app.get("vega_lite_chart")
    assert not app.sidebar.get("progress")


def test_a_demo_at_work_tells_how_far_it_is(home: Path) -> None:
    write_progress(home / DEMO_UNFINISHED, WorkProgress(2, 8, "Captions", 3, 4))
    app = _open()
    (bar,) = app.sidebar.get("progress")
    assert bar.proto.text == "Captions: 3 of 4"  # type: ignore[attr-defined]
    assert bar.proto.value == round(100 * 2.75 / 8)  # type: ignore[attr-defined]
    assert "at work here" in _beside(app) and "ship with" in _beside(app)


def test_results_of_ones_own_are_shown_without_a_word(home: Path, world: Path) -> None:
    (home / WAREHOUSE_FILE).write_bytes((world / WAREHOUSE_FILE).read_bytes())
    assert _beside(_open()) == ""


def test_a_demo_that_stands_still_is_said_to(home: Path) -> None:
    (home / DEMO_UNFINISHED).touch()
    os.utime(home / DEMO_UNFINISHED, (0, 0))
    assert "`prh demo` goes on where it stopped" in _beside(_open())
