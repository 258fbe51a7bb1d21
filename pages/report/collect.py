"""What every page shows on first sight, and what it was made of."""

import hashlib
import importlib.metadata
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl
from streamlit.testing.v1 import AppTest

from pages import PAGES, Page
from pages.inventory import queries
from pages.ui import kept
from pages.ui.findings import Finding
from pages.ui.kept import Explanation, Figure
from prh_core.warehouse.location import PROJECT
from prh_core.warehouse.reading import SCHEMA_VERSION
from prh_core.warehouse.shipped import shown_file

_PATIENCE = 120
"""Seconds that a page may take."""
_VERSIONED = ("prh-explorer", "duckdb", "altair", "streamlit", "polars", "numpy")


class Chapter(NamedTuple):
    """What a page answers."""

    page: Page
    finding: Finding | None
    figures: list[Figure]
    explanation: str
    lack: str
    """Why there is no figure."""


class Source(NamedTuple):
    """What a report is of."""

    datasets: pl.DataFrame
    """As `inventory.queries.datasets`."""
    warehouse: str
    """The beginning of its sha256."""
    schema: int
    versions: dict[str, str]
    made: datetime


def collect(tell: Callable[[str], None]) -> list[Chapter]:
    """Open every page that has figures and keep what it shows.

    Args:
        tell: told the title of each page before it is opened.
    """
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=_PATIENCE).run()
    chapters: list[Chapter] = []
    for page in PAGES:
        if not page.lack or not page.url:
            continue
        tell(page.title)
        with kept.listen() as shown:
            app.switch_page(page.script).run()
        if app.exception:
            raise RuntimeError(f"{page.title}: {app.exception[0].value}")
        findings = [one for one in shown if isinstance(one, Finding)]
        figures = [one for one in shown if isinstance(one, Figure)]
        texts = [one.text for one in shown if isinstance(one, Explanation)]
        lack = "" if figures else " ".join(box.value for box in (*app.info, *app.warning))
        chapters.append(
            Chapter(page, findings[0] if findings else None, figures, "\n\n".join(texts), lack)
        )
    return chapters


def describe_source() -> Source:
    """Say which warehouse is shown, and what made the report.

    Raises:
        WarehouseError: it cannot be read.
    """
    datasets = queries.datasets().frame
    return Source(
        datasets,
        _hash(shown_file())[:16],
        SCHEMA_VERSION,
        {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _VERSIONED},
        datetime.now(tz=UTC),
    )


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
