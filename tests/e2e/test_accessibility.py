"""Every page is usable without a mouse and without seeing it, as far as axe-core can tell.

Axe sees no text inside a chart: its contrast and size are tested in tests/pages/test_palette.py.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pages import PAGES
from tests.e2e.conftest import Served, serving
from tests.e2e.test_reader import CHART, LOOKS

pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules whose answer depends on the theme."""
_GRAVE = {"serious", "critical"}
_STREAMLITS_OWN = (
    # Its highlighting of SQL and of commands; the SQL is a plain file among the downloads, too.
    ("color-contrast", '<span class="token token '),
    # A formula wider than its card: a screen reader reads its MathML whole, and a sentence beside
    # it says it in words.
    ("scrollable-region-focusable", '<span class="katex-display"'),
    # Vega's group of a layer's marks; the marks are named one by one, the chart by its `alt`.
    ("svg-img-alt", '<g class="mark-symbol role-mark '),
)
"""Rule, and how the HTML of an element begins, of what cannot be reached from here."""


@pytest.fixture(scope="module")
def caption_served(
    caption_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    home = Path(shutil.copytree(caption_world, tmp_path_factory.mktemp("axe") / "captions"))
    with serving(home) as there:
        yield there


def _violations(page: "Page", only: Any = _RULES) -> dict[str, list[str]]:
    """Return what axe finds grave: rule to the elements that break it."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"runOnly": only, "resultTypes": ["violations"]}
    found: dict[str, list[str]] = {}
    for one in Axe().run(page, options=options).response["violations"]:
        if one["impact"] not in _GRAVE:
            continue
        for node in one["nodes"]:
            target = " ".join(map(str, node["target"]))
            own = ((rule, node["html"].startswith(part)) for rule, part in _STREAMLITS_OWN)
            if (one["id"], True) not in own:
                found.setdefault(one["id"], []).append(f"{target}: {node['html'][:200]}")
    return found


_AT_REST = """() => {
    const run = document.querySelector("[data-testid=stApp]").dataset.testScriptState;
    const pale = e => e.dataset.stale === "true" || getComputedStyle(e).opacity < 1;
    return run === "notRunning" && !document.getAnimations().some(a => a.playState === "running")
        && ![...document.querySelectorAll("[data-testid=stElementContainer]")].some(pale);
}"""
"""Nothing runs, and what was pale while it did has its full color again."""


def _opened(page: "Page", address: str, url: str) -> None:
    page.set_default_timeout(120_000)
    page.goto(f"{address}/{url}")
    page.locator("h1").wait_for()
    if url != "glossary":  # which has words only
        page.locator(f"{CHART}, [data-testid=stAlert]").first.wait_for()
    page.wait_for_function(_AT_REST)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("topic", [page.topic for page in PAGES])
def test_axe_finds_nothing_grave(
    browser: "Browser", served: Served, caption_served: Served, topic: str, look: str
) -> None:
    (shown,) = (page for page in PAGES if page.topic == topic)
    context = browser.new_context(**LOOKS[look])
    try:
        page = context.new_page()
        _opened(page, (caption_served if topic == "captions" else served).address, shown.url)
        assert page.locator("h1").count() == 1
        for fold in page.locator("[data-testid=stExpander] summary").all():
            fold.click()
        page.wait_for_timeout(600)
        page.wait_for_function(_AT_REST)
        assert _violations(page, _COLORS if look == "dark" else _RULES) == {}
    finally:
        context.close()


def test_axe_would_find_a_nameless_button(browser: "Browser", served: Served) -> None:
    context = browser.new_context(**LOOKS["light"])
    try:
        page = context.new_page()
        _opened(page, served.address, PAGES[1].url)
        page.evaluate("document.querySelector('h1').after(document.createElement('button'))")
        assert "button-name" in _violations(page)
    finally:
        context.close()


@pytest.mark.parametrize("topic", [page.topic for page in PAGES])
def test_all_that_a_keyboard_reaches_has_a_name(
    browser: "Browser", served: Served, caption_served: Served, topic: str
) -> None:
    (shown,) = (page for page in PAGES if page.topic == topic)
    context = browser.new_context(**LOOKS["light"])
    try:
        page = context.new_page()
        _opened(page, (caption_served if topic == "captions" else served).address, shown.url)
        nameless: list[str] = []
        reached: set[str] = set()
        for _ in range(120):
            page.keyboard.press("Tab")
            told = page.evaluate(_FOCUSED)
            if told is None or told["place"] in reached:
                break
            reached.add(told["place"])
            if not told["name"] and not told["html"].startswith(_GRID):
                nameless.append(told["html"])
        assert len(reached) > 10
        assert nameless == []
    finally:
        context.close()


_GRID = '<canvas data-testid="data-grid-canvas"'
"""Streamlit's table: it takes no name, and the cells inside have theirs."""
_FOCUSED = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const labels = [...(e.labels || [])].map(l => l.innerText);
    const by = (e.getAttribute('aria-labelledby') || '').split(' ')
        .map(id => document.getElementById(id)?.innerText || '');
    const name = [e.getAttribute('aria-label'), ...by, ...labels, e.title, e.innerText,
        ...[...e.querySelectorAll('img, canvas, svg')]
            .map(x => x.getAttribute('aria-label') || x.alt)];
    const path = [];
    for (let x = e; x.parentElement; x = x.parentElement)
        path.unshift([...x.parentElement.children].indexOf(x));
    return {name: name.filter(Boolean).join(' ').trim(), place: path.join('.'),
        html: e.outerHTML.slice(0, 200)};
}"""
"""The name of what has the focus, about as a screen reader says it, and where it stands."""
