"""Whether colors in words and in pictures stand as in human vision: the answer of the page."""

from typing import Any

import polars as pl

from pages.color import queries
from pages.ui.findings import Finding, Layout, colors
from pages.ui.q_values import with_q


def find(words: tuple[str, str] | None = None, pictures: str | None = None) -> Finding | None:
    """Answer by the best layout of a trained language model; None where nothing is laid out.

    Args:
        words: a table of color words and which of them; None takes those of the best layout.
        pictures: unit of the pictures; None takes those that agree best.
    """
    frame = queries.color_agreement().frame
    if frame.is_empty():
        return None
    rows = with_q(frame).sort("rho", descending=True, nulls_last=True)
    told = rows.filter(pl.col("side") == "language")
    if words is not None:
        told = told.filter(pl.col("colors") == words[0], pl.col("rule") == words[1])
    trained = told.filter("trained")
    seen = rows.filter(pl.col("side") == "vision")
    if pictures is not None:
        seen = seen.filter(pl.col("unit_key") == pictures)
    return colors(
        language=_first(trained),
        pictures=_first(seen),
        control=_first(told.filter(~pl.col("trained"))),
        models=trained["label"].n_unique(),
        layouts=rows.height,
    )


def _first(rows: pl.DataFrame) -> Layout | None:
    if rows.is_empty():
        return None
    row: dict[str, Any] = rows.row(0, named=True)
    return Layout(
        row["label"], row["rho"], row["interval_low"], row["interval_high"], row["q_value"],
        row["things"],
    )  # fmt: skip
