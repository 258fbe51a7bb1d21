"""Ask in SQL: the answer as table and picture, the schema beside it, refusals in a sentence."""

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.ask import chart, queries
from prh_core.warehouse.location import SHIPPED
from prh_core.warehouse.shipped import shipped_warehouse
from prh_core.warehouse.stranger import Host
from tests.pages.conftest import OpenPage
from tests.pages.shown import spec


def _rows(app: AppTest) -> pl.DataFrame:
    """Return the answer's table; the first is the schema's."""
    return pl.from_pandas(app.dataframe[1].value)


def test_it_opens_with_an_example_its_answer_and_the_schema(
    open_page: OpenPage, world: Path
) -> None:
    app = open_page(world, "ask")
    assert not app.exception and not app.error
    assert app.text_area[0].value == queries.examples()[0].sql
    assert len(_rows(app)) > 0 and spec(app)
    columns = pl.from_pandas(app.dataframe[0].value)
    assert {"score", "language_label"} <= set(columns["column_name"])
    app.selectbox(key="table").select("scores").run()
    meant = pl.from_pandas(app.dataframe[0].value)
    assert (meant["comment"] != "").all()


def test_a_link_shows_its_statement_and_its_picture(open_page: OpenPage, world: Path) -> None:
    sql = "SELECT family, count(*) AS models, avg(parameters) AS size FROM models GROUP BY family"
    app = open_page(world, "ask", sql=sql, picture="Bars", x="family", y="models")
    assert app.text_area[0].value == sql
    assert _rows(app).height == 5
    encoding = spec(app)["encoding"]
    assert encoding["x"]["title"] == "family" and encoding["y"]["title"] == "models"
    assert spec(app)["mark"]["type"] == "bar"


def test_an_example_replaces_what_is_written(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, "ask", sql="SELECT 1 AS a")
    example = queries.examples()[-1]
    app.selectbox(key="example").select(example).run()
    assert app.text_area[0].value == example.sql
    assert "sql" in app.query_params and not app.error


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM scores", "never written by hand"),
        ("SELECT 1; SELECT 2", "expected one statement, got 2"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("FROM read_text('/etc/passwd')", "Permission Error"),
    ],
)
def test_a_refusal_is_one_sentence(open_page: OpenPage, world: Path, sql: str, said: str) -> None:
    app = open_page(world, "ask", sql=sql)
    assert not app.exception
    (error,) = app.error
    assert said in error.value
    app.text_area[0].set_value("SELECT 2 AS a").run()
    assert not app.error and _rows(app)["a"].item() == 2


def test_no_rows_and_no_numbers_are_said(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, "ask", sql="FROM scores WHERE false")
    assert "no row" in app.info[0].value
    app = open_page(world, "ask", sql="SELECT label FROM models")
    assert not app.get("vega_lite_chart") and len(_rows(app)) == 8
    labels = [button.label for button in app.get("download_button")]  # type: ignore[attr-defined]
    assert labels == ["CSV", "Parquet", "LaTeX", "SQL"]


def test_an_empty_warehouse_is_asked_too(open_page: OpenPage, empty_world: Path) -> None:
    app = open_page(empty_world, "ask")
    assert not app.exception and "no row" in app.info[0].value


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_warehouse_that_cannot_be_read_is_named(
    open_page: OpenPage, world: Path, tmp_path: Path, damage: str
) -> None:
    if damage == "cut":
        whole = (world / "results.duckdb").read_bytes()
        (tmp_path / "results.duckdb").write_bytes(whole[: len(whole) // 2])
    app = open_page(tmp_path, "ask")
    assert not app.exception and len(app.warning) == 1 and not app.text_area


def test_names_with_every_character_are_drawn() -> None:
    frame = pl.DataFrame({"a.b[0]": ["x", "y"], "d'\"\\": [1, 2], "c": [3.0, None]})
    axes = chart.axes_of(frame)
    assert axes is not None and axes.y == ["c", "d'\"\\"] and axes.color == ["(none)", "a.b[0]"]
    drawn = chart.draw(frame, "Points", axes.x[0], axes.y[0], "a.b[0]").to_dict()
    assert drawn["encoding"]["color"]["field"] == "color"


@pytest.mark.parametrize("example", queries.examples(), ids=lambda example: example.title[:30])
def test_every_example_answers_on_what_ships(example: queries.Example) -> None:
    host = Host()
    found = host.ask(shipped_warehouse(SHIPPED), example.sql)
    host.close()
    assert found.answer.frame.height > 0
    assert example.title[0].isupper() and len(example.title) < 100
