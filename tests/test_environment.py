"""Making the environment: each usual failure is one clear sentence."""

import importlib.util
import subprocess
from collections import namedtuple
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "environment", ROOT / "requirements" / "environment.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PRH_ENV_ROOT", str(tmp_path))
    return module


def test_another_python_is_refused(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit, match=r"needs Python 3.11, 3.12 or 3.13, and .* is 3.9"):
        environment.main()


def test_too_little_disk_is_told_before_anything_is_installed(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage(0, 0, 2e9))
    with pytest.raises(SystemExit, match="needs about 9 GB and .* has 2.0 GB free"):
        environment.shared_environment()
    assert not (tmp_path / environment.lock_hash()).exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: ... (from versions: none)", "the package index did not answer"),
        ("Temporary failure in name resolution", "the package index did not answer"),
        ("ERROR: something else", "could not install the environment: ERROR: something else"),
    ],
)
def test_pips_failures_are_one_sentence(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, said: str, sentence: str
) -> None:
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(environment.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(SystemExit, match=sentence):
        environment.pip(Path("python"), "anything")


def test_a_missing_python_is_one_sentence() -> None:
    done = subprocess.run(
        ["make", "env", "PYTHON=python-that-is-not-there"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode != 0
    assert "Error: python-that-is-not-there was not found; install Python 3.11" in done.stdout
