"""Noise ceilings through the real command line: second views that a dataset has, or has not."""

import shutil
from pathlib import Path

import pytest

from ingest.store.features import read_header, read_layers
from pages.layers.queries import self_agreement
from pages.ui import queries
from pages.ui.answers import Setting
from prh_core import align
from tests.ingest.command import prh
from tests.ingest.rich_study import write_rich
from tests.worlds import query

MODELS = "conv-a,letters-a"
ASKED = ["--permutations", "0", "--k", "3", "--noise-ceiling"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a study whose images have three captions each, not yet run."""
    folder = tmp_path_factory.mktemp("ceilings")
    write_rich(folder)
    return folder


def _asked(study: Path, command: str, dataset: str, data: str, *more: str) -> str:
    done = prh(
        command, "--dataset", dataset, "--models", MODELS, "--catalog", study / "mine.toml",
        "--data", study / data, *ASKED, *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return " ".join(done.stderr.split())


def test_a_run_makes_second_views_and_scores_them(study: Path) -> None:
    _asked(study, "run", "rich", "data")
    rows = query(study / "data" / "results.duckdb", "FROM noise_ceilings ORDER BY method")
    assert rows["method"].to_list() == [
        "second view: caption 2 of each image",
        "second view: middle 90 % of each side of the pictures",
        "second view: pictures mirrored",
    ]
    assert rows["model_id"].to_list() == ["letters-a", "conv-a", "conv-a"]
    files = {}
    for path in (study / "data").glob("features/**/*.safetensors"):
        header = read_header(path)
        files[header.key] = read_layers(path)
    for row in rows.iter_rows(named=True):
        found = align(
            files[row["features"]], files[row["second"]], k=3, truncate="exact", concatenate=True
        )
        assert row["score"] == pytest.approx(found.score, abs=1e-6) and 0 < row["score"] < 1
    told = _asked(study, "score", "rich", "data")
    assert "Scores: 0 done" in told and "No noise ceiling" not in told


def test_a_ceiling_is_in_one_precision_and_says_which(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(shutil.copytree(study / "data", study / "both"))
    _asked(study, "run", "rich", "both", "--dtype", "bfloat16")
    assert query(
        home / "results.duckdb",
        """
        SELECT c.precision, x.precision AS first, y.precision AS second, count(*)
        FROM noise_ceilings AS c
        JOIN feature_precision AS x ON x.unit_key = c.features
        JOIN feature_precision AS y ON y.unit_key = c.second
        GROUP BY ALL ORDER BY ALL
        """,
    ).rows() == [("bfloat16",) * 3 + (3,), ("float32",) * 3 + (3,)]
    monkeypatch.setenv("PRH_DATA", str(home))
    shown = []
    for row in queries.settings().frame.iter_rows(named=True):
        setting = Setting.of(row)
        frame = self_agreement(setting, model_x="letters-a", model_y="conv-a").frame
        assert frame.height == 3 and frame["noise_ceiling"].null_count() == 0
        shown.append((setting.precision, *frame["noise_ceiling"]))
    assert {row[0] for row in shown} == {"float32", "bfloat16"}
    assert shown[0][1:] != shown[1][1:]


def test_what_has_no_second_view_is_named(study: Path) -> None:
    said = _asked(study, "run", "noise", "other")
    assert "No noise ceiling of language models: its images have no second caption" in said
    rows = query(study / "other" / "results.duckdb", "FROM noise_ceilings")
    assert set(rows["model_id"]) == {"conv-a"}


def test_a_score_takes_the_views_that_were_extracted(study: Path) -> None:
    words = ("--dataset", "rich", "--models", MODELS, "--catalog", study / "mine.toml")
    done = prh("extract", *words, "--data", study / "plain")
    assert done.returncode == 0, done.stderr
    said = _asked(study, "score", "rich", "plain")
    assert "“pictures mirrored” of conv-a: `prh run --noise-ceiling` extracts" in said
    assert query(study / "plain" / "results.duckdb", "FROM noise_ceilings").is_empty()
