"""Layers of one model against layers of another."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    cell_text,
    either,
    held_at,
    name_rows,
    on_cell,
    reference_line,
    roomy,
    sequential,
    sized,
    slanted_axis,
    span,
    unique,
    x_axis,
    y_axis,
)
from pages.ui.reference import Reference
from pages.ui.remembered import remembered


@remembered
def layer_map(
    frame: pl.DataFrame,
    *,
    first: str,
    second: str,
    measure: str,
    higher_is_closer: bool = True,
    q_value: float | None = None,
) -> Chart:
    """Draw every layer of one model against every layer of the other.

    The candidate of all layers side by side stands apart, behind a gap; the best pair is framed;
    cells of constant layers are gray and crossed. The best has a star where its q is at most .05.

    Args:
        frame: answer of `queries.layers`.
        first: label of the first model, a row a layer.
        second: label of the second.
        measure: what the numbers are, for the legend.
        higher_is_closer: False where the numbers are distances.
        q_value: of the best pair; None where it was not tested.
    """
    star = "*" if q_value is not None and q_value <= 0.05 else ""
    placed = _placed(_placed(frame, "y", "left", "right"), "x", "bottom", "top")
    across, down = frame["layer_y"].n_unique(), frame["layer_x"].n_unique()
    # Layers drawn over one another share their axes only if each asks for the very same ones.
    across_axis = {
        "title": f"Layer of {second}",
        "scale": _tight(placed["right"]),
        "axis": _layer_axis(placed, "left", "layer_name_y", slanted=True),
    }
    down_axis = {
        "title": f"Layer of {first}",
        "scale": _tight(placed["top"]),
        "axis": _layer_axis(placed, "bottom", "layer_name_x", slanted=False),
    }
    cell = {
        "x": alt.X("left:Q", **across_axis),
        "y": alt.Y("bottom:Q", **down_axis),
        "x2": "right:Q",
        "y2": "top:Q",
    }
    center = {"x": alt.X("mid_left:Q", **across_axis), "y": alt.Y("mid_bottom:Q", **down_axis)}
    tooltip = [
        alt.Tooltip("layer_name_x:N", title=first),
        alt.Tooltip("layer_name_y:N", title=second),
        alt.Tooltip("alignment:Q", title=measure, format=".4f"),
    ]
    known = placed.filter(pl.col("alignment").is_not_null())
    constant = placed.filter(pl.col("alignment").is_null()).with_columns(mark=pl.lit("×"))
    drawn: list[Any] = [
        alt.Chart(known)
        .mark_rect()
        .encode(
            **cell,
            color=sequential(known["alignment"], measure, higher_is_closer=higher_is_closer),
            tooltip=tooltip,
        )
    ]
    if down <= 16 and across <= 24:
        drawn.append(
            alt.Chart(known)
            .transform_calculate(
                told=f"format(datum.alignment, '.3f') + (datum.best ? '{star}' : '')"
            )
            .mark_text(fontSize=cell_text(across))
            .encode(
                **center,
                text=alt.Text("told:N"),
                color=on_cell(known["alignment"], higher_is_closer=higher_is_closer),
                tooltip=tooltip,
            )  # fmt: skip
        )
    if constant.height:
        gray = alt.Chart(constant).encode(
            tooltip=[*tooltip[:2], alt.Tooltip("mark:N", title="constant layer")]
        )
        drawn += [
            gray.mark_rect(color=palette.MISSING, opacity=0.25).encode(**cell),
            gray.mark_text(color=palette.MISSING).encode(**center, text=alt.Text("mark:N")),
        ]
    # Two strokes, dark under light, are seen on every cell of the scale.
    tested = placed.filter(pl.col("best")).with_columns(q_value=pl.lit(q_value, dtype=pl.Float64))
    q_told = [alt.Tooltip("q_value:Q", title="q, over all pairs of models", format=".3g")]
    best = alt.Chart(tested).encode(
        **cell, tooltip=tooltip + (q_told if q_value is not None else [])
    )
    single = alt.Chart(placed.filter(pl.col("best_single"))).encode(**cell, tooltip=tooltip)
    drawn += [
        single.mark_rect(fill=None, stroke="black", strokeWidth=4),
        single.mark_rect(fill=None, stroke="white", strokeWidth=2, strokeDash=[4, 3]),
        best.mark_rect(fill=None, stroke="black", strokeWidth=5),
        best.mark_rect(fill=None, stroke="white", strokeWidth=2.5),
    ]
    return sized(alt.layer(*drawn), max(200, min(700, down * 26)))


@remembered
def depth_curve(frame: pl.DataFrame, *, measure: str, reference: Reference | None) -> Chart:
    """Draw how far each layer reaches against its relative depth, a line per model.

    Args:
        frame: answer of `queries.depth`.
        measure: what the numbers are, for the axis.
        reference: what scores are held against; None draws nothing.
    """
    sides = unique(frame.sort("place")["side"])
    color = alt.Color(
        "side:N",
        title=None,
        scale=alt.Scale(domain=sides, range=list(palette.SIDES)),
        legend=alt.Legend(orient="top", symbolOpacity=1),
    )
    marker = alt.Shape(
        "side:N",
        title=None,
        scale=alt.Scale(domain=sides, range=["circle", "square"]),
    )
    base = alt.Chart(frame.filter(pl.col("alignment").is_not_null())).encode(
        x=x_axis("depth", "Relative depth (0 first layer, 1 last)"),
        y=y_axis("alignment", f"Best {measure}", roomy(frame["alignment"], *held_at(reference))),
        color=color,
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("layer_name:N", title="Layer"),
            alt.Tooltip("partner_layer:N", title="Best partner layer"),
            alt.Tooltip("alignment:Q", title=measure, format=".4f"),
        ],
    )  # fmt: skip
    drawn = [
        base.mark_line(strokeWidth=2),
        base.mark_point(filled=True, size=50).encode(shape=marker),
    ]
    drawn = [*reference_line(reference), *drawn]
    return sized(alt.layer(*drawn), 320)


def _placed(frame: pl.DataFrame, side: str, start: str, end: str) -> pl.DataFrame:
    """Give each layer one unit of length; the concatenation stands half a unit apart."""
    at = pl.col(f"layer_{side}") + pl.col(f"concatenated_{side}").cast(pl.Float64) / 2
    return frame.with_columns(
        at.alias(start), (at + 1).alias(end), (at + 0.5).alias(f"mid_{start}")
    )


def _tight(ends: pl.Series) -> alt.Scale:
    return alt.Scale(domain=[0, span(ends)[1]], nice=False, zero=False)


def _layer_axis(placed: pl.DataFrame, start: str, name: str, *, slanted: bool) -> alt.Axis:
    named = placed.select(f"mid_{start}", name).unique().sort(f"mid_{start}")
    step = -(-named.height // 28)
    names = dict(named.iter_rows())
    last = named.height - 1
    shown = {
        at: label
        for i, (at, label) in enumerate(names.items())
        if i == last or (i % step == 0 and i + step <= last)
    }
    table = ", ".join(f"'{at:g}': {_quoted(label)}" for at, label in shown.items())
    asked: dict[str, Any] = {
        "values": list(shown), "labelExpr": f"({{{table}}})[datum.value]",
        "domain": False, "ticks": False, "grid": False,
    }  # fmt: skip
    if slanted:
        return slanted_axis(len(shown), **asked)
    return alt.Axis(**LABELS, labelOverlap=False, **asked)


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


@remembered
def bounds(frame: pl.DataFrame, *, measure: str) -> Chart:
    """Draw between what each missing score must lie, and what independence expects.

    Args:
        frame: of `statistics.bound_unscored`.
        measure: what the numbers are, for the axis.
    """
    shown = unique(frame["modality_c"])
    colors = [palette.MODALITY.get(name, palette.MISSING) for name in shown]
    across = x_axis("expected", f"{measure}, point: expected", [0.0, 1.0])
    base = alt.Chart(frame).encode(
        y=name_rows("label_c", unique(frame["label_c"])),
        color=alt.Color(
            "modality_c:N",
            title=None,
            scale=alt.Scale(domain=shown, range=colors),
            legend=alt.Legend(orient="top"),
        ),
        tooltip=[
            alt.Tooltip("label_c:N", title="Not scored with"),
            alt.Tooltip("low:Q", title="At least", format=".3f"),
            alt.Tooltip("low_through:N", title="through"),
            alt.Tooltip("low_layer:N", title="its layer"),
            alt.Tooltip("high:Q", title="At most", format=".3f"),
            alt.Tooltip("high_through:N", title="through"),
            alt.Tooltip("expected:Q", title="Expected if independent", format=".3f"),
            alt.Tooltip("expected_through:N", title="through"),
            alt.Tooltip("thirds:Q", title="Models between"),
            alt.Tooltip("kin:Q", title="of the modality of either"),
        ],
    )
    drawn = (
        base.mark_rule(strokeWidth=4, opacity=0.4).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=70, strokeWidth=2, opacity=1).encode(
            x=across,
            fill=alt.Fill("modality_c:N", scale=alt.Scale(domain=shown, range=colors), legend=None),
            fillOpacity=either(alt.FillOpacityValue, "datum.kin > 0", 1, 0),
        ),
    )
    return sized(alt.layer(*drawn), max(120, frame.height * 26))
