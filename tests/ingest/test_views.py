"""Views under short names: kept once, found again, and nothing that is no view."""

from pathlib import Path

import pytest

from prh_core.warehouse import views
from prh_core.warehouse.errors import ViewError
from prh_core.warehouse.views import find_view, forget_view, keep_view, list_views
from tests.ingest.command import prh

ADDRESS = "https://host.example/below/which_layers?dataset=Emoji%2C+512+pairs&families=A&families=B"


def test_a_view_is_kept_and_found(tmp_path: Path) -> None:
    kept = keep_view(tmp_path, "Fig 3", ADDRESS)
    assert (kept.name, kept.page) == ("fig-3", "which_layers")
    assert kept.choices == {"dataset": ["Emoji, 512 pairs"], "families": ["A", "B"]}
    assert kept.address == "/which_layers?dataset=Emoji%2C+512+pairs&families=A&families=B"
    assert find_view(tmp_path, "fig-3") == kept
    assert keep_view(tmp_path, "fig-3", ADDRESS) == kept, "the same again is no other"
    with pytest.raises(ViewError, match="another view has the name “fig-3”"):
        keep_view(tmp_path, "fig-3", "/which_layers")
    assert find_view(tmp_path, "fig-3") == kept
    start = keep_view(tmp_path, "start", "http://localhost:8501")
    assert (start.page, start.address) == ("", "/")
    assert list_views(tmp_path) == [kept, start]
    forget_view(tmp_path, "fig-3")
    assert list_views(tmp_path) == [start]
    with pytest.raises(ViewError, match="no view has the name"):
        forget_view(tmp_path, "fig-3")


@pytest.mark.parametrize(
    "name", ["", "-", "a-", "../a", "a/b", "a" * 41, "é", "a.b", "a\x00", "<b>"]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ViewError, match="expected a name of 1 to 40 letters"):
        keep_view(tmp_path, name, ADDRESS)
    assert find_view(tmp_path, name) is None
    with pytest.raises(ViewError, match="no view has the name"):
        forget_view(tmp_path, name)
    assert not (tmp_path / views.FOLDER).exists()


@pytest.mark.parametrize(
    "address",
    ["which layers", "javascript:alert(1)", "/a?b", "//[", "/<script>", "/?a=" + "x" * 20000],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(ViewError, match="expected"):
        keep_view(tmp_path, "a", address)
    assert list_views(tmp_path) == []


def test_damage_and_plenty_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_view(tmp_path, "a", ADDRESS)
    file = tmp_path / views.FOLDER / "a.json"
    for damage in ("", "[]", '{"page": "../x", "choices": {}, "kept_at": ""}', '{"choices": 1}'):
        file.write_text(damage, encoding="utf-8")
        assert find_view(tmp_path, "a") is None and list_views(tmp_path) == []
    with pytest.raises(ViewError, match="another view has the name"):
        keep_view(tmp_path, "a", ADDRESS)
    monkeypatch.setattr(views, "MOST", 1)
    with pytest.raises(ViewError, match="1 views are kept here already"):
        keep_view(tmp_path, "b", ADDRESS)
    (tmp_path / "file").touch()
    with pytest.raises(ViewError, match="cannot be kept"):
        keep_view(tmp_path / "file", "a", ADDRESS)


def test_the_command_keeps_lists_and_forgets(tmp_path: Path) -> None:
    data = ("--data", tmp_path)
    assert "/?to=fig-3 leads to /which_layers" in prh("view", "fig-3", ADDRESS, *data).stdout
    assert "/which_layers?dataset" in prh("view", "fig-3", *data).stdout
    assert "fig-3" in prh("view", *data).stdout
    assert prh("view", "fig-3", "--forget", *data).returncode == 0
    gone = prh("view", "fig-3", *data)
    assert gone.returncode == 1 and "no view has the name “fig-3”" in gone.stderr
