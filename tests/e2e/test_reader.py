"""What a reader does, in a real browser: look, choose, share, download; nothing goes outside."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingest.store.warehouse import Warehouse
from pages import PAGES
from tests.e2e.conftest import Served, serving
from tests.e2e.watching import CHART, LOOKS, overflow, wait_settled, watched
from tests.worlds import MODELS, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e
SHOTS = Path(__file__).parent / "screenshots"
FILE = "alignment-planted-pairs-60-mutual-k-nn-k10-n60-heat-map"


# Stands first: it wants a server that nobody has visited.
def test_the_first_visitor_may_come_by_a_deep_link(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/which_layers?k=5")
    wait_settled(page, "Which layers?")
    page.get_by_role("link", name="Do language and vision meet?").wait_for()
    assert page.get_by_text("mutual k-NN (k = 5)").count() > 0
    assert "k=5" in page.url


def test_a_reader_walks_through_the_pages(page: "Page", served: Served) -> None:
    page.goto(served.address)
    for title, topic in ((page.title, page.topic) for page in PAGES):
        page.get_by_role("link", name=title).click()
        if topic in ("captions", "trial", "glossary"):  # without captions or a model, no charts
            page.locator("h1", has_text=title).wait_for()
            continue
        wait_settled(page, title)


def test_a_choice_survives_in_the_address(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/do_language_and_vision_meet")
    wait_settled(page, "Do language and vision meet?")
    page.get_by_text("Lines", exact=True).click()
    page.get_by_text("Vision family").wait_for()
    page.get_by_text("Options", exact=True).click()
    page.get_by_text("Show untrained models").click()
    drawn = page.locator(f"{CHART} >> text=Vis Random")
    drawn.first.wait_for(state="detached")
    page.wait_for_url("**untrained=false**")
    assert "view=Lines" in page.url
    page.reload()
    page.get_by_text("Vision family").wait_for()
    assert "view=Lines" in page.url
    assert drawn.count() == 0


def _places(page: "Page") -> list[str]:
    """Return where the colors of every view stand, sorted."""
    marks = page.locator(CHART).first.locator(".mark-symbol path")
    return sorted(marks.evaluate_all("paths => paths.map(path => path.getAttribute('transform'))"))


def _places_once(page: "Page", wanted: Callable[[list[str]], bool]) -> list[str]:
    """Return the places as soon as they are as wanted, and stay so; after a minute, as they are."""
    places = _places(page)
    for _ in range(120):
        page.wait_for_timeout(500)
        earlier, places = places, _places(page)
        if places == earlier and wanted(places):
            break
    return places


def test_four_views_of_colors_turn_together(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/is_it_color_deep")
    wait_settled(page, "Is it color-deep?")
    # Three views of 20 words, and one of a picture.
    before = _places_once(page, lambda places: len(places) > 60)
    assert len(before) > 60
    box = page.locator(CHART).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 20, steps=4)
    page.mouse.up()
    turned = _places_once(page, lambda places: places != before)
    assert len(turned) == len(before)
    moved = sum(a != b for a, b in zip(before, turned, strict=True))
    assert moved > 0.9 * len(before)
    page.mouse.dblclick(x, y)
    assert _places_once(page, lambda places: places == before) == before
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    assert _places_once(page, lambda places: places != before) != before


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
            for page in watched(browser.new_context(**options)):
                page.goto(f"{served.address}/do_denser_captions_help")
                page.locator("h1", has_text="Do denser captions help?").wait_for()
                page.locator(CHART).nth(1).wait_for()
                page.locator("strong", has_text="What one image's captions say").wait_for()
                page.wait_for_timeout(400)
                assert overflow(page) <= 1, f"wider than the {look} screen"
                page.set_viewport_size({"width": options["viewport"]["width"], "height": 1700})
                page.wait_for_timeout(200)
                page.screenshot(path=SHOTS / f"captions-{look}.png")
                page.get_by_text("Image sample-000").wait_for()
                page.locator(CHART).last.locator(_SMALL).nth(9).click()
                page.get_by_text("Image sample-009").wait_for()
                page.wait_for_url("**image=9**")


def test_every_download_arrives(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/do_language_and_vision_meet")
    wait_settled(page, "Do language and vision meet?")
    starts = {"CSV": b"label_x,", "Parquet": b"PAR1", "SVG": b"<svg", "PNG": b"\x89PNG",
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
    wait_settled(page, "Which layers?")
    later = build_world(
        served.home, dataset_id="later", n=50, models=(MODELS[1], MODELS[5]), publish=False,
        maps=False, studies=False,
    )  # fmt: skip
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
    wait_settled(page, "Which layers?")
    with duckdb.connect(":memory:") as connection:
        # Readers hold no lock that would keep a publisher out.
        connection.execute("ATTACH $path AS w (READ_ONLY)", {"path": str(there)})
