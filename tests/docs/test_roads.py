"""The roads of docs/architecture.md are those of the code: nothing is missing, nothing is gone."""

import re

import pytest

from prh_core.warehouse import filling
from tests.docs import roads
from tests.docs.markdown import ROOT

LISTED = roads.listed(roads.PAGE.read_text(encoding="utf-8"))
AGAIN = "`python -m tests.docs.roads` writes the lists anew"


@pytest.mark.parametrize("name", LISTED)
def test_a_road_lists_the_files_that_the_code_takes(name: str) -> None:
    expected = roads.roads()[name]
    assert not sorted(expected - LISTED[name]), AGAIN
    assert not sorted(LISTED[name] - expected), AGAIN
    for file in LISTED[name]:
        assert (ROOT / file).is_file(), file


def test_every_figure_has_its_list() -> None:
    assert set(LISTED) == {"Shared", *(figure.name for figure in roads.FIGURES)}


def test_every_published_table_has_a_module_that_appends_it() -> None:
    assert set(roads.PRODUCERS) == set(filling.tables())
    for table, module in roads.PRODUCERS.items():
        text = (ROOT / roads.file_of(module)).read_text(encoding="utf-8")
        assert re.search(rf'"{table}"', text), f"{module} names no table {table}"


@pytest.mark.parametrize("figure", roads.FIGURES, ids=lambda figure: figure.topic)
def test_a_road_holds_every_stage(figure: roads.Figure) -> None:
    files = roads.road(figure)
    assert f"pages/{figure.topic}/page.py" in files
    assert {roads.stage(file) for file in files} == set(range(len(roads.STAGES)))


def test_a_page_asks_what_its_queries_name() -> None:
    assert "pages/ui/queries/alignment.sql" in roads.asked_sql("alignment")
    assert "pages/ui/queries/texts.sql" not in roads.asked_sql("color")
    asked = roads.relations(roads.asked_sql("competence"))
    assert {"alignment_within_modality", "maps", "scores", "competence"} <= asked
