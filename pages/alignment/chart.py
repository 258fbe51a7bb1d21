"""Language models against vision models."""

import altair as alt
import polars as pl

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
    pair_picked,
    pair_tooltip,
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
    """Draw alignment of language models (rows) with vision models (columns).

    Args:
        frame: answer of `queries.alignment`.
        order: column of the language models to order rows by, the closest or largest first.
        measure: what the numbers are, for the legend.
    """
    closer_up = bool(frame["higher_is_closer"].all())
    falling = closer_up or order != "language_mean"
    rows = frame.sort(order, "language_label", descending=[falling, False], nulls_last=True)
    columns = frame.sort(
        pl.col("vision_group") == "untrained", "vision_mean", descending=[False, closer_up]
    )
    across, down = frame["vision_label"].n_unique(), frame["language_label"].n_unique()
    x = alt.X(
        "vision_label:N",
        sort=unique(columns["vision_label"]),
        title="Vision model",
        axis=slanted_axis(across, domain=False, ticks=False),
    )
    y = alt.Y(
        "language_label:N",
        sort=unique(rows["language_label"]),
        title="Language model",
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
    """Draw one line per vision model across the language models, colored by vision family.

    Args:
        frame: answer of `queries.alignment`.
        colors: color of every family.
        order: column of the language models to order the x axis by, the closest or largest last.
        measure: what the numbers are, for the axis.
        reference: what scores are held against; None draws nothing.
    """
    falling = order == "language_mean" and not frame["higher_is_closer"].all()
    ordered = frame.sort(order, "language_label", descending=[falling, False], nulls_last=True)
    names = unique(ordered["language_label"])
    height = max(320, 18 * frame["vision_label"].n_unique())
    ends = ("alignment", "interval_low", "interval_high", "selection_free")
    seen = pl.concat([frame[name].cast(pl.Float64).rename("seen") for name in ends])
    bottom, top = roomy(seen, *held_at(reference))
    y = y_axis("alignment", measure, [bottom, top])
    room, wide = _room(frame["vision_label"], max(26 * len(names), 100))
    x = alt.X(
        "language_label:N",
        sort=names,
        title="Language model",
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
        detail=alt.Detail("vision_label:N"),
        tooltip=pair_tooltip(frame, measure),
    )
    names_at = dodged(
        ordered.group_by("vision_label", maintain_order=True).last(),
        gap=14 / height * (top - bottom),
        top=top,
    )
    labels = (
        alt.Chart(names_at)
        .mark_text(align="left", dx=10, fontSize=alt.expr(f"{wide} ? 12 : 0"))
        .encode(x=x, y=alt.Y("label_at:Q"), text=alt.Text("vision_label:N"), color=color)
    )
    kept = highlight("vision_group")
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
