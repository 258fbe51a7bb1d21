"""What is remembered answers as the function would, and as long as nothing differs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import altair as alt
import polars as pl
import pytest

from pages.ui.charts.finish import on_screen
from pages.ui.remembered import LEAST, ONE_AT_A_TIME, Memory, remembered


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


def test_the_last_answers_are_kept_as_long_as_they_have_room() -> None:
    memory: Memory[bytes] = Memory(4 * LEAST)
    made: list[int] = []

    def ask(number: int, size: int = 0) -> None:
        def make() -> bytes:
            made.append(number)
            return bytes(size)

        memory.answer(number, make, len)

    for number in (1, 2, 3, 4, 1, 5):
        ask(number)
    assert made == [1, 2, 3, 4, 5]
    for number in (1, 3, 4, 5):
        ask(number)
    assert made == [1, 2, 3, 4, 5], "2 was asked for longest ago"
    ask(2)
    ask(6, 3 * LEAST)
    assert made == [1, 2, 3, 4, 5, 2, 6]
    ask(2)
    assert made[7:] == [], "it was the last but one, and both have room"
    ask(7, 9 * LEAST)
    ask(7)
    ask(2)
    assert made[7:] == [7, 2], "an answer too large for the room is kept until the next"


def test_what_many_ask_for_at_once_is_made_once() -> None:
    memory: Memory[str] = Memory(4 * LEAST, ONE_AT_A_TIME)
    made: list[str] = []
    together = threading.Barrier(8)

    def ask(name: str) -> str:
        def make() -> str:
            made.append(name)
            return memory.answer(f"part of {name}", lambda: f"drawn {name}", len)

        together.wait()
        return memory.answer(name, make, len)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, ["a", "b"] * 4))
    assert answers == ["drawn a", "drawn b"] * 4
    assert sorted(made) == ["a", "b"]


def test_who_failed_holds_nobody_up() -> None:
    memory: Memory[int] = Memory(LEAST, ONE_AT_A_TIME)
    with pytest.raises(ZeroDivisionError):
        memory.answer("a", lambda: 1 // 0, int)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(memory.answer, "a", lambda: 7, int).result(60) == 7


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
