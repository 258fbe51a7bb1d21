"""Scores less their untrained control: the same numbers on every page that offers them."""

from pathlib import Path

import polars as pl
import pytest

from pages.captions import queries as captions
from pages.captions import text as caption_text
from pages.competence import queries as competence
from pages.metrics import queries as metrics
from pages.skill import queries as skill
from pages.ui import queries
from pages.ui.answers import Setting
from pages.ui.reference import MINUS_CONTROL, RAW
from tests.pages.conftest import OpenPage
from tests.pages.shown import told
from tests.worlds import query


def closest_untrained(world: Path, row: dict[str, object]) -> float | None:
    """Return how close either model of a pair comes to an untrained one of the other side."""
    rows = query(
        world / "results.duckdb",
        "SELECT score FROM language_vision_alignment WHERE metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact' AND dataset_id = 'planted' AND ("
        f"(language_model = '{row['model_x']}' AND NOT vision_trained) OR "
        f"(vision_model = '{row['model_y']}' AND NOT language_trained))",
    )
    return rows["score"].max()  # type: ignore[return-value]


@pytest.fixture
def setting(world: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.setenv("PRH_DATA", str(world))
    rows = queries.settings().frame.filter(metric="mutual_knn", k=10, truncation="exact")
    return Setting.of(rows.row(0, named=True))


def test_a_control_is_the_closest_untrained_model_of_the_other_side(
    setting: Setting, world: Path
) -> None:
    pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
    assert pairs.filter(~pl.col("trained"))["control"].is_null().all()
    trained = pairs.filter("trained")
    assert trained.height == 9
    for row in trained.iter_rows(named=True):
        assert row["control"] == pytest.approx(closest_untrained(world, row))
    less = queries.alignment(setting, concatenated=True, untrained=True, minus_control=True).frame
    both = less.join(trained, on=["model_x", "model_y"], suffix="_raw")
    assert both.height == less.height == 9
    wanted = both["alignment_raw"] - both["control_raw"]
    assert both["alignment"].to_list() == pytest.approx(wanted.to_list())


def test_skill_and_metrics_show_what_alignment_shows(setting: Setting) -> None:
    less = queries.alignment(setting, concatenated=True, untrained=False, minus_control=True).frame
    name = queries.skills(setting.dataset_id).frame.filter(modality="language")["skill"][0]
    vision = less["model_y"][0]
    keys = ["model_x", "model_y"]
    one = skill.skill(
        setting, vision_model=vision, skill=name, text=None, concatenated=True, minus_control=True
    ).frame
    met = one.join(
        less.filter(model_y=vision), left_on="language_model", right_on="model_x", suffix="_there"
    )
    assert met.height == one.height > 0
    assert met["alignment"].to_list() == pytest.approx(met["alignment_there"].to_list())
    assert one["chance"].is_null().all() and one["null_best_mean"].is_null().all()
    place = setting.dataset_id, setting.row_order
    rows = metrics.metric_trends(*place, skill=name, calibrated=False, minus_control=True).frame
    same = rows.filter(metric="mutual_knn", k=10).join(less, on=keys, suffix="_there")
    assert same.height > 0
    assert same["alignment"].to_list() == pytest.approx(same["alignment_there"].to_list())
    assert rows["higher_is_closer"].all() and rows["chance"].is_null().all()


def test_caption_sets_have_a_control_of_their_own(
    caption_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(caption_world))
    study = captions.CaptionStudy.of(captions.caption_studies().frame.row(0, named=True))
    pairs = captions.caption_density(study).frame
    everything = query(caption_world / "results.duckdb", "FROM language_vision_alignment")
    for row in pairs.iter_rows(named=True):
        rows = everything.filter(dataset_id=row["dataset_id"])
        others = rows.filter(
            ((pl.col("language_model") == row["language_model"]) & ~pl.col("vision_trained"))
            | ((pl.col("vision_model") == row["vision_model"]) & ~pl.col("language_trained"))
        )
        closest = others["score"].max()
        wanted = None if closest is None else row["alignment"] - closest
        assert row["minus_control"] == (None if wanted is None else pytest.approx(wanted))
    means = captions.caption_means(study).frame
    known = means["minus_control"].is_not_null().any()
    assert (MINUS_CONTROL in caption_text.list_scores(means)) == known
    assert caption_text.choose_score(means, RAW).equals(means)
    moved = caption_text.choose_score(means, MINUS_CONTROL)
    assert moved["alignment"].equals(means["minus_control"].alias("alignment"))


@pytest.mark.parametrize(
    ("topic", "asked"),
    [
        ("alignment", {"view": "Heat map"}),
        ("skill", {}),
        ("metrics", {"view": "Against language skill"}),
    ],
)
def test_pages_offer_scores_less_their_control(
    open_page: OpenPage, world: Path, topic: str, asked: dict[str, str]
) -> None:
    app = open_page(world, topic, scores=MINUS_CONTROL, **asked)
    assert not app.exception
    assert app.selectbox(key="scores").value == MINUS_CONTROL
    assert not [box.value for box in app.info if "which is not here" in box.value]
    assert "**" in told(app)


def test_models_of_one_kind_have_a_control_too(setting: Setting, world: Path) -> None:
    settings = queries.model_settings("vision").frame
    found = Setting.of(settings.filter(metric="mutual_knn", k=10).row(0, named=True))
    raw = competence.model_pairs(found, "vision", skill=None).frame
    less = competence.model_pairs(found, "vision", skill=None, minus_control=True).frame
    assert less.height == raw.filter("trained_a", "trained_b").height == 3
    assert less["chance"].is_null().all() and less["null_best_mean"].is_null().all()
    untrained = raw.filter(~(pl.col("trained_a") & pl.col("trained_b")))
    assert untrained.height == 3 and untrained["control"].is_null().all()
    for row in less.iter_rows(named=True):
        sides = pl.col("model_a").is_in([row["model_a"], row["model_b"]]) | pl.col("model_b").is_in(
            [row["model_a"], row["model_b"]]
        )
        control = untrained.filter(sides)["alignment"].max()
        (before,) = raw.filter(model_a=row["model_a"], model_b=row["model_b"])["alignment"]
        assert row["control"] == control
        assert row["alignment"] == pytest.approx(before - control)  # type: ignore[operator]


def test_a_distance_is_less_than_its_control_where_models_agree(setting: Setting) -> None:
    settings = queries.model_settings("vision").frame.filter(~pl.col("higher_is_closer"))
    for row in settings.iter_rows(named=True):
        asked = Setting.of(row)
        less = competence.model_pairs(asked, "vision", skill=None, minus_control=True).frame
        raw = competence.model_pairs(asked, "vision", skill=None).frame.drop_nulls("control")
        wanted = (raw["control"] - raw["alignment"]).sort().to_list()
        assert less["alignment"].sort().to_list() == pytest.approx(wanted)


def test_the_page_of_strong_models_offers_it(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, "competence", scores=MINUS_CONTROL)
    assert not app.exception
    assert f"alignment {MINUS_CONTROL}" in told(app) or "Too few models" in told(app)
    assert app.selectbox(key="scores").value == MINUS_CONTROL
