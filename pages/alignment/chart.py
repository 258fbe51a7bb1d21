"""Models of one side against models of another."""

import altair as alt
import polars as pl

from pages.ui.charts.pairs import pair_picked, pair_tooltip, side_names
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    cell_text,
    dodged,
    family,
    held_at,
    highlight,
    lit,
    on_cell,
    reference_line,
    roomy,
    sequential,
    sized,
    slanted_axis,
    unique,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

_ROW = 38
"""Height of a heat map's row, in pixels."""
_MARKED = "format(datum.alignment, '.3f') + (datum.q_value < 0.05 ? '*' : '')"
"""A score, with an asterisk where it is more than chance."""


@remembered
def heat_map(frame: pl.DataFrame, *, order: str, measure: str) -> Chart:
    """Draw alignment of the first models (rows) with the second ones (columns).

    Args:
        frame: answer of `queries.alignment`.
        order: column of the first models to order rows by, the closest or largest first.
        measure: what the numbers are, for the legend.
    """
    one, other = side_names(frame)
    closer_up = bool(frame["higher_is_closer"].all())
    falling = closer_up or order != "mean_x"
    rows = frame.sort(order, "label_x", descending=[falling, False], nulls_last=True)
    columns = frame.sort(pl.col("group_y") == "untrained", "mean_y", descending=[False, closer_up])
    names = unique(columns["label_y"])
    if set(frame["modality_x"]) == set(frame["modality_y"]):
        # The same models stand on both sides, in one order.
        down_names = unique(rows["label_x"])
        names = [name for name in down_names if name in names] + [
            name for name in names if name not in down_names
        ]
    across, down = frame["label_y"].n_unique(), frame["label_x"].n_unique()
    x = alt.X(
        "label_y:N",
        sort=names,
        title=f"{other} model",
        axis=slanted_axis(across, domain=False, ticks=False),
    )
    y = alt.Y(
        "label_x:N",
        sort=unique(rows["label_x"]),
        title=f"{one} model",
        axis=alt.Axis(domain=False, ticks=False, **LABELS),
    )
    base = alt.Chart(frame).encode(x=x, y=y, tooltip=pair_tooltip(frame, measure))
    cells = (
        base.mark_rect(cursor="pointer")
        .encode(color=sequential(frame["alignment"], measure, higher_is_closer=closer_up))
        .add_params(pair_picked())
    )
    marked = base.transform_calculate(told=_MARKED)
    text = marked.mark_text(fontSize=cell_text(across), fontWeight=500, cursor="pointer").encode(
        text=alt.Text("told:N"),
        color=on_cell(frame["alignment"], higher_is_closer=closer_up),
    )
    return sized(cells + text, down * _ROW)


@remembered
def lines(
    frame: pl.DataFrame,
    colors: dict[str, str],
    *,
    order: str,
    measure: str,
    reference: Reference | None,
) -> Chart:
    """Draw one line per second model across the first models, colored by family.

    Args:
        frame: answer of `queries.alignment`.
        colors: color of every family.
        order: column of the first models to order the x axis by, the closest or largest last.
        measure: what the numbers are, for the axis.
        reference: what scores are held against; None draws nothing.
    """
    one, _ = side_names(frame)
    falling = order == "mean_x" and not frame["higher_is_closer"].all()
    ordered = frame.sort(order, "label_x", descending=[falling, False], nulls_last=True)
    names = unique(ordered["label_x"])
    height = max(320, 18 * frame["label_y"].n_unique())
    ends = ("alignment", "interval_low", "interval_high", "selection_free")
    seen = pl.concat([frame[name].cast(pl.Float64).rename("seen") for name in ends])
    bottom, top = roomy(seen, *held_at(reference))
    y = y_axis("alignment", measure, [bottom, top])
    room, wide = _room(frame["label_y"], max(26 * len(names), 100))
    x = alt.X(
        "label_x:N",
        sort=names,
        title=f"{one} model",
        axis=slanted_axis(len(names)),
        scale=alt.Scale(
            type="point", padding=0.3, rangeMax=alt.expr(f"{wide} ? width - {room} : width")
        ),
    )
    color = family(frame, colors, symbolType="stroke")
    base = alt.Chart(ordered).encode(
        x=x,
        y=y,
        color=color,
        detail=alt.Detail("label_y:N"),
        tooltip=pair_tooltip(frame, measure),
    )
    names_at = dodged(
        ordered.group_by("label_y", maintain_order=True).last(),
        gap=14 / height * (top - bottom),
        top=top,
    )
    labels = (
        alt.Chart(names_at)
        .mark_text(align="left", dx=10, fontSize=alt.expr(f"{wide} ? 12 : 0"))
        .encode(x=x, y=alt.Y("label_at:Q"), text=alt.Text("label_y:N"), color=color)
    )
    kept = highlight("group_y")
    drawn = [
        base.mark_line(strokeWidth=2).encode(opacity=lit(kept)).add_params(kept),
        base.mark_point(filled=True, size=60, cursor="pointer")
        .encode(opacity=lit(kept))
        .add_params(pair_picked()),
        labels,
    ]
    if frame["interval_low"].is_not_null().any():
        whiskers = base.transform_filter("isValid(datum.interval_low)").mark_rule(
            strokeWidth=1, opacity=0.6
        )
        free = base.transform_filter("isValid(datum.selection_free)").mark_tick(
            orient="horizontal", size=12, thickness=2
        )
        drawn = [
            whiskers.encode(y=alt.Y("interval_low:Q"), y2=alt.Y2("interval_high:Q")),
            free.encode(y=alt.Y("selection_free:Q")),
            *drawn,
        ]
    drawn = [*reference_line(reference), *drawn]
    return sized(alt.layer(*drawn), height)


def _room(names: pl.Series, least: int) -> tuple[int, str]:
    """Return pixels for names at the end of lines, and when that leaves `least` for the lines."""
    room = 16 + round(6.3 * max(len(name) for name in names))
    return room, f"width - {room} > {least}"
