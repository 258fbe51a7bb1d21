"""Nulls of stored scores against the scores' own calibration, slow definitions and other scores."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.errors import MissingFeaturesError
from ingest.experiments.nulls.confounds import plan_confounds, simulate_confounds
from ingest.experiments.nulls.plan import NullChoices, plan_nulls
from ingest.experiments.nulls.run import draw_nulls
from ingest.pipeline.classes import read_classes
from ingest.pipeline.run import Run
from ingest.pipeline.stored import stored_captions, stored_dataset
from ingest.progress import Silent
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from prh_core import align
from prh_core.calibration import permutations
from prh_core.errors import PRHError
from prh_core.nulls import permutations_within, rotated, rotations
from prh_core.prepare import normalize, truncate
from tests.ingest.command import prh
from tests.worlds import CONFOUNDED, NULLS, query


@pytest.fixture(scope="module")
def rows(world: Path) -> pl.DataFrame:
    """Return the nulls of the planted world."""
    return query(world / "results.duckdb", "FROM null_scores")


def test_relabeled_rows_are_the_calibration_that_scores_have(world: Path) -> None:
    both = query(
        world / "results.duckdb",
        """SELECT t.*, s.p_value AS p, s.null_best_mean AS mean, s.null_threshold AS tau,
            s.calibrated AS cal
        FROM null_scores AS t JOIN scores AS s ON s.unit_key = t.score_key
        WHERE null_kind = 'relabeled' AND s.permutations = 19""",
    )
    assert both.height >= 27
    for ours, theirs in (("p_value", "p"), ("null_best_mean", "mean"), ("null_threshold", "tau"),
                         ("calibrated", "cal")):  # fmt: skip
        assert np.allclose(both[ours], both[theirs], atol=1e-6)
    assert both["draws"].list.len().unique().to_list() == [19]


def test_draws_equal_their_slow_definitions(world: Path, rows: pl.DataFrame) -> None:
    stored = stored_dataset(Workspace(world), "planted")
    files = {file.header.model_id: file.path for file in stored.files}
    names = ("lang-large", "vis-small")
    x, y = (truncate(read_layers(files[name]), "exact") for name in names)
    one = rows.filter(model_x=names[0], model_y=names[1], metric="mutual_knn")
    found = {row["null_kind"]: row for row in one.iter_rows(named=True)}
    classes = np.arange(60) % 4
    for null, orders in (
        ("relabeled", permutations(60, 19, 0)),
        ("within-class", permutations_within(classes, 19, 0)),
    ):
        slow = [
            align(x, [layer[order] for layer in y], k=10, concatenate=True).score
            for order in orders[:3]
        ]
        assert found[null]["draws"][:3] == pytest.approx(slow, abs=1e-6)
    unit = [layer.exact() for layer in normalize(y)]
    (turn,) = rotations(60, 1, 0)
    slow = align(x, [rotated(layer, turn) for layer in unit], k=10, concatenate=True).score
    assert found["spectrum"]["draws"][0] == pytest.approx(slow, abs=1e-6)
    assert found["within-class"]["movable"] == 1
    assert found["within-class"]["drawn_from"] == "4 classes"


def test_untrained_networks_are_scores_that_are_stored(world: Path) -> None:
    found = query(
        world / "results.duckdb",
        """SELECT * FROM null_tests WHERE null_kind = 'untrained' AND metric = 'cka'
            AND model_x = 'lang-other' AND model_y = 'vis-other'""",
    ).row(0, named=True)
    scores = query(
        world / "results.duckdb",
        """SELECT score FROM current_scores WHERE metric = 'cka' AND
            (model_x, model_y) = ('lang-other', 'vis-random')
            OR metric = 'cka' AND (model_x, model_y) = ('lang-random', 'vis-other')""",
    )["score"].to_list()
    # lang-random is built as lang-other is; vis-random as no other: the former alone counts.
    assert found["drawn_from"] == "untrained networks of the same architecture: lang-random"
    assert len(found["draws"]) == 1 and found["draws"][0] in scores
    assert found["p_value"] in (0.5, 1.0)
    assert found["null_threshold"] is None and found["calibrated"] is None


def test_the_command_resumes_and_takes_classes_of_a_file(own_world: Path) -> None:
    ids = stored_dataset(Workspace(own_world), "planted").sample_ids
    lines = "".join(f"{name},{place % 5}\n" for place, name in enumerate(ids))
    (own_world / "classes.csv").write_text(f"id,class\n{lines}")
    asked = ["nulls", "--dataset", "planted", "--data", own_world, "--draws", "19", "--null",
             "within-class", "--metric", "cka", "--classes", own_world / "classes.csv"]  # fmt: skip
    assert "15 done, 0 found done, 0 left out" in prh(*asked).stderr
    assert "0 done, 15 found done, 0 left out" in prh(*asked).stderr
    # Five classes were drawn last: they are what is shown, once a pair.
    shown = query(
        own_world / "results.duckdb",
        """SELECT drawn_from, count(*) AS pairs
        FROM null_tests WHERE null_kind = 'within-class' AND metric = 'cka' GROUP BY ALL""",
    )
    assert shown.rows() == [("5 classes", 15)]


def test_simulated_nulls_rise_with_width_and_depth_except_where_corrected(world: Path) -> None:
    found = query(world / "results.duckdb", "FROM simulated_nulls")
    assert set(found["metric"]) == set(CONFOUNDED) and set(found["source"]) == {"simulated"}
    mean = {(m, w, d): s for m, w, d, s in
            found.select("metric", "width", "layers", "score_mean").iter_rows()}  # fmt: skip
    assert mean["cka", 48, 1] > mean["cka", 6, 1] + 0.2
    assert mean["unbiased_cka", 48, 1] < 0.1
    for metric in CONFOUNDED:
        assert mean[metric, 6, 3] > mean[metric, 6, 1]


def test_a_plain_simulation_is_aligning_gaussian_features(tmp_path: Path) -> None:
    (unit,) = plan_confounds(["rsa"], n=30, k=3, ratios=[0.5], depths=[2], draws=1, seed=4)
    with Run(Workspace(tmp_path)) as run:
        simulate_confounds(run, [unit], Silent())
    rng = np.random.default_rng([4, 30, 15, 2])
    x, y = ([rng.standard_normal((30, 15), np.float32) for _ in range(2)] for _ in "xy")
    stored = Workspace(tmp_path).warehouse.rows("simulated_nulls")
    assert stored is not None
    assert stored["score_mean"][0] == pytest.approx(align(x, y, metric="rsa").score, abs=1e-6)


def test_refusals_say_what_is_lacking(world: Path, tmp_path: Path) -> None:
    place = Workspace(world)
    stored = stored_dataset(place, "planted")
    with pytest.raises(PRHError, match="needs the class of every sample: --classes"):
        plan_nulls(place, stored, NullChoices(["within-class"]))
    with pytest.raises(PRHError, match="no null is called 'none'"):
        plan_nulls(place, stored, NullChoices(["none"]))
    with pytest.raises(PRHError, match="one draw or more, got 0"):
        plan_nulls(place, stored, NullChoices(draws=0))
    with pytest.raises(MissingFeaturesError, match="run `prh score --dataset planted`"):
        plan_nulls(place, stored, NullChoices(metrics=["rsa"]))
    captions = stored_captions(place, "planted", stored.row_order)
    assert read_classes("captions", stored.sample_ids, captions)[7] == "caption 7"
    with pytest.raises(PRHError, match="no captions to take classes from"):
        read_classes("captions", stored.sample_ids, None)
    with pytest.raises(PRHError, match="cannot be read as a CSV"):
        read_classes(str(tmp_path / "none.csv"), stored.sample_ids, None)
    (tmp_path / "odd.csv").write_text("name,label\na,b\n")
    with pytest.raises(PRHError, match="expected columns id and class, got name, label"):
        read_classes(str(tmp_path / "odd.csv"), stored.sample_ids, None)
    (tmp_path / "few.csv").write_text("id,class\nsample-000,b\n")
    with pytest.raises(PRHError, match="no class for 59 of 60 samples, e.g. sample-001"):
        read_classes(str(tmp_path / "few.csv"), stored.sample_ids, None)
    # Every caption is another's: within classes of one nothing moves, and each score is named.
    with Run(Workspace(tmp_path / "data")) as run:
        units = plan_nulls(place, stored, NullChoices(["within-class"], ["cka"]), captions)
        draw_nulls(run, units, Silent(), captions)
        assert run.refused and "nothing can be permuted" in run.refused[0].reason
    assert set(NULLS) < {"relabeled", "within-class", "within-cluster", "spectrum", "untrained"}
