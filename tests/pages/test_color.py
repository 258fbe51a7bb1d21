"""The page of colors: its views are CIELAB and the layouts stored, turned together."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import vl_convert

from pages.color import chart, queries
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
    views = next(f for f in frames(app)[0] if "residual" in f.columns)
    names = views.select("at", "shown").unique().sort("at")["shown"].to_list()
    assert names == ["CIELAB", "Planted picture", "Lang Large", "Lang Other"]
    best = query(
        world / "results.duckdb",
        "FROM color_agreement WHERE side = 'language' ORDER BY trained DESC, rho DESC LIMIT 1",
    ).row(0, named=True)
    assert f"**ρ = {best['rho']:.2f}**" in told(app)
    everything = query(world / "results.duckdb", "FROM color_agreement")
    q = with_q(everything).filter(pl.col("label") == best["label"])["q_value"]
    assert f"n = {best['things']} colors, q = {min(q):.2g}" in told(app)
    human = views.filter(pl.col("at") == 0)
    assert set(human["name"]) == {name for name in views.filter(pl.col("at") == 2)["name"]}


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
    rows = queries.color_agreement().frame.to_dicts()
    layouts = queries.Layouts.of(*rows[:3])
    drawn = titled(chart.color_views(queries.color_points(layouts).frame), "T", ["s"])
    svg = vl_convert.vegalite_to_svg(drawn)
    assert svg.count('fill="#0343df"') >= 1  # blue, in its own color
    for name in ("CIELAB", "human vision", "yellow", "L*"):
        assert f">{name}<" in svg
