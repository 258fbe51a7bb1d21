"""The shipped mapping reads the published benchmark table as its authors wrote it."""

import csv
from pathlib import Path

import pytest

from tests.ingest.command import prh
from tests.shared import shared_dir
from tests.worlds import query

pytestmark = pytest.mark.shared
MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "published"
MAPPING = MAPPINGS / "obsscaling.toml"


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


@pytest.mark.parametrize(
    ("mapping", "file", "benchmark", "wanted"),
    [
        ("timm_imagenet", "timm_results-imagenet.csv", "ImageNet-1k",
         {"efficientnet-lite0": 0.74846, "efficientnet-lite1": 0.76674,
          "efficientnet-lite2": 0.7747}),
        ("openclip", "openclip_results.csv", "ImageNet-1k",
         {"vit_base_patch16_clip_224.laion2b": 0.7023,
          "vit_large_patch14_clip_224.laion2b": 0.7525,
          "vit_huge_patch14_clip_224.laion2b": 0.7796}),
    ],
)  # fmt: skip
def test_competence_of_vision_models_as_published(
    mapping: str, file: str, benchmark: str, wanted: dict[str, float], tmp_path: Path
) -> None:
    table = shared_dir() / "datasets/published" / file
    done = prh(
        "import", "csv", table, "--mapping", MAPPINGS / f"{mapping}.toml", "--data", tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = query(
        tmp_path / "results.duckdb",
        f"SELECT model_id, score FROM benchmarks WHERE benchmark = '{benchmark}'",
    )
    assert dict(found.iter_rows()) == pytest.approx(wanted)
    skills = query(tmp_path / "results.duckdb", "SELECT DISTINCT collection FROM skills")
    assert skills["collection"].to_list() == [{"timm_imagenet": "timm"}.get(mapping, mapping)]
