"""Words of an address, a catalog or a warehouse are shown, never obeyed."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages import PAGES
from pages.ui.plain import LIMIT, plain, plained, visible
from tests.pages.conftest import OpenPage
from tests.worlds import edited

EVIL = (
    "![x](https://evil.example/p.png) [go](https://evil.example) <img src=https://evil.example/q>"
)
_OBEYED = re.compile(
    r"(?<!\\)(\[|<img|!\[)[^\]]*evil|https?://evil|(?<!\\)\]\(\u2060?https?:\u2060?//evil"
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ViT-S/14, n = 512", "ViT-S/14, n = 512"),
        ("a [link](https://x.y)", "a \\[link\\](\u2060https:\u2060//x.y)"),
        ("<b>&amp;</b>", r"\<b\>\&amp;\</b\>"),
        ("**bold** _it_ `code` $x$ ~~no~~", r"\*\*bold\*\* \_it\_ \`code\` \$x\$ \~\~no\~\~"),
        (":material/x: :red[y] :smile:", ":\u2060material/x: :\u2060red\\[y\\] :\u2060smile:"),
        ("www.evil.example", "\u2060www.evil.example"),
        ("me@evil.example", "me\u2060\\@evil.example"),
        ("# title", r"\# title"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("left\u202eright\u200b\x00\x1b[31m", r"leftright\[31m"),
        ("a\\[b](c)", r"a\\\[b\](c)"),
    ],
)
def test_markup_is_shown_as_it_is_typed(given: str, shown: str) -> None:
    assert plain(given) == shown


def test_what_is_long_is_cut_and_says_so() -> None:
    assert visible("x" * 6000) == "x" * (LIMIT - 1) + "…"
    assert len(plain("x" * 6000)) == LIMIT
    assert len(visible("]" * 6000, 20)) == 20


@given(st.text(max_size=400))
def test_no_sign_of_markup_stands_bare(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#!|$~&@]", shown)
    seen = shown.replace("\u2060", "")
    assert len(re.sub(r"\\(.)", r"\1", seen)) <= LIMIT
    assert all(mark.isprintable() or mark.isspace() for mark in seen)


def test_a_row_keeps_what_is_no_text() -> None:
    assert plained({"a": "[x]", "b": 1.5, "c": None}) == {"a": r"\[x\]", "b": 1.5, "c": None}


@pytest.fixture(scope="module")
def hostile(
    world: Path, caption_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return data folders in whose warehouses every name, note and source is hostile."""
    homes: dict[str, Path] = {}
    for name, home in (("world", world), ("captions", caption_world)):
        own = tmp_path_factory.mktemp(f"hostile-{name}")
        shutil.copy(home / "results.duckdb", own)
        with edited(own / "results.duckdb") as connection:
            for table, column in (
                ("models", "label"), ("models", "family"), ("models", "objective"),
                ("models", "source"), ("models", "license"), ("models", "citation"),
                ("datasets", "title"), ("datasets", "note"), ("datasets", "source"),
                ("datasets", "license"), ("datasets", "citation"), ("runs", "command"),
                ("runs", "message"), ("caption_sets", "title"), ("benchmark_scores", "collection"),
                ("benchmark_scores", "source"), ("samples", "caption"),
            ):  # fmt: skip
                there = connection.execute(
                    "SELECT count(*) FROM duckdb_columns() WHERE table_name = ? AND column_name = ?"
                    " AND table_name IN (SELECT table_name FROM duckdb_tables())",
                    [table, column],
                ).fetchone()
                if there and there[0]:
                    connection.execute(f"UPDATE {table} SET {column} = ? || {column}", [EVIL])
        homes[name] = own
    return homes


def _words(app: AppTest) -> list[str]:
    shown = [*app.markdown, *app.caption, *app.info, *app.warning, *app.title, *app.subheader]
    return [str(block.value) for block in shown]


@pytest.mark.parametrize("topic", [*(page.topic for page in PAGES), "models of inventory"])
def test_a_hostile_warehouse_is_shown_and_not_obeyed(
    open_page: OpenPage, hostile: dict[str, Path], topic: str
) -> None:
    view, _, topic = topic.rpartition(" of ")
    home = hostile["captions" if topic == "captions" else "world"]
    app = open_page(home, topic, **({"here": view.capitalize()} if view else {}))
    assert not app.exception
    obeyed = [text for text in _words(app) if _OBEYED.search(text)]
    assert obeyed == []
    if topic not in ("glossary", "theory", "color", "ask", "trial"):
        assert any("evil" in text for text in _words(app))


@pytest.mark.parametrize("key", ["dataset", "metric", "view", "k"])
def test_a_hostile_address_is_named_and_not_obeyed(
    open_page: OpenPage, world: Path, key: str
) -> None:
    app = open_page(world, "alignment", **{key: EVIL + "x" * 6000})
    assert not app.exception
    (said,) = [box.value for box in app.info if "The address asks for" in box.value]
    assert not _OBEYED.search(said)
    assert len(said) < 300
