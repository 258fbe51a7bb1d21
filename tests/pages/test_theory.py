"""The page of simulated worlds: what it draws is what the warehouse holds."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import vl_convert

from ingest.experiments.theory.learn import LOSSES
from ingest.experiments.theory.run import plan_theory, simulate
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from pages.theory import chart, queries
from pages.ui.charts.finish import titled
from prh_core import all_metrics
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import query

PAGE = "theory"


def test_three_kernels_each_less_its_constant(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE)
    assert not app.exception
    cells = next(f for f in frames(app)[0] if "value" in f.columns)
    assert cells.height == 3 * 8 * 8
    row = query(
        world / "results.duckdb",
        "FROM theory_runs WHERE loss = 'nce' AND observer = 'bijective'",
    ).row(0, named=True)
    for place, name in enumerate(("k_pmi", "kernel_a", "kernel_b")):
        shown = cells.filter(pl.col("place") == place).sort("one", "other")
        kernel = shown["value"].to_numpy() + shown["constant"].to_numpy()
        np.testing.assert_allclose(kernel.reshape(8, 8), np.array(row[name]))


def test_a_view_from_its_address_says_what_should_fail(open_page: OpenPage, world: Path) -> None:
    lossy = open_page(world, PAGE, observer="lossy: merges events", loss="InfoNCE")
    assert not lossy.exception and not lossy.info
    assert "convergence should fail" in told(lossy)
    assert "InfoNCE fixes no constant" in told(lossy)
    noisy = open_page(world, PAGE, observer="sees some at random", metric="CKA (linear)")
    assert "Such noise pulls every PMI toward zero" in told(noisy)
    assert "**CKA (linear) of A and B:" in told(noisy)
    nowhere = open_page(world, PAGE, observer="sees ghosts")
    assert "“sees ghosts”, which is not here" in nowhere.info[0].value


def test_temperatures_are_chosen_and_said(open_page: OpenPage, tmp_path: Path) -> None:
    units = [
        unit
        for temperature in (0.5, 1.0)
        for unit in plan_theory(
            ["ring"], [8], [1], [2.0], LOSSES, [0.0], [], steps=20, temperature=temperature
        )
    ]
    with Run(Workspace(tmp_path)) as run:
        simulate(run, list(dict.fromkeys(units)), Silent())
    Workspace(tmp_path).warehouse.publish()
    cold = open_page(tmp_path, PAGE, loss="InfoNCE", temperature="0.5")
    assert not cold.exception and not cold.info
    assert "**A's kernel over τ = 0.5 is K_PMI plus" in told(cold)
    captions = " ".join(caption.value for caption in cold.caption)
    assert "<f, f> / τ by InfoNCE at temperature τ = 0.5" in captions
    plain = open_page(tmp_path, PAGE, loss="InfoNCE", temperature="1.0")
    assert "**A's kernel is K_PMI plus" in told(plain)
    assert "τ" not in told(open_page(tmp_path, PAGE, loss="binary NCE"))
    shown = [
        queries.theory_lost(queries.Scene("ring", 8, 1, 2.0, tau), metric="cka").frame
        for tau in (None, 0.5, 1.0)
    ]
    assert [frame["loss"].to_list() for frame in shown] == [["infonce", "nce"]] * 3
    assert shown[0].equals(shown[2]) and not shown[0].equals(shown[1])


def test_every_metric_has_a_row_at_every_step(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    simulation = queries.theory_simulations().frame["simulation"][0]
    frame = queries.theory_metrics(simulation).frame
    assert set(frame["metric"]) == {metric.name for metric in all_metrics()}
    ends = frame.filter(pl.col("step") == 40)
    kept = query(
        world / "results.duckdb",
        f"FROM theory_scores WHERE unit_key = '{simulation}' AND step = 40",
    )
    assert (
        ends.select("metric", "score")
        .sort("metric")
        .equals(kept.select("metric", "score").sort("metric"))
    )


def test_pictures_to_take_away_are_drawn_without_a_browser(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    row = queries.theory_simulations().frame.row(0, named=True)
    simulation = row["simulation"]
    scene = queries.Scene.of(row)
    for drawing in (
        chart.kernels(queries.theory_kernels(simulation).frame),
        chart.theory_training(queries.theory_training(simulation, metric="cka").frame),
        chart.theory_metrics(queries.theory_metrics(simulation).frame),
        chart.theory_lost(queries.theory_lost(scene, metric="cka").frame, measure="CKA"),
    ):
        svg = vl_convert.vegalite_to_svg(titled(drawing, "T", ["s"]))
        assert "NaN" not in svg and "<svg" in svg


def test_the_answer_stands_first_and_says_what_b_loses(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, observer="lossy: merges events")
    row = query(
        world / "results.duckdb",
        "FROM theory_runs WHERE loss = 'nce' AND observer = 'lossy' ORDER BY share LIMIT 1",
    ).row(0, named=True)
    first = next(block.value for block in app.markdown if "K\\_PMI" in block.value)
    assert f"B loses {100 * row['lost']:.0f} % of the information" in first
    assert told(app).index("B loses") < told(app).index("convergence should fail")
    in_view = {box.key for box in app.selectbox}
    assert {"world", "loss", "observer", "metric"} >= in_view and "observer" in in_view
