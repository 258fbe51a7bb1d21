"""The page of models in training: its lines are the warehouse's, and it says no more than these."""

from pathlib import Path

import polars as pl
import pytest
import vl_convert

from pages.training import chart, queries
from pages.training.queries import Lines, Probing
from pages.ui.charts.finish import titled
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import TRAINING_STEPS, edited, query

PAGE = "training"


def lines_of(app: object) -> pl.DataFrame:
    """Return what the panel of alignment draws."""
    return next(frame for frame in frames(app)[0] if "alignment" in frame.columns)  # type: ignore[arg-type]


@pytest.fixture
def probing(world: Path, monkeypatch: pytest.MonkeyPatch) -> Probing:
    """Return the planted trainings' setting."""
    monkeypatch.setenv("PRH_DATA", str(world))
    return Probing.of(queries.training_settings().frame.row(0, named=True))


def test_a_training_is_drawn_step_by_step_beside_its_loss(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, training="rising")
    assert not app.exception and not app.info
    there = query(
        world / "results.duckdb",
        "SELECT step, reference_label, last_layer_score AS alignment FROM training_curves "
        "WHERE training = 'rising' ORDER BY ALL",
    )
    assert lines_of(app).select(there.columns).sort(there.columns).equals(there)
    (below,) = frames(app)[1]
    assert below["measure"].unique().to_list() == ["eval_bits_per_byte"]
    assert below["step"].to_list() == list(TRAINING_STEPS[1:])
    assert "**Partly: alignment by the last layer ends closer with 2 of 2 reference models" in told(
        app
    )
    captions = " ".join(block.value for block in app.caption)
    assert "by the best pair of layers: 2 about the same" in captions


def test_the_best_pair_and_another_measure_are_chosen_by_the_address(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(
        world, PAGE, training="level", layers="Best pair of layers", beside="loss", steps="linear"
    )
    assert not app.exception and not app.info
    assert set(lines_of(app)["alignment"]) == {0.4 - step / 1000 for step in TRAINING_STEPS}
    assert frames(app)[1][0]["measure"].unique().to_list() == ["loss"]
    assert "in the end by block 0" in told(app)
    none = open_page(world, PAGE, training="level", beside="nothing")
    assert len(none.get("vega_lite_chart")) == 1 and "Below:" not in told(none)
    assert "**No evidence here: alignment by the last layer ends about where it began" in told(none)


def test_trainings_stand_together_with_one_reference(open_page: OpenPage, world: Path) -> None:
    together = {"lines": "Every training, one reference", "reference": "Vis Large"}
    app = open_page(world, PAGE, **together)
    assert not app.exception and not app.info
    shown = lines_of(app)
    assert set(shown["training"]) == {"rising", "level"}
    assert set(shown["reference_label"]) == {"Vis Large"}
    assert set(frames(app)[1][0]["training"]) == {"rising", "level"}
    assert "ends closer with 1 of 2 models (rising 0.210 to 0.390)" in told(app)
    one = open_page(world, PAGE, **together, only="rising")
    assert set(lines_of(one)["training"]) == {"rising"}


def test_changes_are_those_of_the_lines(probing: Probing) -> None:
    lines = Lines("rising", None)
    changes = queries.alignment_changes(probing, lines).frame
    for last_layer in (False, True):
        curve = queries.alignment_by_step(probing, lines, last_layer=last_layer).frame
        for (label,), rows in curve.group_by("reference_label"):
            (row,) = changes.filter(
                pl.col("reference_label") == label, pl.col("last_layer") == last_layer
            ).iter_rows(named=True)
            values = rows.sort("step")["alignment"]
            assert row["change"] == pytest.approx(values[-1] - values[0])
            assert row["usual_move"] == pytest.approx(values.diff().abs().median())
            assert (row["first_step"], row["last_step"]) == (0, TRAINING_STEPS[-1])
            assert row["chance_moves"] == pytest.approx(0.19 - 5 / 39)


def test_a_training_begun_again_drops_what_it_measured_later(
    open_page: OpenPage, own_world: Path
) -> None:
    with edited(own_world / "results.duckdb") as connection:
        connection.execute(
            "INSERT INTO training_scores BY NAME SELECT * REPLACE (unit_key || '-again' AS "
            "unit_key, 'again' AS run_id, 30 AS step, finished_at + INTERVAL 1 HOUR AS "
            "finished_at) FROM training_scores WHERE training = 'rising' AND step = 20"
        )
    app = open_page(own_world, PAGE, training="rising")
    assert not app.exception
    assert lines_of(app)["step"].unique().sort().to_list() == [0, 10, 20, 30]
    assert frames(app)[1][0]["step"].to_list() == [10, 20]


def test_checkpoints_stand_beside_trainings(open_page: OpenPage, own_world: Path) -> None:
    steps = {"lang-small": 512, "lang-other": 4000, "lang-large": 143000}
    with edited(own_world / "results.duckdb") as connection:
        for model, step in steps.items():
            connection.execute(
                "UPDATE models SET source = 'EleutherAI/pythia-tiny', revision = ? "
                "WHERE model_id = ?",
                [f"step{step}", model],
            )
    app = open_page(own_world, PAGE, n="60", k="10", truncation="exact")
    assert not app.exception
    best = open_page(
        own_world, PAGE, n="60", k="10", truncation="exact", layers="Best pair of layers"
    )
    there = query(
        own_world / "results.duckdb",
        "SELECT language_model, vision_label AS reference_label, single_layer_score AS alignment "
        "FROM language_vision_alignment WHERE metric = 'mutual_knn' AND k = 10 AND truncation = "
        "'exact' AND vision_trained AND language_trained",
    ).with_columns(step=pl.col("language_model").replace_strict(steps, return_dtype=pl.Int64))
    columns = ["step", "reference_label", "alignment"]
    assert lines_of(best)["training"].unique().to_list() == ["pythia-tiny, checkpoints"]
    assert lines_of(best).select(columns).sort(columns).equals(there.select(columns).sort(columns))
    # Of the last single layer, the closest score with any single layer of the other model.
    tables = query(
        own_world / "results.duckdb",
        "SELECT s.model_x, m.label, s.layer_table FROM scores AS s JOIN models AS m ON "
        "m.model_id = s.model_y WHERE s.metric = 'mutual_knn' AND s.k = 10 AND s.truncation = "
        "'exact' AND m.modality = 'vision' AND m.trained",
    )
    expected = {
        (steps[row["model_x"]], row["label"]): max(
            score for score in row["layer_table"][-2][:-1] if score is not None
        )
        for row in tables.iter_rows(named=True)
        if row["model_x"] in steps
    }
    drawn = {
        (row["step"], row["reference_label"]): row["alignment"]
        for row in lines_of(app).iter_rows(named=True)
    }
    assert drawn == pytest.approx(expected)
    (below,) = frames(app)[1]
    assert below["measure"].unique().to_list() == ["bits per byte of planted captions"]
    assert "steps=logarithmic" in " ".join(code.value for code in app.code)


def test_names_are_not_obeyed_and_unknown_rows_are_shown(
    open_page: OpenPage, own_world: Path
) -> None:
    evil = "![x](https://evil.example) **b** `c`"
    with edited(own_world / "results.duckdb") as connection:
        connection.execute(
            "UPDATE training_scores SET row_order = NULL, dataset_id = ?, training = ?, "
            "model_label = ?, null_threshold = NULL, p_value = NULL, permutations = 0, "
            "last_layer_score = NULL",
            [evil, evil, evil],
        )
        connection.execute("DELETE FROM training_measures")
    app = open_page(own_world, PAGE)
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    words = " ".join(block.value for block in (*app.markdown, *app.caption, *app.info))
    assert "evil" in words and "![x]" not in words and "**b**" not in words
    assert "no permutations" in words


def test_pictures_to_take_away_stand_one_below_the_other(probing: Probing) -> None:
    frame = queries.alignment_by_step(probing, Lines("rising", None), last_layer=True).frame
    logged = queries.training_measures("rising").frame.filter(pl.col("measure") == "loss")
    for logarithmic in (False, True):
        steps = chart.steps_of(frame, logged, logarithmic=logarithmic)
        drawn = {
            "A": chart.alignment(
                frame, ["Vis Large", "Vis Small"], by="reference_label", steps=steps,
                measure="m", reference=None, below=True,
            ),
            "B": chart.beside(logged, [], steps=steps, measure="loss"),
        }  # fmt: skip
        spec = titled(drawn, "T", ["s"], across=1)
        assert spec["columns"] == 1
        svg = vl_convert.vegalite_to_svg(spec)
        assert "NaN" not in svg and "<svg" in svg


def test_an_empty_page_teaches_how_to_watch(open_page: OpenPage, empty_world: Path) -> None:
    app = open_page(empty_world, PAGE)
    shown = told(app)
    for name in ("PRHCallback", "PRHLightningCallback", "probe_after_step", "prh publish"):
        assert name in shown + app.code[0].value
