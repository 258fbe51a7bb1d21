"""The glossary: every word has a meaning and a source, and its formula is one that KaTeX takes."""

import re
from pathlib import Path

import pytest

from pages import PAGES
from pages.ui.glossary import GLOSSARY, SECTIONS, Term, matching
from prh_core import all_metrics
from tests.pages.conftest import OpenPage
from tests.pages.shown import told

every_term = pytest.mark.parametrize("term", GLOSSARY.values(), ids=lambda term: term.name)
COMMANDS = frozenset(
    """alpha bar begin big cap cdot cup Delta delta end exists exp frac ge geq i in infty lambda
    ldots lVert rVert lceil rceil langle rangle left right le ln log mapsto mathbb mathrm max min
    mid ne phi pi propto psi quad rho sigma sqrt sum tau text tilde times to top widehat
    hat""".split()
)
"""Of KaTeX, those that formulas here may take."""


def braces_balance(formula: str) -> bool:
    """Tell whether unescaped braces close in order."""
    depth = 0
    for mark in re.sub(r"\\\\[{}]", "", formula):
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth < 0:
            return False
    return depth == 0


@every_term
def test_a_term_says_what_it_is_and_where_it_is_from(term: Term) -> None:
    assert term.source and term.says.endswith(".")
    assert 40 <= len(term.says) <= 400
    assert "$" not in term.says + term.source + term.unit


@every_term
def test_a_formula_is_one_that_katex_takes(term: Term) -> None:
    assert braces_balance(term.formula)
    assert "$" not in term.formula
    lines = "gathered" in term.formula
    assert ("\\\\" in term.formula) == lines
    assert term.formula.count(r"\begin{gathered}") == term.formula.count(r"\end{gathered}") == lines
    assert len(re.findall(r"\\left\b", term.formula)) == len(re.findall(r"\\right\b", term.formula))
    assert set(re.findall(r"\\([A-Za-z]+)", term.formula)) <= COMMANDS
    # A script of two characters or a command needs braces; KaTeX refuses two of a kind in a row.
    assert not re.search(r"[_^][_^]", term.formula)


def test_the_check_of_braces_finds_what_does_not_balance() -> None:
    assert braces_balance(r"\frac{a}{b} \{ x \}") and braces_balance("")
    assert not braces_balance(r"\frac{a}{b") and not braces_balance("}{")


def test_terms_have_one_name_each_and_pages_name_terms_that_exist() -> None:
    assert len(GLOSSARY) == sum(len(terms) for terms in SECTIONS.values()) >= 50
    named = {name for page in PAGES for name in page.terms}
    assert named <= GLOSSARY.keys()


def test_every_metric_is_explained() -> None:
    for metric in all_metrics():
        assert re.split(r" \(|, ", metric.label)[0] in GLOSSARY


def test_a_search_finds_words_in_any_order_and_case() -> None:
    assert matching("") == {section: list(terms) for section, terms in SECTIONS.items()}
    names = [term.name for terms in matching("VTAB solves").values() for term in terms]
    assert names == []
    names = [term.name for terms in matching("benjamini hochberg").values() for term in terms]
    assert names == ["q"]
    names = [term.name for terms in matching("K‐nn MUTUAL").values() for term in terms]
    assert names[0] == "mutual k-NN"


def test_the_page_shows_every_term_and_searches(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, "glossary")
    assert not app.exception
    shown = told(app)
    assert all(f"**{name}**" in shown for name in GLOSSARY)
    assert len(app.latex) == sum(bool(term.formula) for term in GLOSSARY.values())
    app = open_page(world, "glossary", q="order statistic")
    assert "**threshold**" in told(app) and "**CKA**" not in told(app)
    app = open_page(world, "glossary", q="zebra")
    assert [box.value for box in app.info] == [
        "No word here holds all of these. Fewer letters find more."
    ]


def test_the_glossary_needs_no_warehouse(open_page: OpenPage, tmp_path: Path) -> None:
    app = open_page(tmp_path, "glossary")
    assert not app.exception and not app.warning
    assert "**mutual k-NN**" in told(app)
