"""The tests of metrics on their page: means, intervals, and what is said of them."""

from pathlib import Path

import polars as pl
import pytest
from scipy import stats

from pages.metrics import checks
from tests.pages.conftest import OpenPage
from tests.pages.shown import told


def answer(scores: list[float]) -> pl.DataFrame:
    row = {"test": "depth", "metric_label": "CKA (linear)", "scores": scores, "chance": 0.0, "n": 9}
    return pl.DataFrame([row])


def test_intervals_are_students() -> None:
    scores = [0.2, 0.5, 0.3, 0.4]
    row = checks.summarize_checks(answer(scores)).row(0, named=True)
    low, high = stats.t.interval(0.95, 3, loc=0.35, scale=stats.sem(scores))
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((0.35, low, high))
    assert checks.spread_out(checks.summarize_checks(answer(scores)))["depth"][0].startswith(
        ".35 ("
    )


def test_one_set_has_no_interval_and_passes_nothing() -> None:
    summary = checks.summarize_checks(answer([0.9]))
    assert summary.row(0, named=True)["low"] is None
    assert "0 of 1 metrics" in checks.describe_checks(summary, answer([0.9]))
    assert checks.spread_out(summary)["depth"].to_list() == [".90"]


def test_the_page_shows_them_and_says_what_holds(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, "metrics")
    assert not app.exception
    said = told(app)
    assert "**Shortcut.**" in said and "1 of 2 metrics lie beyond it" in said
    assert "highest mean: .90, of CKA" in said
    shown = [frame.value for frame in app.dataframe if "shortcut" in frame.value.columns]
    assert len(shown) == 1 and str(shown[0]["shortcut"].iloc[0]).startswith(".90")


def test_without_tests_the_command_is_named(open_page: OpenPage, tmp_path: Path) -> None:
    from ingest.store.warehouse import Warehouse

    Warehouse(tmp_path).publish()
    app = open_page(tmp_path, "metrics")
    assert not app.exception
    assert any("prh check-metrics" in line.value for line in app.caption)
