"""From a question to its layers and back; links that mean what they say; addresses that lie."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

from ingest.pipeline.told import write_progress
from pages import PAGES
from prh_core.warehouse.location import SHIPPED, WAREHOUSE_FILE
from prh_core.warehouse.progress import DEMO_UNFINISHED, WorkProgress
from prh_core.warehouse.shipped import shipped_warehouse
from prh_core.warehouse.views import forget_view, keep_view
from tests.e2e.conftest import Served, serving
from tests.e2e.watching import (
    CHART,
    CHOSEN,
    LOOKS,
    check_same_picture,
    picture_of,
    wait_chosen,
    wait_settled,
    watched,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Request

pytestmark = pytest.mark.e2e
MEET, LAYERS, ASK = "Do language and vision meet?", "Which layers?", "Ask in SQL"


def test_from_the_start_to_the_layers_of_a_pair_and_back(page: "Page", served: Served) -> None:
    page.goto(served.address)
    page.locator("h1").wait_for()
    page.get_by_role("link", name=MEET, exact=True).first.click()
    wait_settled(page, MEET)
    page.get_by_text("Lines", exact=True).click()
    page.wait_for_url("**view=Lines**")
    page.get_by_text("Heat map", exact=True).click()
    page.get_by_text("Click a cell").wait_for()
    picture_of(page)
    cell = page.locator(f"{CHART} >> .mark-rect path").first
    told = cell.get_attribute("aria-label") or ""
    box = cell.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_settled(page, LAYERS)
    assert "language=" in page.url and "vision=" in page.url
    layers = page.locator(".stVegaLiteChart [aria-label]").first
    layers.wait_for()
    for side in ("language", "vision"):
        model = told.split(f"{side.capitalize()} model: ")[1].split(";")[0] if told else ""
        assert not model or page.get_by_text(model).count()
    page.go_back()
    wait_settled(page, MEET)
    wait_chosen(page, "Heat map")
    page.go_back()
    wait_settled(page, MEET)
    page.get_by_text("Vision family").wait_for()
    wait_chosen(page, "Lines")
    page.go_back()
    page.get_by_text("Click a cell").wait_for()
    wait_chosen(page, "Heat map")
    page.go_back()
    page.locator("h1", has_text=PAGES[0].title).wait_for()
    page.go_forward()
    wait_settled(page, MEET)


def test_a_page_left_and_returned_to_is_as_it_was(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/do_language_and_vision_meet")
    wait_settled(page, MEET)
    page.get_by_text("Lines", exact=True).click()
    page.wait_for_url("**view=Lines**")
    page.get_by_role("link", name=LAYERS).click()
    wait_settled(page, LAYERS)
    assert "view" not in page.url  # of another page
    page.get_by_role("link", name=MEET, exact=True).first.click()
    wait_settled(page, MEET)
    wait_chosen(page, "Lines")
    assert "view=Lines" in page.url


def test_a_choice_of_the_setting_goes_along_and_a_view_does_not(
    page: "Page", served: Served
) -> None:
    page.goto(f"{served.address}/which_layers?view=By+depth")
    wait_settled(page, LAYERS)
    page.get_by_text("Options").click()
    page.get_by_role("combobox", name="Neighbors k").click()
    page.get_by_role("option", name="5", exact=True).click()
    page.wait_for_url("**k=5**")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=MEET, exact=True).first.click()
    wait_settled(page, MEET)
    assert "k=5" in page.url and "view" not in page.url
    assert page.get_by_text("The address asks for").count() == 0
    page.get_by_text("k = 5").first.wait_for()


@pytest.mark.parametrize(
    ("url", "title", "views", "told"),
    [
        ("how_does_it_change_with_n", "How does it change with n?",
         ("Classes", "Many to many"), "one to one"),
        ("which_way", "Which way?", ("Cycle k-NN", "Hubs and density"), "Hubs and density"),
        ("do_they_match_without_pairs", "Do they match without pairs?",
         ("Samples of a pair",), "With whom samples were matched"),
    ],
    ids=["sizes", "nesting", "unpaired"],
)  # fmt: skip
def test_views_are_clicked_linked_and_left(
    browser: "Browser", page: "Page", served: Served, url: str, title: str, views: tuple[str, ...],
    told: str,
) -> None:  # fmt: skip
    page.goto(f"{served.address}/{url}")
    wait_settled(page, title)
    first = page.locator(CHOSEN).first.inner_text()
    opened = picture_of(page)
    for view in views:
        page.get_by_role("radio", name=view, exact=True).click()
        page.wait_for_url(f"**view={view.replace(' ', '+')}**")
        wait_settled(page, title)
    page.get_by_text(told).first.wait_for()
    address, data = _link(page), _csv(page)
    assert picture_of(page) != opened and data.count(b"\n") > 1
    for other in watched(browser.new_context(**LOOKS["light"])):
        other.goto(address)
        wait_settled(other, title)
        wait_chosen(other, views[-1])
        check_same_picture(page, other, title)
        assert _csv(other) == data
    for earlier in (*views[-2::-1], first):
        page.go_back()
        wait_chosen(page, earlier)


def _link(page: "Page") -> str:
    page.get_by_text("SQL and link to this view").click()
    code = page.locator("[data-testid=stExpander]", has_text="every choice spelled out")
    return code.locator("[data-testid=stCode]").last.inner_text().strip()


def _csv(page: "Page") -> bytes:
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="CSV", exact=True).click()
    return caught.value.path().read_bytes()


def test_a_copied_link_shows_the_same_picture_and_data(
    browser: "Browser", page: "Page", served: Served
) -> None:
    page.goto(f"{served.address}/do_language_and_vision_meet?k=5")
    wait_settled(page, MEET)
    page.get_by_text("Lines", exact=True).click()
    page.wait_for_url("**view=Lines**")
    wait_settled(page, MEET)
    address, data = _link(page), _csv(page)
    for key in ("dataset", "n", "metric", "k", "truncation", "view", "concatenated"):
        assert f"{key}=" in address
    for other in watched(browser.new_context(**LOOKS["light"])):
        other.goto(address)
        wait_settled(other, MEET)
        check_same_picture(page, other, MEET)
        assert _csv(other) == data


def test_a_short_link_shows_its_view_and_back_does_not_return_to_it(
    page: "Page", served: Served
) -> None:
    keep_view(served.home, "fig-3", "/do_language_and_vision_meet?view=Lines")
    try:
        page.goto(f"{served.address}/glossary")
        page.locator("h1", has_text="Glossary").wait_for()
        page.goto(f"{served.address}/?to=fig-3")
        wait_settled(page, MEET)
        assert page.url == f"{served.address}/do_language_and_vision_meet?view=Lines"
        wait_chosen(page, "Lines")
        page.go_back()
        page.locator("h1", has_text="Glossary").wait_for()
    finally:
        forget_view(served.home, "fig-3")


def test_a_question_in_sql_becomes_a_picture_a_file_and_a_link(
    browser: "Browser", page: "Page", served: Served
) -> None:
    page.goto(served.address)
    page.get_by_role("link", name=ASK).click()
    wait_settled(page, ASK)
    field = page.get_by_label("SQL", exact=True)
    field.fill("SELECT family, count(*) AS models FROM models GROUP BY family ORDER BY family")
    field.press("Control+Enter")
    page.get_by_text("5 rows of 2 columns").wait_for()
    page.get_by_text("Bars", exact=True).click()
    page.wait_for_url("**picture=Bars**")
    wait_settled(page, ASK)
    page.get_by_text("Link to this view").click()
    code = page.locator("[data-testid=stExpander]", has_text="Link to this view")
    address = code.locator("[data-testid=stCode]").inner_text().strip()
    data = _csv(page)
    assert data.splitlines()[0].startswith(b"family,models")
    for other in watched(browser.new_context(**LOOKS["light"])):
        other.goto(address)
        wait_settled(other, ASK)
        check_same_picture(page, other, ASK)
        assert _csv(other) == data
    field.fill("DROP TABLE models")
    field.press("Control+Enter")
    page.get_by_text("never written by hand").wait_for()


def test_what_ships_is_shown_while_the_demo_is_made(page: "Page", tmp_path: Path) -> None:
    write_progress(tmp_path / DEMO_UNFINISHED, WorkProgress(2, 8, "Captions that say more", 3, 4))
    with serving(tmp_path) as served:
        page.goto(served.address)
        page.get_by_text("What the numbers here say").wait_for()
        page.get_by_text("Captions that say more: 3 of 4").wait_for()
        page.get_by_role("link", name=MEET, exact=True).first.click()
        wait_settled(page, MEET)
        write_progress(tmp_path / DEMO_UNFINISHED, WorkProgress(4, 8, "Linear probes", 1, 4))
        page.get_by_text("Linear probes: 1 of 4").wait_for()
        shutil.copy(shipped_warehouse(SHIPPED), tmp_path / WAREHOUSE_FILE)
        (tmp_path / DEMO_UNFINISHED).unlink()
        page.get_by_text("Linear probes: 1 of 4").wait_for(state="detached")
        page.get_by_text("Results that ship").wait_for(state="detached")
        wait_settled(page, MEET)


_HOSTILE = (
    "[click](https://evil.example/a)", "![x](https://evil.example/b.png)",
    "<img src=https://evil.example/c>", "<script>fetch('https://evil.example/d')</script>",
    "<a href='https://evil.example/e'>e</a>", "https://evil.example/f", "www.evil.example",
    "<iframe src=https://evil.example/g></iframe>", ":red[x] :material/home: :smile:",
    "me@evil.example $\\href{https://evil.example/h}{x}$", "**bold** # title", "`code`", "x" * 6000,
    "a\x00b\x07c\x1b[31m", "\u202eevil\u202c", "\u200bzero\ufeff", "line\nbreak\r\n- item",
    "javascript:alert(1)", "'; DROP TABLE models; --", "[![x](https://evil.example/i)](//evil)",
)  # fmt: skip


def test_twenty_hostile_addresses_are_named_and_nothing_else(
    browser: "Browser", served: Served
) -> None:
    assert len(_HOSTILE) == 20
    context = browser.new_context(**LOOKS["light"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    asked: list[str] = []

    def note_outside(request: "Request") -> None:
        if request.url.startswith("http") and urlsplit(request.url).hostname != "localhost":
            asked.append(request.url)

    page.on("request", note_outside)
    dialogs: list[str] = []

    def dismiss(dialog: "Dialog") -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    keys = ("dataset", "view", "metric", "k")
    for first in range(0, len(_HOSTILE), len(keys)):
        texts = _HOSTILE[first : first + len(keys)]
        query = "&".join(f"{k}={quote(t, safe='')}" for k, t in zip(keys, texts, strict=True))
        page.goto(f"{served.address}/do_language_and_vision_meet?{query}")
        wait_settled(page, MEET)
        page.get_by_text("The address asks for").nth(len(keys) - 1).wait_for()
        for mark in ("a[href*=evil]", "img[src*=evil]", "iframe[src*=evil]", ".katex"):
            assert page.locator(f"[data-testid=stMain] {mark}").count() == 0, texts
        for note in page.get_by_text("The address asks for").all():
            said = note.inner_text()
            assert len(said) < 300
            assert "😄" not in said
            box = note.locator("xpath=ancestor-or-self::div[1]")
            assert box.locator("strong, h1, code, li, img, a, [role=img]").count() == 0, texts
    context.close()
    assert asked == []
    assert dialogs == []


def test_an_address_a_level_too_deep_leads_to_its_page(page: "Page", served: Served) -> None:
    page.goto(f"{served.address}/which_layers/by/depth?k=5")
    wait_settled(page, LAYERS)
    assert page.url.startswith(f"{served.address}/which_layers?k=5")
