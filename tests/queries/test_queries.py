"""Every query runs as it stands, and its function's docstring lists its columns."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ingest.warehouse import Warehouse, open_readonly
from pages import queries
from pages.queries import Answer, Setting
from pages.ui import export

FOLDER = Path(queries.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.sql"))
NOWHERE = Setting("none", "none", "mutual_knn", 10, "exact", True, "mean", "none")


@pytest.fixture(scope="session")
def homes(world: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a full and an empty data folder."""
    empty = tmp_path_factory.mktemp("empty")
    Warehouse(empty).publish()
    return {"full": world, "empty": empty}


def _asked(name: str) -> Answer:
    """Call a query's function with arguments taken from the warehouse where it has any."""
    settings = queries.settings().frame
    setting = NOWHERE
    unit_key = "none"
    if settings.height:
        row = settings.row(0, named=True)
        setting = Setting(**{column: row[column] for column in Setting.__dataclass_fields__})
        pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
        unit_key = pairs["unit_key"][0]
    offered = {
        "setting": setting, "concatenated": True, "untrained": True, "unit_key": unit_key,
    }  # fmt: skip
    function: Callable[..., Answer] = getattr(queries, name)
    wanted = inspect.signature(function).parameters
    return function(**{key: value for key, value in offered.items() if key in wanted})


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("fill", ["full", "empty"])
def test_a_query_answers_with_the_columns_its_docstring_lists(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str, fill: str
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes[fill]))
    answer = _asked(name)
    listed = inspect.getdoc(getattr(queries, name)).partition("Columns:")[2]  # type: ignore[union-attr]
    assert re.findall(r"^\s+(\w+):", listed, re.M) == answer.frame.columns
    assert (answer.frame.height > 0) == (fill == "full")


@pytest.mark.parametrize("name", FILES)
def test_the_downloaded_script_runs_as_it_stands(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    answer = _asked(name)
    with open_readonly(homes["full"] / "results.duckdb") as connection:
        rows = connection.execute(export.script(answer)).fetchall()
    assert len(rows) == answer.frame.height


def test_every_file_has_a_function_and_every_function_a_file() -> None:
    functions = {
        name
        for name, function in inspect.getmembers(queries, inspect.isfunction)
        if function.__module__ == queries.__name__
        and inspect.signature(function).return_annotation is Answer
        and not name.startswith("_")
    }
    assert functions == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_query_starts_with_a_comment_and_is_one_statement(name: str) -> None:
    sql = queries.load(name)
    assert sql.startswith("-- ")
    assert len(duckdb.connect().extract_statements(sql)) == 1


def test_a_quote_in_a_parameter_stays_a_value() -> None:
    answer = Answer(pl.DataFrame(), "quoted", "SELECT $a AS a", {"a": "o'clock"})
    assert duckdb.connect().execute(export.script(answer)).fetchall() == [("o'clock",)]


def test_depth_is_the_best_over_single_layers(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    layers, depth = _asked("layers").frame, _asked("depth").frame
    single = layers.filter(~layers["language_concatenated"] & ~layers["vision_concatenated"])
    best = single.group_by("language_layer", maintain_order=True).agg(pl.col("alignment").max())
    side = depth.filter(depth["modality"] == "language")
    assert side["alignment"].to_list() == best["alignment"].to_list()


def test_charts_and_exports_need_no_streamlit() -> None:
    code = "import sys, pages.ui.charts, pages.ui.palette\nsys.exit('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], check=False)
    assert done.returncode == 0
