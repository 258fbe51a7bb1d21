"""The wheel, installed where nothing else is: the app, what ships, the command, and no torch."""

import os
import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.serving import free_port, wait_until_served

ROOT = Path(__file__).resolve().parent.parent
EVERY_PAGE = """
import importlib.util, sys
from streamlit.testing.v1 import AppTest
from pages import PAGES
from prh_core.warehouse.location import PROJECT
assert PROJECT.name == "prh_explorer", PROJECT
assert importlib.util.find_spec("torch") is None
app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120).run()
for page in PAGES:
    app.switch_page(page.script).run()
    assert not app.exception, (page.topic, app.exception)
    assert [title.value for title in app.title] == [page.title]
    if page.lack:
        assert not app.warning and app.get("vega_lite_chart"), page.topic
    print(page.topic)
"""


def _light_packages() -> list[Path]:
    """Return what the light half's packages, and nothing else, put beside each other."""
    found: set[Path] = set()
    lock = (ROOT / "requirements" / "app.txt").read_text(encoding="utf-8")
    for name in re.findall(r"^([\w.-]+)==", lock, flags=re.M):
        package = distribution(name)
        place = Path(str(package.locate_file("")))
        tops = {file.parts[0] for file in package.files or () if file.parts[0] != ".."}
        found |= {place / top for top in tops if top != "__pycache__"}
    return sorted(path for path in found if path.exists())


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel and the light half's packages."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("prh_explorer-*.whl")
    venv.create(folder / "venv", symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for path in _light_packages():
        (packages / path.name).symlink_to(path)
    found = folder / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(found), "install", "--no-deps"]
    options = ["--quiet", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*install, *options, str(wheel)], check=True, capture_output=True)
    return found


def _environment(home: Path) -> dict[str, str]:
    """Return an environment of somebody who has never run anything."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # Kernels compiled beside the linked packages are found there.
    return {**kept, **threads, "HOME": str(home), "PRH_CACHE": str(home / "cache")}


def test_every_page_opens_with_what_ships(python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(python), "-c", EVERY_PAGE],
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.split()) > 8


def test_one_command_serves_the_app_and_data_goes_to_the_user(python: Path, tmp_path: Path) -> None:
    command, environment = python.with_name("prh-explorer"), _environment(tmp_path)
    port = free_port()
    served = subprocess.Popen(
        [str(command), "app", "--port", str(port)], cwd=tmp_path, env=environment
    )
    try:
        wait_until_served(f"http://localhost:{port}", served)
    finally:
        served.terminate()
        served.wait()
    found = subprocess.run(
        [str(python), "-c", "from prh_core.warehouse.location import data_folder as d; print(d())"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    folder = Path(found.stdout.strip())
    assert folder.is_relative_to(tmp_path) and folder.name == "prh-explorer"
    assert shutil.which("prh", path=str(command.parent))
