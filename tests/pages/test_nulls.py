"""How sure are we: what the page draws equals what is stored, and its sentences are true."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.store.warehouse import Warehouse
from pages.doubt import finding, queries, statistics
from pages.ui import findings
from pages.ui.findings import Capacity, Held, Moved
from prh_core.calibration import benjamini_hochberg
from prh_core.nulls import detectable
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames
from tests.worlds import NULLS, edited, query


def test_the_page_shows_every_draw_with_the_score_among_them(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, "doubt")
    assert not app.exception
    strips, raw, calibrated = frames(app)
    stored = query(
        world / "results.duckdb",
        """FROM null_tests WHERE metric = 'mutual_knn' AND k = 10 AND truncation = 'exact'
            AND modality_x = 'language' AND modality_y = 'vision'""",
    )
    pair = next(one for one in strips if "unit_key" in one.columns)
    own = stored.filter(unit_key=pair["unit_key"][0])
    assert set(own["null_kind"]) == set(NULLS) == set(pair["null_kind"])
    draws = next(one for one in strips if "unit_key" not in one.columns)
    assert sorted(draws["best"]) == pytest.approx(sorted(own["draws"].explode()))
    # All pairs against relabeled rows.
    relabeled = stored.filter(null_kind="relabeled")
    for drawn in (raw[0], calibrated[0]):
        assert sorted(drawn["score"]) == pytest.approx(sorted(relabeled["score"]))
        assert sorted(drawn["calibrated"]) == pytest.approx(sorted(relabeled["calibrated"]))
    assert any("beyond" in block.value and "relabeled rows" in block.value
               for block in app.markdown)  # fmt: skip
    told = " ".join(block.value for block in app.markdown)
    assert "holds fixed both models' features" in told and "4 classes" in told


def test_q_and_power_are_those_of_the_mathematics(world: Path) -> None:
    rows = query(world / "results.duckdb", (Path(queries.__file__).parent / "null_settings.sql")
                 .read_text())  # fmt: skip
    assert rows["metric"][0] == "mutual_knn" and rows["modality_x"][0] == "language"
    frame = query(
        world / "results.duckdb",
        """SELECT a.*, 0::DOUBLE AS best
        FROM null_tests AS a WHERE metric = 'procrustes'""",
    )
    found = statistics.with_power(frame)
    assert "draws" not in found.columns and found.height == frame.height
    for (_,), one in found.group_by("null_label"):
        assert np.allclose(one["q_value"], benjamini_hochberg(one["p_value"].to_numpy()))
    for row in found.join(frame.select("unit_key", "null_kind", "draws"),
                          on=["unit_key", "null_kind"]).iter_rows(named=True):  # fmt: skip
        if row["null_kind"] == "untrained":
            assert row["detectable"] is None
            continue
        error = (row["interval_high"] - row["interval_low"]) / 3.92
        expected = detectable(
            np.array(row["draws"]), best=0.0, higher_is_closer=False, error=error
        ).score
        # Of a distance what is detectable lies below the threshold of its nulls.
        assert row["detectable"] == pytest.approx(expected)
        assert row["detectable"] < max(row["draws"])


@pytest.mark.parametrize("view", ["Calibration and trend", "Width and depth"])
def test_the_other_views_draw_what_is_stored(open_page: OpenPage, world: Path, view: str) -> None:
    app = open_page(world, "doubt", view=view)
    assert not app.exception
    shown = frames(app)
    if view == "Width and depth":
        stored = query(world / "results.duckdb", "FROM simulated_nulls")
        drawn = {one["metric"][0]: one for chart in shown for one in chart
                 if "score_mean" in one.columns}  # fmt: skip
        assert set(drawn) == {"cka", "unbiased_cka"}  # global first
        for metric, one in drawn.items():
            own = stored.filter(metric=metric)
            assert sorted(one["score_mean"]) == pytest.approx(sorted(own["score_mean"]))
        points = next(one for chart in shown for one in chart if "what" in one.columns)
        assert set(points["what"]) == {"permutation null, trained", "score, untrained"}
    else:
        (chart,) = shown
        trends = next(one for one in chart if "scores" in one.columns)
        raw = query(
            world / "results.duckdb",
            """SELECT log10(parameters_y) AS x, avg(score) AS y FROM alignment
            WHERE metric = 'cka' AND trained_x AND trained_y AND modality_x = 'language'
                AND modality_y = 'vision' GROUP BY ALL""",
        )
        r = np.corrcoef(raw["x"], raw["y"])[0, 1]
        told = trends.filter(pl.col("metric_label") == "CKA (linear)", scores="raw")
        assert told["r"].to_list() == pytest.approx([r])


def test_a_warehouse_without_nulls_has_the_other_views(
    open_page: OpenPage, own_world: Path, tmp_path: Path
) -> None:
    bare = Path(shutil.copytree(own_world, tmp_path / "bare"))
    for home, tables in ((own_world, ["null_scores"]), (bare, ["null_scores", "simulated_nulls"])):
        with edited(home / "results.duckdb") as connection:
            for table in tables:
                connection.execute(f"DELETE FROM {table}")
    app = open_page(own_world, "doubt")
    assert not app.exception and app.get("vega_lite_chart")
    assert any("rises with size" in b.value or "Too few" in b.value for b in app.markdown)
    app = open_page(bare, "doubt")
    assert [box.value for box in app.info] == [
        "The warehouse is here, but no score was held against a null yet."
    ]


def test_a_warehouse_of_before_is_published_anew_without_them(
    own_world: Path, tmp_path: Path
) -> None:
    # Parts of an earlier version: none of these tables.
    for table in ("null_scores", "simulated_nulls"):
        shutil.rmtree(own_world / "parts" / table)
    (own_world / "results.duckdb").unlink()
    Warehouse(own_world).publish()
    assert query(own_world / "results.duckdb", "FROM null_tests").is_empty()


BEYOND = Held("relabeled rows", 9, 9, 200)
WITHIN = Held("within classes", 9, 0, 200)
COARSE = Held("untrained networks", 9, 0, 2, closer=7)


@pytest.mark.parametrize(
    ("held", "verdict", "said"),
    [
        ([BEYOND], "yes", "beyond every null tested (q ≤ .05): relabeled rows 9 of 9"),
        ([BEYOND, WITHIN], "partly", "relabeled rows 9 of 9, within classes 0 of 9"),
        ([WITHIN], "no evidence", "no pair of trained models is beyond any null"),
        ([COARSE], "inconclusive", "2 draws reject nothing at 5 %, 19 would"),
        ([], "inconclusive", "no draws reject nothing"),
    ],
)
def test_what_is_beyond_nulls_is_said_as_counted(held: list[Held], verdict: str, said: str) -> None:
    found = findings.nulls_held(held=held, samples=512, detectable=0.041, metric="Mutual k-NN")
    assert found.verdict == verdict and said in found.sentence
    assert len(found.sentence) <= 240
    tested = any(one.draws >= 19 for one in held)
    assert ("expected Mutual k-NN of 0.041" in found.doubt) == tested
    both = findings.nulls_held(held=[BEYOND, COARSE], samples=512)
    assert both.verdict == "yes" and "7 of 9 (not tested: 2 draws)" in both.doubt


def _metric(scope: str, raw: bool, calibrated: bool, models: int = 12) -> Capacity:
    return Capacity(f"{scope} one", scope, 0.8, 0.3, raw, calibrated, models)


@pytest.mark.parametrize(
    ("metrics", "verdict", "said"),
    [
        ([_metric("global", True, False), _metric("local", True, True)], "yes",
         "of 1 global metric whose raw alignment rises with size 1 no longer do"),
        ([_metric("global", True, False), _metric("global", True, True),
          _metric("local", True, True)], "partly", "of 2 global metrics"),
        ([_metric("global", True, True), _metric("local", True, True)], "contrary", "0 no longer"),
        ([_metric("global", True, False), _metric("local", True, False)], "contrary", "0 still do"),
        ([_metric("global", False, False), _metric("local", True, True)], "inconclusive",
         "under 0 of 1 global and 1 of 1 local metrics; what does not rise"),
        ([_metric("global", True, False, 7), _metric("local", True, True, 7)], "inconclusive",
         "with 7 models"),
        ([_metric("global", True, False, 3)], "too few", "3 models make no trend"),
        ([], "too few", "no models"),
    ],
)  # fmt: skip
def test_the_claim_of_calibration_is_called_by_its_counts(
    metrics: list[Capacity], verdict: str, said: str
) -> None:
    found = findings.calibration_claim(metrics=metrics, samples=1024, what="vision models")
    assert found.verdict == verdict and said in found.sentence
    assert len(found.sentence) <= 260


def test_a_planted_claim_is_found_and_its_opposite_is_not() -> None:
    rng = np.random.default_rng(0)
    size = np.linspace(6, 9, 14)
    noise = {name: 0.02 * rng.normal(size=14) for name in "abcd"}

    def rows(label: str, scope: str, raw: np.ndarray, calibrated: np.ndarray) -> pl.DataFrame:
        return pl.DataFrame({
            "metric_label": label, "scope": scope, "model": [f"m{i}" for i in range(14)],
            "log_parameters": size, "raw": raw, "calibrated": calibrated,
        })  # fmt: skip

    wide = rows("CKA", "global", 0.1 * size + noise["a"], 0.3 + noise["b"])
    near = rows("Mutual k-NN", "local", 0.1 * size + noise["c"], 0.1 * size + noise["d"])
    trends = statistics.capacity(pl.concat([wide, near]))
    assert finding.claim(trends, samples=100, what="models").verdict == "yes"
    swapped = pl.concat([
        wide.with_columns(scope=pl.lit("local")), near.with_columns(scope=pl.lit("global")),
    ])  # fmt: skip
    assert (
        finding.claim(statistics.capacity(swapped), samples=100, what="models").verdict
        == "contrary"
    )
    flat = wide.with_columns(raw=pl.Series(0.3 + noise["b"]))
    trends = statistics.capacity(pl.concat([flat, near]))
    assert finding.claim(trends, samples=100, what="models").verdict == "inconclusive"
    few = statistics.capacity(pl.concat([wide.head(3), near.head(3)]))
    assert finding.claim(few, samples=100, what="models").verdict == "too few"


def test_confounds_are_counted_where_scores_lie_apart() -> None:
    moved = Moved("CKA (linear)", 0.1, 0.9, True, 0.89)
    still = Moved("unbiased CKA", 0.0, 0.001, False, 0.001)
    found = findings.confounding(metrics=[moved, still], samples=256)
    assert found.verdict == "partly"
    assert "under 1 of 2 metrics: CKA (linear) from 0.100 to 0.900; unbiased CKA" in found.sentence
    assert findings.confounding(metrics=[moved], samples=256).verdict == "yes"
    assert findings.confounding(metrics=[still], samples=256).verdict == "no evidence"
    assert findings.confounding(metrics=[], samples=0).verdict == "too few"
