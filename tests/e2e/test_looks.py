"""Every page, in both themes and on a phone: what is in view, its picture, and who can use it.

Axe sees no text inside a chart: its contrast and size are tested in tests/pages/test_palette.py.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

from pages import PAGES
from pages import Page as Record
from tests.e2e.conftest import Served, serving
from tests.e2e.watching import CHART, LOOKS, overflow, wait_at_rest, wait_settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
SHOTS = Path(__file__).parent / "screenshots"
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
    # And its rectangle of what is dragged over, which has no place for a name.
    ("svg-img-alt", '<g class="mark-rect role-mark brush_'),
)
"""Rule, and how the HTML of an element begins, of what cannot be reached from here."""


class View(NamedTuple):
    """A page, and what of it is shown."""

    record: Record
    query: str = ""

    @property
    def name(self) -> str:
        """Of its pictures."""
        return f"{self.record.topic}-2" if self.query else self.record.topic


_SECOND = {"alignment": "?view=Lines", "layers": "?view=By+depth"}
VIEWS = [View(record) for record in PAGES] + [
    View(record, _SECOND[record.topic]) for record in PAGES if record.topic in _SECOND
]


@pytest.fixture(scope="module")
def caption_served(
    caption_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    home = Path(shutil.copytree(caption_world, tmp_path_factory.mktemp("seen") / "captions"))
    with serving(home) as there:
        yield there


@pytest.mark.parametrize(
    ("view", "look"),
    [
        (view, look)
        for view in VIEWS
        for look in ("light", "phone")
        if look == "light" or not view.query
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_page_as_it_is_seen(
    page: "Page", served: Served, caption_served: Served, view: View, look: str
) -> None:
    shown = view.record
    place = caption_served if shown.topic == "captions" else served
    page.set_viewport_size(LOOKS[look]["viewport"])
    page.goto(f"{place.address}/{shown.url}{view.query}")
    if shown.topic in ("glossary", "trial"):  # which have no chart at first
        page.locator("h1", has_text=shown.title).wait_for()
    else:
        wait_settled(page, shown.title)
    wait_at_rest(page)
    assert page.title() == f"{shown.title} · PRH Explorer"
    assert page.locator("h1").count() == 1
    assert overflow(page) <= 1, f"wider than the {look} screen"
    if look == "light" and shown.topic not in ("glossary", "trial"):
        _check_first_screen(page, shown)
    _take_picture(page, f"{view.name}-{look}", LOOKS[look]["viewport"])
    if look == "phone":
        return
    if not view.query:
        assert _without_name(page) == []
    # A reader's system turns dark while the page is open, and light again.
    _turn(page, "dark")
    _take_picture(page, f"{view.name}-dark", LOOKS["light"]["viewport"])
    _unfold(page)
    assert _violations(page, _COLORS) == {}
    _turn(page, "light")
    assert _violations(page, _RULES) == {}


_IS_DARK = """dark => {
    const parts = getComputedStyle(document.querySelector("[data-testid=stApp]"))
        .backgroundColor.match(/\\d+/g).map(Number);
    return (parts[0] + parts[1] + parts[2] < 200) === dark;
}"""
"""Whether the page's ground is dark, or light, as asked."""


def _turn(page: "Page", scheme: Literal["dark", "light"]) -> None:
    """Let a reader's system turn dark or light, and wait until the page has."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(_IS_DARK, arg=scheme == "dark")
    wait_at_rest(page)


def _check_first_screen(page: "Page", shown: Record) -> None:
    """Make sure that question, answer, doubt and half of the chart are in view."""
    question = page.get_by_text(shown.claim, exact=True).first.bounding_box()
    assert question and question["y"] < 300
    # It opens with several answers, a small picture each; or with a reader's own question.
    if shown.topic in ("inventory", "ask"):
        return
    answer = page.locator(".st-key-answer").bounding_box()
    chart = page.locator(CHART).first.bounding_box()
    assert answer and chart
    assert question["y"] < answer["y"] < chart["y"]
    assert chart["y"] < 450, chart
    assert chart["y"] + chart["height"] / 2 < 900, chart
    assert "paper, " in page.locator(".st-key-answer").inner_text().lower()


def _take_picture(page: "Page", name: str, size: dict[str, int]) -> None:
    """Keep a picture of the whole page, for whoever looks at them."""
    SHOTS.mkdir(exist_ok=True)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(height, 2400)})
    page.wait_for_timeout(200)
    page.screenshot(path=SHOTS / f"{name}.png")
    page.set_viewport_size({"width": size["width"], "height": size["height"]})


def _unfold(page: "Page") -> None:
    folds = page.locator("[data-testid=stExpander] details:not([open]) > summary")
    folds.evaluate_all("folds => folds.forEach(fold => fold.click())")
    folds.first.wait_for(state="detached")
    wait_at_rest(page)


def _violations(page: "Page", only: Any = _RULES) -> dict[str, list[str]]:
    """Return what axe finds grave: rule to the elements that break it."""
    sync_playwright = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    options: dict[str, Any] = {"runOnly": only, "resultTypes": ["violations"]}
    found: dict[str, list[str]] = {}
    for one in sync_playwright.Axe().run(page, options=options).response["violations"]:
        if one["impact"] not in _GRAVE:
            continue
        for node in one["nodes"]:
            target = " ".join(map(str, node["target"]))
            own = ((rule, node["html"].startswith(part)) for rule, part in _STREAMLITS_OWN)
            if (one["id"], True) not in own:
                found.setdefault(one["id"], []).append(f"{target}: {node['html'][:200]}")
    return found


def test_a_page_opens_in_the_dark(page: "Page", served: Served) -> None:
    shown = next(page for page in PAGES if page.topic == "alignment")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{served.address}/{shown.url}")
    wait_settled(page, shown.title)
    page.wait_for_function(_IS_DARK, arg=True)
    wait_at_rest(page)
    assert _violations(page, _COLORS) == {}


def test_axe_would_find_a_nameless_button(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/{PAGES[-1].url}")
    page.locator("h1").wait_for()
    page.evaluate("document.querySelector('h1').after(document.createElement('button'))")
    assert "button-name" in _violations(page)


def _without_name(page: "Page") -> list[str]:
    """Return what a keyboard reaches that has no name."""
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
    return nameless


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
