"""A model tried beside a panel: the same scores as an import gives, and the panel as it was."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import plan, settings_for
from ingest.pipeline.scoring import score_missing
from ingest.pipeline.stored import stored_dataset
from ingest.progress import Silent
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from prh_core.warehouse.progress import TRIAL_UNFINISHED, read_progress
from tests.ingest.command import prh
from tests.worlds import query

SCORES = """
    SELECT model_x, model_y, metric, k, truncation, score, layer_x, layer_y, layer_table,
        null_mean, null_threshold, p_value, interval_low, interval_high
    FROM scores WHERE model_x = 'mine' OR model_y = 'mine'
    ORDER BY model_x, model_y, metric, k, truncation
"""
SETTING = ("--metric", "mutual_knn", "--metric", "cycle_knn", "--permutations", 19)


def _contents(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def layers(built_world: Path) -> dict[str, np.ndarray]:
    """Features near those of a model of the panel, and the ids of their rows."""
    stored = stored_dataset(Workspace(built_world), "planted")
    (file,) = [one for one in stored.files if one.header.model_id == "vis-large"]
    rng = np.random.default_rng(3)
    found = {
        f"block.{i}": (layer + rng.normal(size=layer.shape)).astype(np.float32)
        for i, layer in enumerate(read_layers(file.path))
    }
    return {"ids": np.array(stored.sample_ids), **found}


@pytest.fixture(scope="module")
def mine(layers: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their file, rows scrambled."""
    file = tmp_path_factory.mktemp("given") / "mine.npz"
    order = np.random.default_rng(0).permutation(len(layers["ids"]))
    np.savez(file, allow_pickle=False, **{name: array[order] for name, array in layers.items()})
    return file


@pytest.fixture(scope="module")
def tried(built_world: Path, mine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trial that went well, with a skill said of the model."""
    before, into = _contents(built_world), tmp_path_factory.mktemp("trial") / "new"
    done = prh(
        *("try", mine, "--dataset", "planted", "--into", into, "--data", built_world, *SETTING),
        *("--skill", "Pictures (acc, 5-shot), planted=0.75"),
    )
    assert done.returncode == 0, done.stderr
    assert "mine with language models: mutual k-NN, best first" in done.stdout
    assert "Scored with 8 models on 60 samples of planted" in done.stdout
    assert _contents(built_world) == before
    return into


def test_a_trial_scores_as_a_study_does_to_the_last_bit(
    tried: Path, own_world: Path, layers: dict[str, np.ndarray]
) -> None:
    (given,) = (tried / "features" / "mine").iterdir()
    mended = zip(read_layers(given), list(layers.values())[1:], strict=True)
    assert all(np.array_equal(found, told) for found, told in mended)
    shutil.copytree(given.parent, own_world / "features" / "mine")
    place = Workspace(own_world)
    files = {one.header.model_id: one for one in stored_dataset(place, "planted").files}
    settings = settings_for(["mutual_knn", "cycle_knn"], [10], ["exact"], permutations=19)
    raw = [replace(setting, interval=False) for setting in settings]
    seeing = [files[name] for name in sorted(files) if not name.startswith("lang")]
    reading = [files[name] for name in sorted(files) if name.startswith("lang")]
    with Run(place) as run:
        score_missing(run, plan(reading, [files["mine"]], settings), Silent())
        score_missing(run, plan(seeing, seeing, raw), Silent())
    place.warehouse.publish()
    expected = query(own_world / "results.duckdb", SCORES)
    found = query(tried / "results.duckdb", SCORES)
    assert found.height == 8 * 2 + 4  # cycle k-NN in both directions within vision
    assert found.equals(expected)


def test_the_model_stands_in_every_table_beside_the_panel(tried: Path, built_world: Path) -> None:
    results = tried / "results.duckdb"
    everyone = "SELECT DISTINCT model_id FROM models ORDER BY ALL"
    there = query(built_world / "results.duckdb", everyone)["model_id"].to_list()
    assert query(results, everyone)["model_id"].to_list() == sorted([*there, "mine"])
    mapped = query(results, "SELECT DISTINCT method FROM maps WHERE model_id = 'mine'")
    assert mapped.height == 2
    skill = query(results, "SELECT skill, score FROM skills WHERE model_id = 'mine'").rows()
    assert skill == [("Pictures (acc, 5-shot), planted", 0.75)]
    others = "SELECT * FROM scores WHERE 'mine' NOT IN (model_x, model_y) ORDER BY unit_key"
    assert query(results, others).equals(query(built_world / "results.duckdb", others))
    assert read_progress(tried, TRIAL_UNFINISHED) is None


def test_a_trial_given_again_computes_nothing_anew(
    tried: Path, built_world: Path, mine: Path
) -> None:
    parts = sorted((tried / "parts" / "scores").iterdir())
    again = prh(
        "try", mine, "--dataset", "planted", "--into", tried, "--data", built_world, *SETTING
    )
    assert again.returncode == 0 and "Scoring" not in again.stderr, again.stderr
    assert sorted((tried / "parts" / "scores").iterdir()) == parts


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", "vis-large"), "'vis-large' has features on planted already"),
        (("--models", "vis-larg"), "vis-larg has no features on planted; models that have: vis"),
        (("--dataset", "elsewhere"), "no features are stored on elsewhere"),
        (("--precision", "float16"), "no model of the panel was computed in float16 on planted"),
        (("--skill", "Pictures=1"), "no model of the panel has the skill 'Pictures'"),
        (("--skill", "Pictures (acc, 5-shot), planted=nan"), "should be a number, got nan"),
        (("--skill", "Pictures"), "--skill should be NAME=SCORE"),
        (("--modality", "No Word"), "a model cannot be called 'mine' with modality"),
        (("--metric", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_tried_is_one_sentence(
    built_world: Path, mine: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    dataset = () if "--dataset" in words else ("--dataset", "planted")
    done = prh("try", mine, *dataset, *words, "--into", tmp_path / "new", "--data", built_world)
    assert done.returncode and sentence in " ".join(done.stderr.split()), done.stderr
    assert "Traceback" not in done.stderr


def test_fewer_samples_do_not_stand_beside_the_panel(
    built_world: Path, layers: dict[str, np.ndarray], tmp_path: Path
) -> None:
    few = tmp_path / "few.npz"
    np.savez(few, allow_pickle=False, **{name: array[:50] for name, array in layers.items()})
    told = ("--dataset", "planted", "--into", tmp_path / "new", "--data", built_world)
    assert "lists 50 other samples" in (said := prh("try", few, *told).stderr) or "10" in said
    said = " ".join(prh("try", few, *told, "--intersect").stderr.split())
    assert "has 50 of the 60 samples of planted" in said


def test_rows_without_ids_need_somebody_who_answers_for_their_order(
    built_world: Path, layers: dict[str, np.ndarray], tmp_path: Path
) -> None:
    file = tmp_path / "bare.npy"
    np.save(file, layers["block.2"])
    told = ("--dataset", "planted", "--into", tmp_path / "new", "--data", built_world)
    said = " ".join(prh("try", file, *told).stderr.split())
    assert "bare.npy has no ids" in said
    order = said.rsplit("--row-order ", 1)[1].strip()
    done = prh("try", file, *told, "--row-order", order, "--models", "lang-large")
    assert done.returncode == 0, done.stderr
    scores = query(tmp_path / "new" / "results.duckdb", "SELECT * FROM scores")
    assert scores.filter(pl.col("model_y") == "bare")["model_x"].to_list() == ["lang-large"]


def test_a_folder_that_holds_something_else_is_left_alone(
    built_world: Path, mine: Path, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    for into in (tmp_path, built_world):
        before = _contents(into)
        done = prh("try", mine, "--dataset", "planted", "--into", into, "--data", built_world)
        assert done.returncode == 1 and "holds something else" in " ".join(done.stderr.split())
        assert _contents(into) == before
