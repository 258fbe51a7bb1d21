"""What pages say of whiskers and of ties is what was found."""

from pathlib import Path

import polars as pl

from pages.alignment import text
from pages.ui import text as words
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn
from tests.worlds import query

PAGE = "alignment"


def pairs(**columns: list[float | None]) -> pl.DataFrame:
    """Two pairs of models, as `queries.alignment` answers."""
    return pl.DataFrame(
        {"label_x": ["L1", "L2"], "label_y": ["V1", "V2"], **columns},
        schema_overrides=dict.fromkeys(columns, pl.Float64),
    )


def test_whiskers_are_said_to_hold_what_they_hold() -> None:
    assert (
        text.describe_whiskers(pairs(interval_low=[None, None], selection_free=[None, None])) == ""
    )
    old = text.describe_whiskers(pairs(interval_low=[0.1, 0.1], selection_free=[None, None]))
    assert "lie too high" in old and "tick" not in old
    new = text.describe_whiskers(pairs(interval_low=[0.1, 0.1], selection_free=[0.2, 0.2]))
    assert "its having been chosen by the same samples undone" in new


def test_ties_are_told_where_both_sides_have_them() -> None:
    assert words.describe_ties(pairs(tied_x=[1.0, None], tied_y=[0.0, None])) == ""
    some = words.describe_ties(pairs(tied_x=[0.2, 0.0], tied_y=[0.1, 0.9]))
    assert "In 1 of 2 pairs" in some and "L1 with V1, 20% and 10%" in some
    assert "says little" not in some
    much = words.describe_ties(pairs(tied_x=[0.2, 0.9], tied_y=[0.1, 0.8]))
    assert "In 2 of 2 pairs" in much and "L2 with V2, 90% and 80%" in much
    assert "says little about the models" in much


def test_lines_show_the_selected_and_the_selection_free_estimate(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, PAGE, view="Lines")
    assert not app.exception
    told = " ".join(text.value for text in app.markdown)
    assert "**Whiskers** are 95 % intervals of the expected score" in told
    frame = drawn(app)[0]
    there = query(
        world / "results.duckdb",
        "SELECT max(selection_free - score) AS above, count(selection_free) AS known, "
        "max(tied_x) AS tied FROM scores WHERE metric = 'mutual_knn'",
    ).row(0, named=True)
    assert there["known"] > 0 and there["tied"] is not None
    assert there["above"] <= 1e-9
    seen = frame.drop_nulls("selection_free")
    assert seen.height == frame.height
    assert (seen["interval_low"] <= seen["selection_free"]).all()
    assert (seen["selection_free"] <= seen["interval_high"]).all()
