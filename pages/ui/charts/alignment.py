"""Language models against vision models."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    cell_text,
    chance_line,
    on_cell,
    roomy,
    sequential,
    sized,
    slanted_axis,
    unique,
)

_ROW = 38
"""Height of a heat map's row, in pixels."""


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
    base = alt.Chart(frame).encode(x=x, y=y, tooltip=_pair_tooltip(frame, measure))
    cells = base.mark_rect().encode(
        color=sequential(frame["alignment"], measure, higher_is_closer=closer_up)
    )
    text = base.mark_text(
        fontSize=cell_text(across),
        fontWeight=500,
    ).encode(
        text=alt.Text("alignment:Q", format=".3f"),
        color=on_cell(frame["alignment"], higher_is_closer=closer_up),
    )
    return sized(cells + text, down * _ROW)


def lines(
    frame: pl.DataFrame, colours: dict[str, str], *, order: str, measure: str, chance: float | None
) -> Chart:
    """Draw one line per vision model across the language models, coloured by vision family.

    Args:
        frame: answer of `queries.alignment`.
        colours: colour of every family.
        order: column of the language models to order the x axis by, the closest or largest last.
        measure: what the numbers are, for the axis.
        chance: where to draw the dashed line; None draws none.
    """
    falling = order == "language_mean" and not frame["higher_is_closer"].all()
    ordered = frame.sort(order, "language_label", descending=[falling, False], nulls_last=True)
    names = unique(ordered["language_label"])
    height = max(320, 18 * frame["vision_label"].n_unique())
    ends = ("alignment", "interval_low", "interval_high")
    seen = pl.concat([frame[name].cast(pl.Float64).rename("seen") for name in ends])
    bottom, top = roomy(seen, chance)
    y = _closeness(measure, bottom, top)
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
    color = _family(frame, colours, symbolType="stroke")
    base = alt.Chart(ordered).encode(
        x=x, y=y, color=color, detail="vision_label:N", tooltip=_pair_tooltip(frame, measure)
    )
    names_at = _dodged(
        ordered.group_by("vision_label", maintain_order=True).last(),
        gap=14 / height * (top - bottom),
        top=top,
    )
    labels = (
        alt.Chart(names_at)
        .mark_text(align="left", dx=10, fontSize=alt.expr(f"{wide} ? 12 : 0"))
        .encode(x=x, y=alt.Y("label_at:Q"), text="vision_label:N", color=color)
    )
    drawn = [base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=60), labels]
    if frame["interval_low"].is_not_null().any():
        whiskers = base.transform_filter("isValid(datum.interval_low)").mark_rule(
            strokeWidth=1, opacity=0.6
        )
        drawn.insert(0, whiskers.encode(y=alt.Y("interval_low:Q"), y2="interval_high:Q"))
    if chance is not None:
        drawn = [*chance_line(chance), *drawn]
    return sized(alt.layer(*drawn), height)


def against_bits(
    frame: pl.DataFrame, colours: dict[str, str], *, measure: str, chance: float | None
) -> Chart:
    """Draw alignment against 1 - bits per byte, a line fitted per vision model (paper, Fig. 3).

    Args:
        frame: answer of `queries.alignment` with a text; models without a score are left out.
        colours: colour of every family.
        measure: what the numbers are, for the axis.
        chance: where to draw the dashed line; None draws none.
    """
    known = frame.drop_nulls("language_score")
    bottom, top = roomy(pl.concat([known["alignment"], known["fit"].drop_nulls()]), chance)
    height = 420
    gap = 15 / height * (top - bottom)
    top += 2 * gap  # room for the names above the points
    left, right = roomy(known["language_score"], None)
    room, wide = _room(known["vision_label"], 300)
    x = alt.X(
        "language_score:Q",
        title="1 − bits per byte (better to the right)",
        scale=alt.Scale(
            domain=[left, right],
            zero=False,
            nice=False,
            rangeMax=alt.expr(f"{wide} ? width - {room} : width"),
        ),
        axis=alt.Axis(tickCount=6, labelOverlap=True, **LABELS),
    )
    y = _closeness(measure, bottom, top)
    color = _family(known, colours)
    told = [
        *_pair_tooltip(known, measure),
        alt.Tooltip("language_score:Q", title="1 − bits per byte", format=".3f"),
        alt.Tooltip("r:Q", title="r along the vision model's line", format=".2f"),
        alt.Tooltip("rho:Q", title="ρ", format=".2f"),
    ]
    base = alt.Chart(known).encode(x=x, color=color, detail="vision_label:N", tooltip=told)
    fits = base.transform_filter("isValid(datum.fit)").mark_line(strokeWidth=1.5, opacity=0.8)
    names_at = _dodged(
        known.group_by("language_label").agg(
            pl.col("alignment").max(), pl.col("language_score").first()
        ),
        gap=gap,
        top=top,
    ).with_columns(label_at=pl.col("label_at") + gap * 0.9)
    # A name stands on the side of its point where there is more room.
    middle = (left + right) / 2
    named = alt.Chart(names_at).encode(x=x, y=alt.Y("label_at:Q"), text="language_label:N")
    style: dict[str, Any] = {"fontSize": 12, "color": palette.CHANCE}
    names = [
        named.transform_filter(f"datum.language_score < {middle}").mark_text(align="left", **style),
        named.transform_filter(f"datum.language_score >= {middle}").mark_text(
            align="right", **style
        ),
    ]
    ends = (
        known.drop_nulls("fit")
        .sort("language_score")
        .group_by("vision_label", maintain_order=True)
        .last()
    )
    line_names = (
        alt.Chart(_dodged(ends, by="fit", gap=gap, top=top))
        .mark_text(align="left", dx=10, fontSize=alt.expr(f"{wide} ? 12 : 0"))
        .encode(x=x, y=alt.Y("label_at:Q"), text="vision_label:N", color=color)
    )
    drawn = [
        fits.encode(y=alt.Y("fit:Q")),
        base.mark_point(filled=True, size=60).encode(y=y),
        *names,
        line_names,
    ]
    if chance is not None:
        drawn = [*chance_line(chance), *drawn]
    return sized(alt.layer(*drawn), height)


def _closeness(measure: str, bottom: float, top: float) -> alt.Y:
    return alt.Y(
        "alignment:Q",
        title=measure,
        scale=alt.Scale(domain=[bottom, top], zero=False, nice=False),
        axis=alt.Axis(tickCount=6, **LABELS),
    )


def _family(frame: pl.DataFrame, colours: dict[str, str], **legend: Any) -> alt.Color:
    """Colour by vision family; the legend names those shown."""
    shown = [name for name in colours if name in set(frame["vision_group"])]
    return alt.Color(
        "vision_group:N",
        title="Vision family",
        scale=alt.Scale(domain=shown, range=[colours[name] for name in shown]),
        legend=alt.Legend(orient="top", columns=2, labelLimit=220, **legend),
    )


def _pair_tooltip(frame: pl.DataFrame, measure: str) -> list[alt.Tooltip]:
    """Tell all that is known of a pair; what was not computed for any pair is left out."""
    words = [
        alt.Tooltip("language_label:N", title="Language model"),
        alt.Tooltip("language_layer:N", title="… its best layer"),
        alt.Tooltip("vision_label:N", title="Vision model"),
        alt.Tooltip("vision_layer:N", title="… its best layer"),
        alt.Tooltip("alignment:Q", title=measure, format=".4f"),
    ]
    numbers = {
        "interval_low": ("… interval from", ".4f"),
        "interval_high": ("… to", ".4f"),
        "chance": ("Chance, one pair of layers", ".4f"),
        "null_threshold": ("Threshold of relabelled tables", ".4f"),
        "calibrated": ("Calibrated", ".3f"),
        "p_value": ("p", ".3g"),
        "q_value": ("q, over all pairs here", ".3g"),
    }
    return words + [
        alt.Tooltip(f"{name}:Q", title=title, format=form)
        for name, (title, form) in numbers.items()
        if frame[name].is_not_null().any()
    ]


def _room(names: pl.Series, least: int) -> tuple[int, str]:
    """Return pixels for names at the end of lines, and when that leaves `least` for the lines."""
    room = 16 + round(6.3 * max(len(name) for name in names))
    return room, f"width - {room} > {least}"


def _dodged(ends: pl.DataFrame, *, gap: float, top: float, by: str = "alignment") -> pl.DataFrame:
    """Move labels apart, up and then down from the top, so that none hides another."""
    ordered = ends.sort(by)
    places: list[float] = []
    for value in ordered[by].to_list():
        places.append(value if not places else max(value, places[-1] + gap))
    ceiling = top
    for i in reversed(range(len(places))):
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - gap
    return ordered.with_columns(pl.Series("label_at", places, dtype=pl.Float64))
