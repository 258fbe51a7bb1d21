"""Charts are legible: on white and near-black, small, and to who cannot tell red from green."""

import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import polars as pl
import pytest
import vl_convert

from pages import PAGES
from pages.ui import palette
from pages.ui.charts import parts
from pages.ui.charts.finish import on_screen, titled
from tests.pages.conftest import OpenPage

ROOT = Path(__file__).resolve().parents[2]
BACKGROUNDS = (palette.ON_LIGHT, palette.ON_DARK, "#0E1117")
"""Streamlit's, and the dark one of its earlier releases."""
_DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
_PROTANOPIA = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
"""Machado, Oliveira and Fernandes (2009), severity 1, in linear RGB."""
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def _linear(color: str) -> np.ndarray:
    parts_of = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts_of <= 0.04045, parts_of / 12.92, ((parts_of + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio of two colors."""
    low, high = sorted(float(_TO_XYZ[1] @ _linear(color)) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _lab(linear: np.ndarray) -> np.ndarray:
    scaled = _TO_XYZ @ linear / np.array([0.95047, 1, 1.08883])
    bent = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


def difference(one: str, other: str, seen_by: np.ndarray) -> float:
    """Return CIE76's ΔE of two colors as a color-blind reader sees them."""
    a, b = (_lab(np.clip(seen_by @ _linear(color), 0, 1)) for color in (one, other))
    return float(np.linalg.norm(a - b))


def test_the_measures_know_their_landmarks() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)
    assert difference("#FF0000", "#808000", np.eye(3)) > 60
    assert difference("#00B050", "#C09A50", _DEUTERANOPIA) < 30


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_marks_stand_out_from_both_backgrounds(background: str) -> None:
    marks = {*palette.FAMILY, *palette.MODALITY.values(), palette.CHANCE, palette.MISSING}
    assert {
        mark: contrast(mark, background) for mark in marks if contrast(mark, background) < 3
    } == {}


def test_words_stand_out_from_their_background() -> None:
    assert contrast(palette.INK_ON_LIGHT, palette.ON_LIGHT) >= 7
    assert min(contrast(palette.INK_ON_DARK, dark) for dark in BACKGROUNDS[1:]) >= 7


def test_a_button_in_the_themes_color_would_be_illegible_so_there_is_none() -> None:
    """Streamlit writes white on it, whatever it is; links and choices need it light on dark."""
    themes = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    assert min(contrast("#FFFFFF", theme["primaryColor"]) for theme in themes.values()) < 4.5
    scripts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "pages").rglob("*.py")}
    assert [path for path, text in scripts.items() if 'type="primary"' in text] == []


@pytest.mark.parametrize("seen_by", [np.eye(3), _DEUTERANOPIA, _PROTANOPIA])
def test_color_blind_readers_tell_families_apart(seen_by: np.ndarray) -> None:
    near = {
        pair: difference(*pair, seen_by)
        for pair in itertools.combinations((*palette.FAMILY[:6], palette.UNTRAINED), 2)
    }
    assert min(near.values()) >= 10


def test_families_differ_in_their_markers_too() -> None:
    names = [f"family {place}" for place in range(24)]
    colors, markers = palette.families(names), palette.markers(names)
    assert len({markers[name] for name in (*names[:8], "untrained")}) == 9
    assert len({(colors[name], markers[name]) for name in names}) == 24


def _ramp(scheme: Any, count: int = 201) -> list[str]:
    """Return a scheme's colors from end to end as Vega draws them."""
    places = pl.DataFrame({"at": np.linspace(0, 1, count), "place": range(count)})
    chart = (
        alt.Chart(places)
        .mark_rect()
        .encode(
            x=alt.X("place:O", axis=None),
            color=alt.Color("at:Q", scale=alt.Scale(scheme=scheme, domain=[0, 1]), legend=None),
        )
    )
    drawn = vl_convert.vegalite_to_svg(chart.to_dict())
    found = re.findall(r'fill="rgb\((\d+), (\d+), (\d+)\)"', drawn)[-count:]
    assert len(found) == count
    return ["#{:02x}{:02x}{:02x}".format(*map(int, color)) for color in found]


def test_words_on_cells_are_legible_all_along_the_scales() -> None:
    for at, color in enumerate(_ramp(palette.SEQUENTIAL)):
        word = "#000000" if at / 200 > palette.SEQUENTIAL_LIGHT_FROM else "#FFFFFF"
        assert contrast(word, color) >= 4.5, at / 200
    low, high = palette.DIVERGING_PALE
    for at, color in enumerate(_ramp(palette.DIVERGING)):
        word = "#000000" if low < at / 100 - 1 < high else "#FFFFFF"
        assert contrast(word, color) >= 4.5, at / 100 - 1


def test_points_on_a_scale_of_lightness_stand_out() -> None:
    ramp = _ramp(palette.SEQUENTIAL)
    for (low, high), backgrounds in (
        (palette.SEQUENTIAL_ON_LIGHT, BACKGROUNDS[:1]),
        (palette.SEQUENTIAL_ON_DARK, BACKGROUNDS[1:]),
    ):
        shown = [color for at, color in enumerate(ramp) if low <= at / 200 <= high]
        assert min(contrast(color, ground) for color in shown for ground in backgrounds) >= 3


_FRAME = pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "alignment": [0.1, 0.2]})


def _drawn() -> parts.Chart:
    base = alt.Chart(_FRAME).encode(x=alt.X("a:Q"))
    color = alt.Color("a:Q", scale=alt.Scale(scheme=palette.SEQUENTIAL))
    return alt.layer(
        base.mark_text(color=palette.CHANCE, fontSize=9).encode(text="b:N"),
        base.mark_text(color=palette.FAMILY[0]).encode(text="b:N"),
        base.mark_text().encode(text="b:N", color=alt.Color("b:N")),
        base.mark_text().encode(text="b:N", color=parts.on_cell(_FRAME["alignment"])),
        base.mark_point(filled=True).encode(color=color),
        base.mark_rect().encode(color=color),
    )


@pytest.mark.parametrize("dark", [False, True])
def test_a_chart_is_in_the_ink_of_its_background(dark: bool) -> None:
    chart = _drawn()
    before = chart.to_dict()
    shown = on_screen(chart, dark=dark)
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    extent = palette.SEQUENTIAL_ON_DARK if dark else palette.SEQUENTIAL_ON_LIGHT
    gray, colored, family, cell, point, rect = shown["layer"]
    assert gray["mark"] == {"type": "text", "color": ink, "fontSize": parts.SMALLEST}
    assert colored["mark"]["color"] == ink
    assert family["encoding"]["color"] == {"value": ink}
    assert cell["encoding"]["color"]["value"] == "white"
    assert point["encoding"]["color"]["scale"]["scheme"]["extent"] == list(extent)
    assert rect["encoding"]["color"]["scale"]["scheme"] == palette.SEQUENTIAL
    assert shown["config"]["text"]["color"] == shown["config"]["axis"]["labelColor"] == ink
    assert chart.to_dict() == before


def test_a_downloaded_chart_is_in_ink_on_white() -> None:
    ways: list[parts.Drawn] = [_drawn(), {"one": _drawn(), "two": _drawn()}]
    for drawn in ways:
        whole = titled(drawn, "Title", ["line"])
        marks = [mark for panel in whole.get("concat", [whole]) for mark, _ in _marks(panel)]
        assert whole["background"] == "white"
        assert whole["config"]["text"]["color"] == palette.INK_ON_LIGHT
        words = [
            mark.get("color", palette.INK_ON_LIGHT) for mark in marks if mark["type"] == "text"
        ]
        assert words == [palette.INK_ON_LIGHT] * len(words) and len(words) >= 4


def _marks(spec: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if "layer" in spec:
        for inner in spec["layer"]:
            yield from _marks(inner)
    elif "mark" in spec:
        yield spec["mark"], spec.get("encoding", {})


@pytest.mark.parametrize("topic", [page.topic for page in PAGES])
def test_no_page_writes_small_or_pale(
    open_page: OpenPage, world: Path, caption_world: Path, topic: str
) -> None:
    app = open_page(caption_world if topic == "captions" else world, topic)
    assert not app.exception
    for chart in app.get("vega_lite_chart"):
        spec = json.loads(chart.proto.spec)  # type: ignore[attr-defined]
        if "axis" not in spec["config"]:
            continue  # pictures to be clicked
        for part in ("axis", "legend"):
            assert spec["config"][part]["labelFontSize"] >= parts.SMALLEST
        for mark, encoding in _marks(spec):
            if mark["type"] != "text":
                continue
            size = mark.get("fontSize", 11)
            assert isinstance(size, dict) or size >= parts.SMALLEST, mark
            assert mark.get("color", palette.INK_ON_LIGHT) == palette.INK_ON_LIGHT, mark
            assert "field" not in encoding.get("color", {}), encoding


def test_a_legend_is_as_wide_as_the_page_lets_it() -> None:
    laid = parts.wrapped([2, 5, 511])
    assert laid["columns"].to_dict() == {"expr": "clamp(floor(width / 60), 1, 3)"}
    assert parts.wrapped([])["columns"].to_dict() == {"expr": "clamp(floor(width / 47), 1, 1)"}


def test_a_click_on_a_legend_leaves_its_marks() -> None:
    picked = parts.highlight("b")
    chart = (
        alt.Chart(_FRAME)
        .mark_point()
        .encode(x="a:Q", color="b:N", opacity=parts.lit(picked, 0.5))
        .add_params(picked)
        .to_dict()
    )
    (param,) = chart["params"]
    assert param == {"name": "picked_b", "bind": "legend",
                     "select": {"type": "point", "fields": ["b"]}}  # fmt: skip
    assert chart["encoding"]["opacity"] == {
        "condition": {"param": "picked_b", "value": 0.5}, "value": 0.05,
    }  # fmt: skip
