"""Time the pages in a real browser: `python -m tests.bench.pages [DATA FOLDER]`, data/ by default.

Prints, per page, the first contentful paint and the moment the chart is drawn, for a browser that
never saw the app and for one that did; then page switches from click to chart.
"""

import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from ingest.cli.console import table
from pages import PAGES
from prh_core.warehouse.location import data_folder
from tests.e2e.conftest import FLAGS, chromium_path, serving

CHART = "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg"
PATHS = {
    page.title: page.url + ("?map=UMAP" if page.topic == "competence" else "") for page in PAGES
}
ROUNDS = 3


def opening(page: Page, address: str) -> tuple[float, float]:
    """Open an address; return seconds to first contentful paint and to the chart."""
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(CHART)
    drawn = time.perf_counter() - started
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return paint / 1000, drawn


def switching(page: Page, title: str) -> float:
    """Click a page's name; return seconds until its own chart is drawn."""
    heading = page.locator("[data-testid=stMainBlockContainer] h1").first.inner_text()
    started = time.perf_counter()
    page.get_by_role("link", name=title).click()
    changed = "old => document.querySelector('[data-testid=stMainBlockContainer] h1')"
    page.wait_for_function(changed + "?.innerText !== old", arg=heading)
    page.wait_for_selector(CHART)
    return time.perf_counter() - started


def measure(browser: Browser, address: str) -> list[tuple[str, float, float, float, float, float]]:
    """Return medians per page: cold paint, cold chart, warm paint, warm chart, switch."""
    found = {title: ([], [], []) for title in PATHS}
    for _ in range(ROUNDS):
        for title, path in PATHS.items():
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            found[title][0].append(opening(page, f"{address}/{path}"))
            found[title][1].append(opening(page, f"{address}/{path}"))
            page.context.close()
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        opening(page, address)
        for title in [*list(PATHS)[1:], list(PATHS)[0]]:
            page.wait_for_timeout(700)
            found[title][2].append(switching(page, title))
        page.context.close()
    rows = []
    for title, (cold, warm, switches) in found.items():
        medians = [
            statistics.median(part) for times in (cold, warm) for part in zip(*times, strict=True)
        ]
        rows.append((title, *medians, statistics.median(switches)))
    return rows


def main() -> None:
    """Serve, measure, print."""
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else data_folder()
    with serving(home) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        rows = measure(browser, served.address)
        browser.close()
    columns = ["page", "cold paint", "cold chart", "warm paint", "warm chart", "switch to chart"]
    table("Seconds, medians of three", columns, rows)


if __name__ == "__main__":
    main()
