"""An app over a chosen data folder."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from altair.utils import schemapi
from altair.vegalite.v6.schema.core import load_schema
from streamlit.testing.v1 import AppTest

from ingest.store.warehouse import Warehouse
from pages.ui.charts import finish
from pages.ui.charts.parts import Chart

ROOT = Path(__file__).resolve().parents[2]
OpenPage = Callable[..., AppTest]


_ROOT_SCHEMA = load_schema()
_SEEN: set[str] = set()


@pytest.fixture(autouse=True)
def _valid_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check every chart that a page draws against Vega-Lite's schema; other numbers are not new."""
    made = finish.specification

    def checked(chart: Chart) -> dict[str, Any]:
        spec = made(chart)
        bare = {key: value for key, value in spec.items() if key != "datasets"}
        shape = re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "0", json.dumps(bare))
        if shape not in _SEEN:
            schemapi.validate_jsonschema(bare, _ROOT_SCHEMA)
            _SEEN.add(shape)
        return spec

    monkeypatch.setattr(finish, "specification", checked)


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
