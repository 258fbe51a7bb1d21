"""The exported report opens without a server and a network, and says what the app says."""

import io
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pages import PAGES
from tests.e2e.conftest import Served
from tests.e2e.watching import LOOKS, wait_settled, watched
from tests.ingest.command import arguments, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e
MEET = "Do language and vision meet?"


def _export(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    command = arguments("export", folder, "--data", data)
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def report(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a report on the planted world."""
    folder = tmp_path_factory.mktemp("report") / "deep" / "er"
    done = _export(folder, world)
    assert done.returncode == 0, done.stderr
    assert str(folder / "report.html") in done.stdout
    return folder


def test_it_opens_with_the_network_off(browser: "Browser", report: Path) -> None:
    context = browser.new_context(**LOOKS["light"], offline=True)
    page = context.new_page()
    troubles: list[str] = []
    page.on("requestfailed", lambda request: troubles.append(request.url))
    page.on("console", lambda message: troubles.append(message.text))
    page.goto((report / "report.html").as_uri())
    titles = page.locator("h2").all_inner_texts()
    assert titles[:-2] == [shown.title for shown in PAGES if shown.lack and shown.url]
    figures = page.locator("figure svg.marks")
    assert figures.count() == len(list((report / "figures").glob("*.svg"))) - len(
        list((report / "figures").glob("*.column.svg"))
    )
    assert figures.count() >= 10
    for link in page.locator("figure a").all():
        assert (report / str(link.get_attribute("href"))).stat().st_size > 0
    context.close()
    assert troubles == []


def test_its_figures_are_the_apps(browser: "Browser", report: Path, served: Served) -> None:
    answer, app, drawn = "", pl.DataFrame(), ""
    for page in watched(browser.new_context(**LOOKS["light"])):
        page.goto(f"{served.address}/do_language_and_vision_meet")
        wait_settled(page, MEET)
        answer = page.locator(".st-key-answer strong").inner_text()
        page.get_by_role("button", name="Download", exact=True).click()
        with page.expect_download() as caught:
            page.get_by_role("button", name="CSV", exact=True).click()
        app = pl.read_csv(caught.value.path()).drop("link")
        with page.expect_download() as caught:
            page.get_by_role("button", name="SVG", exact=True).click()
        drawn = caught.value.path().read_text(encoding="utf-8")
    told = pl.read_csv(io.BytesIO((report / "data/alignment-1.csv").read_bytes()))
    assert_frame_equal(told, app)
    assert (report / "figures/alignment-1.svg").read_text(encoding="utf-8") == drawn
    text = (report / "report.html").read_text(encoding="utf-8")
    assert drawn in text and answer in text


def test_it_says_what_it_is_of_and_names_no_folder(report: Path, world: Path) -> None:
    about = json.loads((report / "about.json").read_text(encoding="utf-8"))
    assert about["versions"]["prh-explorer"] and len(about["warehouse_sha256"]) == 16
    for file in report.rglob("*"):
        if file.suffix in (".html", ".json", ".sql", ".tex", ".csv"):
            text = file.read_text(encoding="utf-8")
            assert str(world) not in text and str(Path.home()) not in text, file.name


def test_a_warehouse_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = _export(tmp_path / "out", tmp_path)
    assert done.returncode == 1
    assert "there is no warehouse yet" in done.stderr and "Traceback" not in done.stderr
