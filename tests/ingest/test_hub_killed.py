"""kill -9 in the middle of a push and of a pull: given again, each goes on where it was."""

import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from ingest.catalog import load_catalog
from ingest.pipeline.imported import Wanted, check_import, store_import
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from tests.ingest.command import arguments, environment, prh
from tests.ingest.hub_fixtures import hub_here

ROWS, WIDTH = 256, 2048
"""Of each feature file: 2 MB a layer."""


def _fill(home: Path) -> list[Path]:
    """Leave three feature sets, of 2, 12 and 12 MB."""
    rng = np.random.default_rng(0)
    ids = np.array([f"thing {i}" for i in range(ROWS)])
    with Run(Workspace(home)) as run:
        for name, layers in (("small", 1), ("large", 6), ("other", 6)):
            file = home / f"{name}.npz"
            arrays = {
                f"layer {i}": rng.normal(size=(ROWS, WIDTH)).astype("f4") for i in range(layers)
            }
            np.savez(file, **arrays, ids=ids)  # type: ignore[arg-type]
            wanted = Wanted(
                files=[file], dataset="things", model=name, modality="vision", new_dataset=True
            )
            store_import(run, check_import(run.workspace, load_catalog([]), wanted, Silent()))
            file.unlink()
    return sorted(home.rglob("*.safetensors"))


def _killed(command: str, home: Path, until: object) -> None:
    """Start a command, and kill it once `until` says so."""
    words = arguments(command, "us/big", "--what", "features", "--data", home)
    process = subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE)
    while not until():  # type: ignore[operator]
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.005)
    process.kill()
    process.communicate()


def test_a_killed_push_and_pull_go_on_where_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, other = tmp_path / "data", tmp_path / "other"
    files = _fill(home)
    with hub_here(tmp_path, monkeypatch) as there:
        there.slow = 0.004  # 16 MB a second
        big = [path for path in files if path.stat().st_size > 10e6]
        _killed("push", home, lambda: any(len(c) > 10e6 for c in there.stored.values()))
        sent = there.uploads()
        kept = [c for c in there.stored.values() if len(c) > 10e6]
        assert len(kept) == 1 and sent < 2 * len(files)
        there.slow = 0
        done = prh("push", "us/big", "--what", "features", "--data", home)
        assert done.returncode == 0, done.stderr
        puts = [line for line in there.asked if line.startswith("PUT ")]
        assert len(puts) - len(set(puts)) <= 1  # what was under way was sent again, no more
        assert len(there.repositories["us/big"].commits) == 2
        there.slow = 0.004
        coming = other / "cache" / "hub" / "coming"
        _killed(
            "pull",
            other,
            lambda: any(f.stat().st_size > 3e6 for f in coming.glob("*") if f.exists()),
        )
        assert not [p for p in other.rglob("*.safetensors") if p.stat().st_size > 10e6]
        halves = {path.name: path.stat().st_size for path in coming.glob("*")}
        there.slow, there.sent = 0, []
        done = prh("pull", "us/big", "--what", "features", "--data", other)
        assert done.returncode == 0, done.stderr
        starts = dict(there.sent)
    for path in files:
        assert (other / path.relative_to(home)).read_bytes() == path.read_bytes()
    begun = [starts[p.relative_to(home).as_posix()] for p in big]
    assert max(begun) >= 3e6 and set(begun) - {0} <= set(halves.values())
    assert not list(coming.glob("*"))
