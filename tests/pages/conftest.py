"""An app over a chosen data folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.store.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[2]
OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Return a function that opens a page of the app over a data folder, from its address."""

    def opened(home: Path, topic: str, **address: str) -> AppTest:
        monkeypatch.setenv("PRH_DATA", str(home))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=20).run()
        assert not app.exception
        app.switch_page(f"pages/{topic}/page.py")
        app.query_params.update(address)
        return app.run()

    return opened


@pytest.fixture(scope="session")
def empty_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a published warehouse without a row."""
    home = tmp_path_factory.mktemp("empty")
    Warehouse(home).publish()
    return home
