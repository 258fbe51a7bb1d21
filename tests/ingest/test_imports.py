"""Importing what others measured: sources kept, unknown models named, wrong values refused."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.warehouse import query
from tests.ingest.command import prh

PUBLISHED = Path(__file__).resolve().parents[2] / "data" / "published"

MAPPING = """
model = "who"
[source]
id = "toy"
title = "A toy table"
origin = "example.org/toy"
revision = "1"
licence = "CC0"
citation = "nobody"
note = "Made for a test."
[names]
"some-llama" = "llama-7b"
[[benchmark]]
column = "hs"
name = "HellaSwag"
unit = "percent"
shots = 10
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Return a mapping; `toy.csv` is to lie beside it."""
    mapping = tmp_path / "toy.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return mapping


def _import(mapping: Path, table: str, *more: object) -> tuple[int, str, Path]:
    file = mapping.parent / "toy.csv"
    file.write_text(table, encoding="utf-8")
    done = prh("import", "csv", file, "--mapping", mapping, "--data", mapping.parent / "w", *more)
    return done.returncode, done.stderr, mapping.parent / "w" / "results.duckdb"


def test_a_table_is_imported_with_its_source_and_unknown_models_are_named(toy: Path) -> None:
    table = "who,hs\nsome-llama,77.8\nbigscience/bloomz-560m,40\nnobody/model,50\nOLMo 7B,\n"
    code, said, warehouse = _import(toy, table)
    assert code == 0
    assert "Imported 2 results" in said
    assert "1 models unknown" in said
    assert "unknown: nobody/model" in said
    rows = query(warehouse, "FROM benchmarks ORDER BY model_id").to_dicts()
    assert [(r["model_id"], r["named"], r["score"], r["shots"]) for r in rows] == [
        ("bloomz-560m", "bigscience/bloomz-560m", 0.40, 10),
        ("llama-7b", "some-llama", 0.778, 10),
    ]
    assert {r["source"] for r in rows} == {"example.org/toy @ 1"}
    assert query(warehouse, "SELECT model_id FROM models").height == 2


def test_benchmarks_of_vision_models_are_imported_too(toy: Path) -> None:
    toy.write_text(MAPPING.replace('model = "who"', 'model = "who"\nmodality = "vision"'))
    table = "who,hs\nvit_base_patch16_224.mae,50\nllama-7b,10\n"
    code, said, warehouse = _import(toy, table)
    assert code == 0
    assert "unknown: llama-7b" in said
    skills = query(warehouse, "SELECT model_id, skill, score FROM skills").rows()
    assert skills == [("vit_base_patch16_224.mae", "HellaSwag (10-shot), toy", 0.5)]


def test_importing_again_replaces_and_doubles_nothing(toy: Path) -> None:
    _import(toy, "who,hs\nllama-7b,70\nllama-13b,80\n")
    code, _, warehouse = _import(toy, "who,hs\nllama-7b,71\n")
    assert code == 0
    rows = query(warehouse, "SELECT model_id, score FROM benchmarks ORDER BY 1").rows()
    assert rows == [("llama-13b", 0.8), ("llama-7b", 0.71)]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("who,hs\nllama-7b,101\n", "line 2: hs should be a number from 0 to 100, got '101'"),
        ("who,hs\nllama-7b,a lot\n", "hs should be a number from 0 to 100, got 'a lot'"),
        ("who,arc\nllama-7b,10\n", "expected a column 'hs', it has who, arc"),
        ("who,hs\nx,10\n", "the catalog knows none of its models (x)"),
        ("who,hs\n", "it holds no measurement"),
        ("who,hs\nllama-7b,10\nllama-7b,11\n", "two values for one thing"),
        ("", "no CSV table"),
    ],
)
def test_a_wrong_table_is_one_sentence_and_stores_nothing(toy: Path, table: str, told: str) -> None:
    code, said, warehouse = _import(toy, table)
    assert code == 1
    assert told in said
    assert "Traceback" not in said
    assert not warehouse.exists()
    assert not list(warehouse.parent.glob("parts/benchmarks/*"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[[benchmark]]", "[benchmark]"), "benchmark"),
        (('licence = "CC0"\n', ""), "source.licence: field required"),
        (('model = "who"', "model = who"), "not valid TOML"),
        (('unit = "percent"', 'unit = "miles"'), "unit"),
    ],
)
def test_a_wrong_mapping_is_one_sentence(toy: Path, change: tuple[str, str], told: str) -> None:
    toy.write_text(MAPPING.replace(*change), encoding="utf-8")
    code, said, _ = _import(toy, "who,hs\nllama-7b,10\n")
    assert code == 1
    assert told in said
    assert "Traceback" not in said


def test_the_table_that_ships_is_published_alignment_and_bits(tmp_path: Path) -> None:
    done = prh("import", "csv", "--mapping", PUBLISHED / "wit1024.toml", "--data", tmp_path)
    assert done.returncode == 0
    warehouse = tmp_path / "results.duckdb"
    row = query(
        warehouse,
        "SELECT count(*) AS pairs, corr(score, language_score) AS r, min(chance) AS chance, "
        "min(score) AS low, max(score) AS high FROM language_vision_alignment "
        "JOIN bits_per_byte ON model_id = language_model",
    ).to_dicts()[0]
    assert row["pairs"] == 10
    assert row["r"] == pytest.approx(0.964, abs=5e-4)
    assert row["chance"] == pytest.approx(10 / 1023)
    assert (row["low"], row["high"]) == (0.10644531, 0.16201171)
    told = query(warehouse, "SELECT kind, note FROM datasets").row(0)
    assert told[0] == "published"
    assert "unconfirmed" in told[1]


RESULTS = {
    "results": {
        "hellaswag": {
            "alias": "hellaswag", "acc,none": 0.5, "acc_stderr,none": 0.005,
            "acc_norm,none": 0.67, "acc_norm_stderr,none": 0.0047,
        },
        "gsm8k": {
            "alias": "gsm8k", "exact_match,strict-match": 0.1,
            "exact_match_stderr,strict-match": "N/A", "broken,none": "N/A",
        },
    },
    "n-shot": {"hellaswag": 10, "gsm8k": 5},
    "config": {"model": "hf", "model_args": "pretrained=huggyllama/llama-7b,dtype=float16"},
    "lm_eval_version": "0.4.9",
}  # fmt: skip


def test_results_of_the_evaluation_harness(tmp_path: Path) -> None:
    other = json.loads(json.dumps(RESULTS))
    other["config"]["model_args"] = {"pretrained": "somebody/unheard-of"}
    files = {"one.json": RESULTS, "two.json": other}
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    paths = [tmp_path / name for name in files]
    done = prh("import", "lm-eval", *paths, "--data", tmp_path / "w")
    assert done.returncode == 0
    assert "unknown: somebody/unheard-of" in done.stderr
    assert "gsm8k broken,none is 'N/A'" in done.stderr
    columns = "benchmark, measure, shots, score, stderr, collection"
    rows = query(
        tmp_path / "w" / "results.duckdb", f"SELECT {columns} FROM benchmarks ORDER BY 1, 2"
    )
    assert rows.rows() == [
        ("gsm8k", "exact_match, strict-match", 5, 0.1, None, "lm-eval"),
        ("hellaswag", "acc", 10, 0.5, 0.005, "lm-eval"),
        ("hellaswag", "acc_norm", 10, 0.67, 0.0047, "lm-eval"),
    ]
    done = prh("import", "lm-eval", paths[1], "--model", "llama-13b", "--data", tmp_path / "w")
    assert done.returncode == 0
    assert query(tmp_path / "w" / "results.duckdb", "FROM benchmarks").height == 6


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "expected a results file of lm-evaluation-harness"),
        ('{"results": {"a": 1}}', "expected a results file of lm-evaluation-harness"),
        ('{"results": {"a": {"acc,none": 1}}}', "name it with --model"),
    ],
)
def test_a_wrong_results_file_is_one_sentence(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(content, encoding="utf-8")
    done = prh("import", "lm-eval", file, "--data", tmp_path / "w")
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_harness_is_run_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness itself and its tasks are on the hub: it is stood in for by its answer."""
    asked: list[dict[str, Any]] = []

    def simple_evaluate(**how: Any) -> dict[str, Any]:
        asked.append(how)
        if "unheard" in how["tasks"]:
            raise KeyError("unheard")
        return RESULTS

    monkeypatch.setitem(sys.modules, "lm_eval", SimpleNamespace(simple_evaluate=simple_evaluate))
    where = ("--data", tmp_path)
    done = prh("evaluate", "--models", "llama-7b,all-MiniLM-L6-v2", "--tasks", "hellaswag", *where)
    assert done.returncode == 1
    assert "all-MiniLM-L6-v2 is not a language model that transformers loads" in done.stderr
    assert asked[0]["model_args"] == {"pretrained": "huggyllama/llama-7b", "revision": "main"}
    assert asked[0]["tasks"] == ["hellaswag"] and asked[0]["num_fewshot"] is None
    rows = query(tmp_path / "results.duckdb", "SELECT model_id, source FROM benchmarks").rows()
    assert set(rows) == {("llama-7b", "measured here, lm-evaluation-harness 0.4.9")}
    done = prh("evaluate", "--models", "llama-7b", "--tasks", "unheard", *where)
    assert "the harness cannot run unheard on llama-7b" in done.stderr
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    done = prh("evaluate", "--models", "llama-7b", "--tasks", "hellaswag", *where)
    assert "pip install 'prh-explorer[evaluate]'" in done.stderr
