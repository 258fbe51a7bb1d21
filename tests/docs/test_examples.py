"""Examples of README and guides: Python runs, TOML is read, commands take their options."""

import ast
import importlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer.main

from ingest.catalog.load import load_catalog
from ingest.cli.commands import app
from pages.ask.queries import examples
from prh_core.warehouse.answer import answer
from prh_core.warehouse.location import SHIPPED
from prh_core.warehouse.readers import read_sign_in
from prh_core.warehouse.shipped import shipped_warehouse
from tests.docs.markdown import DOCS, PAGES, Block, blocks

OF_OTHER_PROGRAMS = {"--limit", "--only"}
"""Options that guides name: of lm-evaluation-harness, and of `python -m tests.bench.battery`."""
GUIDES = [page for page in PAGES if page.parent.name != "how-to" and page.name != "CHANGELOG.md"]
"""Pages whose examples stand by themselves: how-to pages are followed by a test of their own."""
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in GUIDES
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8")))
]


def _of(language: str) -> list[Block]:
    values = [example.values[0] for example in EXAMPLES]
    return [block for block in values if isinstance(block, Block) and block.language == language]


@pytest.mark.parametrize("block", _of("python"), ids=lambda block: block.code[:30])
def test_python_runs_or_its_imports_resolve(block: Block) -> None:
    tree = ast.parse(block.code)
    if "data/results.duckdb" not in block.code:  # which a clone does not have
        exec(compile(tree, "example", "exec"), {})
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.mark.parametrize("block", _of("toml"), ids=lambda block: block.code[:30])
def test_toml_is_a_catalog_or_signs_in(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    if block.code.startswith("[sign_in]"):
        file.write_text(block.code.replace("...", "x" * 32), encoding="utf-8")
        assert read_sign_in(file).admit({"email": "ada@example.org", "email_verified": True})
        return
    file.write_text(block.code, encoding="utf-8")
    catalog = load_catalog([file])
    for table, rows in tomllib.loads(block.code).items():
        assert all(row["id"] in getattr(catalog, f"{table}s") for row in rows)


def test_the_statements_of_the_sql_guide_are_the_apps_and_answer() -> None:
    guide = (DOCS / "sql.md").read_text(encoding="utf-8")
    shown = [block.code.strip() for block in blocks(guide) if block.language == "sql"]
    titles = re.findall(r"^## (.+)$", guide, re.M)
    told = [f"-- {title}\n{sql}" for title, sql in zip(titles, shown, strict=True)]
    assert told == [example.sql for example in examples()]
    for sql in shown:
        assert answer(shipped_warehouse(SHIPPED), sql).frame.height > 0


def _commands() -> list[str]:
    """Return every `prh ...` that a guide shows in a block or names in its prose."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in GUIDES)
    shown = [block.code.replace("\n", " ") for block in _of("shell")]
    named = [" ".join(words.split()) for words in re.findall(r"`(prh [^`]+)`", text)]
    return sorted({*named, *(code.strip() for code in shown if code.startswith("prh "))})


@pytest.mark.parametrize("command", _commands())
def test_commands_and_their_options_exist(command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    place = typer.main.get_command(app)
    while words and hasattr(place, "commands"):
        name = words.pop(0).rstrip(",")
        if not name[0].islower():  # COMMAND
            return
        assert name in place.commands, command  # type: ignore[attr-defined]
        place = place.commands[name]  # type: ignore[attr-defined]
    options = {
        flag for parameter in place.params for flag in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}
    for word in words:
        if word.startswith("--"):
            assert word in options, f"{command}: there is no {word}"


def test_options_named_in_prose_are_options_of_some_command() -> None:
    flags = {"--help"} | OF_OTHER_PROGRAMS
    waiting = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        flags |= {
            flag
            for parameter in command.params
            for flag in (*parameter.opts, *parameter.secondary_opts)
        }
        waiting += list(getattr(command, "commands", {}).values())
    for page in GUIDES:
        for named in re.findall(r"`(--[a-z-]+)", page.read_text(encoding="utf-8")):
            assert named in flags, f"{page.name} names {named}"
