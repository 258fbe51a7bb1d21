"""Writes a page of the API reference for every package when the site is built.

A hook of mkdocs. The pages are made of the code's docstrings, read without importing it, and are
files of the site alone.
"""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("prh_core", "ingest", "pages")


def packages() -> dict[str, list[str]]:
    """Return the modules of every package by its dotted name."""
    modules: dict[str, list[str]] = {}
    for room in ROOMS:
        for path in sorted((PROJECT / room).rglob("*.py")):
            folder = path.parent.relative_to(PROJECT).parts
            name = folder if path.stem == "__init__" else (*folder, path.stem)
            modules.setdefault(".".join(folder), []).append(".".join(name))
    return modules


def on_config(config: Any) -> Any:
    """Add the reference at the end of the navigation."""
    pages = [{name: f"reference/{name}.md"} for name in packages()]
    config.nav = [*config.nav, {"Reference": pages}]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page for every package to the site's files."""
    for package, modules in packages().items():
        parts = [f"# {package}"]
        for module in modules:
            parts.append(f"::: {module}")
            if module == package:  # what it exports stands under the module that defines it
                parts[-1] += "\n    options:\n      members: false\n      show_root_heading: false"
        content = "\n\n".join(parts) + "\n"
        files.append(File.generated(config, f"reference/{package}.md", content=content))
    return files
