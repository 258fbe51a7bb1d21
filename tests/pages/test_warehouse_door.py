"""The door: one snapshot at a time, swapped files seen, answers shared between threads."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from pages.ui import warehouse
from prh_core.warehouse.errors import WarehouseError

COUNT = "SELECT count(*) AS n FROM models"


@pytest.fixture
def own(own_world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the published file of a world of one's own, which the door looks at."""
    monkeypatch.setenv("PRH_DATA", str(own_world))
    return own_world / "results.duckdb"


def test_a_swapped_file_is_seen_at_the_next_question(own: Path, tmp_path: Path) -> None:
    assert warehouse.ask(COUNT)["n"][0] == 8
    later = Path(shutil.copy(own, tmp_path / "later.duckdb"))
    with duckdb.connect(str(later)) as connection:
        connection.execute("DELETE FROM models WHERE NOT trained")
    os.replace(later, own)
    assert warehouse.ask(COUNT)["n"][0] == 6
    assert warehouse._snapshot.cache_info().currsize == 1


def test_a_repeated_question_is_answered_from_memory(own: Path) -> None:
    assert warehouse.ask(COUNT) is warehouse.ask(COUNT)


def test_parameters_are_part_of_the_question(own: Path) -> None:
    asked = "SELECT $a AS a"
    assert [warehouse.ask(asked, a=value)["a"][0] for value in (1, 2, True, None)] == [
        1, 2, True, None,
    ]  # fmt: skip


def test_many_threads_ask_at_once(own: Path) -> None:
    asked = "SELECT count(*) + $plus AS n FROM layer_scores"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: warehouse.ask(asked, plus=i)["n"][0], range(64)))
    assert [answer - answers[0] for answer in answers] == list(range(64))


def test_nothing_can_be_written(own: Path) -> None:
    with pytest.raises((duckdb.Error, WarehouseError)):
        warehouse.ask("DELETE FROM models")
    assert warehouse.ask(COUNT)["n"][0] == 8


def test_a_wrong_query_is_not_blamed_on_the_file(own: Path) -> None:
    with pytest.raises(duckdb.BinderException):
        warehouse.ask("SELECT nothing_of_that_name FROM models")
