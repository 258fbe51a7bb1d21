"""The page of colors: its views are CIELAB and the layouts stored, turned together."""

import html
import itertools
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import vl_convert

from pages.color import finding, queries, text, views
from pages.ui.charts.finish import titled
from pages.ui.q_values import with_q
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import query

PAGE = "color"


def test_four_views_of_every_color_and_the_agreement_in_words(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, PAGE)
    assert not app.exception
    shown = next(f for f in frames(app)[0] if "residual" in f.columns)
    names = shown.select("at", "shown").unique().sort("at")["shown"].to_list()
    assert names == ["CIELAB", "Planted picture", "Lang Large", "Lang Other"]
    best = query(
        world / "results.duckdb",
        "FROM color_agreement WHERE side = 'language' ORDER BY trained DESC, rho DESC LIMIT 1",
    ).row(0, named=True)
    assert f"**ρ = {best['rho']:.2f}**" in told(app)
    # Two in a row, each view in one line with its name, its reading and its agreement.
    assert [box.label for box in app.selectbox] == ["Pictures", "Language model", "Another"]
    everything = query(world / "results.duckdb", "FROM color_agreement")
    q = with_q(everything).filter(pl.col("label") == best["label"])["q_value"]
    assert f"n = {best['things']} colors, q = {min(q):.2g}" in told(app)
    human = shown.filter(pl.col("at") == 0)
    assert set(human["name"]) == {name for name in shown.filter(pl.col("at") == 2)["name"]}


def test_each_layout_is_drawn_at_the_spread_of_its_colors(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    rows = queries.color_agreement().frame.filter(pl.col("side") == "language").to_dicts()
    layouts = queries.Layouts.of(*rows[:2])
    points = queries.color_points(layouts).frame
    spreads = [
        points.filter(pl.col("place") == place).select(
            pl.sum_horizontal(pl.col("lightness", "a", "b").var())
        ).item()
        for place in (0, 1, 2)
    ]  # fmt: skip
    np.testing.assert_allclose(spreads, spreads[0])


def test_no_model_and_no_picture_is_said(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, pictures="none", first="none", second="none")
    assert not app.exception
    assert [box.value for box in app.info] == ["Choose pictures or a language model."]


def test_the_picture_to_take_away_is_drawn_without_a_browser(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    rows = with_q(queries.color_agreement().frame).to_dicts()
    layouts = queries.Layouts.of(*rows[:3])
    agreement = {text.name_layout(row): text.describe_view(row) for row in rows}
    drawn = views.color_views(queries.color_points(layouts).frame, agreement)
    svg = vl_convert.vegalite_to_svg(titled(drawn, "T", ["s"]))
    assert all(f">{html.escape(text.describe_view(row))}<" in svg for row in rows[:3])
    assert svg.count('fill="#0343df"') >= 1  # blue, in its own color
    for name in ("CIELAB", "human vision", "yellow", "L*"):
        assert f">{name}<" in svg


def test_names_of_colors_never_lie_on_one_another(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    row = queries.color_agreement().frame.filter(pl.col("side") == "language").to_dicts()[0]
    points = queries.color_points(queries.Layouts.of(row)).frame
    for column, rows in (("double", 1), ("single", 2)):
        svg = vl_convert.vegalite_to_svg(
            titled(views.color_views(points, {}), "T", [], width=column)  # type: ignore[arg-type]
        )
        found = re.findall(
            r'text-anchor="(start|end)" transform="translate\(([-\d.]+),([-\d.]+)\)" '
            r'font-family="[^"]*" font-size="11px" fill="#3D3F46">([a-z ]+)<', svg
        )  # fmt: skip
        assert len(found) == 2 * len(set(points["name"]))
        height = re.search(r'<svg[^>]* height="(\d+)"', svg)
        assert height is not None and int(height[1]) > rows * 330
        for side in ("start", "end"):
            # Two views: in one row, or one below the other.
            places = [(float(x), float(y)) for anchor, x, y, _ in found if anchor == side]
            for view in (0, 1):
                here = sorted(
                    y for x, y in places
                    if (x > 331 if column == "double" else y > 380) == bool(view)
                )  # fmt: skip
                assert all(b - a > 12.9 for a, b in itertools.pairwise(here))


def test_the_answer_is_the_best_trained_model_beside_its_controls(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    rows = with_q(queries.color_agreement().frame)
    found = finding.find()
    assert found is not None
    best = rows.filter(pl.col("side") == "language", "trained").sort("rho").row(-1, named=True)
    assert f"{best['label']} (ρ = {best['rho']:.2f}".replace("0.", ".") in found.sentence
    assert (found.verdict == "yes") <= (best["q_value"] <= 0.05)
    controls = rows.filter(pl.col("side") == "language", ~pl.col("trained"))
    if not controls.is_empty():
        assert "untrained: " in found.doubt
    assert f"corrected for {rows.height} layouts" in found.doubt
    app = open_page(world, PAGE)
    assert found.sentence.replace("*", "") in told(app).replace("\\", "").replace("*", "")
    assert finding.find(("no such table", "at all"), "no such unit") is not None


def test_a_view_says_whether_it_agrees_and_that_nobody_trained_it() -> None:
    row = {"rho": 0.81, "q_value": 0.0001, "trained": True}
    assert text.describe_view(row) == "● agrees with the eye: ρ = .81, q < .001"
    row = {"rho": -0.1, "q_value": 0.97, "trained": False}
    assert text.describe_view(row) == "untrained, agreement not shown: ρ = −.10, q = .97"
    assert text.describe_view({"rho": None, "q_value": None, "trained": True}) == (
        "agreement not shown"
    )


def test_the_table_marks_what_agrees_and_what_is_untrained() -> None:
    frame = pl.DataFrame({
        "label": ["A", "B"], "reading": ["r", "r"], "things": [20, 20], "rho": [0.5, 0.1],
        "interval_low": [0.2, -0.2], "interval_high": [0.7, 0.4], "p_value": [0.001, 0.3],
        "q_value": [0.01, 0.3], "r_squared": [0.3, 0.1], "rmsd": [40.0, 60.0],
        "stress": [0.1, 0.2], "trained": [True, False],
    })  # fmt: skip
    table = text.tabulate_agreement(frame)
    assert table["q ≤ .05"].to_list() == ["●", ""]
    assert table["Who"].to_list() == ["A", "B (untrained)"]
