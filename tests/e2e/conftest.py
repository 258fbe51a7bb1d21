"""A browser, and the app served over a data folder of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.e2e.watching import LOOKS, PATIENCE, quiet
from tests.serving import free_port, wait_until_served

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Served(NamedTuple):
    """The app, and the data folder it shows."""

    address: str
    home: Path


def chromium_path() -> str | None:
    """Return the system's Chromium, or the one PRH_CHROMIUM names."""
    return os.environ.get("PRH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Return a system Chromium; without one, the tests are skipped."""
    found = chromium_path()
    if not found:
        pytest.skip("no Chromium: install one, or name it in PRH_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def window(browser: "Browser") -> Iterator["Page"]:
    """Return a window for all pages: in a new one a browser reads the app's code anew each time."""
    context = browser.new_context(**LOOKS["light"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


@pytest.fixture
def page(window: "Page") -> Iterator["Page"]:
    """Return the window, empty and light; at the end, nothing went outside and all was quiet."""
    window.emulate_media(color_scheme="light")
    window.set_viewport_size(LOOKS["light"]["viewport"])
    with quiet(window):
        yield window
        window.goto("about:blank")


@pytest.fixture(scope="session")
def served(built_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the app over a copy of the planted world."""
    home = Path(shutil.copytree(built_world, tmp_path_factory.mktemp("served") / "world"))
    with serving(home) as served:
        yield served


@contextlib.contextmanager
def serving(home: Path, root: Path = ROOT, options: Sequence[str] = ()) -> Iterator[Served]:
    """Serve the app over a data folder on a free port while the block runs.

    Args:
        home: the data folder.
        root: the checkout whose app it is.
        options: of `prh app`, further ones.
    """
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "ingest.cli.main", "app",
            "--port", str(port), "--data", str(home), *options,
        ],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://localhost:{port}"
    try:
        wait_until_served(address, process)
        yield Served(address, home)
    finally:
        process.terminate()
        process.wait(10)
