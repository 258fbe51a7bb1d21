"""What a page draws is what its SQL answers, under the choices in its address.

One file, since its tests read charts in one way.
"""

import io
import json
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr
from streamlit.testing.v1 import AppTest

from pages import PAGES
from pages.inventory import chart
from pages.inventory.queries import coverage
from pages.layers import chart as layer_chart
from pages.layers import queries as inside
from pages.metrics import queries as metric_queries
from pages.metrics import statistics as metric_statistics
from pages.neighborhood import finding as neighborhood_finding
from pages.neighborhood import queries as neighborhood
from pages.neighborhood import text as neighborhood_text
from pages.skill import statistics
from pages.skill import text as skill_text
from pages.ui import export, palette, queries
from pages.ui.answers import Setting
from pages.ui.charts.finish import titled
from prh_core import emergence_test
from prh_core.calibration import benjamini_hochberg
from prh_core.metrics import all_metrics, get_metric
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn, spec
from tests.worlds import SETTINGS, edited, query

MEET, LAYERS = "alignment", "layers"
METRICS = "metrics"
SKILL, LOCAL = "skill", "neighborhood"


def test_the_heat_map_draws_the_warehouse(open_page: OpenPage, world: Path) -> None:
    there = query(
        world / "results.duckdb",
        "SELECT language_label AS label_x, vision_label AS label_y, score AS alignment "
        "FROM language_vision_alignment "
        "WHERE metric = 'mutual_knn' AND k = 5 AND truncation = 'mean' ORDER BY ALL",
    )
    app = open_page(world, MEET, k="5", truncation="mean")
    seen = drawn(app)[0].select(there.columns).sort(there.columns)
    assert there.height == 16
    assert seen.equals(there)


def test_single_layers_and_trained_models_only(open_page: OpenPage, world: Path) -> None:
    there = query(
        world / "results.duckdb",
        "SELECT language_label AS label_x, vision_label AS label_y, "
        "single_layer_score AS alignment "
        "FROM language_vision_alignment WHERE metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact' AND language_trained AND vision_trained ORDER BY ALL",
    )
    app = open_page(world, MEET, concatenated="false", untrained="false")
    seen = drawn(app)[0].select(there.columns).sort(there.columns)
    assert there.height == 9
    assert seen.equals(there)


def test_alignment_against_bits_per_byte(open_page: OpenPage, world: Path) -> None:
    there = query(
        world / "results.duckdb",
        "SELECT vision_label, 1 - bits_per_byte AS skill, score FROM language_vision_alignment "
        "JOIN bits_per_byte ON model_id = language_model WHERE metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact' AND language_trained AND vision_trained ORDER BY ALL",
    )
    app = open_page(world, MEET, view="By language skill", layout="one picture")
    assert not app.exception
    frames = drawn(app)
    points = next(frame for frame in frames if "alignment" in frame.columns)
    curves = next(frame for frame in frames if "fit_low" in frame.columns)
    assert points.height == there.height == 9
    said = " ".join(text.value for text in app.markdown)
    slopes = app.dataframe[-1].value
    for (label,), rows in there.group_by("vision_label"):
        x, y = rows["skill"].to_numpy(), rows["score"].to_numpy()
        slope, intercept = np.polyfit(x, y, 1)
        own = curves.filter(pl.col("line") == label)
        fit = intercept + slope * own["x"].to_numpy()
        np.testing.assert_allclose(own["fit"].to_numpy(), fit, rtol=1e-9)
        rho = spearmanr(x, y).statistic
        assert f"{label} r = {np.corrcoef(x, y)[0, 1]:.2f}, ρ = {rho:.2f}" in said
        row = slopes[slopes["model"] == label].iloc[0]
        assert row["slope"].startswith(f"{slope:.3g} (")
        assert row["families compared"] == 1  # Lang B has one model
    assert "this skill of theirs is not known: Lang Random" in said
    captions = " ".join(caption.value for caption in app.caption)
    assert "Bits per byte of planted captions: 3 models" in captions


def test_a_panel_per_family_has_the_same_axes(open_page: OpenPage, world: Path) -> None:
    app = open_page(
        world, MEET, view="By language skill", layout="a panel per family",
        scores="calibrated",
    )  # fmt: skip
    assert not app.exception
    charts_there = app.get("vega_lite_chart")
    specs = [json.loads(chart.proto.spec) for chart in charts_there]  # type: ignore[attr-defined]
    scales = [
        {
            axis: next(
                layer["encoding"][axis]["scale"]["domain"]
                for layer in one["layer"]
                if "scale" in (layer["encoding"].get(axis) or {})
            )
            for axis in ("x", "y")
        }
        for one in specs
    ]
    assert len(scales) == 2
    assert scales[0] == scales[1]
    assert [text.value for text in app.markdown if "**Vis" in text.value] == [
        "**Vis A**", "**Vis B**"
    ]  # fmt: skip
    title = next(
        layer["encoding"]["y"]["title"]
        for layer in specs[0]["layer"]
        if "title" in (layer["encoding"].get("y") or {})
    )
    assert title == "mutual k-NN (k = 10), calibrated"


def test_the_converse_view_has_a_line_per_language_model(open_page: OpenPage, world: Path) -> None:
    app = open_page(
        world, MEET, view="By vision skill", skill="Pictures (acc, 5-shot), planted",
        layout="one picture",
    )  # fmt: skip
    curves = next(frame for frame in drawn(app) if "fit_low" in frame.columns)
    assert set(curves["line"]) == {"Lang Small", "Lang Large", "Lang Other"}
    captions = " ".join(caption.value for caption in app.caption)
    assert "Pictures (acc, 5-shot), planted: 3 models, collection planted" in captions


def test_skill_along_alignment_and_its_shape(open_page: OpenPage, world: Path) -> None:
    there = query(
        world / "results.duckdb",
        "SELECT language_label, a.score AS alignment, b.score FROM language_vision_alignment AS a "
        "JOIN benchmarks AS b ON b.model_id = a.language_model WHERE metric = 'mutual_knn' "
        "AND k = 10 AND truncation = 'exact' AND vision_label = 'Vis Other' ORDER BY 1",
    )
    app = open_page(world, SKILL, vision="Vis Other")
    assert not app.exception
    points = next(frame for frame in drawn(app) if "language_rank" in frame.columns)
    assert points.select(there.columns).unique().sort("language_label").equals(there)
    ranks = dict(points.select("language_label", "language_rank").iter_rows())
    assert ranks == {"Lang Large": 1, "Lang Other": 2, "Lang Small": 3}
    found = emergence_test(there["alignment"].to_list(), there["score"].to_list())
    curves = next(frame for frame in drawn(app) if "s_shaped" in frame.columns)
    np.testing.assert_allclose(curves["concave"].to_numpy(), found.concave)
    said = " ".join(text.value for text in app.markdown)
    assert "3 models at 3 different alignments cannot tell emergence from growth" in said
    assert any("held" in frame.columns for frame in drawn(app))
    r = np.corrcoef(there["alignment"], there["score"])[0, 1]
    assert f"over 3 models (r = {r:.2f}, p = " in said
    line = next(frame for frame in drawn(app) if "fit_low" in frame.columns)
    slope, height = np.polyfit(there["alignment"], there["score"], 1)
    np.testing.assert_allclose(line["fit"].to_numpy(), height + slope * line["x"].to_numpy())
    assert "Too few models for a trend, 3 models with both" in said
    captions = " ".join(caption.value for caption in app.caption)
    assert "Words (acc, 5-shot), planted: 3 models" in captions and "Made for a test." in captions


def test_only_skills_that_these_models_have_are_offered(
    open_page: OpenPage, world: Path, tmp_path: Path
) -> None:
    target = tmp_path / "results.duckdb"
    target.write_bytes((world / "results.duckdb").read_bytes())
    with edited(target) as connection:
        connection.execute(
            "INSERT INTO benchmarks BY NAME SELECT * REPLACE ('x' || unit_key AS unit_key, "
            "'Rare' AS benchmark) FROM benchmarks WHERE model_id = 'lang-large'"
        )
        connection.execute(
            "INSERT INTO models BY NAME SELECT * REPLACE ('far' AS model_id, 'Far' AS label) "
            "FROM models WHERE model_id = 'lang-large'"
        )
        connection.execute(
            "INSERT INTO benchmarks BY NAME SELECT * REPLACE ('y' || unit_key AS unit_key, 'far' "
            "AS model_id, 'Elsewhere' AS benchmark) FROM benchmarks WHERE model_id = 'lang-large'"
        )
    app = open_page(tmp_path, SKILL)
    assert not app.exception
    box = app.selectbox(key="skill")
    assert box.value == "Words (acc, 5-shot), planted"  # three models have it, one the rare one
    assert any(option.startswith("Rare") for option in box.options)
    assert not any(option.startswith("Elsewhere") for option in box.options)


FLOOR = [0.25, 0.25, 0.26, 0.24, 0.25, 0.26, 0.40, 0.55, 0.70, 0.85]
SPREAD = [0.3, 0.42, 0.28, 0.52, 0.33, 0.6, 0.41, 0.66, 0.5, 0.58]
QUICKER = [0.1 + 0.3 * z + 0.12 * z**2 for z in np.linspace(0, 1, 20)]


@pytest.mark.parametrize(
    ("scores", "verdict", "said"),
    [
        (FLOOR, "emergent", "Skill emerges: up to an alignment of about"),
        ([0.3 + 0.05 * i for i in range(10)], "not emergent", "would have been found in 100%"),
        (QUICKER, "not emergent", "there is no onset"),
        (SPREAD, "cannot tell", "cannot be told: a curve with an onset fits no better"),
        (FLOOR[:1] + FLOOR[-4:], "cannot tell", "5 models at 5 different alignments cannot tell"),
    ],
)
def test_what_is_said_of_emergence_is_what_was_found(
    scores: list[float], verdict: str, said: str
) -> None:
    frame = pl.DataFrame({"alignment": np.linspace(0.05, 0.15, len(scores)), "score": scores})
    found = statistics.run_emergence_test(frame)
    assert found is not None and found.verdict == verdict
    told = skill_text.describe_emergence(frame, found)
    assert said in told
    for other in ("Skill emerges", "Skill does not emerge", "cannot"):
        assert (other in told) == (
            other
            == {"emergent": "Skill emerges", "not emergent": "Skill does not emerge"}.get(
                verdict, "cannot"
            )
        )
    if not np.isnan(found.p_value):
        assert f"p = {found.p_value:.2g}, {found.draws:,} simulated sets" in told
    if verdict == "emergent":
        assert 0.05 < found.onset < 0.15
        assert frame.filter(pl.col("alignment") <= found.onset, pl.col("score") > 0.3).is_empty()


def test_a_skill_that_is_no_share_is_not_tested() -> None:
    frame = pl.DataFrame({"alignment": [0.1, 0.2, 0.3], "score": [1.0, 20.0, 30.0]})
    assert statistics.run_emergence_test(frame) is None
    assert "a share between 0 and 1" in skill_text.describe_emergence(frame, None)


def _local(alignments: dict[str, dict[int, list[float]]]) -> pl.DataFrame:
    """Answer local.sql of planted families: alignments by k, a family's sizes rising."""
    rows = [
        (language, family, f"{family} {size}", 10 * size, k, score)
        for language in ("one", "two")
        for family, by_k in alignments.items()
        for k, scores in by_k.items()
        for size, score in enumerate(scores, start=1)
    ]
    frame = pl.DataFrame(  # noqa: F841 (DuckDB reads it by name)
        rows,
        schema=["language_model", "vision_family", "vision_label", "vision_parameters", "k", "s"],
        orient="row",
    )
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE VIEW language_vision_alignment AS SELECT *, vision_label AS vision_model, "
            "s AS score, s AS single_layer_score, 'd' AS dataset_id, 'o' AS row_order, 101 AS n, "
            "'cknna' AS metric, NULL::DOUBLE AS sigma, 'exact' AS truncation, true AS normalized, "
            "'mean' AS pooling, 'none' AS prompt, 'float32' AS precision, "
            "true AS language_trained, NULL::DOUBLE AS null_best_mean, NULL::DOUBLE AS chance, "
            "true AS vision_trained FROM frame"
        )
        sql = (Path(neighborhood.__file__).parent / "local.sql").read_text()
        return connection.sql(
            sql,
            params={
                "concatenated": True, "dataset_id": "d", "row_order": "o", "n": 101,
                "metric": "cknna", "sigma": None, "truncation": "exact", "normalized": True,
                "pooling": "mean", "prompt": "none", "precision": "float32",
            },
        ).pl()  # fmt: skip


def test_growth_is_centered_and_scaled_within_a_family_of_three() -> None:
    three, two = [0.1, 0.3, 0.31], [0.1, 0.6]
    found = _local(
        {
            "Three": {10: three, 90: [0.2, 0.1, 0.4]},
            "Two": {10: two, 90: two},
            "One": {10: [0.2], 90: [0.3]},
            "Equal": {10: [0.1, 0.1 + 1e-12, 0.1], 90: three},
            "Nothing": {10: [0.0, 0, 0], 90: three},
        }
    )
    grown = found.drop_nulls("growth")
    assert set(grown["vision_family"]) == {"Three", "Equal", "Nothing"}
    assert set(grown.filter(pl.col("k") == 10)["vision_family"]) == {"Three"}
    first = grown.filter(pl.col("vision_family") == "Three", pl.col("k") == 10)["growth"]
    np.testing.assert_allclose(
        first.to_numpy(), (np.array(three) - 0.1) / np.std(three, ddof=1), rtol=1e-9
    )
    assert grown["no_growth"].is_null().all()
    why = dict(found.filter(pl.col("k") == 10).select("vision_family", "no_growth").iter_rows())
    assert why == {"Three": None, "Two": "few", "One": "few", "Equal": "equal", "Nothing": "equal"}
    told = neighborhood_text.describe_missing_growth(found)
    assert "fewer than three of their family here: One 1, Two 1, Two 2. Two sizes are inc" in told
    assert "growth at k = 10, since their alignments are equal: Equal 1, Equal 2, Equal 3, " in told
    assert "k = 90" not in told and "Three" not in told
    assert neighborhood_text.describe_missing_growth(grown) == ""


def test_a_family_of_two_has_no_growth_and_the_page_says_why(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, LOCAL)
    assert not app.exception
    lines = drawn(app)[0]
    assert lines.height == 2 * 3 and lines["growth"].is_null().all()
    held = next(frame for frame in drawn(app) if "held" in frame.columns)
    assert (held["held"] == held["null_best_mean"]).all()
    assert (held["held"] > held["chance"]).all()
    said = " ".join(text.value for text in app.markdown)
    assert "The dashed line is the mean best of the permutation null." in said
    assert "here: Vis Large, Vis Other, Vis Small. Two sizes are inconclusive" in said
    assert "CKNNA is CKA without the diagonal" in said
    assert "Inconclusive with 3 vision models: no family has three sizes" in said
    asked = open_page(world, LOCAL, view="Growth with size")
    assert "No family here has growth to show." in asked.info[0].value


def test_the_neighborhood_opens_with_cknna_whatever_other_pages_show(
    open_page: OpenPage, world: Path, tmp_path: Path
) -> None:
    target = tmp_path / "results.duckdb"
    target.write_bytes((world / "results.duckdb").read_bytes())
    with edited(target) as connection:
        connection.execute(
            "UPDATE scores SET metric = 'cknna' WHERE metric = 'mutual_knn' AND truncation = 'mean'"
        )
    app = open_page(tmp_path, LOCAL)
    assert not app.exception
    assert app.selectbox(key="metric").value == "CKNNA"
    assert len(app.selectbox(key="metric").options) == 2
    (page,) = (page for page in PAGES if page.topic == LOCAL)
    assert "metric" not in page.takes and "dataset" in page.takes


def test_locality_is_the_growth_from_the_smallest_to_the_largest() -> None:
    found = _local(
        {
            "Near": {2: [0.1, 0.2, 0.4], 90: [0.3, 0.1, 0.2]},
            "Two": {2: [0.1, 0.2], 90: [0.3, 0.1]},
        }
    )
    told = neighborhood_finding.find(found, samples=101)
    near, far = np.array([0.1, 0.2, 0.4]), np.array([0.3, 0.1, 0.2])
    local = (near[-1] - near[0]) / np.std(near, ddof=1)
    across = (far[-1] - far[0]) / np.std(far, ddof=1)
    assert told.verdict == "partly"
    assert f"Near +{local:.1f} at k = 2" in told.sentence
    assert f"−{abs(across):.1f} at k = 90".replace("−1.0", "−1") in told.sentence.replace(
        "1.0", "1"
    )
    few = neighborhood_finding.find(found.filter(pl.col("vision_family") == "Two"), samples=101)
    assert few.verdict == "inconclusive" and "2 vision models" in few.sentence


def test_every_metric_against_a_skill(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, METRICS, view="Against language skill")
    assert not app.exception
    metrics = {setting.metric for setting in SETTINGS}
    assert len(app.get("vega_lite_chart")) == len(metrics)
    said = " ".join(text.value for text in app.markdown)
    assert all(f"**{get_metric(name).label}" in said for name in metrics)


@pytest.mark.parametrize(
    ("page", "models"),
    [(MEET, "4 language × 4 vision models"), (LAYERS, "Lang Large × Vis Large")],
)
def test_what_was_measured_is_said(
    open_page: OpenPage, world: Path, page: str, models: str
) -> None:
    app = open_page(world, page, k="5")
    said = " ".join(caption.value for caption in app.caption)
    for piece in (
        "n = 60", "mutual k-NN (k = 5)", "truncation exact", "chance 0.0847", models,
        "19 permutations (seed 0), 95 % interval by",
        "test-run-planted", "UTC",
    ):  # fmt: skip
        assert piece in said
    told = [*app.info, *app.caption]
    assert any("made for a test" in text.value for text in told)


def test_lines_show_chance_and_one_color_per_family(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, MEET, view="Lines")
    scales = [
        layer["encoding"]["color"]["scale"]
        for layer in spec(app)["layer"]
        if isinstance(layer.get("encoding", {}).get("color"), dict)
        and "scale" in layer["encoding"]["color"]
    ]
    assert scales
    # Language families come first in the palette; the vision page keeps the same places.
    families = palette.families(["Lang A", "Lang B", "Vis A", "Vis B"])
    assert scales[0]["domain"] == ["Vis A", "Vis B", "untrained"]
    assert scales[0]["range"] == [families["Vis A"], families["Vis B"], palette.UNTRAINED]
    best = query(
        world / "results.duckdb",
        "SELECT min(null_threshold) AS low, max(null_threshold) AS high, any_value(chance) AS one "
        "FROM language_vision_alignment WHERE metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact'",
    ).row(0, named=True)
    (held,) = [frame for frame in drawn(app) if "held_low" in frame.columns]
    assert held.rows() == [(best["low"], best["high"])] and best["low"] > best["one"]
    said = f"threshold of the permutation null (5 %) {best['low']:.3f} to {best['high']:.3f}"
    assert said in json.dumps(spec(app), ensure_ascii=False)


def test_without_permutations_chance_of_one_pair_is_called_so(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, MEET, view="Lines", concatenated="false")
    (held,) = [frame for frame in drawn(app) if "held_low" in frame.columns]
    assert held["held_low"][0] == held["held_high"][0] == pytest.approx(10 / 59)
    said = "chance of one pair 0.169 (best of a table unknown)"
    assert said in json.dumps(spec(app), ensure_ascii=False)
    # Calibrated scores are held against their threshold.
    app = open_page(world, MEET, view="Lines", scores="calibrated")
    (held,) = [frame for frame in drawn(app) if "held_low" in frame.columns]
    assert held.rows() == [(0.0, 0.0)]


def test_lines_of_several_models_carry_q_over_all_of_them(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, MEET, view="By language skill")
    slopes = app.dataframe[-1].value
    p = np.array([float(value) for value in slopes["p"]])
    q = np.array([float(value) for value in slopes["q"]])
    np.testing.assert_allclose(q, benjamini_hochberg(p), rtol=0.1)
    # Three models have two of six orders as far: no rank correlation of three is significant.
    said = " ".join(text.value for text in app.markdown)
    assert said.count("(n = 3, q = ") == 3 and "and 0.33)" in said


def test_lines_carry_their_intervals(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, MEET, view="Lines")
    (whisker,) = [
        layer
        for layer in spec(app)["layer"]
        if layer.get("encoding", {}).get("y2", {}).get("field") == "interval_high"
    ]
    assert whisker["encoding"]["y"]["field"] == "interval_low"
    assert whisker["encoding"]["y2"]["field"] == "interval_high"
    lowest, highest = whisker_domain(app)
    frame = drawn(app)[0]
    assert (frame["interval_low"] > lowest).all() and (frame["interval_high"] < highest).all()


def whisker_domain(app: AppTest) -> list[float]:
    """Return the range of the y axis."""
    return next(
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in spec(app)["layer"]
        if "scale" in (layer.get("encoding", {}).get("y") or {})
    )


def test_the_tooltip_tells_significance_only_where_it_is_known(
    open_page: OpenPage, world: Path
) -> None:
    def told(**address: str) -> set[str]:
        layers = spec(open_page(world, MEET, **address))["layer"]
        return {tip["field"] for layer in layers for tip in layer["encoding"].get("tooltip", [])}

    known = {"calibrated", "p_value", "q_value", "null_threshold", "interval_low"}
    assert known <= told()
    assert not {"calibrated", "p_value", "q_value", "null_threshold"} & told(concatenated="false")


@pytest.mark.parametrize("view", ["Heat map", "Lines"])
def test_a_metric_without_k_needs_none(open_page: OpenPage, world: Path, view: str) -> None:
    label = get_metric("cka").label
    app = open_page(world, MEET, metric=label, k="5", view=view)
    assert not app.exception
    assert [box.value for box in app.info if "address" in box.value] == []
    assert "k" not in [box.key for box in app.selectbox]
    assert drawn(app)[0].height == 16


def test_the_light_end_of_a_heat_map_is_the_closest(open_page: OpenPage, world: Path) -> None:
    for name, turned in (("mutual_knn", False), ("procrustes", True)):
        app = open_page(world, MEET, metric=get_metric(name).label)
        cells = spec(app)["layer"][0]["encoding"]
        assert cells["color"]["scale"]["reverse"] is turned
        # The strongest language model stands first either way.
        assert cells["y"]["sort"][0] == "Lang Large"


def test_the_metrics_page_lists_all_and_compares_those_measured(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, METRICS, view="Side by side")
    listed = next(table.value for table in app.dataframe if "citation" in table.value.columns)
    assert len(listed) == len(all_metrics())
    assert drawn(app)[0].height == len({setting.metric for setting in SETTINGS})
    assert "19 permutations" in " ".join(caption.value for caption in app.caption)


def test_the_metrics_page_answers_whether_they_rank_alike(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, METRICS, view="Do they rank alike?", pairs="language with vision")
    order = query(
        world / "results.duckdb", "SELECT row_order FROM language_vision_alignment LIMIT 1"
    ).item()
    pairs = metric_queries.metric_pairs("planted", order, within=None).frame
    found = metric_statistics.summarize(metric_statistics.correlate_settings(pairs, within=False))
    assert found.least is not None and found.most is not None and found.median is not None
    assert found.least <= found.median <= found.most
    assert found.settings == pairs["setting"].n_unique()
    (answer,) = [block.value for block in app.markdown if "median" in block.value]
    assert f"{found.settings} metrics and settings" in answer
    assert f"{found.significant} of {found.tested} more than chance" in answer


def test_the_metrics_page_without_scores_still_lists_the_metrics(
    open_page: OpenPage, empty_world: Path
) -> None:
    app = open_page(empty_world, METRICS)
    assert len(app.dataframe[0].value) == len(all_metrics())


def test_the_order_of_language_models_follows_the_control(open_page: OpenPage, world: Path) -> None:
    orders = {}
    for order in ("mean alignment", "parameters"):
        app = open_page(world, MEET, view="Lines", order=order)
        orders[order] = next(
            layer["encoding"]["x"]["sort"]
            for layer in spec(app)["layer"]
            if "sort" in layer["encoding"].get("x", {})
        )
    assert orders["parameters"] == ["Lang Other", "Lang Random", "Lang Small", "Lang Large"]
    assert orders["mean alignment"][-1] == "Lang Large"


def test_the_layer_map_sets_the_concatenation_apart_and_crosses_constant_layers(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, LAYERS, language="Lang Other", vision="Vis Large")
    cells = pl.concat(
        [frame for frame in drawn(app) if "layer_x" in frame.columns], how="diagonal"
    ).unique(["layer_x", "layer_y"])
    assert cells.height == 4 * 6
    constant = cells.filter(pl.col("alignment").is_null())
    assert set(constant["layer_name_x"]) == {"block 0"}
    assert constant.height == 6
    assert cells.filter("concatenated_x")["bottom"].unique().to_list() == [3.5]
    assert cells.filter("best").height == 1


def test_the_default_pair_is_the_strongest(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, LAYERS)
    assert app.selectbox(key="language").value == "Lang Large"
    assert app.selectbox(key="vision").value == "Vis Large"


def test_the_depth_curve_leaves_the_concatenation_out(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, LAYERS, view="By depth")
    assert "all layers" not in drawn(app)[0]["layer_name"].to_list()
    pair = query(
        world / "results.duckdb",
        "FROM language_vision_alignment WHERE metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact' ORDER BY score DESC LIMIT 1",
    ).row(0, named=True)
    line = next(frame for frame in drawn(app) if "held_low" in frame.columns)
    assert line["held_low"].to_list() == [pair["null_threshold"]]


@pytest.mark.parametrize(("q_value", "star"), [(0.05, "'*'"), (0.06, "''"), (None, "''")])
def test_the_best_pair_of_layers_has_a_star_where_it_is_more_than_chance(
    world: Path, monkeypatch: pytest.MonkeyPatch, q_value: float | None, star: str
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    setting = Setting.of(queries.settings().frame.row(0, named=True))
    pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
    drawing = layer_chart.layer_map(
        inside.layers(setting, unit_key=pairs["unit_key"][0], swapped=False).frame,
        first="L",
        second="V",
        measure="m",
        q_value=q_value,
    ).to_dict()
    (text,) = [layer for layer in drawing["layer"] if "transform" in layer]
    assert f"datum.best ? {star}" in text["transform"][0]["calculate"]
    tips = [tip["field"] for layer in drawing["layer"] for tip in layer["encoding"]["tooltip"]]
    assert ("q_value" in tips) == (q_value is not None)


def test_the_layers_page_answers_where_two_models_agree(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, LAYERS)
    said = [block.value for block in app.markdown]
    (answer,) = [text for text in said if "closest is" in text]
    assert "Lang Large" in answer and "Vis Large" in answer
    assert said.index(answer) < next(i for i, text in enumerate(said) if "Best of all" in text)


def test_the_address_is_read_and_written(open_page: OpenPage, world: Path) -> None:
    asked = {"k": "5", "truncation": "mean", "order": "parameters", "view": "Lines",
             "concatenated": "false", "untrained": "false"}  # fmt: skip
    app = open_page(world, MEET, **asked)
    assert app.selectbox(key="k").value == 5
    assert app.selectbox(key="truncation").value == "mean"
    assert app.toggle(key="untrained").value is False
    link = app.code[-1].value
    for key, value in asked.items():
        assert f"{key}={value}" in link
    app.selectbox(key="k").select(10).run()
    assert "k=10" in app.code[-1].value


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("k", "7", "10"),
        ("truncation", "none", "exact"),
        ("dataset", "gone", "Planted pairs (60)"),
        ("view", "Pie", "Heat map"),
        ("untrained", "perhaps", "true"),
    ],
)
def test_a_stale_address_falls_back_with_a_note(
    open_page: OpenPage, world: Path, key: str, value: str, shown: str
) -> None:
    app = open_page(world, MEET, **{key: value})
    assert not app.exception
    notes = [box.value for box in app.info if f"“{value}”" in box.value]
    assert len(notes) == 1
    assert f"showing “{shown}”" in notes[0]


def test_the_downloads_hold_the_answer(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    answer = coverage()
    drawing = titled(chart.coverage(answer.frame), "Coverage", ["planted"])
    assert pl.read_csv(io.BytesIO(export.csv(answer.frame))).height == answer.frame.height
    assert pl.read_parquet(io.BytesIO(export.parquet(answer.frame))).equals(answer.frame)
    assert b"Lang Large" in export.svg(drawing)
    assert export.png(drawing).startswith(b"\x89PNG")
