"""Scores over batches, through the real command line and over a planted world."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import open_features, plan, plan_batches, settings_for
from ingest.pipeline.scoring import score_missing
from ingest.progress import Silent
from ingest.store.features import read_header, read_layers
from ingest.store.warehouse import Warehouse
from ingest.store.workspace import Workspace
from prh_core import batch_average
from prh_core.errors import SampleCountError
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.worlds import query

MODELS = "conv-a,conv-b,letters-a"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Return a folder with a study, run without batches, and its number of samples."""
    folder = tmp_path_factory.mktemp("batches")
    write_study(folder)
    done = prh("extract", *_words(folder))
    assert done.returncode == 0, done.stderr
    path = next((folder / "data").glob("features/**/*.safetensors"))
    return folder, read_header(path).n


def _words(folder: Path) -> list[object]:
    return ["--dataset", "noise", "--models", MODELS, "--catalog", folder / "mine.toml",
            "--data", folder / "data"]  # fmt: skip


def test_every_kind_of_pair_is_scored_over_batches(study: tuple[Path, int]) -> None:
    folder, n = study
    size = n // 3
    asked = [
        "score", *_words(folder), "--permutations", "0", "--k", "3", "--metric", "mutual_knn",
        "--metric", "unbiased_cka", "--metric", "cycle_knn", "--pairs", "all",
        "--batch", f"{size},{n // 2}", "--n", n // 2, "--seed", "5",
    ]  # fmt: skip
    done = prh(*asked)
    assert done.returncode == 0, done.stderr
    path = folder / "data" / "results.duckdb"
    rows = query(path, "FROM batch_scores")
    # Two pairs across and one within (cycle k-NN in both directions); not over the first n.
    assert rows.height == 2 * (3 + 3 + 4) and set(rows["n"]) == {n} and set(rows["seed"]) == {5}
    files = [open_features(p) for p in (folder / "data").glob("features/**/*.safetensors")]
    layers = {file.header.key: read_layers(file.path) for file in files}
    for row in rows.iter_rows(named=True):
        found = batch_average(
            layers[row["features_x"]], layers[row["features_y"]], row["batch"], k=3, seed=5,
            metric=row["metric"], truncate="exact", concatenate=True,
        )  # fmt: skip
        assert row["score"] == pytest.approx(found.score, abs=1e-6)
        assert (row["layer_x"], row["layer_y"]) == found.layers
        assert row["batches"] == found.batches == n // row["batch"]
        assert (row["k"] is None) == (row["metric"] == "unbiased_cka")
    kinds = query(path, "SELECT modality, metric, directions FROM batch_alignment")
    assert kinds.filter(modality="vision", metric="cycle_knn")["directions"].to_list() == [2, 2]
    assert kinds.filter(pl.col("modality").is_null()).height == 2 * 2 * 3
    again = prh(*asked)
    assert "Scores: 0 done" in again.stderr
    # Rows whose parts are not here are carried over.
    shutil.rmtree(folder / "data" / "parts" / "batch_scores")
    Warehouse(folder / "data").publish()
    assert query(path, "FROM batch_scores").height == rows.height


@pytest.mark.parametrize(
    ("batch", "why"),
    [("1000", "a batch must hold between 2"), ("3", "in batches of 3 samples, got k = 3"),
     ("many", "numbers of samples separated by commas")],
)  # fmt: skip
def test_batches_that_do_not_fit_are_refused_first(
    study: tuple[Path, int], batch: str, why: str
) -> None:
    asked = ["--permutations", "0", "--k", "3", "--truncation", "mean", "--batch", batch]
    done = prh("score", *_words(study[0]), *asked)
    assert done.returncode != 0
    assert why in " ".join((done.stderr + done.stdout).split())
    parts = Warehouse(study[0] / "data").rows("scores")
    assert parts is None or "mean" not in parts["truncation"].to_list()


def test_what_cannot_be_compared_is_named_and_the_rest_goes_on(own_world: Path) -> None:
    workspace = Workspace(own_world)
    # A variant of the planted pairs is another dataset: only the base's files are compared.
    files = [open_features(path) for path in own_world.glob("features/**/*.safetensors")]
    files = [file for file in files if file.header.dataset_id == "planted"]
    xs = [file for file in files if file.header.model_id.startswith("lang")]
    ys = [file for file in files if file.header.model_id.startswith("vis")]
    settings = settings_for(["unbiased_cka", "mutual_knn"], [2], ["exact"])
    units = plan_batches(plan(xs, ys, settings), [3])
    with Run(workspace, "batches") as run:
        score_missing(run, units, Silent())
    assert run.done == 16 and len(run.refused) == 8
    said = {refused.reason for refused in run.refused}
    assert all("batches of 3 for unbiased_cka: the unbiased HSIC needs" in one for one in said)
    assert {refused.name for refused in run.refused} == {f.header.model_id for f in files}
    with pytest.raises(SampleCountError):
        plan_batches(plan(xs, ys, settings), [31])


def test_the_mean_is_planned_once_whatever_is_relabeled(own_world: Path) -> None:
    files = [open_features(path) for path in own_world.glob("features/**/*.safetensors")]
    files = [file for file in files if file.header.dataset_id == "planted"]
    raw, tested = (settings_for(["cka"], [2], ["exact"], permutations=p) for p in (0, 9))
    units = plan_batches(plan(files[:1], files[1:3], (*raw, *tested)), [20, 30])
    assert len(units) == 4 == len({unit.key for unit in units})
    assert np.unique([unit.batch or 0 for unit in units]).tolist() == [20, 30]
