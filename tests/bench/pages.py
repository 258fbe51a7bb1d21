"""Time the pages in a real browser: `python -m tests.bench.pages [DATA FOLDER] [OTHER CHECKOUT]`.

Prints, per page, the first contentful paint and the moment the chart is drawn, for a browser that
never saw the app and for one that did; page switches from click to chart; and a query, from a click
on another view to its picture. With another checkout of the project, its app is measured in turn
over the same data, and ratios are printed.
"""

import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from ingest.cli.console import table
from pages import PAGES
from prh_core.warehouse.location import data_folder
from tests.e2e.conftest import FLAGS, ROOT, chromium_path, serving

CHART = ":is([data-testid=stVegaLiteChart] :is(canvas, svg), [data-testid=stImage] img)"
"""The first chart of a page; that of the start page is a ready-drawn picture."""
DRAWN = f"""() => {{
    const app = document.querySelector("[data-testid=stApp]");
    const pending = document.querySelector("[data-testid=stVegaLiteChart]");
    const painted = performance.getEntriesByName("first-contentful-paint").length;
    const silent = !pending && document.querySelector("h1")
        && app.dataset.testScriptState === "notRunning";
    return painted && (document.querySelector("{CHART}") || silent);
}}"""
"""Its chart is there; or, where these results have none for it, all that it says."""
HEADING = "[data-testid=stMainBlockContainer] :is(h1, h3)"
URLS = {page.topic: page.url for page in PAGES if page.topic != "glossary"}  # has no chart
ROUNDS = 3
COLUMNS = ("cold paint", "cold chart", "warm paint", "warm chart", "switch to chart")
Times = dict[str, tuple[list[float], ...]]


def opening(page: Page, address: str) -> tuple[float, float]:
    """Open an address; return seconds to first contentful paint and to the chart."""
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_function(DRAWN)
    drawn = time.perf_counter() - started
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return paint / 1000, drawn


def switching(page: Page, url: str) -> float:
    """Click a page's name; return seconds until its own chart is drawn."""
    heading = page.locator(HEADING).first.inner_text()
    links = page.locator("[data-testid=stSidebar] a")
    link = page.locator(f'[data-testid=stSidebar] a[href*="{url}"]') if url else links
    started = time.perf_counter()
    link.first.click()
    page.wait_for_function(
        f"old => document.querySelector('{HEADING}')?.innerText !== old", arg=heading
    )
    page.wait_for_function(DRAWN)
    return time.perf_counter() - started


def asking(page: Page, address: str) -> float:
    """Choose another view of alignment; return seconds until its picture is drawn."""
    page.goto(f"{address}/do_language_and_vision_meet?view=Heat+map")
    page.wait_for_selector(CHART)
    page.wait_for_timeout(1500)
    page.evaluate(f"""document.querySelector("{CHART}").dataset.former = 1""")
    started = time.perf_counter()
    page.get_by_text("Lines", exact=True).first.click()
    page.wait_for_selector(f"{CHART}:not([data-former])")
    return time.perf_counter() - started


def measure(browser: Browser, address: str, found: Times, asked: list[float]) -> None:
    """Measure every page once, and add what it took."""
    for topic, url in URLS.items():
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        for place, took in enumerate(opening(page, f"{address}/{url}")):
            found[topic][place].append(took)
        for place, took in enumerate(opening(page, f"{address}/{url}")):
            found[topic][2 + place].append(took)
        page.context.close()
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    opening(page, address)
    for topic in [*list(URLS)[1:], list(URLS)[0]]:
        page.wait_for_timeout(700)
        found[topic][4].append(switching(page, URLS[topic]))
    asked.append(asking(page, address))
    page.context.close()


def main() -> None:
    """Serve, measure, print."""
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder()
    roots = [ROOT, *(Path(other).resolve() for other in sys.argv[2:3])]
    times: list[Times] = [{topic: ([], [], [], [], []) for topic in URLS} for _ in roots]
    asked: list[list[float]] = [[] for _ in roots]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        for _ in range(ROUNDS):
            for root, found, queries in zip(roots, times, asked, strict=True):
                with serving(home, root) as served:
                    measure(browser, served.address, found, queries)
        browser.close()
    medians = [
        {topic: [statistics.median(part) for part in parts] for topic, parts in found.items()}
        for found in times
    ]
    for root, rows in zip(roots, medians, strict=True):
        name = "this checkout" if root == ROOT else root.name
        table(
            f"Seconds, medians of {ROUNDS}: {name}",
            ["page", *COLUMNS],
            [(topic, *row) for topic, row in rows.items()],
        )
    queries = [statistics.median(took) for took in asked]
    table("Query, seconds", ["checkout", "to another view"],
          [(root.name, took) for root, took in zip(roots, queries, strict=True)])  # fmt: skip
    if len(roots) > 1:
        this, other = medians
        table(
            "This checkout over the other",
            ["page", *COLUMNS],
            [
                (topic, *(a / b for a, b in zip(this[topic], other[topic], strict=True)))
                for topic in URLS
            ],
        )


if __name__ == "__main__":
    main()
