"""`prh curves`: what is stored is what a score of so many samples is, and nothing is done twice."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ingest.errors import MissingFeaturesError, MissingScoresError
from ingest.experiments.sizes.many import plan_many
from ingest.experiments.sizes.plan import CurveChoices, plan_curves
from ingest.pipeline.stored import stored_dataset
from ingest.store.workspace import Workspace
from prh_core.errors import CurveError, NeighborCountError
from tests.ingest.command import prh
from tests.worlds import CURVED, query


def test_the_last_point_is_the_best_pair_of_the_layer_table(world: Path) -> None:
    rows = query(
        world / "results.duckdb",
        """SELECT p.score, p.chance, a.single_layer_score, p.k, p.n
        FROM size_points AS p
        JOIN alignment AS a ON a.model_x = p.model_x AND a.model_y = p.model_y
            AND a.dataset_id = p.dataset_id AND a.metric = p.metric AND a.k = p.k AND a.n = p.n
            AND a.truncation = 'exact' AND a.pooling = 'mean' AND a.prompt = 'none'
        WHERE p.fixed = 'k' AND p.n = p.samples""",
    )
    assert rows.height == 2  # of language with vision
    assert rows["score"].to_list() == pytest.approx(rows["single_layer_score"].to_list())
    assert rows["chance"].to_list() == pytest.approx((rows["k"] / (rows["n"] - 1)).to_list())


def test_curves_are_taken_on_at_fixed_k_alone(world: Path) -> None:
    rows = query(
        world / "results.duckdb",
        """SELECT fixed, count(*) FILTER (is_extrapolated) AS ahead, count(*) AS n
        FROM size_points GROUP BY ALL ORDER BY ALL""",
    )
    assert dict(rows.select("fixed", "ahead").iter_rows())["share"] == 0
    ahead = query(world / "results.duckdb", "FROM size_points WHERE is_extrapolated")
    assert (ahead["n"] > ahead["samples"]).all() and (ahead["interval_low"] < ahead["score"]).all()


def test_what_is_stored_is_skipped_and_classes_are_added(world: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(world, tmp_path / "again"))
    sizes = ("--n", "15", "--n", "30", "--n", "60", "--orders", "1", "--k", "5")
    which = ("--dataset", "planted", "--models", ",".join(CURVED))
    way = (*which, *sizes, "--data", str(home))
    done = prh("curves", *way, "--no-publish")
    assert done.returncode == 0, done.stderr
    assert ": 0 done" in done.stderr + done.stdout
    wrong = prh("curves", *way, "--classes", str(tmp_path / "none.csv"), "--no-publish")
    assert wrong.returncode != 0 and "cannot be read as a CSV of classes" in wrong.stderr


def test_what_makes_no_curve_is_said(world: Path) -> None:
    place = Workspace(world)
    stored = stored_dataset(place, "planted")
    with pytest.raises(CurveError, match="two sizes or more, from 8 to all 60 samples, got 60"):
        plan_curves(place, stored, CurveChoices())
    with pytest.raises(NeighborCountError, match="k from 1 to 14, below the smallest size"):
        plan_curves(place, stored, CurveChoices(k=20, sizes=(15, 30)))
    with pytest.raises(MissingFeaturesError, match="of lang-lagre; there are of lang-large, "):
        plan_curves(place, stored, CurveChoices(k=5, sizes=(15, 30)), ["lang-lagre", *CURVED])
    with pytest.raises(MissingScoresError, match="no score by rsa"):
        plan_curves(place, stored, CurveChoices(("rsa",), 5, sizes=(15, 30), truncation="mean"))


def test_many_to_many_is_stored_beside_every_choice_of_one(world: Path) -> None:
    rows = query(world / "results.duckdb", "FROM many_to_many ORDER BY model_y")
    # lang-large has a second caption; its partners are the two vision models.
    assert rows["model_y"].to_list() == list(CURVED[1:])
    scores = query(world / "results.duckdb", "FROM size_curves WHERE fixed = 'k'")
    for row in rows.iter_rows(named=True):
        assert row["made_of_x"] == ["planted", "planted.caption-2"]
        assert row["one_to_one"] == pytest.approx(np.mean(row["one_scores"]))
        own = scores.filter(model_y=row["model_y"], model_x=CURVED[0], metric="mutual_knn")
        assert row["one_scores"][0] == pytest.approx(own["scores"][0][-1])
        assert row["difference"] == pytest.approx(
            row["many_to_many"] - row["many_chance"] - row["one_to_one"] + row["one_chance"]
        )
        assert row["difference_low"] < row["difference"] < row["difference_high"]


def test_without_other_captions_the_command_is_named(world: Path) -> None:
    place = Workspace(world)
    units = plan_curves(
        place, stored_dataset(place, "planted"), CurveChoices(k=5, sizes=(15, 60)), CURVED[1:]
    )
    with pytest.raises(MissingFeaturesError, match="prh captions --dataset planted --average 3"):
        plan_many(place, units, 3, 0)
