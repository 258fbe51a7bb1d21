"""What is remembered answers as the function would, and as long as nothing differs."""

from typing import NamedTuple

import altair as alt
import polars as pl
import pytest

from pages.ui.charts.finish import on_screen
from pages.ui.remembered import MOST, remembered


class Record(NamedTuple):
    """A record with a frame in it."""

    frame: pl.DataFrame
    name: str


def test_equal_arguments_are_answered_once() -> None:
    calls: list[object] = []

    @remembered
    def count(frame: pl.DataFrame, *, words: object = None) -> int:
        calls.append(words)
        return frame.height

    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    for words in (None, {"x": 1}, ["x"], {"x"}, Record(frame, "r"), 1, True, 1.0):
        assert count(frame, words=words) == count(frame.clone(), words=words) == 2
    assert len(calls) == 8, "1, True and 1.0 are not one argument"
    different = (
        frame.reverse(), frame.rename({"a": "c"}), frame.cast({"a": pl.Int32}), frame.head(1),
        frame.with_columns(pl.lit("y").alias("b")),
    )  # fmt: skip
    for other in different:
        count(other)
    assert len(calls) == 8 + len(different)
    for words in ({"y": 2, "x": 1}, {"x": 1, "y": 2}):
        count(frame, words=words)
    assert len(calls) == 10 + len(different), "a mapping is drawn in its order"


@pytest.mark.parametrize(
    "unknown", [object(), alt.Chart(), pl.DataFrame({"a": [[1]]}), lambda: None]
)
def test_what_cannot_be_told_apart_is_not_remembered(unknown: object) -> None:
    calls: list[object] = []
    see = remembered(calls.append)
    see(unknown)
    see(unknown)
    assert len(calls) == 2


def test_the_last_answers_are_kept() -> None:
    calls: list[int] = []
    see = remembered(calls.append)
    for number in range(MOST + 1):
        see(number)
    see(MOST)
    assert len(calls) == MOST + 1
    see(0)
    assert len(calls) == MOST + 2


def test_a_chart_that_is_shown_twice_stays_as_it_is() -> None:
    frame = pl.DataFrame({"x": [1, 2]})
    drawing = alt.Chart(frame).mark_point(color="gray").encode(x="x:Q")
    light, dark = (on_screen(drawing, dark=dark) for dark in (False, True))
    light["config"]["axis"].clear()
    light["encoding"].clear()
    assert on_screen(drawing, dark=True) == dark
    assert on_screen(drawing, dark=False)["encoding"]
    other = alt.Chart(frame).mark_line().encode(x="x:Q")
    assert on_screen(other, dark=True)["mark"]["type"] == "line"
