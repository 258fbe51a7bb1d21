"""Five people's captions of real photographs, averaged as features."""

from pathlib import Path

import pytest

from tests.ingest.command import prh
from tests.shared import shared_catalog
from tests.worlds import query

pytestmark = pytest.mark.shared


def test_captions_averaged_align_better_than_one(tmp_path: Path) -> None:
    pytest.importorskip("timm", reason="the ingest half is not installed")
    catalog = shared_catalog(tmp_path)
    text = catalog.read_text(encoding="utf-8")
    assert "limit = 1024" in text
    catalog.write_text(text.replace("limit = 1024", "limit = 160"), encoding="utf-8")
    finished = prh(
        "captions", "--catalog", catalog, "--dataset", "flickr8k", "--models",
        "paraphrase-MiniLM-L3-v2,mobilenetv1-0.25", "--average", "5", "--permutations", "19",
        "--device", "cpu", "--dtype", "float32", "--data", tmp_path / "data",
    )  # fmt: skip
    if "not installed" in finished.stderr:
        pytest.skip("a package that ships weights is not installed")
    assert finished.returncode == 0, finished.stderr
    home = tmp_path / "data" / "results.duckdb"
    scores = query(home, "SELECT samples_x, score, p_value FROM averaged_scores ORDER BY 1")
    assert scores["samples_x"].to_list() == [1, 2, 3, 4, 5]
    assert scores["score"][4] > scores["score"][0] and scores["p_value"].to_list() == [0.05] * 5
    laws = query(home, "SELECT free, verdict FROM saturation_laws")
    assert set(laws.rows()) == {(2, "inconclusive")}
