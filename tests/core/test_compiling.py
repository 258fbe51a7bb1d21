"""Where compiled kernels are kept: numba's own place, else one that can be written, else none."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from prh_core import compiling


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    """Return where no folder can be made, whoever asks: below a file."""
    file = tmp_path / "file"
    file.touch()
    return file / "folder"


def test_a_folder_is_writable_where_a_file_can_be_made(tmp_path: Path, unwritable: Path) -> None:
    assert compiling.writable(tmp_path / "new" / "deep")
    assert not compiling.writable(unwritable)
    assert list((tmp_path / "new" / "deep").iterdir()) == []


def test_numba_keeps_its_own_place_where_it_has_one(
    tmp_path: Path, unwritable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(*places: Path) -> bool:
        monkeypatch.setattr(compiling, "usual_places", lambda: list(places))
        return compiling.numba_finds_a_place()

    assert found(tmp_path / "user", unwritable)
    assert found(unwritable, tmp_path / "a", tmp_path / "b")
    assert not found(unwritable, tmp_path / "a", unwritable)  # one package's kernels have none
    assert not found(unwritable)  # NUMBA_CACHE_DIR, and nothing beside it
    assert found(tmp_path)


def test_another_place_is_taken_in_order_and_said_once(
    tmp_path: Path,
    unwritable: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(compiling, "numba_finds_a_place", lambda: False)
    monkeypatch.setattr(compiling.NUMBA, "CACHE_DIR", "")
    monkeypatch.setattr(compiling.platformdirs, "user_cache_path", lambda _: tmp_path / "system")
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv("PRH_CACHE", str(tmp_path / "named"))
    own = tmp_path / f"prh-explorer-{os.getuid()}"
    for place in (tmp_path / "named", tmp_path / "system", own):
        assert compiling._settle()
        assert compiling.NUMBA.CACHE_DIR == str(place / "numba")
        told = capsys.readouterr().err
        assert str(place) in told and told.count("\n") == 1
        if place == own:
            assert own.stat().st_mode & 0o777 == 0o700
            own.chmod(0o777)  # others could leave kernels of theirs there
        elif place.name == "named":
            monkeypatch.setenv("PRH_CACHE", str(unwritable))
        else:
            monkeypatch.setattr(compiling.platformdirs, "user_cache_path", lambda _: unwritable)
    assert not compiling._settle()
    assert "compiled anew by every process" in capsys.readouterr().err


KERNELS = """
import numba
import numpy as np

@numba.njit(cache=True)
def in_order(values):
    return np.sort(values)

@numba.njit(cache=True)
def places(values):
    return np.argsort(values)
"""


def test_kernels_that_two_processes_kept_do_not_mix(tmp_path: Path) -> None:
    """Numba alone gives sort's helper and argsort's one name, and calls the one for the other."""
    (tmp_path / "kernels.py").write_text(KERNELS)

    def run(code: str) -> str:
        before = "import prh_core.compiling, kernels, numba, numpy as np; x = np.array([3, 1, 2]); "
        told = subprocess.run(
            [sys.executable, "-c", before + code],
            env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).resolve().parents[2]}"},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout

    run("kernels.in_order(x)")
    # Three functions more, and numba's own count comes to the same number at either's helper.
    run("[numba.njit(lambda: 0)() for _ in range(3)]; kernels.places(x)")
    kept = "print(kernels.in_order(x), kernels.places(x), kernels.places.stats.cache_hits.total())"
    assert run(kept) == "[1 2 3] [1 2 0] 1\n"


def test_a_numba_that_counts_otherwise_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling.FunctionIdentity, "_unique_ids", None)
    assert not compiling._name_apart()
    assert "every process compiles them anew" in capsys.readouterr().err


READ_ONLY = """
set -e
mount --bind "$SITE" "$SITE"; mount -o remount,bind,ro "$SITE"
mount --bind "$ROOT" "$ROOT"; mount -o remount,bind,ro "$ROOT"
mkdir "$WHERE/home"; mount --bind "$WHERE/home" "$WHERE/home"
mount -o remount,bind,ro "$WHERE/home"
cd /
HOME=$WHERE/home PRH_CACHE=$WHERE/kept PYTHONPATH=$ROOT "$PYTHON" -c "
import numpy as np
import prh_core
x = np.eye(20, dtype=np.float32) + 1
print(prh_core.best_pair(x[:1]).score)
import prh_core.compiled.rows
print(prh_core.compiled.rows.row_norms(x).shape)
"
"""


def test_a_read_only_install_and_home_are_enough(tmp_path: Path) -> None:
    script = ["unshare", "-m", "bash", "-c"]
    try:
        can = subprocess.run([*script, "mount --bind /tmp /tmp"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if can.returncode:
        pytest.skip("mount namespaces need root")
    root = Path(__file__).resolve().parents[2]
    site = Path(numba.__file__).resolve().parents[1]
    told = subprocess.run(
        [*script, READ_ONLY],
        env={
            **{name: os.environ[name] for name in ("PATH",)},
            "SITE": str(site), "ROOT": str(root), "WHERE": str(tmp_path), "PYTHON": sys.executable,
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stdout.split("\n")[:2] == ["2.0", "(20,)"], told.stderr
    assert told.stderr.count("\n") == 1 and str(tmp_path / "kept") in told.stderr
    assert list((tmp_path / "kept").rglob("*.nbi"))
