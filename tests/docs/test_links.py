"""What the documentation points at is there: pages, headings, files, commands."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, PAGES, ROOT, without_code

_LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")
_FILE = re.compile(
    r"`((?:app\.py|pyproject\.toml|(?:ingest|pages|prh_core|tests|docs|requirements|data)/[\w./-]*))`"
)
MADE_BY_A_RUN = {"data/checkpoints", "data/datasets", "data/features/MODEL"}


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        if anchor:
            assert anchor in _anchors(target), link
        # The site holds the folder docs alone.
        inside = page.is_relative_to(DOCS)
        assert not inside or target.is_relative_to(DOCS), f"{link} leaves the site"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_is_named_is_there(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # tells of names that are gone
    text = page.read_text(encoding="utf-8")
    made = set(re.findall(r"Make `([^`]+)`:", text))
    for name in _FILE.findall(without_code(text)):
        if name not in made | MADE_BY_A_RUN and "<" not in name:
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_document_that_is_named_in_prose_is_there(page: Path) -> None:
    if page.name != "CHANGELOG.md":
        for name in re.findall(r"\bdocs/[\w/-]+\.md\b", page.read_text(encoding="utf-8")):
            assert (ROOT / name).is_file(), name


def test_code_names_documents_that_are_there() -> None:
    for room in ("ingest", "pages", "prh_core", "tests"):
        for path in (ROOT / room).rglob("*.py"):
            for name in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(encoding="utf-8")):
                assert (ROOT / name).is_file(), f"{path.name} names {name}"
