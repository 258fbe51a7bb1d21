"""A host that asks for sign-in: strangers are kept out, and a link still leads where it should."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pages import PAGES
from tests.e2e.conftest import Served, serving
from tests.e2e.watching import wait_settled, watched
from tests.oidc import providing, sign_in_file
from tests.socket_reader import SocketReader, elements, kinds

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e
(MEET,) = (page for page in PAGES if page.topic == "alignment")
WANTED = f"/{MEET.url}?view=Lines"


@pytest.fixture(scope="module")
def closed(built_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the planted world to people of example.org."""
    place = tmp_path_factory.mktemp("closed")
    home = Path(shutil.copytree(built_world, place / "world"))
    with providing() as provider:
        (place / "sign-in.toml").write_text(sign_in_file(provider), encoding="utf-8")
        with serving(home, options=("--sign-in", str(place / "sign-in.toml"))) as served:
            yield served


@pytest.fixture
def reader(browser: "Browser") -> Iterator["Page"]:
    """Return a page of a reader whom nobody knows."""
    yield from watched(browser.new_context(viewport={"width": 1280, "height": 900}))


def _is_closed(page: "Page") -> None:
    """Nothing of the app is there: no page's name, chart or table."""
    assert page.locator("h1").all_inner_texts() == ["PRH Explorer"]
    everything = page.content()
    for one in PAGES[1:]:
        assert one.claim not in everything
    assert page.locator(".stVegaLiteChart, .stDataFrame, [data-testid=stPageLink]").count() == 0


def _sign_in(page: "Page", served: Served, name: str) -> None:
    page.goto(served.address + WANTED)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=name).click()


def test_who_belongs_comes_to_the_page_that_was_asked_for(reader: "Page", closed: Served) -> None:
    reader.goto(closed.address + WANTED)
    reader.get_by_text("people of example.org").wait_for()
    _is_closed(reader)
    _sign_in(reader, closed, "Ada")
    wait_settled(reader, MEET.title)
    assert reader.url == closed.address + WANTED
    reader.get_by_text("Signed in as").wait_for()
    reader.get_by_label("A short name for this view").wait_for(state="attached")
    reader.get_by_role("button", name="Sign out").click()
    reader.get_by_role("button", name="Sign in").wait_for()
    _is_closed(reader)


@pytest.mark.parametrize("name", ["Mallory", "Nobody"])
def test_a_stranger_is_kept_out(reader: "Page", closed: Served, name: str) -> None:
    """Neither a domain that begins like ours nor an address that nobody verified lets in."""
    _sign_in(reader, closed, name)
    reader.get_by_text("You are signed in as").wait_for()
    _is_closed(reader)
    reader.goto(closed.address + WANTED)
    reader.get_by_text("You are signed in as").wait_for()
    _is_closed(reader)


def test_whoever_speaks_the_protocol_is_kept_out_too(closed: Served, served: Served) -> None:
    def seen(address: str) -> set[str]:
        found: list[Any] = []

        async def look() -> None:
            async with SocketReader(address) as reader:
                for page in PAGES:
                    found.extend(await reader.open(page.url))

        # A browser of another test has a loop of its own in this thread.
        thread = threading.Thread(target=lambda: asyncio.run(look()))
        thread.start()
        thread.join()
        assert elements(found)
        return kinds(found)

    assert {"vega_lite_chart", "dataframe", "page_link"} <= seen(served.address)
    assert seen(closed.address) <= {"html", "heading", "markdown", "button"}
