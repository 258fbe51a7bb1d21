"""Importing what others measured: sources kept, unknown models named, wrong values refused.

One file, since harness files and tables fail in the same ways.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.catalog import Catalog, load_catalog
from ingest.errors import ImportFileError
from ingest.experiments.imports.harness import read_results
from ingest.experiments.imports.results import Results
from tests.ingest.command import prh
from tests.worlds import query

PUBLISHED = Path(__file__).resolve().parents[2] / "data" / "published"

MAPPING = """
model = "who"
[source]
id = "toy"
title = "A toy table"
origin = "example.org/toy"
revision = "1"
license = "CC0"
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
        ("who,hs,hs\nllama-7b,10,20\n", "expected one column 'hs', it has who, hs, hs"),
        ("who,hs\nllama-7b,1_0\n", "got '1_0'"),
        ("who,hs\nllama-7b,\u0663\n", "got '\u0663'"),
        ("who,hs\nllama-7b,nan\n", "got 'nan'"),
        ('who,hs\n"a\u2028b\nc",10\nllama-7b,500\n', "line 4: hs should be"),
        ("who,hs\nllama-7b,10,20\n", "line 2: expected 2 cells, got 3"),
        ('who,hs\n"llama-7b,10\n', "unexpected end of data"),
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
        (('license = "CC0"\n', ""), "source.license: field required"),
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


def test_a_table_with_a_byte_order_mark_blanks_and_odd_names_is_read(toy: Path) -> None:
    table = "\ufeffwho,hs\n llama-7b , 70 \n\n,50\nllama-13b\n"
    code, said, warehouse = _import(toy, table)
    assert code == 0
    assert query(warehouse, "SELECT model_id, score FROM benchmarks").rows() == [("llama-7b", 0.7)]
    assert "line 4: no model is named" in said and "line 5: hs is empty" in said


def test_a_table_is_read_by_its_name_and_not_by_a_pattern(toy: Path) -> None:
    table = toy.parent / "a[1]*.csv"
    table.write_text("who,hs\nllama-7b,70\n", encoding="utf-8")
    where = ("--mapping", toy, "--data", toy.parent / "w")
    assert prh("import", "csv", table, *where).returncode == 0
    for wrong in (toy.parent, toy.parent / "absent.csv"):
        done = prh("import", "csv", wrong, *where)
        assert (done.returncode, "cannot read" in done.stderr) == (1, True)


# ------------------------------------------- one model, one measurement, or another

OWN = """
[[model]]
id = "{id}"
label = "{id}"
modality = "language"
family = "F"
objective = "next token"
source = "{source}"
revision = "{revision}"
license = "MIT"
loader = "transformers"
citation = "x"
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _own_catalog(tmp_path: Path) -> Catalog:
    records = [
        ("base", "us/base", "main"), ("pinned", "us/pinned", COMMIT),
        ("early", "us/steps", "step1"), ("late", "us/steps", "step9"), ("lora", "us/lora", "main"),
    ]  # fmt: skip
    file = tmp_path / "own.toml"
    text = "".join(OWN.format(id=i, source=s, revision=r) for i, s, r in records)
    file.write_text(text, encoding="utf-8")
    return load_catalog([file])


def _results(arguments: Any = "pretrained=us/base", config: Any = None, **more: Any) -> dict:
    return {
        "results": {"hellaswag": {"acc,none": 0.5, "acc_stderr,none": 0.01, " ": " "}},
        "n-shot": {"hellaswag": 0},
        "config": {"model": "hf", "model_args": arguments, **(config or {})},
        **more,
    }


def _read(tmp_path: Path, content: object, model: str | None = None) -> Results:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return read_results(file, _own_catalog(tmp_path), model)


def _row(found: Results) -> dict[str, Any]:
    (row,) = found.rows["benchmarks"]
    return row


@pytest.mark.parametrize(
    "arguments",
    [
        "pretrained=us/base,peft=me/lora",
        "pretrained=us/base,delta=me/delta",
        "pretrained=us/base,gguf_file=base.Q4.gguf",
        "pretrained=us/base,load_in_4bit=True",
        "pretrained=us/base,load_in_8bit=true",
        "pretrained=us/base,bnb_4bit_quant_type=nf4",
        "pretrained=us/base,autogptq=True",
        "pretrained=us/base,gptqmodel=True",
        "pretrained=us/base,quantization=awq",
        "pretrained=us/base,lora_local_path=there",
        "pretrained=us/base,subfolder=chat",
        "pretrained=us/base,revision=step1000",
        "pretrained=us/base,dtype=float8_e4m3fn",
        "pretrained=us/pinned,revision=step1000",
        "peft='me/lora', pretrained='us/base/'",
        {"pretrained": "us/base", "peft": "me/lora"},
        {"pretrained": "us/base", "quantization_config": {"bits": 4}},
        ["pretrained=us/base", "peft=me/lora"],
    ],
)
def test_a_variant_of_a_model_is_not_the_model(tmp_path: Path, arguments: Any) -> None:
    found = _read(tmp_path, _results(arguments))
    assert found.count() == 0
    assert "is of a variant of" in found.left_out[0] and "--model" in found.left_out[0]
    base = "pinned" if "pinned" in str(arguments) else "base"
    assert _read(tmp_path, _results(arguments), base).count() == 0
    row = _row(_read(tmp_path, _results(arguments), "lora"))
    assert row["model_id"] == "lora" and row["note"].startswith(f"run as us/{base}, ")


def test_another_backend_may_be_another_network(tmp_path: Path) -> None:
    assert _read(tmp_path, _results(config={"model": "steered"})).count() == 0
    assert _read(tmp_path, _results(config={"model": "vllm"})).count() == 1


@pytest.mark.parametrize(
    "arguments",
    [
        "pretrained=us/base",
        'pretrained="us/base"',
        "pretrained=us/base/,device_map_option=auto,parallelize=True,trust_remote_code=True",
        "pretrained=us/base,revision=main,peft=None,load_in_4bit=False,delta=",
        "pretrained=us/base,tokenizer=us/base,batch_size=8",
        {"pretrained": "us/base", "load_in_8bit": False, "peft": None, "trust_remote_code": True},
        ["pretrained=us/base", "cache_dir=somewhere"],
        "model=us/base,base_url=http://localhost,num_concurrent=4",
    ],
)
def test_how_a_model_ran_is_no_variant(tmp_path: Path, arguments: Any) -> None:
    row = _row(_read(tmp_path, _results(arguments)))
    assert (row["model_id"], row["collection"], row["named"], row["note"]) == (
        "base", "lm-eval", "us/base", "",
    )  # fmt: skip


def test_the_key_of_a_plain_measurement_is_what_it_was(tmp_path: Path) -> None:
    row = _row(_read(tmp_path, _results()))
    parts = ("collection", "model_id", "benchmark", "measure", "shots")
    assert tuple(row[part] for part in parts) == ("lm-eval", "base", "hellaswag", "acc", 0)


def test_the_number_format_is_said(tmp_path: Path) -> None:
    row = _row(_read(tmp_path, _results("pretrained=us/base,dtype='torch.bfloat16'")))
    assert (row["collection"], row["note"]) == ("lm-eval", "dtype=torch.bfloat16")


def test_a_revision_is_that_of_the_record(tmp_path: Path) -> None:
    def model(arguments: str, **config: Any) -> str:
        return _row(_read(tmp_path, _results(arguments, config)))["model_id"]

    assert model(f"pretrained=us/pinned,revision={COMMIT}") == "pinned"
    assert model(f"pretrained=us/pinned,revision={COMMIT[:8]}") == "pinned"
    assert model("pretrained=us/pinned,revision=v1", model_sha=COMMIT) == "pinned"
    assert model("pretrained=us/steps,revision=step9") == "late"
    assert model("pretrained=us/steps,revision=step1") == "early"
    assert "us/steps" in _read(tmp_path, _results("pretrained=us/steps,revision=step5")).unknown


@pytest.mark.parametrize(
    ("content", "collection"),
    [
        (_results("pretrained=us/base,add_bos_token=True"), "lm-eval, add_bos_token=True"),
        (_results("pretrained=us/base,max_length=512"), "lm-eval, max_length=512"),
        (_results("pretrained=us/base,think_end_token=</think>"),
         "lm-eval, think_end_token=</think>"),
        (_results("pretrained=us/base,never_heard_of=1,b=2"), "lm-eval, b=2, never_heard_of=1"),
        (_results('pretrained=us/base,chat_template_args={"a": 1,"b": 2}'),
         'lm-eval, chat_template_args={"a": 1,"b": 2}'),
        (_results(chat_template="{{ messages }}"), "lm-eval, chat template"),
        (_results(chat_template="x", fewshot_as_multiturn=True),
         "lm-eval, chat template, shots as turns"),
        (_results(config={"apply_chat_template": "rag"}), "lm-eval, chat template rag"),
        (_results(system_instruction="Be brief."), "lm-eval, system instruction 213c22ed"),
        (_results(config={"gen_kwargs": {"top_p": 0.9, "temperature": 0}}),
         "lm-eval, gen_kwargs temperature=0,top_p=0.9"),
        (_results(config={"gen_kwargs": "temperature=0"}), "lm-eval, gen_kwargs temperature=0"),
        (_results(config={"gen_kwargs": {}}, chat_template=None, fewshot_as_multiturn=False),
         "lm-eval"),
    ],
)  # fmt: skip
def test_another_setting_of_the_task_is_another_collection(
    tmp_path: Path, content: dict, collection: str
) -> None:
    assert _row(_read(tmp_path, content))["collection"] == collection


@pytest.mark.parametrize(
    ("config", "counts", "whole"),
    [
        ({"limit": 10.0}, None, False),
        ({"limit": 0.1}, None, False),
        ({"limit": 0.1}, {"original": 100, "effective": 10}, False),
        ({}, {"original": 100, "effective": 10}, False),
        ({"samples": {"hellaswag": [1, 2]}}, None, False),
        ({"limit": 1000}, {"original": 100, "effective": 100}, True),
        ({"limit": None}, {"original": 100, "effective": 100}, True),
        ({"limit": None}, None, True),
    ],
)
def test_a_task_cut_short_is_not_the_task(
    tmp_path: Path, config: dict, counts: dict | None, whole: bool
) -> None:
    found = _read(tmp_path, _results(config=config, **{"n-samples": {"hellaswag": counts}}))
    assert found.count() == whole
    assert whole or "hellaswag is of" in found.left_out[0]


@pytest.mark.parametrize(
    ("change", "shots"),
    [
        ({"n-shot": {"hellaswag": 3}}, 3),
        ({"n-shot": 4}, 4),
        ({"n-shot": {"hellaswag": 5.0}}, 5),
        ({"n-shot": None}, None),
        ({"n-shot": {}, "configs": {"hellaswag": {"num_fewshot": 6}}}, 6),
        ({"n-shot": {}, "config": {"model_args": "pretrained=us/base", "num_fewshot": 7}}, 7),
    ],
)
def test_shots_are_where_each_version_keeps_them(
    tmp_path: Path, change: dict, shots: int | None
) -> None:
    assert _row(_read(tmp_path, _results() | change))["shots"] == shots


def test_a_file_of_version_0_3_and_groups_are_read(tmp_path: Path) -> None:
    old = {
        "results": {"arc_easy": {"acc": 0.4, "acc_stderr": 0.01}},
        "versions": {"arc_easy": 0},
        "config": {"model": "gpt2", "model_args": "pretrained=us/base", "num_fewshot": 2,
                   "limit": None, "description_dict": {}},
    }  # fmt: skip
    row = _row(_read(tmp_path, old))
    assert (row["measure"], row["shots"], row["score"], row["stderr"]) == ("acc", 2, 0.4, 0.01)
    grouped = _results(groups={"mmlu": {"acc,none": 0.3, "acc_stderr,none": "N/A", "alias": "m"}})
    rows = _read(tmp_path, grouped).rows["benchmarks"]
    assert {r["benchmark"]: r["stderr"] for r in rows} == {"hellaswag": 0.01, "mmlu": None}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, True, "N/A", [1], None])
def test_what_is_no_number_is_named(tmp_path: Path, value: object) -> None:
    content = _results()
    content["results"]["hellaswag"] |= {"acc,none": value, "f1,none": 0.5, "f1_stderr,none": value}
    found = _read(tmp_path, content)
    assert _row(found)["stderr"] is None
    assert "hellaswag acc,none" in found.left_out[0]


@pytest.mark.parametrize(
    "change",
    [
        {"config": "hf"},
        {"config": ["hf"]},
        {"config": {"model_args": 3}},
        {"config": {"model_args": [1]}},
        {"n-shot": [0]},
        {"n-shot": {"hellaswag": "some"}},
        {"n-shot": {"hellaswag": True}},
        {"n-shot": {"hellaswag": 10**400}},
        {"n-shot": {"hellaswag": -1}},
        {"groups": {"mmlu": 1}},
        {"results": []},
        {"model_name": None, "config": {"model_args": "peft=me/lora"}},
        {"lm_eval_version": "half a \ud83e"},
    ],
)
def test_a_malformed_results_file_is_one_sentence(tmp_path: Path, change: dict) -> None:
    with pytest.raises(ImportFileError) as caught:
        _read(tmp_path, _results() | change)
    assert "results.json" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"\x1f\x8b\x08", b"[" * 100_000, b'{"results": 1' + b"1" * 5000])
def test_bytes_that_are_no_json_are_one_sentence(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "results.json"
    file.write_bytes(raw)
    with pytest.raises(ImportFileError, match="not valid JSON"):
        read_results(file, _own_catalog(tmp_path))


def test_a_variant_among_files_is_named_and_laid_over_nothing(tmp_path: Path) -> None:
    _own_catalog(tmp_path)
    files = {"plain": _results(), "lora": _results("pretrained=us/base,peft=me/lora")}
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    where = ("--catalog", tmp_path / "own.toml", "--data", tmp_path / "w")
    done = prh("import", "lm-eval", *(tmp_path / f"{name}.json" for name in files), *where)
    assert done.returncode == 0
    assert "left out: lora.json is of a variant of base (peft=me/lora)" in done.stderr
    assert query(tmp_path / "w" / "results.duckdb", "FROM benchmarks").height == 1
    done = prh("import", "lm-eval", tmp_path / "lora.json", *where)
    assert done.returncode == 1
    assert "nothing to import, since lora.json is of a variant of base" in done.stderr


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
