"""Time "Which neighbors?" in a real browser: `python -m tests.bench.neighbors [--n 1024 100000]`.

Two planted spaces of 64 dimensions (two noisy views of one latent of 16) go through the product's
own doors: `prh import features`, `prh score`, `prh neighbors`, and the app is opened over what they
stored. Captions are of the words of a thousand, eight a caption. Prints, per number of samples:
seconds to the first contentful paint and to both maps for a browser that never saw the app and for
one that did, from another page to the maps, from a click on a neighbor to its own list, and the
slowest query of the page. With --data another data folder is measured instead. Server and browser
share the machine's cores.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from ingest.cli.console import err, table
from pages.neighbors import queries
from pages.ui.answers import Setting
from pages.ui.warehouse import Results
from prh_core.warehouse.location import WAREHOUSE_FILE, data_folder
from tests.bench import machine
from tests.bench.pages import DRAWN, URLS, opening, switching
from tests.e2e.conftest import FLAGS, chromium_path, serving

ADDRESS = URLS["neighbors"]
COLUMNS = (
    "samples", "cold paint", "cold maps", "warm paint", "warm maps", "from a page", "to another",
    "slowest query",
)  # fmt: skip
ROUNDS = 3
CATALOG = """\
[[dataset]]
id = "planted"
title = "Planted, {n:,} samples"
kind = "ids"
source = "made here"
revision = "1"
license = "none"
citation = "none"
[dataset.options]
table = "samples.csv"
"""


class Took(NamedTuple):
    """Seconds of one round."""

    cold_paint: float
    cold_maps: float
    warm_paint: float
    warm_maps: float
    switch: float
    click: float


def plant(home: Path, n: int) -> None:
    """Fill a data folder with two spaces of n samples, by the product's own commands."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((n, 16), dtype=np.float32)
    words = np.array([f"word{at}" for at in range(1000)])
    spoken = words[rng.zipf(1.5, (n, 8)) % len(words)]
    with (home / "samples.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "caption"))
        rows.writerows((f"s{at}", " ".join(said)) for at, said in enumerate(spoken))
    catalog = home / "planted.toml"
    catalog.write_text(CATALOG.format(n=n))
    data = ("--data", home)
    for name, modality in (("reads", "language"), ("sees", "vision")):
        mixed = latent @ rng.standard_normal((16, 64), dtype=np.float32)
        noisy = mixed + rng.standard_normal((n, 64), dtype=np.float32)
        np.savez(home / name, last=noisy, ids=np.array([f"s{at}" for at in range(n)]))
        _prh("import", "features", home / f"{name}.npz", "--dataset", "planted", "--model", name,
             "--modality", modality, "--catalog", catalog, *data)  # fmt: skip
    _prh("score", "--dataset", "planted", "--models", "reads,sees", "--catalog", catalog,
         "--metric", "mutual_knn", "--permutations", "0", "--no-publish", *data)  # fmt: skip
    _prh("neighbors", "--dataset", "planted", "--catalog", catalog, *data)


def _prh(*words: object) -> None:
    command = [sys.executable, "-m", "ingest.cli.main", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)


def to_another(page: Page) -> float:
    """Click a neighbor's row; return seconds until its own neighbors are listed."""
    before = page.url
    grid = page.locator("[data-testid=stDataFrame]").first
    grid.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = grid.bounding_box()
    if box is None:
        sys.exit("the list of neighbors is not on the page")
    started = time.perf_counter()
    page.mouse.click(box["x"] + 12, box["y"] + 35 * 2.5)
    page.wait_for_function("before => location.href !== before", arg=before)
    page.wait_for_function(DRAWN)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    return time.perf_counter() - started


def measure(browser: Browser, address: str) -> Took:
    """Open the page in a fresh browser, again, from another page, and go to another sample."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    cold = opening(page, f"{address}/{ADDRESS}")
    warm = opening(page, f"{address}/{ADDRESS}")
    opening(page, address)
    page.wait_for_timeout(700)
    switch = switching(page, ADDRESS)
    page.wait_for_timeout(700)
    click = to_another(page)
    page.context.close()
    return Took(*cold, *warm, switch, click)


def slowest_query(home: Path) -> float:
    """Ask the file everything the page asks, past what the app remembers; return the slowest.

    Each is asked a second time, as for a second sample: the file is open and its pages are read.
    """
    os.environ["PRH_DATA"] = str(home)
    setting = Setting.of(queries.inside_settings().frame.row(0, named=True))
    pair = queries.Pair.of(queries.inside_pairs(setting).frame.row(0, named=True))
    compared = queries.Compared.of(queries.inside_layers(pair).frame.row(0, named=True))
    asked = (
        queries.shared_counts(compared),
        queries.found_samples(compared),
        queries.found_samples(compared, words="word3", sought="least", position=5),
        queries.sample_places(compared, position=5),
        queries.neighbors_of(compared, position=5),
        queries.shared_by_word(compared),
        queries.shared_by_length(compared),
    )
    file = Results(data_folder() / WAREHOUSE_FILE)
    took: list[float] = []
    for answer in asked:
        file.ask_file(answer.sql, answer.parameters)
        started = time.perf_counter()
        file.ask_file(answer.sql, answer.parameters)
        took.append(time.perf_counter() - started)
    return max(took)


def main() -> None:
    """Plant, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, nargs="+", default=[1024, 100_000])
    parser.add_argument("--data", type=Path, help="a data folder to measure instead")
    given = parser.parse_args()
    rows: list[tuple[object, ...]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        for n in [0] if given.data else given.n:
            with tempfile.TemporaryDirectory() as scratch:
                home = given.data or Path(scratch)
                if not given.data:
                    started = time.perf_counter()
                    plant(home, n)
                    err.print(f"{n:,} samples planted in {time.perf_counter() - started:.0f} s")
                query = slowest_query(home)
                with serving(home) as served:
                    rounds = [measure(browser, served.address) for _ in range(ROUNDS)]
            medians = [statistics.median(part) for part in zip(*rounds, strict=True)]
            rows.append((f"{n:,}" if n else str(given.data), *medians, query))
        browser.close()
    table(f"Seconds, medians of {ROUNDS}; {machine()}", COLUMNS, rows)


if __name__ == "__main__":
    main()
