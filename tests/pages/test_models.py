"""Vision models among themselves: what the page draws is what the warehouse and prh_core say."""

import io
import json
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.ipc
import pytest
from scipy.stats import spearmanr
from streamlit.testing.v1 import AppTest

from ingest.warehouse import query
from pages.ui import convergence
from prh_core.convergence import convergence_trend
from tests.pages.conftest import OpenPage
from tests.worlds import MODELS, PlantedModel, build_world

PAGE, METRICS = "do_strong_models_agree", "does_the_metric_matter"
SOLVED = "share of 3 tasks solved"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a world of twelve vision models: the less noise, the more competent and the closer."""
    vision = tuple(
        PlantedModel(f"vis-{i:02d}", "vision", f"Vis {i % 3}", 2, 24, 0.15 * 1.35**i)
        for i in range(12)
    )
    return build_world(tmp_path_factory.mktemp("panel"), models=(*MODELS[:2], *vision))


def frames(app: AppTest) -> list[list[pl.DataFrame]]:
    """Return the data sets of every chart."""
    return [
        [
            pl.DataFrame(pl.from_arrow(pyarrow.ipc.open_stream(io.BytesIO(d.data.data)).read_all()))
            for d in chart.proto.datasets  # type: ignore[attr-defined]
        ]
        for chart in app.get("vega_lite_chart")
    ]


def told(app: AppTest) -> str:
    return " ".join(block.value for block in app.markdown)


def test_competent_models_agree_more(open_page: OpenPage, panel: Path) -> None:
    app = open_page(panel, PAGE, skill="mean of 3 linear probes", bins="4", cut="equal count")
    assert not app.exception
    bins = next(f for f in frames(app)[0] if "below" in f.columns)
    assert bins["models"].to_list() == [3, 3, 3, 3]
    assert bins["pairs"].to_list() == [3, 3, 3, 3]
    assert bins["alignment"].is_sorted()
    # The means, by a loop over the warehouse.
    skill = dict(
        query(panel / "results.duckdb", "SELECT model_id, mean_accuracy FROM vision_competence")
        .iter_rows()
    )  # fmt: skip
    score = {
        frozenset((a, b)): s
        for a, b, s in query(
            panel / "results.duckdb",
            "SELECT model_a, model_b, score FROM vision_alignment "
            "WHERE metric = 'mutual_knn' AND k = 10",
        ).iter_rows()
    }
    order = sorted(skill, key=lambda name: skill[name])
    for place, mean in enumerate(bins["alignment"].to_list()):
        inside = order[3 * place : 3 * place + 3]
        wanted = np.mean([score[frozenset(pair)] for pair in combinations(inside, 2)])
        assert mean == pytest.approx(wanted)
    pairs = list(combinations(skill, 2))
    lower = [min(skill[a], skill[b]) for a, b in pairs]
    rho = spearmanr([score[frozenset(pair)] for pair in pairs], lower).statistic
    assert f"ρ = {rho:.2f}" in told(app)
    assert "10,000 drawn orders" in told(app)


def test_the_map_is_the_stored_one(open_page: OpenPage, panel: Path) -> None:
    for shown, stored in (("UMAP", "umap"), ("MDS", "mds")):
        app = open_page(panel, PAGE, map=shown, k="5")
        there = query(
            panel / "results.duckdb",
            f"SELECT x, y, trustworthiness FROM maps WHERE metric = 'mutual_knn' AND k = 5 "
            f"AND method = '{stored}' ORDER BY x",
        )
        drawn = frames(app)[1][0].sort("x")
        assert drawn.select("x", "y", "trustworthiness").equals(there)
        assert drawn["nearest"].str.split(", ").list.len().to_list() == [3] * 12
        assert f"Trustworthiness {there['trustworthiness'][0]:.2f}" in told(app)
        chart = json.loads(app.get("vega_lite_chart")[1].proto.spec)  # type: ignore[attr-defined]
        assert chart["layer"][0]["encoding"]["shape"]["field"] == "objective"


def test_share_of_tasks_solved_comes_first(open_page: OpenPage, panel: Path) -> None:
    app = open_page(panel, PAGE)
    (box,) = [box for box in app.selectbox if box.label == "Competence"]
    assert box.value == SOLVED
    assert box.options[1] == "mean of 3 linear probes"
    assert "Pictures (acc, 5-shot), planted" in box.options
    assert "The measure is top-1 accuracy, as in the paper" in told(app)
    app = open_page(panel, PAGE, skill=f"{SOLVED}, mean per class")
    assert "The measure here is accuracy averaged over classes" in told(app)
    captions = " ".join(block.value for block in app.caption)
    assert "Tasks: Planted, natural, Planted, specialised, Planted, structured." in captions


def test_a_metric_that_counts_distances_has_bins_and_no_map(
    open_page: OpenPage, panel: Path, tmp_path: Path
) -> None:
    """Rows as a distance would leave them: no map, lower is closer."""
    target = tmp_path / "results.duckdb"
    target.write_bytes((panel / "results.duckdb").read_bytes())
    with duckdb.connect(str(target)) as connection:
        connection.execute("UPDATE metrics SET higher_is_closer = false WHERE name = 'cka'")
        connection.execute("DELETE FROM maps WHERE metric = 'cka'")
    app = open_page(tmp_path, PAGE, metric="CKA (linear)")
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    assert "No map" in told(app)


def test_without_any_competence_there_is_still_a_map(
    open_page: OpenPage, panel: Path, tmp_path: Path
) -> None:
    target = tmp_path / "results.duckdb"
    target.write_bytes((panel / "results.duckdb").read_bytes())
    with duckdb.connect(str(target)) as connection:
        connection.execute("DELETE FROM competence")
        connection.execute("DELETE FROM benchmarks")
    app = open_page(tmp_path, PAGE)
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    assert "prh probe" in told(app)


def test_metrics_are_ranked_over_pairs_of_vision_models(open_page: OpenPage, panel: Path) -> None:
    app = open_page(panel, METRICS, view="Do they rank alike?", pairs="vision with vision")
    assert not app.exception
    cells = frames(app)[0][0]
    assert cells["setting_a"].n_unique() == 5
    wide = query(
        panel / "results.duckdb",
        "PIVOT (SELECT model_a, model_b, concat_ws(', ', metric_label, 'k = ' || k) AS s, score "
        "FROM vision_alignment) ON s USING first(score) GROUP BY model_a, model_b",
    )
    for one, other in (("mutual k-NN, k = 10", "CKA (linear)"), ("cycle k-NN, k = 5",) * 2):
        rho = spearmanr(wide[one], wide[other]).statistic
        seen = cells.filter(pl.col("setting_a") == one, pl.col("setting_b") == other)
        assert seen["rho"][0] == pytest.approx(rho)
        assert seen["pairs"][0] == 66


def test_models_not_compared_with_all_are_named(panel: Path) -> None:
    pairs = pl.DataFrame(
        [
            {"model_a": a, "model_b": b, "label_a": a, "label_b": b, "alignment": 0.1 * i,
             "competence_a": {"d": None}.get(a, ord(a) / 100),
             "competence_b": {"d": None}.get(b, ord(b) / 100)}
            for i, (a, b) in enumerate(combinations("abcdefg", 2))
        ]
    )  # fmt: skip
    lacking = pairs.filter(~((pl.col("model_a") == "a") & (pl.col("model_b") == "g")))
    found = convergence.binned(lacking, count=3, rule="equal width")
    assert found.left_out == ["d", "g"]
    assert found.bins["models"].sum() == 5
    kept = lacking.filter(~pl.any_horizontal(pl.col("model_a", "model_b").is_in(["d", "g"])))
    table = np.eye(5)
    for a, b, score in kept.select("model_a", "model_b", "alignment").iter_rows():
        table["abcef".index(a), "abcef".index(b)] = table["abcef".index(b), "abcef".index(a)] = (
            score
        )
    assert found.trend == convergence_trend([ord(c) / 100 for c in "abcef"], table)
