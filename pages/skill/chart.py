"""Skill against alignment."""

from typing import Any

import altair as alt
import polars as pl

from pages.skill.statistics import Predicted
from pages.ui import palette
from pages.ui.charts.parts import (
    DASHED,
    Chart,
    dodged,
    held_at,
    roomy,
    sized,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

_HEIGHT = 420
_INK = palette.FAMILY[5]
_SHADED = 5
"""Models a line needs for its interval to be drawn."""


@remembered
def skill(
    frame: pl.DataFrame,
    found: Predicted,
    colors: dict[str, str],
    *,
    measure: str,
    skill: str,
    rank: str | None,
    reference: Reference | None,
) -> Chart:
    """Draw skill against alignment (paper, Fig. 4): area by parameters, color by rank.

    Args:
        frame: answer of `queries.skill`.
        found: of `statistics.predict`: the line, and the best curves without and with an onset.
        colors: color of every family, used where there is no rank.
        measure: what the numbers along the bottom are.
        skill: what those along the side are.
        rank: the skill that ranks the models; None colors by family.
        reference: what alignments are held against; None draws nothing.
    """
    emergence = found.emergence
    left, right = roomy(frame["alignment"], *held_at(reference))
    fitted: list[float] = []
    if emergence is not None:
        fitted = [*emergence.concave.tolist(), *emergence.s_shaped.tolist()]
    seen = pl.concat([frame["score"], pl.Series("score", fitted, dtype=pl.Float64)])
    bottom, top = roomy(seen)
    top += 0.06 * (top - bottom)  # room for the names above the discs
    x = x_axis("alignment", measure, [left, right], labelOverlap=True)
    y = y_axis("score", skill, [bottom, top])
    base = alt.Chart(frame).encode(x=x, y=y, tooltip=_tooltip(frame, measure, skill))
    discs = base.mark_point(filled=True, opacity=0.85).encode(
        size=alt.Size(
            "language_parameters:Q",
            title="Parameters",
            scale=alt.Scale(range=[40, 700], zero=True),
            legend=alt.Legend(
                orient="bottom",
                values=_sizes(frame),
                labelExpr="datum.value / (datum.value < 1e9 ? 1e6 : 1e9)"
                " + (datum.value < 1e9 ? ' million' : ' billion')",
                symbolFillColor=palette.CHANCE,
                symbolStrokeWidth=0,
                **wrapped(["300 million, as discs"] * len(_sizes(frame))),
            ),
        ),
        color=_color(frame, colors, rank),
    )
    named = dodged(frame, by="score", gap=15 / _HEIGHT * (top - bottom), top=top)
    middle = left + 0.7 * (right - left)
    names = alt.Chart(named).encode(x=x, y=alt.Y("label_at:Q"), text=alt.Text("language_label:N"))
    style: dict[str, Any] = {"fontSize": 11, "color": palette.CHANCE, "baseline": "middle"}
    drawn: list[Any] = [
        discs,
        names.transform_filter(f"datum.alignment < {middle}").mark_text(
            align="left", dx=18, **style
        ),
        names.transform_filter(f"datum.alignment >= {middle}").mark_text(
            align="right", dx=-18, **style
        ),
    ]
    if emergence is not None:
        along = pl.DataFrame(
            {
                "at": emergence.at,
                "concave": emergence.concave,
                "s_shaped": emergence.s_shaped,
            }
        )
        curve = alt.Chart(along).encode(x=alt.X("at:Q"))
        ink: dict[str, Any] = {"color": palette.CHANCE, "strokeWidth": 1.5, "clip": True}
        drawn = [
            curve.mark_line(**ink).encode(y=alt.Y("concave:Q")),
            curve.mark_line(strokeDash=[6, 4], **ink).encode(y=alt.Y("s_shaped:Q")),
            *drawn,
        ]
    return sized(alt.layer(*_upright(reference), *_line(found, frame.height), *drawn), _HEIGHT)


def _line(found: Predicted, models: int) -> list[alt.Chart]:
    """Draw the fitted line, and its interval where it does not fill the picture."""
    if found.line is None:
        return []
    base = alt.Chart(found.curve).encode(x=alt.X("x:Q"))
    fit = base.mark_line(color=_INK, strokeWidth=2, opacity=0.85, clip=True).encode(
        y=alt.Y("fit:Q")
    )
    if models < _SHADED:
        return [fit]
    band = base.mark_area(color=_INK, opacity=0.13, clip=True)
    return [band.encode(y=alt.Y("fit_low:Q"), y2=alt.Y2("fit_high:Q")), fit]


def _upright(reference: Reference | None) -> list[alt.Chart]:
    """Draw what alignments are held against as upright lines, and name it at their foot."""
    if reference is None:
        return []
    frame = pl.DataFrame({"held": sorted({reference.low, reference.high})})
    base = alt.Chart(frame).encode(
        x=alt.X("held:Q"), tooltip=alt.Tooltip("held:Q", format=".4f", title=reference.label)
    )
    name: dict[str, Any] = {"angle": 270, "align": "left", "baseline": "bottom", "dx": 6, "dy": -3}
    return [
        base.mark_rule(**DASHED),
        alt.Chart(frame[:1])
        .mark_text(fontSize=12, color=palette.CHANCE, **name)
        .encode(x=alt.X("held:Q"), y=alt.YValue(_HEIGHT), text=alt.TextValue(reference.label)),
    ]


def _sizes(frame: pl.DataFrame) -> list[float]:
    """Return round numbers of parameters within the models' range, for the legend."""
    known = frame["language_parameters"].drop_nulls()
    if known.is_empty():
        return []
    low, high = float(min(known)), float(max(known))
    steps = [digit * 10.0**power for power in range(5, 13) for digit in (1, 3)]
    return [step for step in steps if 0.5 * low <= step <= 1.5 * high][-4:]


def _color(frame: pl.DataFrame, colors: dict[str, str], rank: str | None) -> alt.Color:
    if rank is not None and frame["language_rank"].is_not_null().any():
        return alt.Color(
            "language_rank:O",
            title="Rank among these, 1 the best",
            scale=alt.Scale(scheme=palette.SEQUENTIAL, reverse=True),
            legend=alt.Legend(orient="top", columns=10, symbolOpacity=1),
        )
    shown = [name for name in colors if name in set(frame["language_family"])]
    return alt.Color(
        "language_family:N",
        title="Language family",
        scale=alt.Scale(domain=shown, range=[colors[name] for name in shown]),
        legend=alt.Legend(orient="top", symbolOpacity=1, **wrapped(shown)),
    )


def _tooltip(frame: pl.DataFrame, measure: str, skill: str) -> list[alt.Tooltip]:
    words = [
        alt.Tooltip("language_label:N", title="Language model"),
        alt.Tooltip("language_family:N", title="Family"),
        alt.Tooltip("alignment:Q", title=measure, format=".4f"),
        alt.Tooltip("score:Q", title=skill, format=".3f"),
        alt.Tooltip("language_parameters:Q", title="Parameters", format=".3s"),
    ]
    more = {"stderr": "… standard error", "language_rank": "Rank"}
    return words + [
        alt.Tooltip(f"{name}:Q", title=title, format=".3~g")
        for name, title in more.items()
        if frame[name].is_not_null().any()
    ]
