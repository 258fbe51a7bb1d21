"""Short links on the pages: who may keep a view, and where its link leads."""

import shutil
from pathlib import Path

import pytest

from pages.ui.sharing import MOST_LISTED
from prh_core.warehouse.views import KEEPING, keep_view, list_views
from tests.pages.conftest import OpenPage
from tests.pages.shown import told


@pytest.fixture
def home(world: Path, tmp_path: Path) -> Path:
    """Return a data folder of its own."""
    return Path(shutil.copy(world / "results.duckdb", tmp_path)).parent


def test_a_view_is_kept_where_the_host_lets_readers(
    open_page: OpenPage, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [field.label for field in open_page(home, "alignment").text_input]
    assert "A short name for this view" not in labels
    monkeypatch.setenv(KEEPING, "1")
    app = open_page(home, "alignment", view="Lines")
    app.text_input(key="short-alignment").set_value("Our Fig 3").run()
    app.button(key="keep-alignment").click().run()
    (view,) = list_views(home)
    assert (view.name, view.page) == ("our-fig-3", "do_language_and_vision_meet")
    assert view.choices["view"] == ["Lines"]
    assert any(block.value.endswith("/?to=our-fig-3") for block in app.code)
    app.text_input(key="short-alignment").set_value("a/b").run()
    app.button(key="keep-alignment").click().run()
    assert any("Expected a name of 1 to 40 letters" in box.value for box in app.warning)
    assert list_views(home) == [view]


def test_a_short_link_leads_to_its_view_and_nowhere_else(open_page: OpenPage, home: Path) -> None:
    keep_view(home, "fig-3", "/which_layers?language=</script><b>")
    keep_view(home, "lost", "/no_page")
    app = open_page(home, "inventory", to="fig-3")
    (script,) = [block.proto.body for block in app.get("html") if "replace" in block.proto.body]
    assert script == (
        '<script>location.replace("./which_layers?language=%3C%2Fscript%3E%3Cb%3E")</script>'
    )
    assert not app.get("vega_lite_chart")
    for name in ("lost", "gone", "../fig-3", "<script>"):
        app = open_page(home, "inventory", to=name)
        assert any("No view is kept here under the name" in box.value for box in app.info)
        assert app.get("vega_lite_chart")


def test_the_start_page_lists_the_views_that_lead_somewhere(
    open_page: OpenPage, home: Path
) -> None:
    assert "Views kept here" not in told(open_page(home, "inventory"))
    keep_view(home, "lost", "/no_page")
    for number in range(MOST_LISTED + 1):
        keep_view(home, f"view-{number:02d}", "/which_layers")
    app = open_page(home, "inventory")
    assert "Views kept here" in told(app)
    labels = [link.proto.label for link in app.get("page_link")]
    assert "view-00" in "".join(labels).replace("\\", "") and not any(
        "lost" in one for one in labels
    )
    assert any("1 more are kept" in block.value for block in app.caption)
