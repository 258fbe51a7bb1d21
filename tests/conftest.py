"""Fixtures every room shares."""

import fcntl
import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path

# Three workers share two cores: pools of threads would spend their time waiting for each other. Set
# before numpy and torch are imported, and for the commands that tests start; tests of the threads
# themselves ask for more.
for _pool in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")

import hypothesis  # noqa: E402
import jaxtyping  # noqa: E402
import numba  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402

# Shapes and types in prh_core's signatures are checked in every test. Left out are the compiled
# kernels (numba cannot compile a wrapped function) and the warehouse (beartype cannot read polars'
# types); the hook must be in place before the first import.
_ROOT = Path(__file__).resolve().parent.parent
_CHECKED = [
    ".".join(path.relative_to(_ROOT).with_suffix("").parts)
    for path in sorted((_ROOT / "prh_core").rglob("*.py"))
    if path.stem != "__init__" and path.parent.name not in ("compiled", "warehouse")
]
jaxtyping.install_import_hook(_CHECKED, "tests.checking.checked_at_first")

from tests.checking import check_again  # noqa: E402
from tests.worlds import build_captions, build_world  # noqa: E402

# The same examples at every run: what a change did not touch does not fail beside it. New ones are
# looked for with HYPOTHESIS_PROFILE=search. No deadline: a machine may be busy.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_LONGEST = {
    name: place
    for place, name in enumerate(
        (
            "test_looks.py",
            "test_kill.py",
            "test_shipped.py",
            "test_stranger.py",
            "test_how_to.py",
            "test_report.py",
            "test_intervals.py",
            "test_reader.py",
            "test_loaders_hub.py",
            "test_battery.py",
            "test_journeys.py",
            "test_awkward.py",
            "test_shared_bits.py",
            "test_probes.py",
        )
    )
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what runs longest in one file, or a worker would sit idle at the end."""
    items.sort(key=lambda item: _LONGEST.get(item.path.name, len(_LONGEST)))


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was imported, which stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_runtest_setup() -> None:
    """Check signatures anew in every test."""
    check_again()


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    numba.set_num_threads(1)
    torch.set_num_threads(1)  # numba's threads, once there, make it two again


def _built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Path]) -> Path:
    """Build a data folder for all workers: the first builds, the others wait and read it too."""
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    home, done = run / name, run / f"{name}.done"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            build(home)
            done.touch()
    return home


@pytest.fixture(scope="session")
def built_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the planted world once; treat it as read-only."""
    return _built_once(tmp_path_factory, "planted-world", build_world)


@pytest.fixture(scope="session")
def world(built_world: Path) -> Path:
    """Return a data folder with a published planted world; treat it as read-only."""
    return built_world


@pytest.fixture
def own_world(built_world: Path, tmp_path: Path) -> Path:
    """Return a copy of the planted world that a test may damage."""
    return Path(shutil.copytree(built_world, tmp_path / "world"))


@pytest.fixture(scope="session")
def caption_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with published caption sets; treat it as read-only."""
    return _built_once(tmp_path_factory, "planted-captions", build_captions)
