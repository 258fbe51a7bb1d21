"""Families of models can be picked on every page that shows models by the family."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from pages.captions.text import keep_families as keep_captions
from pages.color.text import keep_families
from pages.competence import queries as competence
from pages.metrics import queries as metrics
from pages.skill import queries as skill
from pages.ui import queries
from pages.ui.answers import Setting
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import edited


@pytest.fixture
def setting(world: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.setenv("PRH_DATA", str(world))
    return Setting.of(queries.settings().frame.row(0, named=True))


def test_language_models_of_a_family_are_set_against_skill(
    setting: Setting, open_page: OpenPage, world: Path
) -> None:
    pairs = queries.alignment(setting, concatenated=True, untrained=False).frame
    name = queries.skills(setting.dataset_id).frame.filter(modality="language")["skill"][0]
    asked = {"vision_model": pairs["model_y"][0], "skill": name, "text": None}
    every = skill.skill(setting, concatenated=True, **asked).frame
    kept = skill.skill(setting, concatenated=True, families="Lang A", **asked).frame
    assert set(every["language_family"]) == {"Lang A", "Lang B"}
    assert kept.equals(every.filter(language_family="Lang A"))
    app = open_page(world, "skill", families="Lang A")
    assert not app.exception
    assert app.multiselect(key="families").value == ["Lang A"]
    shown = [frame for frame in frames(app)[0] if "language_family" in frame.columns]
    assert shown and {name for frame in shown for name in frame["language_family"]} == {"Lang A"}


def test_models_of_a_family_are_compared_with_each_other_and_with_untrained_ones(
    setting: Setting, open_page: OpenPage, world: Path
) -> None:
    row = queries.model_settings("vision").frame.row(0, named=True)
    among = Setting.of(row)
    every = competence.model_pairs(among, "vision", skill=None).frame
    kept = competence.model_pairs(among, "vision", skill=None, families="Vis A").frame
    fits = [(pl.col(f"family_{s}") == "Vis A") | ~pl.col(f"trained_{s}") for s in "ab"]
    assert kept.equals(every.filter(*fits)) and 0 < kept.height < every.height
    places = competence.map_of_models(among, "vision", method="mds", skill=None, families="Vis A")
    assert set(places.frame.filter("trained")["family"]) == {"Vis A"}
    assert not places.frame.filter(~pl.col("trained")).is_empty()
    app = open_page(world, "competence", families="Vis A")
    assert not app.exception
    assert app.multiselect(key="families").options == ["Vis A", "Vis B"]


@pytest.mark.parametrize("families", ["Lang A", "Vis B", "Lang A|Vis B", "nobody"])
def test_metrics_are_followed_over_families_by_side(setting: Setting, families: str) -> None:
    name = queries.skills(setting.dataset_id).frame.filter(modality="language")["skill"][0]
    place = setting.dataset_id, setting.row_order
    every = metrics.metric_trends(*place, skill=name, calibrated=False).frame
    kept = metrics.metric_trends(*place, skill=name, calibrated=False, families=families).frame
    asked = set(families.split("|"))
    for column in ("family_x", "group_y"):
        there = set(every[column])
        assert set(kept[column]) == (there & asked or there)


def test_a_metric_page_answers_for_every_metric(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, "metrics", view="Against language skill", families="Lang A")
    assert not app.exception
    assert "metric" in told(app) and app.multiselect(key="families").value == ["Lang A"]
    beside = open_page(world, "metrics", view="Side by side")
    assert not beside.exception
    assert "of trained models is closer than chance" in told(beside) or (
        "is a pair closer than chance" in told(beside)
    )


def test_colors_and_captions_keep_what_is_no_trained_model() -> None:
    rows = pl.DataFrame({
        "side": ["vision", "language", "language", "language"],
        "family": [None, "A", "B", "B"], "trained": [True, True, True, False],
    })  # fmt: skip
    assert keep_families(rows, "").equals(rows)
    assert keep_families(rows, "A")["family"].to_list() == [None, "A", "B"]
    layers = rows.drop("side").filter(pl.col("family").is_not_null())
    assert keep_families(layers, "B")["trained"].to_list() == [True, False]
    means = pl.DataFrame({"vision_family": ["A", "B"]})
    assert keep_captions(means, "")["vision_family"].to_list() == ["A", "B"]
    assert keep_captions(means, "B")["vision_family"].to_list() == ["B"]


@pytest.mark.parametrize("topic", ["color", "captions"])
def test_pages_of_colors_and_captions_offer_families(
    open_page: OpenPage, world: Path, caption_world: Path, tmp_path: Path, topic: str
) -> None:
    home, asked = world, {}
    if topic == "captions":  # whose models are all of one family
        home, asked = tmp_path, {"lines": "mean over language models"}
        target = shutil.copy(caption_world / "results.duckdb", home)
        with edited(Path(target)) as connection:
            connection.execute("UPDATE models SET family = label WHERE modality = 'vision'")
    app = open_page(home, topic, **asked)
    assert not app.exception
    (box,) = [box for box in app.multiselect if box.key == "families"]
    picked = box.options[:1]
    box.set_value(picked).run()
    assert not app.exception and app.multiselect(key="families").value == picked
    if topic == "captions":
        shown = {name for one in frames(app)[0] if "vision_family" in one.columns
                 for name in one["vision_family"]}  # fmt: skip
        assert shown == set(picked)
