"""What a reader takes away: files that say what they are about, pictures a journal can print."""

import io
import re
import string
import struct
from pathlib import Path

import altair as alt
import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.inventory import chart
from pages.inventory.queries import coverage
from pages.ui import export
from pages.ui.answers import Answer
from pages.ui.charts.finish import strip_markdown, titled
from pages.ui.charts.parts import Drawn, sized

ABOUT = {
    "dataset": "Emoji, 512 pairs", "metric": "mutual k-NN (k = 10)", "k": 10, "n": 512,
    "row order": "a1b2", "run": "20261126T1", "link": "http://localhost:8501/x?k=10",
    "measured_at": "2026-11-26 19:46 UTC", "sigma": None,
}  # fmt: skip
ANSWER = Answer(
    pl.DataFrame(
        {"model": ["é, a", "b"], "K": [5, 10], "names": [["x", "y"], []], "score": [0.25, None]}
    ),
    "scores", "SELECT 1", {},
)  # fmt: skip


def test_a_csv_says_in_each_row_what_it_is_about() -> None:
    there = pl.read_csv(io.BytesIO(export.csv(ANSWER, ABOUT)))
    assert there.columns[:4] == ANSWER.frame.columns
    assert there["K"].to_list() == [5, 10]
    assert there["k_of_view"].to_list() == [10, 10]
    assert there["names"].to_list() == ["x; y", ""]
    assert there["model"].to_list() == ["é, a", "b"]
    assert there["sigma"].to_list() == [None, None]
    for name in ("dataset", "metric", "n", "row order", "run", "link", "measured_at"):
        assert there[name].to_list() == [ABOUT[name]] * 2


def test_a_parquet_says_it_in_its_metadata_too() -> None:
    file = io.BytesIO(export.parquet(ANSWER, ABOUT))
    there = pl.read_parquet(file)
    assert there.select(ANSWER.frame.columns).equals(ANSWER.frame)
    assert there["k_of_view"].to_list() == [10, 10]
    assert there.schema["n"].is_integer()
    told = pyarrow.parquet.read_metadata(file).metadata
    for name, value in ABOUT.items():
        assert told[name.encode()].decode() == ("" if value is None else str(value))


def test_an_answer_without_rows_keeps_its_heads() -> None:
    empty = Answer(ANSWER.frame.clear(), "none", "", {})
    heads = export.csv(empty, ABOUT).decode().splitlines()[0].split(",")
    assert heads == pl.read_parquet(io.BytesIO(export.parquet(empty, ABOUT))).columns


_HEADS = st.sampled_from(["k", "K", "k_of_view", "n", "link", "score"])


@given(
    st.lists(_HEADS, unique=True),
    st.dictionaries(_HEADS, st.one_of(st.none(), st.integers(0, 9), st.text("ab", max_size=3))),
)
def test_heads_never_collide(own: list[str], about: dict[str, str | int | None]) -> None:
    frame = pl.DataFrame({name: [1, 2] for name in own})
    whole = export.with_columns_about(frame, about) if own else frame
    if own:
        folded = [name.casefold() for name in whole.columns if name not in own]
        assert len(whole.columns) == len(own) + len(about)
        assert len(set(folded)) == len(folded)
        assert not {name.casefold() for name in own} & set(folded)


def test_a_file_is_named_by_page_setting_and_view() -> None:
    name = export.file_name("language-vision", {**ABOUT, "dataset": "emoji"}, "Heat map", "csv")
    assert name == "language-vision-emoji-mutual-k-nn-k10-n512-heat-map.csv"
    about = {**ABOUT, "metric": "mutual_knn", "dataset": "emoji"}
    name = export.file_name("language-vision", about, "Heat map", "csv")
    assert name == "language-vision-emoji-mutual-knn-k10-n512-heat-map.csv"
    assert export.file_name("theory", {}, None, "svg") == "theory.svg"
    assert export.file_name("aux", {}, None, "png") == "prh-aux.png"
    one, other = (export.file_name("color", {"dataset": d}, None, "csv") for d in ("数据", "図"))
    assert one != other


@given(st.text(max_size=400), st.text(max_size=300), st.text(max_size=300))
def test_names_are_safe_on_every_system(topic: str, dataset: str, view: str) -> None:
    name = export.file_name(topic, {**ABOUT, "dataset": dataset}, view, "parquet")
    assert len(name) <= 120 and name.endswith(".parquet")
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-.")
    assert name[0] not in "-." and "-." not in name and ".." not in name
    assert "k10" in name and "n512" in name


@pytest.mark.parametrize(
    ("marked", "bare"),
    [
        ("**Bold** and *slanted*, `code`", "Bold and slanted, code"),
        (r"a\_b \[c\] 1\. \<i\>", "a_b [c] 1. <i>"),
        ("[words](https://example.org/a_b) &lt;b&gt;", "words <b>"),
        (r"2 \* 3 \\ n", r"2 * 3 \ n"),
        ("nothing to do − 0.5 %", "nothing to do − 0.5 %"),
    ],
)
def test_markdown_is_taken_off_titles(marked: str, bare: str) -> None:
    assert strip_markdown(marked) == bare


def _drawn(count: int) -> Drawn:
    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.1, 0.5, 0.2], "c": ["x", "y", "z"]})
    one = sized(
        alt.Chart(frame)
        .mark_point(filled=True)
        .encode(
            x=alt.X("a:Q"),
            y=alt.Y("b:Q", title="A measure"),
            color=alt.Color("b:Q", legend=alt.Legend(orient="bottom", gradientLength=220)),
        ),
        240,
    )
    return one if count == 1 else {f"panel {place}": one for place in range(count)}


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("width", ["single", "double"])
def test_a_picture_is_as_wide_as_a_journals_column(count: int, width: str) -> None:
    subtitle = [r"**Emoji**, 512 pairs: n = 512 · a\_b · " + "measured " * 30]
    spec = titled(_drawn(count), "A **title** of some length " * 3, subtitle, width=width)  # type: ignore[arg-type]
    inches = {"single": 3.3, "double": 6.9}[width]
    drawn = export.svg(spec).decode()
    assert f'width="{inches:.3f}in"' in drawn
    assert "**" not in drawn and "\\" not in drawn and "a_b" in drawn
    inside = re.search(r'viewBox="0 0 ([\d.]+) ', drawn)
    assert inside is not None
    points = 72 * inches / float(inside[1])
    """Points a pixel of the picture has in print."""
    sizes = [float(size) * points for size in re.findall(r'font-size="([\d.]+)px"', drawn)]
    assert len(sizes) > 5 and min(sizes) > 7.5 and max(sizes) < 10
    across, _ = struct.unpack(">II", export.png(spec)[16:24])
    assert across == pytest.approx(300 * inches, rel=0.01)
    printed = export.pdf(spec)
    box = re.search(rb"/MediaBox ?\[0 0 ([\d.]+) ", printed)
    assert printed.startswith(b"%PDF") and box is not None
    assert float(box[1]) == pytest.approx(72 * inches, rel=0.01)


def test_the_downloads_hold_a_pages_answer(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    answer = coverage()
    drawing = titled(chart.coverage(answer.frame), "Coverage", ["planted"])
    there = pl.read_parquet(io.BytesIO(export.parquet(answer, {"page": "inventory"})))
    assert there.drop("page").equals(answer.frame)
    assert pl.read_csv(io.BytesIO(export.csv(answer))).height == answer.frame.height
    assert b"Lang Large" in export.svg(drawing)


def test_a_latex_table_holds_what_varies_and_says_the_rest_once() -> None:
    frame = pl.DataFrame(
        {"model_name": ["a_b & c", "50 % \\ x"], "score": [0.12345, None], "k": [10, 10],
         "layers": [[1], [2]], "unit_key": ["u", "v"]}
    )  # fmt: skip
    lines = export.latex(frame, {"dataset": "two\nlines"}).decode().splitlines()
    comments = [line for line in lines if line.startswith("%")]
    assert "% k: 10" in comments and "% dataset: two lines" in comments
    rows = [line for line in lines if line.endswith(r"\\")]
    assert rows == [
        r"model name & score \\", r"a\_b \& c & 0.123 \\", r"50 \% \textbackslash \space x & -- \\"
    ]  # fmt: skip
    assert not [line for line in lines if "unit" in line or "layers" in line]
