"""Models of one modality compared with each other, through the real command line."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.store.features import read_header, read_layers
from prh_core import align
from prh_core.convergence import distances, squared
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.worlds import query

MODELS = "conv-a,conv-b,conv-c,conv-d,letters-a"
TASKS = ["--permutations", "0", "--k", "3"]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a study's catalog and warehouse: four networks on noise, mutual and cycle k-NN."""
    folder = tmp_path_factory.mktemp("pairs")
    catalog = write_study(folder)
    text = catalog.read_text(encoding="utf-8")
    fourth = text[text.index("[[model]]") :].partition("[[model]]")[2].partition("[[model]]")[0]
    fourth = fourth.replace('"conv-a"', '"conv-d"').replace("seed = 0", "seed = 9")
    catalog.write_text(f"{text}\n[[model]]{fourth}", encoding="utf-8")
    done = prh(
        "run", "--dataset", "noise", "--models", MODELS, "--catalog", catalog, "--pairs", "vision",
        "--metric", "mutual_knn", "--metric", "cycle_knn", "--data", folder / "data", *TASKS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return catalog, folder / "data" / "results.duckdb"


def test_symmetric_metrics_are_computed_once_a_pair(compared: tuple[Path, Path]) -> None:
    counts = query(compared[1], "SELECT metric, count(*) AS n FROM scores GROUP BY 1 ORDER BY 1")
    assert counts.rows() == [("cycle_knn", 12), ("mutual_knn", 6)]
    pairs = query(
        compared[1], "SELECT metric, model_a, model_b, directions, score FROM vision_alignment"
    )
    assert pairs.height == 12
    assert (pairs["model_a"] < pairs["model_b"]).all()
    intervals = query(compared[1], "SELECT interval_low, interval_method FROM scores")
    assert intervals.null_count().row(0) == (18, 18)  # not asked for within a modality
    by_metric = dict(pairs.group_by("metric").agg(pl.col("directions").unique()).rows())
    assert by_metric == {"cycle_knn": [2], "mutual_knn": [1]}


def test_a_pair_scores_as_align_says(compared: tuple[Path, Path]) -> None:
    files = compared[1].parent.glob("features/**/*.safetensors")
    layers = {read_header(path).model_id: read_layers(path) for path in files}
    row = query(
        compared[1],
        "SELECT score FROM vision_alignment WHERE metric = 'mutual_knn' "
        "AND model_a = 'conv-a' AND model_b = 'conv-b'",
    )
    found = align(layers["conv-a"], layers["conv-b"], k=3, truncate="exact", concatenate=True)
    assert row["score"][0] == pytest.approx(found.score, abs=1e-6)


def test_the_order_of_the_panel_makes_no_second_pair(compared: tuple[Path, Path]) -> None:
    catalog, warehouse = compared
    again = prh(
        "score", "--dataset", "noise", "--models", "conv-c,conv-a,conv-d,conv-b", "--catalog",
        catalog, "--metric", "mutual_knn", "--data", warehouse.parent, *TASKS,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "0 done, 6 found done" in again.stderr  # auto: one modality, compared within


def test_maps_are_stored_and_made_once(compared: tuple[Path, Path]) -> None:
    rows = query(compared[1], "FROM maps ORDER BY metric, method, model_id")
    assert rows["pooling"].null_count() == rows.height  # a vision model has its own
    assert rows.height == 2 * 2 * 4  # metrics, methods, models
    assert rows["trustworthiness"].is_between(0, 1).all()
    pairs = query(compared[1], "FROM vision_alignment WHERE metric = 'mutual_knn'")
    names, table = squared(*(pairs[c].to_list() for c in ("model_a", "model_b", "score")))
    assert names == ["conv-a", "conv-b", "conv-c", "conv-d"]
    assert rows["floor"].drop_nulls().len() == rows.height
    mds = rows.filter(pl.col("method") == "mds", pl.col("metric") == "mutual_knn")
    places = mds.select("x", "y").to_numpy()
    drawn = np.linalg.norm(places[:, None] - places[None], axis=2)
    truth = distances(table).values
    assert np.corrcoef(drawn[np.triu_indices(4, 1)], truth[np.triu_indices(4, 1)])[0, 1] > 0.5


@pytest.mark.parametrize("pairs", ["sideways", "both"])
def test_pairs_of_nothing_are_refused(compared: tuple[Path, Path], pairs: str) -> None:
    refused = prh(
        "score", "--dataset", "noise", "--models", MODELS, "--catalog", compared[0], "--pairs",
        pairs, "--data", compared[1].parent,
    )  # fmt: skip
    assert refused.returncode == 1
    assert f"got {pairs!r}" in " ".join(refused.stderr.replace("'", "'").split())


def test_status_counts_pairs_within_a_modality(compared: tuple[Path, Path]) -> None:
    told = prh(
        "status", "--dataset", "noise", "--models", MODELS, "--catalog", compared[0], "--pairs",
        "all", "--metric", "mutual_knn", "--data", compared[1].parent, *TASKS,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    # Six vision pairs; the language model with each of four was not asked for before.
    assert "Scores: 6 done, 4 ready to compute, 0 waiting" in told.stdout


def test_language_models_are_compared_under_captions_put_alike(tmp_path: Path) -> None:
    catalog = write_study(tmp_path)
    words = (
        "--dataset", "noise", "--models", "letters-a,letters-b,bigrams-a,conv-a", "--catalog",
        catalog, "--pairs", "language", "--prompt", "none", "--prompt", "paper", "--metric",
        "mutual_knn", "--data", tmp_path / "data", *TASKS,
    )  # fmt: skip
    done = prh("run", *words)
    assert done.returncode == 0, done.stderr
    warehouse = tmp_path / "data" / "results.duckdb"
    pairs = query(warehouse, "SELECT prompt, model_a, model_b FROM alignment_within_modality")
    alike = [("bigrams-a", "letters-a"), ("bigrams-a", "letters-b"), ("letters-a", "letters-b")]
    wanted = [(prompt, a, b) for prompt in ("none", "paper") for a, b in alike]
    assert pairs.sort(pairs.columns).rows() == wanted
    # No prompt is compared with another, least of all a model's with its own.
    assert query(warehouse, "FROM scores").height == len(wanted)
    told = prh("status", *words)
    assert "Scores: 6 done, 0 ready to compute, 0 waiting" in told.stdout


def test_four_language_models_are_mapped(tmp_path: Path) -> None:
    catalog = write_study(tmp_path)
    text = catalog.read_text(encoding="utf-8")
    third = text[text.index('id = "letters-b"') - len("[[model]]\n") :].partition("[[model]]")[2]
    third = third.partition("[[model]]")[0].replace("letters-b", "letters-c")
    catalog.write_text(f"{text}\n[[model]]{third.replace('seed = 1', 'seed = 7')}", "utf-8")
    done = prh(
        "run", "--dataset", "noise", "--models", "letters-a,letters-b,letters-c,bigrams-a",
        "--catalog", catalog, "--data", tmp_path / "data", *TASKS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = query(tmp_path / "data" / "results.duckdb", "FROM maps WHERE method = 'mds'")
    assert set(rows["model_id"]) == {"letters-a", "letters-b", "letters-c", "bigrams-a"}
    assert set(rows["pooling"]) == {"mean"} and set(rows["prompt"]) == {"none"}
