"""The page of numbers of samples: its answers are true, and what is not measured is dashed."""

from pathlib import Path

import polars as pl

from pages.sizes import finding
from pages.ui import findings
from pages.ui.findings import Classed, Finding, Grown, Many
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn_all, told
from tests.worlds import query

PAGE = "sizes"


def test_the_answer_is_the_change_that_was_stored(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE)
    assert not app.exception
    row = query(
        world / "results.duckdb",
        """SELECT c.* FROM size_curves AS c JOIN models AS x ON x.model_id = c.model_x
        JOIN models AS y ON y.model_id = c.model_y
        WHERE x.modality = 'language' AND y.modality = 'vision' AND metric = 'mutual_knn'
            AND fixed = 'share' ORDER BY scores[-1] DESC LIMIT 1""",
    ).row(0, named=True)
    said = told(app)
    holds = row["change_low"] <= 0 <= row["change_high"]
    assert ("Yes: no change with n is told from none at a fixed k / n" in said) == holds
    assert "From n = 15 to 60" in said
    points = [frame for frame in drawn_all(app) if "is_extrapolated" in frame.columns]
    assert {True, False} == set(pl.concat([f["is_extrapolated"] for f in points]))


def test_classes_are_told_apart(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, view="Classes")
    assert not app.exception
    rows = query(
        world / "results.duckdb",
        """SELECT within_low > within_chance AS within, between_low > between_chance AS between
        FROM class_scores AS c JOIN models AS x ON x.model_id = c.model_x
        JOIN models AS y ON y.model_id = c.model_y
        WHERE x.modality = 'language' AND y.modality = 'vision' AND metric = 'mutual_knn'""",
    )
    within, between = (int(rows[name].fill_null(False).sum()) for name in ("within", "between"))
    assert rows.height == 2
    said = told(app)
    assert f"within classes {within} of 2 pairs of trained models" in said
    assert f"between classes {between}." in said


def test_a_metric_without_neighbors_has_one_curve(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, metric="CKA (linear)")
    assert not app.exception
    frames = [f for f in drawn_all(app) if "is_extrapolated" in f.columns]
    assert frames and all(set(f["fixed"]) == {"none"} for f in frames if f.height)


def test_sentences_say_no_more_than_intervals() -> None:
    def said(*curves: Grown) -> Finding:
        return findings.sizes_matter(pair="A × B", curves=curves, first=64, last=512)

    fell = Grown("k", 0.4, 0.2, -0.3, -0.1)
    held = said(fell, Grown("share", 0.3, 0.31, -0.01, 0.03))
    assert held.verdict == "yes"
    assert "at a fixed k 0.400 becomes 0.200; at a fixed k / n 0.300 becomes 0.310" in held.sentence
    moved = said(fell, Grown("share", 0.3, 0.35, 0.02, 0.08))
    assert moved.verdict == "partly" and "changes with n at a fixed k / n" in moved.sentence
    unsure = said(Grown("none", 0.3, 0.35, None, None))
    assert unsure.verdict == "inconclusive" and "no interval" in unsure.sentence
    assert said().verdict == "too few"


def test_sentences_about_classes_count_intervals() -> None:
    def said(*pairs: Classed) -> Finding:
        return findings.classes_carry(pairs=pairs, samples=100, classes=10)

    assert said(Classed(True, True)).verdict == "yes"
    partly = said(Classed(True, False), Classed(True, True))
    assert partly.verdict == "partly"
    assert "within classes 1 of 2 pairs of trained models agrees beyond chance" in partly.sentence
    assert said(Classed(False, False)).verdict == "no evidence"
    assert said().verdict == "too few"


def test_what_is_taken_on_is_said_not_to_be_measured() -> None:
    row = {
        "label_x": "A", "label_y": "B", "fixed": "k", "first_score": 0.4, "last_score": 0.2,
        "change_low": -0.3, "change_high": -0.1, "first_n": 64, "last_n": 512, "last_k": 10,
        "ahead_n": 8192, "ahead_score": 0.08, "ahead_low": 0.05, "ahead_high": 0.12,
    }  # fmt: skip
    found = finding.grown(pl.DataFrame([row]))
    assert "taken on to n = 8,192 at k = 10, not measured: 0.080 (0.050 to 0.120)" in found.doubt


def test_many_stand_beside_one(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, view="Many to many")
    assert not app.exception
    row = query(
        world / "results.duckdb",
        """SELECT m.* FROM many_to_many AS m JOIN models AS y ON y.model_id = m.model_y
        WHERE y.modality = 'vision' ORDER BY many_to_many DESC LIMIT 1""",
    ).row(0, named=True)
    assert (row["items_x"], row["items_y"]) == (2, 1)
    assert ": many to many, " in told(app)
    (table,) = [one.value for one in app.dataframe if "many_chance" in one.value.columns]
    assert table["many_to_many"].iloc[0] == row["many_to_many"]


def test_sentences_about_many_count_intervals() -> None:
    def said(*pairs: Many) -> Finding:
        return findings.many_beside_one(pairs=pairs, samples=60, items="5 and 1 items")

    more, less, unsure = Many(0.02, 0.01, 0.03), Many(-0.02, -0.03, -0.01), Many(0.0, -0.1, 0.1)
    assert said(more).verdict == "yes"
    assert "1 of 2 pairs of trained models agrees more than one to one, 1 less" in (
        said(more, less).sentence
    )
    assert said(more, unsure).verdict == "partly"
    assert said(unsure).verdict == "inconclusive" and said().verdict == "too few"
