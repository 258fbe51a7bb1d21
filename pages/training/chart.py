"""Alignment by step of training, and beside it what the training measured of itself."""

from typing import Any, NamedTuple

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    held_at,
    reference_line,
    roomy,
    sized,
    wrapped,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

_HEIGHT, _LOW = 300, 150
"""Of the panel of alignment, and of the measure's below it."""
_SIDE = 40
"""Pixels for either panel's axis, the same, so that a step stands at one place in both."""
_MARKED = 60
"""Points a line may have for each to be marked."""
_TITLE = "Steps of training"
_CROWDED = 200
"""From the first step to the last, a factor from which steps are logarithmic by default."""


class Steps(NamedTuple):
    """The axis that both panels share."""

    first: int
    last: int
    least: int
    """Above 0."""
    logarithmic: bool


def steps_of(*frames: pl.DataFrame, logarithmic: bool) -> Steps:
    """Return an axis that holds the steps of all frames.

    Args:
        frames: with the column step.
        logarithmic: whether steps are drawn so; 0 keeps a place at its left end.
    """
    steps = pl.concat([frame["step"] for frame in frames]).unique().sort().to_list()
    return Steps(steps[0], steps[-1], next((s for s in steps if s > 0), 1), logarithmic)


def many_decades(steps: Steps) -> bool:
    """Tell whether a linear axis would crowd most of what was seen at its left end."""
    return steps.last >= _CROWDED * steps.least


@remembered
def alignment(
    frame: pl.DataFrame,
    names: list[str],
    *,
    by: str,
    steps: Steps,
    measure: str,
    reference: Reference | None,
    below: bool = False,
) -> Chart:
    """Draw alignment by step, a line for each reference or training.

    Args:
        frame: answer of `queries.alignment_by_step`, of the lines in view.
        names: of all lines there are, which give each its color and marker.
        by: column that tells the lines apart.
        steps: the axis.
        measure: what the numbers are.
        reference: what scores are held against; None draws nothing.
        below: whether another panel stands below, which names the axis of both.
    """
    known = frame.drop_nulls("alignment")
    low, high = roomy(known["alignment"], *held_at(reference))
    y = _height("alignment", [low, high], 6)
    told = {
        "training": alt.Tooltip("training:N", title="Training"),
        "reference_label": alt.Tooltip("reference_label:N", title="Reference"),
        "step": alt.Tooltip("step:Q", title="Step", format=","),
        "alignment": alt.Tooltip("alignment:Q", title=measure, format=".4f"),
        "layer": alt.Tooltip("layer:N", title="… layer in training"),
        "reference_layer": alt.Tooltip("reference_layer:N", title="… layer of the reference"),
        "null_threshold": alt.Tooltip(
            "null_threshold:Q", title="Threshold of the permutation null", format=".4f"
        ),
        "p_value": alt.Tooltip("p_value:Q", title="p", format=".3g"),
    }
    tooltip = [one for name, one in told.items() if known[name].is_not_null().any()]
    x = _axis(steps, title=None if below else _TITLE)
    drawn = _lines(known, names, by, x, y, tooltip)
    return sized(alt.layer(*reference_line(reference), *drawn), _HEIGHT)


@remembered
def beside(frame: pl.DataFrame, names: list[str], *, steps: Steps, measure: str) -> Chart:
    """Draw a training's own measure by step, below alignment and on the same steps.

    Args:
        frame: answer of `queries.training_measures` of one measure.
        names: of trainings with a color each; none where one training is in view.
        steps: the axis.
        measure: what the numbers are.
    """
    y = _height("value", roomy(frame["value"]), 4)
    tooltip = [
        alt.Tooltip("training:N", title="Training"),
        alt.Tooltip("step:Q", title="Step", format=","),
        alt.Tooltip("value:Q", title=measure, format=".4f"),
    ]
    x = _axis(steps, title=_TITLE)
    return sized(alt.layer(*_lines(frame, names, "training", x, y, tooltip, legend=False)), _LOW)


def _lines(
    frame: pl.DataFrame,
    names: list[str],
    by: str,
    x: alt.X,
    y: alt.Y,
    tooltip: list[alt.Tooltip],
    *,
    legend: bool = True,
) -> list[Any]:
    """Draw a line for every name, and its points where they are few; gray without names."""
    shown = [name for name in names if name in set(frame[by])]
    base = alt.Chart(frame).encode(x=x, y=y, tooltip=tooltip)
    few = frame.height <= _MARKED * max(len(shown), 1)
    if not names:
        lines = base.mark_line(strokeWidth=2, color=palette.CHANCE)
        points = base.mark_point(filled=True, size=36, color=palette.CHANCE)
        return [lines, points] if few else [lines, base.mark_point(size=60, opacity=0)]
    colors = {name: palette.FAMILY[i % len(palette.FAMILY)] for i, name in enumerate(names)}
    markers = palette.markers(names)
    listed = alt.Legend(orient="top", symbolOpacity=1, **wrapped(shown)) if legend else None
    scale = alt.Scale(domain=shown, range=[colors[name] for name in shown])
    color = alt.Color(f"{by}:N", title=None, sort=shown, scale=scale, legend=listed)
    marked = alt.Scale(domain=shown, range=[markers[name] for name in shown])
    shape = alt.Shape(f"{by}:N", title=None, sort=shown, scale=marked, legend=listed)
    size = 50 if few else 14
    return [
        base.mark_line(strokeWidth=2).encode(color=color),
        base.mark_point(filled=True, size=size).encode(color=color, shape=shape),
    ]


def _height(column: str, domain: list[float], ticks: int) -> alt.Y:
    """Return a panel's own axis; the panel's name says what it is of."""
    scale = alt.Scale(domain=domain, zero=False, nice=False)
    axis = alt.Axis(tickCount=ticks, minExtent=_SIDE, maxExtent=_SIDE, **LABELS)
    return alt.Y(f"{column}:Q", title=None, scale=scale, axis=axis)


def _axis(steps: Steps, *, title: str | None) -> alt.X:
    """Return the axis of steps; a logarithmic one has a place for 0, where training begins."""
    words: dict[str, Any] = {"format": ",d", "labelOverlap": True, **LABELS}
    # With room for a point at either end: what hangs over would make one panel narrower.
    domain = [steps.first, steps.last]
    scale: dict[str, Any] = {"domain": domain, "nice": False, "zero": False, "padding": 6}
    if not steps.logarithmic:
        axis = alt.Axis(tickCount=6, tickMinStep=1, **words)
        return alt.X("step:Q", title=title, scale=alt.Scale(**scale), axis=axis)
    round_ = [digit * 10**power for power in range(18) for digit in (1, 2, 5)]
    ticks = {steps.first, *(step for step in round_ if steps.least <= step <= steps.last)}
    scale |= {"type": "symlog", "constant": steps.least}
    axis = alt.Axis(values=sorted(ticks), **words)
    return alt.X("step:Q", title=f"{title} (logarithmic)" if title else None,
                 scale=alt.Scale(**scale), axis=axis)  # fmt: skip
