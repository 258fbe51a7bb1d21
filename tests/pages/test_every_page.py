"""Every page over a full, empty, missing, damaged, older and newer warehouse: never a traceback."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from pages import PAGES, Page
from prh_core.warehouse.progress import DEMO_UNFINISHED
from prh_core.warehouse.reading import SCHEMA_VERSION
from tests.pages.conftest import OpenPage

ASKING = [page for page in PAGES if page.lack]
"""Pages that ask the warehouse."""
every_page = pytest.mark.parametrize("page", ASKING, ids=lambda page: page.topic)
MISSING = "There is no warehouse yet."
DAMAGED = "The warehouse is damaged, or is not one of PRH Explorer's."
CHARTS = {
    "competence": 2,
    "color": 3,
    "captions": 4,
    "doubt": 3,
    "sizes": 2,
    "theory": 4,
    "training": 2,
    "unpaired": 2,
    "neighbors": 3,
}
"""Headline results stand over what is here, bins and map side by side, views of colors over their
distances and layers, captions over what they gain, averages and small pictures, right matches
beside ranks, one curve over all changes, one pair among its nulls over all pairs raw and
calibrated, kernels over training, information lost and every metric, alignment by step over what a
training measured of itself, maps of samples over what they share and what their captions say; every
other page answers with one chart."""


def _says(app: AppTest, sentence: str, command: str) -> None:
    assert not app.exception
    assert [box.value for box in (*app.info, *app.warning, *app.error)] == [sentence]
    assert [code.value for code in app.code] == [command]
    assert not app.get("vega_lite_chart")


@every_page
def test_a_full_warehouse_gives_one_chart_table_and_downloads(
    open_page: OpenPage, world: Path, caption_world: Path, page: Page
) -> None:
    app = open_page(caption_world if page.topic == "captions" else world, page.topic)
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == CHARTS.get(page.topic, 1)
    assert app.dataframe
    labels = [button.label for button in app.get("download_button")]  # type: ignore[attr-defined]
    assert labels == [
        "CSV", "Parquet", "LaTeX", "SVG", "PNG", "PDF", "SVG, one column", "PNG, one column",
        "PDF, one column", "SQL",
    ]  # fmt: skip


@every_page
def test_an_empty_warehouse_says_what_fills_it(
    open_page: OpenPage, empty_world: Path, page: Page
) -> None:
    sentence = f"The warehouse is here, but {page.lack} yet."
    _says(open_page(empty_world, page.topic), sentence, page.command)


def test_a_page_says_that_the_demo_goes_on(
    open_page: OpenPage, empty_world: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(empty_world, tmp_path / "begun"))
    assert "at work here" not in _text(open_page(home, "theory"))
    (home / DEMO_UNFINISHED).touch()
    assert "at work here" in _text(open_page(home, "theory"))


def _text(app: AppTest) -> str:
    return " ".join(block.value for block in app.markdown)


@every_page
def test_a_missing_warehouse_says_what_makes_one(
    open_page: OpenPage, tmp_path: Path, page: Page
) -> None:
    _says(open_page(tmp_path, page.topic), MISSING, "prh demo")


@every_page
@pytest.mark.parametrize("damage", ["header", "middle", "garbage", "zero", "foreign"])
def test_a_damaged_warehouse_says_what_repairs_it(
    open_page: OpenPage, world: Path, tmp_path: Path, page: Page, damage: str
) -> None:
    target = tmp_path / "results.duckdb"
    content = (world / "results.duckdb").read_bytes()
    if damage == "foreign":
        duckdb.connect(str(target)).execute("CREATE TABLE t (a INTEGER)").close()
    else:
        target.write_bytes(
            {
                "header": content[:5000],
                "middle": content[: len(content) // 2],
                "garbage": b"not a warehouse " * 1000,
                "zero": b"",
            }[damage]
        )
    _says(open_page(tmp_path, page.topic), DAMAGED, "prh publish")


@every_page
@pytest.mark.parametrize("newer", [True, False])
def test_another_schema_says_which(
    open_page: OpenPage, world: Path, tmp_path: Path, page: Page, newer: bool
) -> None:
    target = Path(shutil.copy(world / "results.duckdb", tmp_path))
    with duckdb.connect(str(target)) as connection:
        if newer:
            connection.execute("INSERT INTO schema_migrations VALUES (999, 'later', now())")
        else:
            connection.execute("UPDATE schema_migrations SET version = 1")
    app = open_page(tmp_path, page.topic)
    if newer:
        sentence = (
            "The warehouse has schema 999, and this PRH Explorer knows schemas up to "
            f"{SCHEMA_VERSION}."
        )
        _says(app, sentence, "pip install --upgrade prh-explorer")
    else:
        sentence = f"The warehouse has schema 1, and the pages need schema {SCHEMA_VERSION}."
        _says(app, sentence, "prh publish")


@every_page
def test_a_newer_duckdb_is_named(
    open_page: OpenPage, world: Path, tmp_path: Path, page: Page
) -> None:
    target = tmp_path / "results.duckdb"
    content = bytearray((world / "results.duckdb").read_bytes())
    # A header is its checksum, the magic bytes, then the storage version.
    content[12:20] = (10_000).to_bytes(8, "little")
    target.write_bytes(content)
    content[:8] = _checksum_asked_for(target).to_bytes(8, "little")
    target.write_bytes(content)
    sentence = (
        f"The warehouse was written by a newer DuckDB than the {duckdb.__version__} installed here."
    )
    _says(open_page(tmp_path, page.topic), sentence, "pip install --upgrade prh-explorer")


def _checksum_asked_for(path: Path) -> int:
    """Learn the checksum that DuckDB computes from its own complaint."""
    with pytest.raises(duckdb.Error) as complaint:
        duckdb.connect().execute("ATTACH $path AS w (READ_ONLY)", {"path": str(path)})
    found = re.search(r"computed checksum (\d+)", str(complaint.value))
    assert found, complaint.value
    return int(found[1])


def test_a_ceiling_needs_a_second_view_and_halves_are_called_halves(
    open_page: OpenPage, world: Path
) -> None:
    told = [text.value for text in open_page(world, "layers").markdown]
    (said,) = [text for text in told if "Noise ceiling:" in text]
    ceiling, halves = said.split("**Noise ceiling:**")[1].split("**Split-half agreement:**")
    assert ceiling.strip().startswith("Lang Large not known; Vis Large 0.")
    assert "(pictures mirrored)" in ceiling and "mean of 10 splits" in halves
    (said,) = [
        text.value
        for text in open_page(world, "layers", metric="CKA (linear)").markdown
        if "Noise ceiling:" in text.value
    ]
    assert "Lang Large not known; Vis Large not known. It would be" in said
    assert "Split-half" not in said
