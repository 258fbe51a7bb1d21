"""What a reader does, in a real browser: look, choose, share, download; nothing goes outside."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from ingest.store.warehouse import Warehouse
from pages import PAGES
from tests.e2e.conftest import Served, serving
from tests.worlds import MODELS, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

pytestmark = pytest.mark.e2e
SHOTS = Path(__file__).parent / "screenshots"
# Small charts are drawn as SVG, large ones on a canvas.
FILE = "alignment-planted-pairs-60-mutual-k-nn-k10-n60-heat-map"
CHART = ".stVegaLiteChart svg.marks, .stVegaLiteChart canvas"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """Return a fresh page; at the end, nothing went outside and the console stayed quiet."""
    context = browser.new_context(**LOOKS["light"])
    yield from _watched(context)


def _watched(context: "BrowserContext") -> Iterator["Page"]:
    page = context.new_page()
    page.set_default_timeout(120_000)  # for what hangs: a machine may be busy
    outside: list[str] = []
    errors: list[str] = []

    def asked(request: "Request") -> None:
        if not request.url.startswith(("http://localhost:", "data:", "blob:")):
            outside.append(request.url)

    def said(message: "ConsoleMessage") -> None:
        # Below the root Streamlit first asks its own server in the wrong folder, and then again.
        if message.type == "error" and "/_stcore/" not in str(message.location.get("url")):
            errors.append(message.text)

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert outside == []
    assert errors == []


def _settled(page: "Page", title: str) -> None:
    page.locator("h1", has_text=title).wait_for()
    page.locator(CHART).first.wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    assert page.locator("[data-testid=stException]").all_inner_texts() == []


# Stands first: it wants a server that nobody has visited.
def test_the_first_visitor_may_come_by_a_deep_link(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/which_layers?k=5")
    _settled(page, "Which layers?")
    page.get_by_role("link", name="Do language and vision meet?").wait_for()
    assert page.get_by_text("mutual k-NN (k = 5)").count() > 0
    assert "k=5" in page.url


def test_a_reader_walks_through_the_pages(page: "Page", served: Served) -> None:
    page.goto(served.address)
    for title, topic in ((page.title, page.topic) for page in PAGES):
        page.get_by_role("link", name=title).click()
        if topic in ("captions", "glossary"):  # this world has no captions, a glossary no charts
            page.locator("h1", has_text=title).wait_for()
            continue
        _settled(page, title)


def test_a_choice_survives_in_the_address(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/do_language_and_vision_meet")
    _settled(page, "Do language and vision meet?")
    page.get_by_text("Lines", exact=True).click()
    page.get_by_text("Vision family").wait_for()
    page.get_by_text("Options", exact=True).click()
    page.get_by_text("Show untrained models").click()
    drawn = page.locator(f"{CHART} >> text=Vis Random")
    drawn.first.wait_for(state="detached")
    assert "view=Lines" in page.url
    assert "untrained=false" in page.url
    page.reload()
    page.get_by_text("Vision family").wait_for()
    assert "view=Lines" in page.url
    assert drawn.count() == 0


def _places(page: "Page") -> list[str]:
    """Return where the colors of every view stand."""
    marks = page.locator(CHART).first.locator(".mark-symbol path")
    return marks.evaluate_all("paths => paths.map(path => path.getAttribute('transform'))")


def test_four_views_of_colors_turn_together(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/is_it_color_deep")
    _settled(page, "Is it color-deep?")
    before = _places(page)
    box = page.locator(CHART).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 20, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)
    turned = _places(page)
    assert len(turned) == len(before) > 60  # three views of 20 words, and one of a picture
    moved = sum(a != b for a, b in zip(sorted(before), sorted(turned), strict=True))
    assert moved > 0.9 * len(before)
    page.mouse.dblclick(x, y)
    page.wait_for_timeout(300)
    assert sorted(_places(page)) == sorted(before)
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_timeout(300)
    assert sorted(_places(page)) != sorted(before)


_SMALL = ".mark-image image, .mark-text text"
"""A small picture, or an emoji where nobody ships its drawing."""


def test_a_reader_looks_at_captions_that_say_more(
    browser: "Browser", caption_world: Path, tmp_path: Path
) -> None:
    SHOTS.mkdir(exist_ok=True)
    home = Path(shutil.copytree(caption_world, tmp_path / "captions"))
    with serving(home) as served:
        for look in ("light", "phone"):
            options = LOOKS[look]
            for page in _watched(browser.new_context(**options)):
                page.goto(f"{served.address}/do_denser_captions_help")
                page.locator("h1", has_text="Do denser captions help?").wait_for()
                page.locator(CHART).nth(1).wait_for()
                page.locator("strong", has_text="What one image's captions say").wait_for()
                page.wait_for_timeout(400)
                assert _overflow(page) <= 1, f"wider than the {look} screen"
                page.set_viewport_size({"width": options["viewport"]["width"], "height": 1700})
                page.wait_for_timeout(200)
                page.screenshot(path=SHOTS / f"captions-{look}.png")
                page.get_by_text("Image sample-000").wait_for()
                page.locator(CHART).nth(2).locator(_SMALL).nth(9).click()
                page.get_by_text("Image sample-009").wait_for()
                page.wait_for_url("**image=9**")


def test_every_download_arrives(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/do_language_and_vision_meet")
    _settled(page, "Do language and vision meet?")
    starts = {"CSV": b"language_label,", "Parquet": b"PAR1", "SVG": b"<svg", "PNG": b"\x89PNG",
              "SQL": b"-- alignment"}  # fmt: skip
    page.get_by_role("button", name="Download", exact=True).click()
    for label, start in starts.items():
        with page.expect_download() as caught:
            page.get_by_role("button", name=label, exact=True).click()
        name = caught.value.suggested_filename
        assert name == f"{FILE}.{label.lower()}"
        assert caught.value.path().read_bytes().startswith(start)


def test_a_publication_is_seen_at_the_next_rerun(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/which_layers")
    _settled(page, "Which layers?")
    later = build_world(
        served.home, dataset_id="later", n=50, models=(MODELS[1], MODELS[5]), publish=False
    )
    Warehouse(later).publish()
    assert page.get_by_text("Dataset", exact=True).count() == 0
    page.get_by_text("By depth").click()
    page.get_by_text("Relative depth").wait_for()
    page.get_by_text("Dataset", exact=True).wait_for()


def test_a_missing_warehouse_heals_while_the_app_is_open(page: "Page", served: Served) -> None:
    there, away = served.home / "results.duckdb", served.home / "away.duckdb"
    there.rename(away)
    try:
        page.goto(f"{served.address}/which_layers")
        page.get_by_text("There is no warehouse yet.").wait_for()
        page.get_by_text("prh demo").wait_for()
    finally:
        away.rename(there)
    page.reload()
    _settled(page, "Which layers?")
    with duckdb.connect(":memory:") as connection:
        # Readers hold no lock that would keep a publisher out.
        connection.execute("ATTACH $path AS w (READ_ONLY)", {"path": str(there)})


@pytest.mark.parametrize("look", LOOKS)
def test_pictures_of_every_page(browser: "Browser", served: Served, look: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    views: list[tuple[str, str, str, str | None]] = []
    for shown in PAGES:
        if shown.topic not in ("captions", "glossary"):  # captions have a world of their own
            views.append((shown.topic, f"/{shown.url}", shown.title, None))
        if press := {"alignment": "Lines", "layers": "By depth"}.get(shown.topic):
            views.append((f"{shown.topic}-2", "", shown.title, press))
    size = LOOKS[look]["viewport"]
    for page in _watched(browser.new_context(**LOOKS[look])):
        for name, path, title, press in views:
            if press:
                page.get_by_text(press, exact=True).click()
            else:
                page.goto(served.address + path)
            _settled(page, title)
            page.wait_for_timeout(400)  # the chart follows its frame
            assert _overflow(page) <= 1, f"{name} is wider than the {look} screen"
            height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": size["width"], "height": min(height, 2400)})
            page.wait_for_timeout(200)
            page.screenshot(path=SHOTS / f"{name}-{look}.png")
            page.set_viewport_size(size)


def _overflow(page: "Page") -> int:
    return page.evaluate(
        "(() => { const m = document.querySelector('[data-testid=stMain]');"
        " return m.scrollWidth - m.clientWidth; })()"
    )
