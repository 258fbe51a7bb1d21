"""The shipped mapping reads the published benchmark table as its authors wrote it."""

import csv
from pathlib import Path

import pytest

from ingest.warehouse import query
from tests.ingest.command import prh
from tests.shared import shared_dir

pytestmark = pytest.mark.shared
MAPPING = Path(__file__).resolve().parents[2] / "data" / "published" / "obsscaling.toml"


def test_hellaswag_and_gsm8k_of_catalogued_models(tmp_path: Path) -> None:
    table = shared_dir() / "datasets/published/obsscaling_base_llm_benchmark_eval.csv"
    done = prh("import", "csv", table, "--mapping", MAPPING, "--data", tmp_path)
    assert done.returncode == 0
    with table.open(encoding="utf-8") as lines:
        there = {row["Model"]: row for row in csv.DictReader(lines)}
    found = query(
        tmp_path / "results.duckdb", "SELECT model_id, named, benchmark, score FROM benchmarks"
    )
    assert found.filter(benchmark="HellaSwag").height == 15
    for row in found.filter(found["benchmark"].is_in(["HellaSwag", "GSM8K"])).to_dicts():
        assert row["score"] == pytest.approx(float(there[row["named"]][row["benchmark"]]))
    assert f"{len(there) - 15} models unknown" in done.stderr
    assert "Meta-Llama-3-70B" in found["model_id"]
