"""The house rules: arrows between rooms, SQL in files, documentation that is true."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer.main

from ingest.cli.commands import app
from ingest.cli.serve import check_port
from prh_core.errors import PRHError

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_imports_only_point_the_allowed_way() -> None:
    check = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "prh_core").rglob("*.sql")), ids=lambda p: p.name)
def test_every_sql_file_says_what_it_is_for(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("-- ")


def test_rows_are_written_through_sql_files_alone() -> None:
    for path in [*(ROOT / "ingest").rglob("*.py"), *(ROOT / "prh_core").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if path.parent.name not in ("store", "warehouse"):
            assert not re.search(r"\.execute\(", text), path
        assert not re.search(r"execute\(\s*f[\"']", text), path


def test_the_readme_names_every_command_and_the_two_make_targets() -> None:
    for command in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert f"prh {command}" in README, f"the README does not mention `prh {command}`"
    assert "make run" in README and "make test" in README


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    told = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert targets == set(re.findall(r"^  make ([a-z]+)", told.stdout, flags=re.M))


def test_app_and_server_warm_up_the_same_modules() -> None:
    from ingest.cli import serve
    from pages.ui import warm

    assert serve.HEAVY == warm.HEAVY


def test_no_collection_of_all_objects_follows_a_run() -> None:
    """With it, fifty readers waited six times as long: it walks what pages remember."""
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False


def test_an_occupied_port_is_one_sentence() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PRHError, match=f"port {port} is in use; choose another"):
            check_port(port)


def test_no_machine_path_stands_in_the_project() -> None:
    files = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.split()
    here = str(ROOT.parent) + "/"
    for name in files:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".sql", ".txt", ""} and path.is_file():
            assert here not in path.read_text(encoding="utf-8"), name
