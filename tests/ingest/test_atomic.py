"""Files are whole or absent."""

import errno
import os
from pathlib import Path

import pytest

from ingest.atomic import atomic_path, sweep
from ingest.errors import DiskFullError


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


def test_sweep_removes_what_dead_processes_left_and_nothing_else(tmp_path: Path) -> None:
    dead = tmp_path / "a.parquet.999999999-0123abcd.tmp"
    wal = tmp_path / "b.duckdb.999999999-0123abcd.tmp.wal"
    mine = tmp_path / f"c.parquet.{os.getpid()}-0123abcd.tmp"
    other = tmp_path / "notes.tmp"
    for path in (dead, wal, mine, other):
        path.touch()
    assert set(sweep(tmp_path)) == {dead, wal}
    assert mine.exists() and other.exists()
