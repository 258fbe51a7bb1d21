"""A folder: report.html with every figure inside, and beside it pictures, data and SQL as files."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from pages.report.collect import Chapter, Source
from pages.ui import export
from pages.ui.charts.finish import titled
from pages.ui.kept import Figure

ROWS = 30
"""Of a table that are printed; the file beside it holds all."""
_BADGE = re.compile(r":(\w+)-badge\[([^\]]*)\]")
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


class Printed(NamedTuple):
    """A figure as the page holds it."""

    figure: Figure
    name: str
    """Of its files, without what follows the dot."""
    svg: Markup
    columns: list[str]
    rows: list[tuple[Any, ...]]
    more: int
    """Rows that are in the file only."""
    sql: str


def write_report(folder: Path, chapters: Sequence[Chapter], source: Source) -> Path:
    """Write the report and its files; what lies there by the same names is replaced.

    Args:
        folder: is made if need be.
        chapters: what pages show.
        source: what they are of.

    Returns:
        The page, `report.html`.
    """
    printed = {
        chapter.page.topic: [
            _print(folder, chapter.page.topic, place, figure)
            for place, figure in enumerate(chapter.figures, start=1)
        ]
        for chapter in chapters
    }
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["markdown"] = _markdown
    page = folder / "report.html"
    text = environment.get_template("report.html").render(
        chapters=chapters, printed=printed, source=source,
        datasets=list(source.datasets.iter_rows(named=True)),
    )  # fmt: skip
    page.write_text(text, encoding="utf-8")
    told = {
        "made": source.made.isoformat(), "warehouse_sha256": source.warehouse,
        "schema": source.schema, "versions": source.versions,
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return page


def _print(folder: Path, topic: str, place: int, figure: Figure) -> Printed:
    """Leave a figure's files; return it as the page holds it."""
    name = f"{topic}-{place}"
    measured, across = list(figure.measured), figure.across
    wide = titled(figure.chart, figure.title, measured, width="double", across=across)
    narrow = titled(figure.chart, figure.title, measured, width="single")
    drawn = export.svg(wide)
    sql = export.script(figure.answer)
    files = {
        f"figures/{name}.svg": drawn,
        f"figures/{name}.pdf": export.pdf(wide),
        f"figures/{name}.column.pdf": export.pdf(narrow),
        f"data/{name}.csv": export.csv(figure.answer, figure.about),
        f"data/{name}.parquet": export.parquet(figure.answer, figure.about),
        f"data/{name}.tex": export.latex(figure.answer, figure.about),
        f"sql/{name}.sql": sql.encode(),
    }
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    frame = figure.answer.frame
    rows = [tuple(map(_cell, row)) for row in frame.head(ROWS).iter_rows()]
    more = max(frame.height - ROWS, 0)
    return Printed(figure, name, Markup(drawn.decode()), frame.columns, rows, more, sql)  # noqa: S704


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:200]


def _markdown(text: str) -> Markup:
    return Markup(_MARKDOWN.render(_BADGE.sub(r"**\2**", text)))  # noqa: S704 (no HTML in it)
