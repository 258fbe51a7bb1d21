"""The command line as a user meets it: a whole study, and every refusal in one sentence."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
import torch

from ingest.experiments.demo import demo_study
from ingest.progress import Silent
from ingest.store.features import FeatureStore, read_header, read_layers
from ingest.store.workspace import Workspace
from prh_core.metrics import all_metrics
from tests.ingest.command import arguments, environment, prh
from tests.ingest.own_study import write_study
from tests.worlds import query

STUDY = ("--dataset", "noise", "--panel", "tiny")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study (`study/`) and its finished data folder (`data/`)."""
    folder = tmp_path_factory.mktemp("finished")
    catalog = write_study(folder / "study")
    done = prh("run", "--catalog", catalog, *STUDY, "--k", 5, "--data", folder / "data")
    assert done.returncode == 0, done.stderr
    assert "11 done, 0 found done, 0 left out" in done.stderr
    return folder


@pytest.fixture
def own(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(finished, tmp_path / "own"))


def run(folder: Path, *words: object, command: str = "run") -> tuple[int, str]:
    """Run a study command on a folder; return the exit code and what it said."""
    catalog = folder / "study" / "mine.toml"
    done = prh(command, "--catalog", catalog, *STUDY, "--k", 5, *words, "--data", folder / "data")
    return done.returncode, done.stderr


def stored(folder: Path) -> dict[str, bytes]:
    """Every feature file and score part, by name."""
    data = folder / "data"
    return {
        str(path.relative_to(data)): path.read_bytes()
        for where in ("features", "parts/scores", "parts/feature_sets")
        for path in sorted((data / where).rglob("*"))
        if path.is_file()
    }


def refused(folder: Path, sentence: str, *words: object, command: str = "run") -> None:
    """Assert that a command stops with this one sentence and changes nothing stored."""
    before = stored(folder)
    code, said = run(folder, *words, command=command)
    assert code == 1, said
    assert sentence in " ".join(said.split())
    assert "Traceback" not in said
    assert stored(folder) == before


def test_help_teaches_every_command() -> None:
    overview = prh("--help").stdout
    assert "prh demo" in overview
    for command in "catalog metrics extract score run demo bits status publish sql app".split():
        assert command in overview
        assert len(prh(command, "--help").stdout) > 300


def test_bits_per_byte_of_captions_and_files(finished: Path, tmp_path: Path) -> None:
    catalog, where = finished / "study" / "mine.toml", ("--data", tmp_path / "data")
    own = ("bits", "--catalog", catalog, "--models", "conv-a,letters-a,bigrams-a", *where)
    done = prh(*own, "--dataset", "noise")
    said = " ".join(done.stderr.split())
    assert "1 done, 0 found done, 2 left out" in said and "Traceback" not in said
    assert "conv-a is a vision model: it predicts no text" in said
    assert "'letters-a' does not predict the next token" in said

    warehouse = Workspace(tmp_path / "data").warehouse.path
    row = query(warehouse, "FROM bits_per_byte").to_dicts()[0]
    lines = (finished / "study" / "captions.csv").read_text(encoding="utf-8").splitlines()[1:]
    captions = [line.split(",", 1)[1] for line in lines]
    torch.manual_seed(0)
    table = torch.nn.Embedding(128, 4).weight.detach().double().numpy()
    logits = table @ table.T
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    codes = [[ord(c) for c in caption] for caption in captions]
    nats = -sum(log_p[a, b] for code in codes for a, b in zip(code, code[1:], strict=False))
    size = sum(len(code) - 1 for code in codes)
    assert (row["text"], row["bytes"], row["documents"]) == ("noise captions", size, 24)
    assert row["starts_with"] == "none"
    assert row["bits_per_byte"] == pytest.approx(nats / np.log(2) / size, rel=1e-6)

    text = tmp_path / "text.jsonl"
    text.write_text('{"body": "red noise"}\n{"body": ""}\n', encoding="utf-8")
    done = prh(*own, "--text", text, "--text-column", "body")
    assert "skipped text.jsonl:2: it is empty" in done.stderr
    again = prh(*own, "--dataset", "noise")
    assert "0 done, 1 found done, 2 left out" in again.stderr
    assert query(warehouse, "FROM bits_per_byte").height == 2
    for wrong in ((), ("--text", text, "--dataset", "noise")):
        done = prh(*own, *wrong)
        assert done.returncode == 1
        assert "name the text to predict: either --text or --dataset" in done.stderr


def test_a_finished_study_has_nothing_left_to_do(finished: Path) -> None:
    before = stored(finished)
    code, said = run(finished)
    assert code == 0 and "0 done, 11 found done, 0 left out" in said
    assert stored(finished) == before


def test_status_says_what_is_done_and_what_it_would_cost(own: Path) -> None:
    next((own / "data" / "features" / "conv-b").glob("*.safetensors")).unlink()
    catalog = own / "study" / "mine.toml"
    done = prh("status", "--catalog", catalog, *STUDY, "--k", 5, "--data", own / "data")
    assert "Scores: 4 done, 0 ready to compute, 2 waiting for features" in done.stdout
    row = next(line for line in done.stdout.splitlines() if "conv-b" in line)
    assert "its own speed" in row


def test_sql_prints_tables_csv_and_json(finished: Path) -> None:
    asked = ("sql", "SELECT model_x, score FROM scores ORDER BY ALL LIMIT 2")
    data = ("--data", finished / "data")
    assert "letters-a" in prh(*asked, *data).stdout
    assert prh(*asked, "--format", "csv", *data).stdout.startswith("model_x,score\nletters-a,")
    nested = prh("sql", "SELECT layer_names_x FROM scores LIMIT 1", "--format", "csv", *data)
    assert nested.returncode == 0 and "hidden.0" in nested.stdout
    rows = json.loads(prh(*asked, "--format", "json", *data).stdout)
    assert [set(row) for row in rows] == [{"model_x", "score"}] * 2
    wrong = prh("sql", "SELECT nosuch FROM scores", *data)
    assert wrong.returncode == 1 and "nosuch" in wrong.stderr


def test_vision_features_say_how_they_were_pooled(finished: Path) -> None:
    asked = "SELECT DISTINCT pooling FROM feature_sets ORDER BY ALL"
    found = query(finished / "data" / "results.duckdb", asked)
    assert found["pooling"].to_list() == ["gap", "mean"]


def test_the_runs_are_recorded_with_command_and_versions(finished: Path) -> None:
    runs = query(finished / "data" / "results.duckdb", "FROM runs ORDER BY started_at")
    assert runs["outcome"][0] == "done" and "--panel tiny" in runs["command"][0]
    assert {"torch", "numpy", "prh-explorer"} <= set(json.loads(runs["versions"][0]))


def test_a_new_k_adds_rows_and_keeps_the_old_ones(own: Path) -> None:
    path = own / "data" / "results.duckdb"
    before = query(path, "FROM scores ORDER BY unit_key")
    catalog = own / "study" / "mine.toml"
    done = prh("score", "--catalog", catalog, *STUDY, "--k", 7, "--data", own / "data")
    assert "Scores: 6 done, 0 found done" in done.stderr
    assert query(path, "FROM scores WHERE k = 5 ORDER BY unit_key").equals(before)
    assert query(path, "FROM scores").height == 12


def test_other_permutations_are_scored_anew_and_the_most_are_shown(own: Path) -> None:
    path = own / "data" / "results.duckdb"
    catalog = own / "study" / "mine.toml"
    words = ("--catalog", catalog, *STUDY, "--k", 5, "--data", own / "data")
    done = prh("score", *words, "--permutations", 5, "--seed", 3)
    assert "Scores: 6 done, 0 found done" in done.stderr
    again = prh("score", *words, "--permutations", 5, "--seed", 3)
    assert "Scores: 0 done, 6 found done" in again.stderr
    asked = "SELECT DISTINCT permutations, seed FROM {} ORDER BY ALL"
    assert query(path, asked.format("scores")).rows() == [(5, 3), (200, 0)]
    assert query(path, asked.format("language_vision_alignment")).rows() == [(200, 0)]


def test_all_metrics_are_scored_and_status_knows_them(own: Path) -> None:
    catalog = own / "study" / "mine.toml"
    words = ("--catalog", catalog, *STUDY, "--data", own / "data")
    chosen = ("--metric", "all", "--k", 5, "--k", 6, "--permutations", 3)
    planned = prh("status", *words, *chosen)
    units = 6 * sum(2 if metric.uses_k else 1 for metric in all_metrics())
    assert f"Scores: 0 done, {units} ready to compute, 0 waiting" in planned.stdout
    done = prh("score", *words, *chosen)
    assert done.returncode == 0, done.stderr
    assert f"Scores: {units} done, 0 found done" in done.stderr
    found = query(own / "data" / "results.duckdb", "SELECT DISTINCT metric FROM scores")
    assert set(found["metric"]) == {metric.name for metric in all_metrics()}


def test_metrics_are_listed_as_table_and_json() -> None:
    shown = prh("metrics")
    assert shown.returncode == 0
    rows = json.loads(prh("metrics", "--format", "json").stdout)
    assert [row["name"] for row in rows] == [metric.name for metric in all_metrics()]
    mutual = next(row for row in rows if row["name"] == "mutual_knn")
    assert mutual["unrelated"] == pytest.approx(10 / 1023)
    assert mutual["symmetric"] and not mutual["global"] and mutual["closer is"] == "higher"
    starred = {row["name"] for row in rows if row["global when k = n - 1"]}
    assert {"cknna", "lcs_knn", "edit_knn"} <= starred and "mutual_knn" not in starred
    assert "g*" in shown.stdout
    procrustes = next(row for row in rows if row["name"] == "procrustes")
    assert procrustes["closer is"] == "lower"
    assert prh("metrics", "--format", "csv").returncode != 0


def test_the_demo_says_which_settings_it_measures(tmp_path: Path) -> None:
    study = demo_study(Workspace(tmp_path), Silent())
    measured = {(s.metric, s.k, s.truncation) for s in study.settings}
    assert ("mutual_knn", 20, "mean") in measured and ("cka", None, "exact") in measured
    assert ("cknna", 511, "exact") in measured
    assert len(measured) == len(study.settings) == 6 + 5 + 7


def test_fewer_captions_than_images_is_refused(own: Path) -> None:
    captions = own / "study" / "captions.csv"
    captions.write_text("\n".join(captions.read_text().splitlines()[:-2]) + "\n")
    refused(own, "022.png, 023.png")


def test_a_corrupt_image_is_named_and_may_be_skipped_for_all_models(own: Path) -> None:
    image = own / "study" / "images" / "007.png"
    image.write_bytes(image.read_bytes()[:60])
    refused(own, "007.png")
    code, said = run(own, "--skip-corrupt")
    assert code == 0 and "11 done" in said
    sets = query(
        own / "data" / "results.duckdb",
        "SELECT d.n, d.skipped, count(*) AS models FROM feature_sets AS f "
        "JOIN datasets AS d USING (dataset_id, row_order) GROUP BY ALL ORDER BY d.n",
    )
    assert sets.rows() == [(23, ["007.png"], 5), (24, [], 5)]


@pytest.mark.parametrize("k", [0, 24, 1000])
def test_k_beyond_n_minus_1_is_refused(own: Path, k: int) -> None:
    refused(own, f"k must be between 1 and n - 1 = 23 on noise (n = 24), got k = {k}", "--k", k)


def test_a_truncated_feature_file_is_refused(own: Path) -> None:
    file = next((own / "data" / "features" / "conv-a").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])
    refused(own, "cannot be read", command="score")


def test_features_in_another_row_order_are_refused(own: Path) -> None:
    file = next((own / "data" / "features" / "conv-a").glob("*.safetensors"))
    header, layers = read_header(file), read_layers(file)
    scrambled = replace(header, row_order="0" * 64)
    named = {
        name: layer[::-1].copy() for name, layer in zip(header.layer_names, layers, strict=True)
    }
    FeatureStore(own / "data" / "features").write(scrambled, named)
    refused(own, "do not list the same samples in the same order", command="score")


def test_features_that_are_not_finite_are_refused_and_others_stored(own: Path) -> None:
    nets = own / "study" / "nets.py"
    broken = 'yield state * (float("nan") if self.table.embedding_dim == 5 else 1)\n'
    nets.write_text(nets.read_text().replace("yield state\n", broken))
    shutil.rmtree(own / "data")
    code, said = run(own)
    assert code == 1
    assert "'letters-b': layer 'hidden.0' holds NaN or infinity at row 0" in said
    found = query(own / "data" / "results.duckdb", "SELECT DISTINCT model_x FROM scores")
    assert found.rows() == [("letters-a",)]


def test_scoring_without_features_names_the_command(own: Path) -> None:
    next((own / "data" / "features" / "conv-b").glob("*.safetensors")).unlink()
    refused(own, "run `prh extract --dataset noise --models conv-b` first", command="score")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--models", "conv-z"), "no model 'conv-z'"),
        (("--metric", "cka2"), "no metric is called 'cka2'"),
        (("--truncation", "median"), "--truncation should be one of exact, mean, none"),
        (("--prompt", "poem"), "There is no prompt 'poem' in the catalog"),
        (("--pooling", "sum"), "There is no pooling 'sum' in the catalog"),
        (("--pooling", "suffix"), "the prompt 'none' has none; name another with --prompt"),
    ],
)
def test_unknown_choices_are_refused_before_any_work(
    finished: Path, words: tuple, sentence: str
) -> None:
    refused(finished, sentence, *words)


def test_a_warehouse_from_the_future_is_left_alone(own: Path) -> None:
    path = own / "data" / "results.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999, 'future', now())")
    before = path.read_bytes()
    code, said = run(own)
    assert code == 1 and "schema 999" in said and "updates PRH Explorer" in said
    assert path.read_bytes() == before


def test_light_installation_shows_and_refuses_without_torch(finished: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "sitecustomize.py"
    # A finder, not None in sys.modules: scipy takes a module that stands there for loaded.
    blocked.write_text(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'torch', 'torchvision', 'timm', 'transformers',\n"
        "                                      'onnx', 'datasets'}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    catalog = finished / "study" / "mine.toml"
    light = {"capture_output": True, "text": True, "env": environment(str(tmp_path))}
    shown = subprocess.run(
        arguments("sql", "FROM coverage", "--data", finished / "data"), check=False, **light
    )
    assert shown.returncode == 0 and "conv-a" in shown.stdout
    done = subprocess.run(
        arguments("extract", "--catalog", catalog, *STUDY, "--data", tmp_path / "data"),
        check=False,
        **light,
    )
    assert done.returncode == 1 and "[ingest]" in done.stderr
    (tmp_path / "text.txt").write_text("some text")
    done = subprocess.run(
        arguments("bits", "--text", tmp_path / "text.txt", "--models", "SmolLM2-135M-Instruct"),
        check=False,
        **light,
    )
    assert done.returncode == 1 and "Predicting text needs the ingest half" in done.stderr


def test_fewer_samples_and_halves_are_scored_and_found_again(own: Path) -> None:
    catalog = own / "study" / "mine.toml"
    words = ("--catalog", catalog, *STUDY, "--k", 5, "--data", own / "data")
    chosen = ("--n", 6, "--fixed", "k/n", "--split-half")
    done = prh("score", *words, *chosen)
    assert done.returncode == 0, done.stderr
    again = prh("score", *words, *chosen)
    assert "Scores: 0 done" in again.stderr
    asked = "SELECT DISTINCT k, n FROM scores ORDER BY n"
    found = json.loads(prh("sql", asked, "--format", "json", "--data", own / "data").stdout)
    assert found[0]["n"] == 6 and 1 <= found[0]["k"] < found[1]["k"] == 5
    asked = "SELECT score, len(scores) AS splits, method FROM split_half_agreement"
    halves = json.loads(prh("sql", asked, "--format", "json", "--data", own / "data").stdout)
    assert halves and all(row["splits"] == 10 and 0 < row["score"] <= 1 for row in halves)
    assert {row["method"] for row in halves} == {"split half, 10 splits"}


def test_a_command_starts_without_what_few_of_them_use() -> None:
    code = (
        "import sys, ingest.cli.commands; "
        "print({'torch', 'scipy.stats', 'sklearn', 'altair', 'umap'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
