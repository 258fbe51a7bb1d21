"""A page under watch: what it asks for, what it says on the console, when it is at rest."""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

# Small charts are drawn as SVG, large ones on a canvas.
CHART = ".stVegaLiteChart svg.marks, .stVegaLiteChart canvas"
CHOSEN = "[data-testid=stButtonGroup] [aria-checked=true]"
"""The view that is shown, of those a page offers."""
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
PATIENCE = 120_000
"""Milliseconds, for what hangs: a machine may be busy."""
_AT_REST = """() => {
    const run = document.querySelector("[data-testid=stApp]").dataset.testScriptState;
    const pale = e => e.dataset.stale === "true" || getComputedStyle(e).opacity < 1;
    return run === "notRunning" && !document.getAnimations().some(a => a.playState === "running")
        && ![...document.querySelectorAll("[data-testid=stElementContainer]")].some(pale);
}"""
"""Nothing runs, and what was pale while it did has its full color again."""
_ALL_DRAWN = """chart => [...document.querySelectorAll(".stVegaLiteChart")].every(
    place => place.querySelector(chart))"""
"""A place for a chart stands on the page before its chart does, and a later one may overtake it."""


def watched(context: "BrowserContext") -> Iterator["Page"]:
    """Yield a page; at the end, nothing went outside and the console stayed quiet."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    with quiet(page):
        yield page
        context.close()


@contextlib.contextmanager
def quiet(page: "Page") -> Iterator[None]:
    """Make sure that a page asks for nothing outside and says nothing on the console."""
    outside: list[str] = []
    errors: list[str] = []

    def asked(request: "Request") -> None:
        if not request.url.startswith(("http://localhost:", "data:", "blob:", "about:")):
            outside.append(request.url)

    def said(message: "ConsoleMessage") -> None:
        # Below the root Streamlit first asks its own server in the wrong folder, and then again.
        if message.type == "error" and "/_stcore/" not in str(message.location.get("url")):
            errors.append(message.text)

    def failed(error: "Error") -> None:
        errors.append(str(error))

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", failed)
    yield
    page.remove_listener("request", asked)
    page.remove_listener("console", said)
    page.remove_listener("pageerror", failed)
    assert outside == []
    assert errors == [], errors


def wait_settled(page: "Page", title: str) -> None:
    """Wait until the page of that title and all its charts are there; nothing went wrong."""
    page.locator("h1", has_text=title).wait_for()
    page.locator(CHART).first.wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    page.wait_for_function(_ALL_DRAWN, arg="svg.marks, canvas")
    assert page.locator("[data-testid=stException]").all_inner_texts() == []


def wait_at_rest(page: "Page") -> None:
    """Wait until nothing runs and nothing fades."""
    page.wait_for_function(_AT_REST)


def wait_chosen(page: "Page", view: str) -> None:
    """Wait until that view is the one that is shown; after a step back, it is not so at once."""
    page.locator(CHOSEN).first.filter(has_text=re.compile(f"^{re.escape(view)}$")).wait_for()
    wait_at_rest(page)


def picture_of(page: "Page") -> str:
    """Return the first chart as its elements say it, as soon as it stays as it is."""
    earlier, now = "", _drawing(page)
    for _ in range(150):
        if now == earlier:
            return now
        page.wait_for_timeout(400)
        wait_at_rest(page)
        earlier, now = now, _drawing(page)
    raise AssertionError("a chart is drawn anew for more than a minute")


def check_same_picture(one: "Page", other: "Page", title: str) -> None:
    """Make sure that the first charts of two pages of that title are the same.

    A chart that was drawn before the app's font came is laid out by another font's widths, and
    stays so: then the other page, whose window has the font by now, is read once more.
    """
    for _ in range(3):
        if picture_of(one) == picture_of(other):
            return
        other.reload()
        wait_settled(other, title)
        wait_at_rest(other)
    assert picture_of(one) == picture_of(other)


def _drawing(page: "Page") -> str:
    return page.locator(CHART).first.evaluate(
        "node => node.outerHTML.replace(/(gradient|clip)[_-]?\\d+/g, '$1')"
        ".replace(/https?:[^)\"]*/g, '')"
    )


def overflow(page: "Page") -> int:
    """Return by how many pixels the page is wider than its screen."""
    return page.evaluate(
        "(() => { const m = document.querySelector('[data-testid=stMain]');"
        " return m.scrollWidth - m.clientWidth; })()"
    )
