"""Vision models among themselves: what the page draws is what the warehouse and prh_core say."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import open_features, plan, plan_batches, settings_for
from ingest.pipeline.scoring import score_missing
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from pages.competence import chart, statistics
from pages.ui import export
from pages.ui.charts.finish import titled
from prh_core.calibration import benjamini_hochberg
from prh_core.convergence import convergence_trend
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import MODELS, PlantedModel, build_world, edited, query

PAGE, METRICS = "competence", "metrics"
SOLVED = "share of 3 tasks solved"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a world of twelve vision models: the less noise, the more competent and the closer."""
    vision = tuple(
        PlantedModel(f"vis-{i:02d}", "vision", f"Vis {i % 3}", 2, 24, 0.15 * 1.35**i)
        for i in range(12)
    )
    home = tmp_path_factory.mktemp("panel")
    return build_world(home, models=(*MODELS[:2], *vision), studies=False)


def test_competent_models_agree_more(open_page: OpenPage, panel: Path) -> None:
    app = open_page(panel, PAGE, skill="mean of 3 linear probes", bins="4", cut="equal count")
    assert not app.exception
    bins = next(f for f in frames(app)[0] if "below" in f.columns)
    assert bins["models"].to_list() == [3, 3, 3, 3]
    assert bins["pairs"].to_list() == [3, 3, 3, 3]
    assert bins["alignment"].is_sorted()
    # The means, by a loop over the warehouse.
    skill: dict[str, float] = dict(
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


def test_bins_are_held_against_the_best_of_relabeled_tables(
    open_page: OpenPage, panel: Path
) -> None:
    there = query(
        panel / "results.duckdb",
        "SELECT p_value, q_value, null_best_mean, chance FROM vision_alignment "
        "WHERE metric = 'mutual_knn' AND k = 10",
    )
    wanted = benjamini_hochberg(there["p_value"].to_numpy())
    assert there["q_value"].to_list() == pytest.approx(wanted.tolist())
    app = open_page(panel, PAGE)
    held = next(f for f in frames(app)[0] if "held_low" in f.columns)
    best = there["null_best_mean"]
    assert held.rows() == [(best.min(), best.max())] and held["held_low"][0] > there["chance"][0]
    firm = int((wanted <= 0.05).sum())
    captions = " ".join(caption.value for caption in app.caption)
    assert f"{firm} of 66 pairs agree more than the permutation null (q ≤ .05)" in captions
    # CKA was not calibrated, and is said not to be.
    captions = " ".join(c.value for c in open_page(panel, PAGE, metric="CKA (linear)").caption)
    assert "pairs not tested (no permutations)" in captions


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
    assert "Tasks: Planted, natural, Planted, specialized, Planted, structured." in captions


def test_a_metric_that_counts_distances_has_bins_and_no_map(
    open_page: OpenPage, panel: Path, tmp_path: Path
) -> None:
    """Rows as a distance would leave them: no map, lower is closer."""
    target = tmp_path / "results.duckdb"
    target.write_bytes((panel / "results.duckdb").read_bytes())
    with edited(target) as connection:
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
    with edited(target) as connection:
        connection.execute("DELETE FROM competence")
        connection.execute("DELETE FROM benchmarks")
    app = open_page(tmp_path, PAGE)
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    assert "prh probe" in told(app)


@pytest.mark.parametrize("known", [0, 3, 4])
def test_a_model_without_competence_is_on_the_map(known: int) -> None:
    places = pl.DataFrame(
        {
            "label": list("abcd"), "family": ["f"] * 4, "objective": ["o"] * 4, "nearest": [""] * 4,
            "competence": pl.Series([0.1, 0.5, 0.7, 0.9][:known] + [None] * (4 - known),
                                    dtype=pl.Float64),
            "x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 1.0, 0.0, 2.0],
        }
    )  # fmt: skip
    drawn = titled(chart.model_map(places, skill="skill"), "Map", [])
    assert export.svg(drawn).count(b'aria-roledescription="point"') == 4


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
        assert seen["pairs"][0] == 66 and seen["models_a"][0] == 12
    apart = cells.filter(pl.col("place_a") < pl.col("place_b"))
    q = benjamini_hochberg(apart["p_value"].to_numpy())
    assert apart["q_value"].to_list() == pytest.approx(q.tolist())
    # No order of twelve models but the true one pairs these alike.
    assert set(apart["p_value"]) == {1 / 1000}
    assert f"Of {apart.height} correlations {apart.height} are more than chance" in told(app)


def kept_pairs(pairs: pl.DataFrame, models: str) -> pl.DataFrame:
    return pairs.filter(pl.all_horizontal(pl.col("model_a", "model_b").is_in(list(models))))


def test_models_not_compared_with_all_are_named(panel: Path) -> None:
    pairs = pl.DataFrame(
        [
            {"model_a": a, "model_b": b, "label_a": a, "label_b": b, "alignment": 0.1 * i,
             "q_value": 0.01 * i if i else None,
             "competence_a": {"d": None}.get(a, ord(a) / 100),
             "competence_b": {"d": None}.get(b, ord(b) / 100)}
            for i, (a, b) in enumerate(combinations("abcdefg", 2))
        ]
    )  # fmt: skip
    lacking = pairs.filter(~((pl.col("model_a") == "a") & (pl.col("model_b") == "g")))
    found = statistics.bin_models(lacking, count=3, rule="equal width")
    assert found.left_out == ["d", "g"]
    assert found.bins["models"].sum() == 5
    inside = kept_pairs(lacking, "abcef")
    firm = inside.filter(pl.col("q_value") <= 0.05).height
    whole = statistics.bin_models(lacking, count=1, rule="equal width").bins
    assert whole["significant"].to_list() == [firm] and 0 < firm < inside.height
    kept = kept_pairs(lacking, "abcef")
    table = np.eye(5)
    for a, b, score in kept.select("model_a", "model_b", "alignment").iter_rows():
        table["abcef".index(a), "abcef".index(b)] = table["abcef".index(b), "abcef".index(a)] = (
            score
        )
    assert found.trend == convergence_trend([ord(c) / 100 for c in "abcef"], table)


def test_language_models_are_seen_among_themselves(open_page: OpenPage, world: Path) -> None:
    # Without the choice in the address the page shows what it always did.
    assert "4 vision models, 6 pairs" in " ".join(c.value for c in open_page(world, PAGE).caption)
    skill = "1 − bits per byte of planted captions"
    app = open_page(world, PAGE, models="language", map="MDS")
    assert not app.exception and not app.info[1:]
    assert app.selectbox(key="skill").value == skill  # the paper's measure comes first
    captions = " ".join(caption.value for caption in app.caption)
    assert "captions pooled by mean, prompt none" in captions
    assert "4 language models, 6 pairs" in captions and "captions from tests/worlds.py" in captions
    assert "Bits per byte of planted captions: 3 models" in captions
    assert any("models=language" in code.value for code in app.code)
    pairs = query(
        world / "results.duckdb",
        "SELECT label_a, label_b, score FROM alignment_within_modality WHERE modality = 'language' "
        "AND metric = 'mutual_knn' AND k = 10",
    )
    assert pairs.height == 6
    shown = [f for f in frames(app)[1] if "nearest" in f.columns]
    places = pl.concat(shown, how="diagonal_relaxed").unique("label")
    assert set(places["label"]) == {"Lang Small", "Lang Large", "Lang Other", "Lang Random"}
    assert places.filter(pl.col("label") == "Lang Random")["competence"].to_list() == [None]
    most = pairs.filter(pl.any_horizontal(pl.col("label_a", "label_b") == "Lang Large"))
    nearest = places.filter(pl.col("label") == "Lang Large")["nearest"][0]
    assert f" {most['score'].max():.3f} (q = " in nearest.split(", ")[0]
    assert "Left out, without this competence: Lang Random" in told(app) or "needs four" in told(
        app
    )
    app.selectbox(key="models").select("vision").run()
    assert not app.exception
    assert app.selectbox(key="skill").value == SOLVED


def test_metrics_are_ranked_over_pairs_of_language_models(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, METRICS, view="Do they rank alike?", pairs="language with language")
    assert not app.exception
    captions = " ".join(caption.value for caption in app.caption)
    assert "pairs of language models" in captions and "4 models" in captions
    cells = frames(app)[0][0]
    assert cells["setting_a"].n_unique() == 5 and set(cells["pairs"]) == {6}
    assert set(cells["shuffles"]) == {24}


def test_means_over_batches_join_the_correlations(open_page: OpenPage, own_world: Path) -> None:
    address = {"view": "Do they rank alike?", "pairs": "vision with vision"}
    before = open_page(own_world, METRICS, **address)
    assert "are added by `prh score --batch 64,128`" in told(before)
    files = [open_features(path) for path in own_world.glob("features/**/*.safetensors")]
    vision = sorted(
        (f for f in files if f.header.dataset_id == "planted" and "vis" in f.header.model_id),
        key=lambda file: file.header.model_id,
    )
    workspace = Workspace(own_world)
    settings = settings_for(["cka", "mutual_knn"], [5], ["exact"], permutations=0)
    with Run(workspace, "batches") as run:
        score_missing(run, plan_batches(plan(vision, vision, settings), [20]), Silent())
    workspace.warehouse.publish()
    app = open_page(own_world, METRICS, **address)
    assert not app.exception
    cells = frames(app)[0][0]
    there = set(cells["setting_a"])
    assert {"CKA (linear), batches of 20", "mutual k-NN, k = 5, batches of 20"} < there
    assert len(there) == 7 and set(cells["pairs"]) == {6}
    assert "**Batches**: the samples in one random order" in told(app)
    wide = query(
        workspace.warehouse.path,
        "SELECT b.score AS batched, a.score FROM batch_alignment AS b JOIN vision_alignment AS a "
        "USING (metric, model_a, model_b) WHERE metric = 'cka'",
    )
    seen = cells.filter(setting_a="CKA (linear)", setting_b="CKA (linear), batches of 20")
    assert seen["rho"][0] == pytest.approx(spearmanr(wide["batched"], wide["score"]).statistic)


def test_the_answer_is_the_trend_over_all_pairs(open_page: OpenPage, panel: Path) -> None:
    app = open_page(panel, PAGE)
    said = told(app).replace("\\", "")
    assert "Yes: vision models agree more, the higher the weaker one's share of 3 tasks" in said
    assert "over 12 models (ρ = " in said
    captions = " ".join(caption.value for caption in app.caption).replace("\\", "")
    assert "66 pairs of 12 models, which pairs share · n = 60 samples" in captions
    few = told(open_page(panel, PAGE, models="language")).replace("\\", "")
    assert "Too few models for a trend, 2 language models with" in few


def test_binning_and_map_are_in_the_drawer_and_in_the_address(
    open_page: OpenPage, panel: Path
) -> None:
    app = open_page(panel, PAGE, bins="3", cut="equal count", map="UMAP")
    assert app.selectbox(key="bins").value == 3 and app.selectbox(key="map").value == "UMAP"
    assert app.selectbox(key="cut").label == "Binning"
    link = next(code.value for code in app.code if "cut=" in code.value)
    assert "bins=3" in link and "cut=equal+count" in link and "map=UMAP" in link


def test_names_on_the_map_hide_no_disc() -> None:
    rng = np.random.default_rng(0)
    places = pl.DataFrame(
        {
            "label": [f"Model {i}" for i in range(12)], "family": ["f"] * 12,
            "objective": ["o"] * 12, "nearest": [""] * 12, "competence": rng.uniform(size=12),
            "x": rng.uniform(size=12), "y": rng.uniform(size=12),
        }
    )  # fmt: skip
    layers = chart.model_map(places, skill="skill").to_dict()["layer"]
    kinds = [layer["mark"]["type"] for layer in layers]
    assert kinds == sorted(kinds)  # points, then texts: names are drawn over discs
    legends = [layer["encoding"]["shape"]["legend"]["orient"] for layer in layers
               if "shape" in layer["encoding"]]  # fmt: skip
    assert set(legends) == {"bottom"}
