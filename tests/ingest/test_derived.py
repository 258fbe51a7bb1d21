"""What is derived at publishing is what the scores say, counted here by other means."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ingest.store.warehouse import Warehouse
from tests.worlds import query

SETTING = [
    "dataset_id", "row_order", "n", "metric", "k", "sigma", "truncation", "normalized", "pooling",
    "prompt", "precision",
]  # fmt: skip
Ask = Callable[[str], pl.DataFrame]


@pytest.fixture(params=["world", "caption_world"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Return a function that asks a published world."""
    home: Path = request.getfixturevalue(request.param)
    return lambda sql: query(home / "results.duckdb", sql)


def test_settings_are_those_of_the_pairs(ask: Ask) -> None:
    pairs = ask("FROM language_vision_alignment")
    listed = ask("FROM language_vision_settings ORDER BY place")
    assert listed["place"].to_list() == list(range(1, listed.height + 1))
    counted = pairs.group_by(SETTING).agg(
        pl.len().alias("pairs"), pl.col("language_model").unique().alias("models")
    )
    joined = listed.join(counted, on=SETTING, nulls_equal=True)
    assert joined.height == listed.height == counted.height
    assert joined["pairs"].to_list() == joined["pairs_right"].to_list()
    able = ask("SELECT model_id, bool_or(predicts_text) AS reads FROM skills GROUP BY model_id")
    skilled, reading = set(able["model_id"]), set(able.filter("reads")["model_id"])
    for row in joined.iter_rows(named=True):
        assert row["skilled"] == len(skilled & set(row["models"]))
        assert row["predicting"] == len(reading & set(row["models"]))
        same = joined.filter(
            pl.col(name).eq_missing(pl.lit(row[name])) for name in SETTING if name != "k"
        )
        assert row["ks"] == same["k"].drop_nulls().n_unique()


@pytest.mark.parametrize("modality", ["vision", "language"])
def test_settings_within_a_modality_are_those_of_its_pairs(ask: Ask, modality: str) -> None:
    pairs = ask(f"FROM alignment_within_modality WHERE modality = '{modality}'")
    listed = ask(f"FROM settings_within_modality WHERE modality = '{modality}' ORDER BY place")
    assert listed["place"].to_list() == list(range(1, listed.height + 1))
    counted = pairs.group_by(SETTING).agg(
        pl.len().alias("pairs"),
        pl.concat_list(pl.col("model_a", "model_b")).explode().n_unique().alias("models"),
    )
    joined = listed.join(counted, on=SETTING, nulls_equal=True)
    assert joined.height == listed.height == counted.height
    assert joined["pairs"].to_list() == joined["pairs_right"].to_list()
    assert joined["models"].to_list() == joined["models_right"].to_list()


def test_scores_are_counted_by_pair_model_and_feature_set(ask: Ask) -> None:
    scores = ask(
        "SELECT model_x, model_y, metric, k, features_x, features_y, dataset_id, row_order "
        "FROM current_scores"
    )
    pairs = ask("FROM scored_pairs")
    by_pair = scores.group_by(
        "model_x", "model_y", "metric", "k", published=pl.col("features_x").is_null()
    ).len()
    same = pairs.join(
        by_pair, on=["model_x", "model_y", "metric", "k", "published"], nulls_equal=True
    )
    assert same.height == pairs.height == by_pair.height
    assert same["scores"].to_list() == same["len"].to_list()
    for model, dataset, order, count in ask(
        "SELECT model_id, dataset_id, row_order, scores FROM scored_models"
    ).iter_rows():
        of = (pl.col("model_x") == model) | (pl.col("model_y") == model)
        there = scores.filter(of, dataset_id=dataset, row_order=order)
        assert there.height == count > 0
    stored = ask("SELECT features_x, features_y FROM scores")
    counted = dict(ask("SELECT unit_key, scores FROM feature_set_scores").iter_rows())
    assert counted.keys() == {*stored["features_x"], *stored["features_y"]}
    for key, count in counted.items():
        assert (
            count
            == stored.filter((pl.col("features_x") == key) | (pl.col("features_y") == key)).height
        )
    covered = ask("SELECT unit_key, scores FROM coverage")
    assert all(counted.get(key, 0) == count for key, count in covered.iter_rows())


def test_the_closest_model_is_closest_under_the_customary_metric(ask: Ask) -> None:
    pairs = ask("FROM language_vision_alignment").filter(metric="mutual_knn", k=10)
    for row in ask("FROM closest_models").iter_rows(named=True):
        side, other = (
            ("language_model", "vision_model")
            if row["model_id"] in set(pairs["language_model"])
            else ("vision_model", "language_model")
        )
        own = pairs.filter(pl.col(side) == row["model_id"])
        best = own.sort("score", descending=True).row(0, named=True)
        assert (row["metric"], row["k"], row["score"]) == ("mutual_knn", 10, best["score"])
        assert row["closest"] in set(own.filter(score=best["score"])[other])


def test_what_is_derived_follows_what_is_published(own_world: Path) -> None:
    """Publishing again over a file whose parts are gone leaves the same lists."""
    path = own_world / "results.duckdb"
    names = ("language_vision_settings", "settings_within_modality", "scored_pairs", "superseded")
    before = [query(path, f"FROM {name} ORDER BY ALL") for name in names]
    for part in (own_world / "parts").rglob("*.parquet"):
        part.unlink()
    Warehouse(own_world).publish()
    after = [query(path, f"FROM {name} ORDER BY ALL") for name in names]
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))
