"""Captions averaged as features on the page of captions: what it draws, says, and lacks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pages.captions import averages_chart, queries, saturation_text, statistics
from prh_core.saturation import fit_saturation
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.pages.test_captions import PAGE, _changed, _study
from tests.worlds import query


def drawn(app: Any) -> pl.DataFrame:
    """Return the points of the chart of averages."""
    return pl.concat(
        [f for sheet in frames(app) for f in sheet if {"how", "spread"} <= set(f.columns)],
        how="diagonal_relaxed",
    ).unique(["how", "captions", "pictures"])


def test_points_are_means_over_trained_pairs_beside_captions_joined(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, PAGE)
    assert not app.exception and not app.info
    points = drawn(app)
    rows = query(
        caption_world / "results.duckdb",
        "SELECT samples_x AS captions, avg(score) AS score FROM averaged_alignment "
        "WHERE trained_x AND trained_y GROUP BY 1",
    )
    averaged = points.filter(how="features averaged").join(rows, on="captions")
    assert sorted(averaged["captions"]) == [1, 2, 3, 4]
    assert averaged["alignment"].to_list() == pytest.approx(averaged["score"].to_list())
    joined = points.filter(how="captions joined as text").row(0, named=True)
    wanted = query(
        caption_world / "results.duckdb",
        "SELECT avg(score) FROM language_vision_alignment WHERE language_trained AND "
        "vision_trained AND dataset_id = 'planted.joined-2'",
    ).item()
    assert joined["captions"] == 2 and joined["alignment"] == pytest.approx(wanted)
    spec = json.loads(app.get("vega_lite_chart")[2].proto.spec)  # type: ignore[attr-defined]
    shapes = [layer["encoding"]["shape"] for layer in spec["layer"] if "shape" in layer["encoding"]]
    assert shapes[0]["scale"]["domain"] == ["features averaged", "captions joined as text"]


def test_the_sentence_is_true_of_the_stored_law(open_page: OpenPage, caption_world: Path) -> None:
    said = told(open_page(caption_world, PAGE))
    law = query(caption_world / "results.duckdb", "FROM saturation_laws WHERE model_x IS NULL").row(
        0, named=True
    )
    assert f"alignment is {law['score_first']:.3f} with 1 caption an image" in said
    assert f"{law['score_last']:.3f} with the features of 4 averaged" in said
    assert "**Over captions, 1 picture an image:** inconclusive." in said
    assert "4 points less 3 parameters, 1 degree of freedom left" in said
    assert "Of 4 pairs of models by themselves" in said
    points = queries.caption_averages(_study()).frame.filter(how="features averaged")
    found = fit_saturation(points["captions"].to_numpy()[:, None], points["alignment"].to_numpy())
    assert law["limit_score"] == pytest.approx(found.limit, rel=1e-4)
    assert law["r_squared"] == pytest.approx(found.r_squared, abs=1e-6)


def test_curves_are_the_laws(caption_world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(caption_world))
    points, laws = (q(_study()).frame for q in (queries.caption_averages, queries.saturation))
    curves = statistics.law_curves(points, laws, "captions")
    law = laws.filter("overall").row(0, named=True)
    by_hand = law["limit_score"] - law["lack_captions"] * curves["captions"].to_numpy() ** (
        -law["exponent_captions"]
    )
    assert curves["fit"].to_list() == pytest.approx(by_hand.tolist())
    assert (curves["captions"].min(), curves["captions"].max()) == (1, 4)
    assert statistics.law_curves(points, laws.clear(), "captions").is_empty()


def test_a_mean_is_over_pairs_that_every_number_has(
    caption_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _changed(
        caption_world, tmp_path / "a",
        "DELETE FROM averaged_scores WHERE model_y = 'vis-large' AND samples_x = 3",
        "UPDATE caption_sets SET amount = 3 WHERE name = 'joined:2'",
        "DELETE FROM scores WHERE model_x = 'lang-small' AND dataset_id = 'planted.joined-2'",
    )  # fmt: skip
    monkeypatch.setenv("PRH_DATA", str(home))
    points = queries.caption_averages(_study()).frame
    assert set(points["vision_models"]) == {1} and set(points["how"]) == {"features averaged"}


def test_averages_alone_have_the_page_for_themselves(
    open_page: OpenPage, caption_world: Path, tmp_path: Path
) -> None:
    home = _changed(caption_world, tmp_path / "a", "DELETE FROM caption_differences")
    app = open_page(home, PAGE)
    assert not app.exception and not app.info
    assert len(app.get("vega_lite_chart")) == 1 and drawn(app).height == 5
    assert "Up to 4 captions and 1 pictures an image averaged" in " ".join(
        caption.value for caption in app.caption
    )
    bare = _changed(caption_world, tmp_path / "b", "DELETE FROM saturation_laws")
    said = told(open_page(bare, PAGE))
    assert "No law of saturation is fitted: it takes three different numbers." in said


def _laws(points: pl.DataFrame) -> pl.DataFrame:
    """Return a law of the mean over both sides, as `queries.saturation` answers."""
    law = fit_saturation(
        points.select("captions", "pictures").to_numpy(), points["alignment"].to_numpy()
    )
    (lack_x, lack_y), (power_x, power_y) = law.coefficients, law.exponents
    return pl.DataFrame({
        "along": ["captions and pictures"], "held": [None], "overall": [True],
        "limit_score": [law.limit], "limit_low": [law.limit_low], "limit_high": [law.limit_high],
        "lack_captions": [lack_x], "exponent_captions": [power_x], "lack_pictures": [lack_y],
        "exponent_pictures": [power_y], "r_squared": [law.r_squared], "points": [law.points],
        "free": [law.free], "held_out_error": [law.held_out], "held_out_last": [law.held_out_last],
        "determined": [law.determined], "verdict": [law.verdict],
    }, schema_overrides={"held": pl.Int32})  # fmt: skip


def test_a_law_over_captions_and_pictures_is_told_and_drawn() -> None:
    grid = [(a, b) for a in range(1, 6) for b in range(1, 4)]
    rng = np.random.default_rng(0)
    points = pl.DataFrame({
        "how": ["features averaged"] * 15, "captions": [a for a, _ in grid],
        "pictures": [b for _, b in grid],
        "alignment": [0.4 - 0.15 * a**-0.75 - 0.13 * b**-1.3 for a, b in grid]
        + 0.0005 * rng.normal(size=15), "spread": [0.01] * 15, "language_models": [2] * 15,
        "vision_models": [3] * 15, "chance": [0.01] * 15, "null_best_mean": [0.02] * 15,
    }, schema_overrides={"captions": pl.Int32, "pictures": pl.Int32})  # fmt: skip
    laws = _laws(points)
    said = saturation_text.describe_averages(points, laws)
    assert "**Over captions and pictures:** the law holds. R² = .9999" in said
    assert "15 points less 5 parameters, 10 degrees of freedom left; S∞ = 0.3" in said
    assert "Mean over 2 language models and 3 vision models: alignment is" in said
    end = saturation_text.known_end(laws, "captions")
    assert end == pytest.approx(0.4, abs=0.02)
    curves = statistics.law_curves(points, laws, "captions")
    assert set(curves["pictures"]) == {1, 2, 3}
    spec = averages_chart.averages(
        points, curves, over="captions", limit=end, measure="m", reference=None
    ).to_dict()
    names = spec["layer"][2]["encoding"]["color"]["scale"]["domain"]
    assert names == [
        "features averaged, 1 picture", "features averaged, 2 pictures",
        "features averaged, 3 pictures",
    ]  # fmt: skip
    endless = laws.with_columns(limit_high=pl.lit(None, pl.Float64))
    assert saturation_text.known_end(endless, "captions") is None
    assert "do not bound it above" in saturation_text.describe_averages(points, endless)
    flat = endless.with_columns(determined=pl.lit(False))
    assert "no end is seen" in saturation_text.describe_averages(points, flat)
