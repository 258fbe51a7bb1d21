"""The recipes for hosts: a unit that systemd takes, commands and options that there are."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from ingest.cli.commands import app
from tests.docs.markdown import DOCS

HOST = DOCS / "host"
SERVICE = HOST / "prh-explorer.service"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def _options(command: str) -> set[str]:
    place = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    return {flag for parameter in place.params for flag in parameter.opts}


@needs_systemd
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / SERVICE.name
    text = SERVICE.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/prh-explorer/bin/prh", sys.executable), encoding="utf-8")
    told = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in told.stderr.splitlines() if SERVICE.name in line]
    assert told.returncode == 0 and ours == []


@needs_systemd
def test_the_unit_exposes_little(tmp_path: Path) -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(SERVICE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", told.stdout)
    assert exposure is not None and float(exposure[1]) < 3, told.stdout


@pytest.mark.parametrize("file", [SERVICE, HOST / "Containerfile"], ids=lambda file: file.name)
def test_commands_of_the_recipes_take_their_options(file: Path) -> None:
    commands = re.findall(r"prh (app [^\"\]\n]*)", file.read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        name, *words = shlex.split(command)
        assert {word for word in words if word.startswith("--")} <= _options(name)


def test_what_the_image_is_built_from_is_in_a_clone() -> None:
    text = (HOST / "Containerfile").read_text(encoding="utf-8")
    (lock,) = re.findall(r"-c (\S+\.txt)", text)
    assert (DOCS.parent / lock).is_file()
    assert "CMD" in text and "/ready" in text and "USER reader" in text
