"""An answer to take away: its table, its picture, its SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.ui import export
from pages.ui.answers import Answer
from pages.ui.charts.finish import Width, titled
from pages.ui.charts.parts import Drawn


def offer_downloads(
    topic: str,
    chart: Drawn | None,
    answer: Answer,
    *,
    title: str,
    about: Mapping[str, Any],
    measured: Sequence[str] = (),
    view: str = "",
    across: int = 2,
) -> None:
    """Offer an answer as files, made when asked for: a page nobody downloads from costs nothing.

    Args:
        topic: of the page.
        chart: of the answer, where there is one.
        answer: a query's.
        title: of the picture.
        about: what the numbers are of, and the view's link.
        measured: lines of Markdown below the picture that say what was measured.
        view: how the answer is drawn, for the files' names.
        across: panels of the picture side by side.
    """
    offers: list[tuple[str, str, str, Callable[[], bytes]]] = [
        ("CSV", "csv", "text/csv", lambda: export.csv(answer, about)),
        (
            "Parquet", "parquet", "application/vnd.apache.parquet",
            lambda: export.parquet(answer, about),
        ),
        ("LaTeX", "tex", "application/x-tex", lambda: export.latex(answer, about)),
    ]  # fmt: skip
    if chart is not None:
        drawn = chart

        def picture(render: Callable[[dict[str, Any]], bytes], width: Width) -> Callable[[], bytes]:
            return lambda: render(titled(drawn, title, list(measured), width=width, across=across))

        offers += [
            ("SVG", "svg", "image/svg+xml", picture(export.svg, "double")),
            ("PNG", "png", "image/png", picture(export.png, "double")),
            ("PDF", "pdf", "application/pdf", picture(export.pdf, "double")),
            ("SVG, one column", "column.svg", "image/svg+xml", picture(export.svg, "single")),
            ("PNG, one column", "column.png", "image/png", picture(export.png, "single")),
            ("PDF, one column", "column.pdf", "application/pdf", picture(export.pdf, "single")),
        ]
    offers.append(("SQL", "sql", "application/sql", lambda: export.script(answer).encode()))
    named = {name: value for name, value in about.items() if name != "link"}
    with st.popover("Download", type="tertiary"):
        for label, suffix, mime, make in offers:
            st.download_button(
                label,
                make,
                file_name=export.file_name(topic, named, view, suffix),
                mime=mime,
                key=f"download-{label}",
                on_click="ignore",
                type="tertiary",
            )
