"""A quick picture of any answer."""

from typing import Any, Literal, NamedTuple

import altair as alt
import polars as pl
import polars.selectors as cs

from pages.ui import palette
from pages.ui.charts.parts import LABELS, Chart

Kind = Literal["Points", "Lines", "Bars"]
KINDS: tuple[Kind, ...] = ("Points", "Lines", "Bars")
MOST = 5_000
"""Marks that a browser draws at once."""
MOST_COLORS = len(palette.FAMILY)
"""More groups than this are not told apart by color."""
NONE = "(none)"
_HUE = palette.FAMILY[1]


class Axes(NamedTuple):
    """Columns of an answer that a picture can show."""

    x: list[str]
    """The likeliest first."""
    y: list[str]
    """Numbers, the likeliest first."""
    color: list[str]


def axes_of(frame: pl.DataFrame) -> Axes | None:
    """Return what can be drawn of an answer; None where it has no numbers or nothing to lay out."""
    numbers = frame.select(cs.numeric()).columns
    if frame.is_empty() or frame.width < 2 or not numbers:
        return None
    words = [name for name in frame.columns if name not in numbers]
    varied = [name for name in numbers if frame[name].n_unique() > 1] or numbers
    up = varied[1] if len(varied) > 1 else varied[0]
    y = [up, *(name for name in numbers if name != up)]
    x = [*(name for name in varied if name != up), *words]
    x = [*x, *(name for name in numbers if name not in x)]
    few = [name for name in words if 1 < frame[name].n_unique() <= MOST_COLORS]
    return Axes(x, y, [NONE, *few])


def draw(frame: pl.DataFrame, kind: str, x: str, y: str, color: str) -> Chart:
    """Return a picture of two columns, the third as color; names in a chart's data are plain ones.

    Args:
        frame: the answer.
        kind: one of `KINDS`.
        x: a column.
        y: a column of numbers.
        color: a column of few words, or `NONE`.
    """
    columns = {"x": x, "y": y, **({} if color == NONE else {"color": color})}
    shown = frame.head(MOST).select(pl.col(name).alias(new) for new, name in columns.items())
    number = shown["x"].dtype.is_numeric()
    across = alt.X(
        field="x", type=_type(shown["x"]), title=x, axis=alt.Axis(**LABELS), sort=None,
        scale=alt.Scale(zero=False) if number else alt.Undefined,
    )  # fmt: skip
    up = alt.Y(
        field="y", type="quantitative", title=y, axis=alt.Axis(**LABELS),
        scale=alt.Scale(zero=kind == "Bars"),
    )  # fmt: skip
    encoding: dict[str, Any] = {
        "x": across,
        "y": up,
        "tooltip": [
            alt.Tooltip(field=new, type=_type(shown[new]), title=name)
            for new, name in columns.items()
        ],
    }
    if color != NONE:
        shown = shown.with_columns(pl.col("color").cast(pl.String).fill_null("(null)"))
        groups = shown["color"].unique(maintain_order=True).to_list()
        hues = alt.Scale(domain=groups, range=list(palette.FAMILY[: len(groups)]))
        encoding["color"] = alt.Color(
            field="color", type="nominal", title=color, scale=hues, legend=alt.Legend(**LABELS)
        )
        if kind == "Points":
            markers = alt.Scale(domain=groups, range=list(palette.SHAPES[: len(groups)]))
            encoding["shape"] = alt.Shape(field="color", type="nominal", title=color, scale=markers)
    base = alt.Chart(shown, height=320)
    if kind == "Bars":
        mark = base.mark_bar(color=_HUE)
    elif kind == "Lines":
        mark = base.mark_line(point=True, color=_HUE)
    else:
        mark = base.mark_point(filled=True, size=60, opacity=0.8, color=_HUE)
    return mark.encode(**encoding)


def _type(column: pl.Series) -> Literal["quantitative", "nominal"]:
    return "quantitative" if column.dtype.is_numeric() else "nominal"
