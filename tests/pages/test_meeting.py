"""Fig. 3's page: scores less their control, families picked, two settings side by side."""

from pathlib import Path

import polars as pl
import pytest

from pages.alignment import statistics
from pages.alignment.text import name_apart
from pages.ui import queries
from pages.ui.answers import Setting
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn, frames, told

TOPIC = "alignment"


@pytest.fixture
def setting(world: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.setenv("PRH_DATA", str(world))
    found = queries.settings().frame.filter(pl.col("metric") == "mutual_knn", pl.col("k") == 10)
    return Setting.of(found.row(0, named=True))


def test_a_control_is_the_closest_untrained_of_either_side(setting: Setting) -> None:
    raw = queries.alignment(setting, concatenated=True, untrained=True).frame
    less = queries.alignment(setting, concatenated=True, untrained=True, minus_control=True).frame
    assert less.height == raw.filter("trained").height == 9
    assert less["null_threshold"].is_null().all() and less["interval_low"].is_null().all()
    for row in less.to_dicts():
        with_language = raw.filter(
            pl.col("label_x") == row["label_x"], pl.col("group_y") == "untrained"
        )
        with_vision = raw.filter(
            pl.col("label_y") == row["label_y"], pl.col("group_x") == "untrained"
        )
        reach = max(*with_language["alignment"], *with_vision["alignment"])
        one = raw.filter(
            pl.col("label_x") == row["label_x"],
            pl.col("label_y") == row["label_y"],
        )["alignment"][0]
        assert row["control"] == reach
        assert row["alignment"] == pytest.approx(one - reach)
    assert raw.filter(~pl.col("trained"))["control"].is_null().all()


@pytest.mark.parametrize("families", ["Vis A", "Vis A|Lang B", "Lang A", "", "nobody"])
def test_families_are_kept_by_side_and_controls_with_them(setting: Setting, families: str) -> None:
    every = queries.alignment(setting, concatenated=True, untrained=True).frame
    kept = queries.alignment(setting, concatenated=True, untrained=True, families=families).frame
    wanted = set(families.split("|"))
    for side in ("x", "y"):
        there = set(every[f"group_{side}"])
        picked = there & wanted or there
        assert set(kept[f"group_{side}"]) == picked | {"untrained"}


def test_the_page_opens_on_one_family_from_its_address(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, TOPIC, view="Heat map", families="Vis A")
    assert not app.exception
    assert app.multiselect(key="families").value == ["Vis A"]
    assert set(drawn(app)[0]["group_y"]) == {"Vis A", "untrained"}


def test_scores_less_their_control_are_held_against_zero(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, TOPIC, view="Lines", scores="minus untrained control")
    assert not app.exception
    (held,) = [frame for frame in drawn(app) if "held_low" in frame.columns]
    assert held.rows() == [(0.0, 0.0)]
    assert "less that of its **untrained control**" in told(app)


def test_two_settings_stand_side_by_side(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, TOPIC, view="Heat map", compare="true", other_k="5")
    assert not app.exception
    left, right = (max(chart, key=lambda one: one.height) for chart in frames(app))
    assert left.height == right.height > 0
    assert left["alignment"].to_list() != right["alignment"].to_list()
    assert "**mutual k-NN (k = 10)**" in told(app) and "**mutual k-NN (k = 5)**" in told(app)
    assert "**On the right:**" in told(app)


def test_settings_that_differ_in_nothing_named_are_left_and_right() -> None:
    row = {"metric_label": "m", "k": 10, "sigma": None, "dataset": "d", "n": 5, "truncation": "t",
           "pooling": "mean", "prompt": "none", "precision": None}  # fmt: skip
    assert name_apart(row, row) == ("m (k = 10) (left)", "m (k = 10) (right)")
    assert name_apart(row, {**row, "n": 6}) == ("n = 5", "n = 6")


def test_a_mean_trend_is_over_models_compared_with_all(setting: Setting) -> None:
    skill = queries.skills(setting.dataset_id).frame.filter(
        "predicts_text", pl.col("modality") == "language"
    )["skill"][0]
    pairs = queries.alignment(setting, concatenated=True, untrained=False, skill_x=skill).frame
    trend, models, lines = statistics.mean_trend(pairs, side="x")
    assert trend is not None and (models, lines) == (3, 3)
    means = pairs.group_by("label_x").agg(pl.col("alignment").mean(), pl.col("score_x").first())
    wanted = means.select(pl.corr("alignment", "score_x")).item()
    assert trend["r"] == pytest.approx(wanted)
    gone = pairs.filter(~((pl.col("label_x") == "Lang Small") & (pl.col("label_y") == "Vis Small")))
    _, models, lines = statistics.mean_trend(gone, side="x")
    assert (models, lines) == (3, 2)
