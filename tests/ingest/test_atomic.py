"""Files are whole or absent."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.errors import DiskFullError
from ingest.store import atomic, places
from ingest.store.atomic import FORGOTTEN, atomic_path, sweep


def test_the_target_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert [p.name for p in target.parent.iterdir()] == ["file"]


def test_an_error_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("No space left on device (os)"),
    ],
)
def test_a_full_disk_is_one_sentence(tmp_path: Path, error: Exception) -> None:
    target = tmp_path / "features.safetensors"
    with (
        pytest.raises(DiskFullError, match="disk is full.*nothing already stored was changed"),
        atomic_path(target),
    ):
        raise error
    assert not target.exists()


# ------------------------------------------------------------------- sweeping

NOBODY = 2**22 + 1
"""No process has this id."""


def left_behind(folder: Path, name: str, pid: int, where: str, since: str, age: int = 0) -> Path:
    """Leave a temporary of some process, untouched for that many seconds."""
    path = folder / f"{name}.{pid}-{where}-{since}-0123abcd.tmp"
    path.touch()
    moment = path.stat().st_mtime - age
    os.utime(path, (moment, moment))
    return path


def test_sweep_removes_what_dead_processes_of_this_place_left(tmp_path: Path) -> None:
    here, mine = places.here(), places.started(os.getpid())
    dead = left_behind(tmp_path, "a.parquet", NOBODY, here, "5")
    reused = left_behind(tmp_path, "b.parquet", os.getpid(), here, "5")
    wal = dead.with_name(dead.name + ".wal")
    wal.touch()
    spilled = dead.with_name(dead.name + ".tmp")
    (spilled / "deep").mkdir(parents=True)
    live = left_behind(tmp_path, "c.parquet", os.getpid(), here, mine, 10 * FORGOTTEN)
    other = tmp_path / "notes.tmp"
    other.touch()
    assert set(sweep(tmp_path)) == {dead, reused, wal, spilled}
    assert live.exists() and other.exists()
    assert sweep(tmp_path / "absent") == []


def test_a_temporary_of_the_process_itself_is_never_swept(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "file") as temporary:
        temporary.write_text("half")
        assert sweep(tmp_path) == []
    assert (tmp_path / "file").read_text() == "half"


@pytest.mark.parametrize("pid", [NOBODY, os.getpid(), 1], ids=["dead", "own", "first"])
@pytest.mark.parametrize("old", [False, True])
def test_what_another_place_wrote_goes_by_its_age_alone(
    tmp_path: Path, pid: int, old: bool
) -> None:
    (tmp_path / "deep").mkdir()
    age = FORGOTTEN + 60 if old else FORGOTTEN - 60
    theirs = left_behind(tmp_path / "deep", "a", pid, "0123456789ab", "5", age)
    before = theirs.rename(theirs.with_name(f"b.{pid}-0123abcd.tmp"))  # as names were
    theirs = left_behind(tmp_path / "deep", "a", pid, "0123456789ab", "5", age)
    assert set(sweep(tmp_path)) == ({theirs, before} if old else set())
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}, "the clock's file is left"


def test_age_is_told_by_the_file_system_s_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = left_behind(tmp_path, "a", 7, "0123456789ab", "5")
    monkeypatch.setattr("time.time", lambda: theirs.stat().st_mtime + 10 * FORGOTTEN)
    assert sweep(tmp_path) == []
    monkeypatch.setattr(atomic, "_clock", lambda root: theirs.stat().st_mtime + 2 * FORGOTTEN)
    assert sweep(tmp_path) == [theirs]


@pytest.mark.parametrize("name", ["m" * 255, "é" * 127, "日" * 85, "a.parquet"])
def test_a_temporary_fits_where_its_target_does(tmp_path: Path, name: str) -> None:
    with atomic_path(tmp_path / name) as temporary:
        temporary.write_text("whole")
        temporary.with_name(temporary.name + ".wal").touch()  # as DuckDB would
        assert len(os.fsencode(temporary.name)) <= 251
        temporary.with_name(temporary.name + ".wal").unlink()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not places.lives(child.pid, places.started(child.pid))
    child.wait()
    assert not places.lives(child.pid, "0")
    assert places.lives(os.getpid(), "0")


def test_two_places_write_and_sweep_in_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is the other's foreign machine, with the same process ids, all of them dead there."""
    where = threading.local()
    monkeypatch.setattr(places, "here", lambda: where.name)
    monkeypatch.setattr(places, "lives", lambda pid, since: False)
    swept: list[Path] = []

    def machine(name: str) -> None:
        where.name = hashlib.sha256(name.encode()).hexdigest()[:12]
        for number in range(20):
            with atomic_path(tmp_path / f"{name}{number}") as temporary:
                temporary.write_text(name)
                where.name, own = name * 12, where.name  # a start beside it, from anywhere else
                swept.extend(sweep(tmp_path))
                where.name = own

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(machine, "ab"))
    assert swept == []
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {f"{name}{number}": name for name in "ab" for number in range(20)}
