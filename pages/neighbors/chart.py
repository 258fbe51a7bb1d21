"""Two maps of the same samples, linked; how many share how much; agreement by what captions say."""

from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import DASHED, LABELS, Chart, either, roomy, sized, x_axis, y_axis
from pages.ui.remembered import remembered

PICKED = "picked"
"""Name of the selection of one sample."""
_ROW, _TITLES, _NARROW = 330, 34, 620
"""Pixels of a map with its title, of the title, and of a page on which each has a row."""
_ACROSS = f"(width < {_NARROW} ? 1 : 2)"
_LIT = " || ".join(
    f"(inrange(datum.fx_{side}, brush_u) && inrange(datum.fy_{side}, brush_v))"
    for side in ("first", "second")
)
_LIT = f"!isArray(brush_u) || {_LIT}"
"""Whether either place of a sample lies in what was brushed, on whichever map."""
BOTH = palette.FAMILY[2]
"""Color of neighbors in both models."""
NEAR = {"both": BOTH, "first": palette.SIDES[0], "second": palette.SIDES[1]}
_PLACE: dict[str, tuple[Any, Any]] = {
    side: (
        alt.X(f"across_{side}:Q", scale=None, axis=None),
        alt.Y(f"down_{side}:Q", scale=None, axis=None),
    )
    for side in ("first", "second")
}


@remembered
def maps(places: pl.DataFrame, *, names: tuple[str, str], k: int) -> Chart:
    """Draw both maps, side by side or, where the page is narrow, one above the other.

    Dragging over either lights the same samples on both; a click on a point picks it.

    Args:
        places: answer of `queries.sample_places`, from `statistics.onto_each_other`.
        names: what stands over each map.
        k: neighbors.
    """
    words = {
        "both": "neighbor in both", "first": "neighbor in the first", "sample": "the sample",
        "second": "neighbor in the second", "other": "no neighbor",
    }  # fmt: skip
    told = places.with_columns(
        what=pl.col("near").replace_strict(words, return_dtype=pl.String),
        sharing=pl.format("{} of {}", "shared", pl.lit(k)),
    )
    # Every sample twice, so that one layer draws both maps, and one legend tells their colors.
    twice = pl.concat([told.with_columns(map=pl.lit(at)) for at in (0, 1)])
    picked = alt.selection_point(name=PICKED, fields=["position"])
    near = _placed(alt.Chart(told.filter(pl.col("near") != "other")))
    titles = pl.DataFrame({"at": [0, 1], "name": list(names)})
    points = (
        _placed(alt.Chart(twice))
        .transform_calculate(
            across="datum.map ? datum.across_second : datum.across_first",
            down="datum.map ? datum.down_second : datum.down_first",
        )
        .mark_point(filled=True, strokeWidth=0, cursor="pointer")
        .encode(
            x=alt.X("across:Q", scale=None, axis=None),
            y=alt.Y("down:Q", scale=None, axis=None),
            size=alt.SizeValue(max(16, min(60, round(30_000 / max(places.height, 1))))),
            color=alt.Color(
                "shared:Q",
                title=f"Neighbors in common, of {k}",
                scale=alt.Scale(scheme=palette.SEQUENTIAL, domain=[0, k]),
                legend=alt.Legend(
                    orient="bottom", format="d", gradientLength=180, titleLimit=300, tickMinStep=1
                ),
            ),
            opacity=either(alt.OpacityValue, _LIT, 0.85, 0.06),
            tooltip=[
                alt.Tooltip("caption:N", title="Caption"),
                alt.Tooltip("sample_id:N", title="Sample"),
                alt.Tooltip("sharing:N", title="Neighbors in common"),
                alt.Tooltip("what:N", title="To the chosen"),
            ],
        )
        .add_params(picked)
    )  # fmt: skip
    drawn: list[Any] = [points]
    for side in ("first", "second"):
        x, y = _PLACE[side]
        drawn += [
            near.transform_filter(f"datum.near == 'both' || datum.near == '{side}'")
            .mark_rule(strokeWidth=1, opacity=0.75)
            .encode(
                x=x, y=y, x2=alt.X2(f"chosen_x_{side}:Q"), y2=alt.Y2(f"chosen_y_{side}:Q"),
                stroke=_near_color(),
            ),
            near.transform_filter("datum.near != 'sample'")
            .mark_point(filled=False, strokeWidth=2, size=90, opacity=1)
            .encode(x=x, y=y, stroke=_near_color()),
            near.transform_filter("datum.near == 'sample'")
            .mark_point(
                shape="cross", filled=True, size=190, opacity=1, strokeWidth=1.2,
                color=palette.FAMILY[4], stroke=alt.expr("background"),
            )
            .encode(x=x, y=y),
        ]  # fmt: skip
    named = (
        alt.Chart(titles)
        .transform_calculate(
            center=f"(datum.at % {_ACROSS} + 0.5) * width / {_ACROSS}",
            top=f"floor(datum.at / {_ACROSS}) * {_ROW} + 12",
        )
        .mark_text(
            color=palette.CHANCE, fontSize=13, fontWeight="bold",
            limit=alt.expr(f"width / {_ACROSS} - 8"),
        )
        .encode(
            x=alt.X("center:Q", scale=None, axis=None),
            y=alt.Y("top:Q", scale=None, axis=None),
            text=alt.Text("name:N"),
        )
    )  # fmt: skip
    height = alt.param(name="height", expr=f"{_ROW} * (width < {_NARROW} ? 2 : 1)")
    return sized(alt.layer(_brushed(), *drawn, named).add_params(height), _ROW)


def _near_color() -> alt.Stroke:
    return alt.Stroke(
        "near:N", legend=None, scale=alt.Scale(domain=list(NEAR), range=list(NEAR.values()))
    )


def _brushed() -> alt.Chart:
    """Return unseen axes over the whole chart, 0 to 1, of which a part is dragged over.

    Vega names the ranges it holds: brush_u and brush_v.
    """
    ends = pl.DataFrame({"u": [0.0, 1.0], "v": [0.0, 1.0]})
    return (
        alt.Chart(ends)
        .mark_point(opacity=0)
        .encode(
            x=alt.X("u:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False)),
            y=alt.Y("v:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False, reverse=True)),
        )
        .add_params(alt.selection_interval(name="brush", encodings=["x", "y"]))
    )


def _placed(chart: alt.Chart) -> alt.Chart:
    """Give each map its part of the chart, and each sample its pixels on both."""
    unit = f"(min(width / {_ACROSS}, {_ROW - _TITLES}) / 2 - 8)"
    steps: dict[str, str] = {}
    for at, side in enumerate(("first", "second")):
        steps |= {
            f"across_{side}": f"({at} % {_ACROSS} + 0.5) * width / {_ACROSS}"
            f" + datum.x_{side} * min({unit} * 1.6, width / {_ACROSS} / 2 - 12)",
            f"down_{side}": f"floor({at} / {_ACROSS}) * {_ROW} + {_TITLES + (_ROW - _TITLES) / 2}"
            f" - datum.y_{side} * {unit}",
        }
    shares = {
        f"f{axis}_{side}": f"datum.{way}_{side} / {of}"
        for side in ("first", "second")
        for axis, way, of in (("x", "across", "width"), ("y", "down", f"({_ROW} * 2 / {_ACROSS})"))
    }
    placed = chart.transform_calculate(**steps).transform_calculate(**shares)
    middle = {
        f"chosen_{axis}_{side}": f"datum.near == 'sample' ? datum.{way}_{side} : null"
        for side in ("first", "second")
        for axis, way in (("x", "across"), ("y", "down"))
    }
    joined = [alt.JoinAggregateFieldDef(op="max", field=name, **{"as": name}) for name in middle]
    return placed.transform_calculate(**middle).transform_joinaggregate(joinaggregate=joined)


@remembered
def shared_by_chance(counts: pl.DataFrame, *, k: int) -> Chart:
    """Draw how many samples share how many neighbors, and a tick where chance has them.

    Args:
        counts: of `statistics.beside_chance`.
        k: neighbors.
    """
    top = max(*counts["share"].to_list(), *counts["chance"].to_list(), 0.01)
    x = alt.X(
        "shared:O", title=f"Neighbors in common, of {k}", axis=alt.Axis(**LABELS, labelAngle=0)
    )
    base = alt.Chart(counts).encode(
        x=x,
        tooltip=[
            alt.Tooltip("shared:Q", title="Neighbors in common"),
            alt.Tooltip("samples:Q", title="Samples", format=","),
            alt.Tooltip("share:Q", title="Of all", format=".1%"),
            alt.Tooltip("chance:Q", title="By chance", format=".2%"),
        ],
    )
    bars = base.mark_bar(color=BOTH).encode(
        y=y_axis("share", "Samples (gray: by chance)", [0, top * 1.05], format="%"),
    )
    ticks = base.mark_tick(thickness=3, color=palette.CHANCE, bandSize=22).encode(
        y=alt.Y("chance:Q")
    )
    return sized(alt.layer(bars, ticks), 220)


@remembered
def by_what_captions_say(frame: pl.DataFrame, *, field: str, title: str) -> Chart:
    """Draw the mean agreement by a word, or by the number of words, a point each.

    Args:
        frame: of `queries.shared_by_word` or `queries.shared_by_length`.
        field: what stands along the side: word or words.
        title: of it.
    """
    shown = frame.with_columns(pl.col(field).cast(pl.String).alias("named"))
    base = alt.Chart(shown).encode(
        y=alt.Y("named:N", title=title, sort=shown["named"].to_list(), axis=alt.Axis(**LABELS)),
        tooltip=[
            alt.Tooltip("named:N", title=title),
            alt.Tooltip("samples:Q", title="Samples", format=","),
            alt.Tooltip("agreement:Q", title="Agreement", format=".3f"),
            alt.Tooltip("overall:Q", title="Over all samples", format=".3f"),
        ],
    )
    x = x_axis("agreement", "Share of neighbors in common, mean over samples")
    points = base.mark_point(filled=True, color=BOTH).encode(
        x=x,
        size=alt.Size(
            "samples:Q", title="Samples", scale=alt.Scale(range=[40, 400]),
            legend=alt.Legend(orient="bottom", tickCount=3, symbolFillColor=palette.CHANCE),
        ),
    )  # fmt: skip
    line = alt.Chart(shown.head(1)).mark_rule(**DASHED).encode(x=alt.X("overall:Q"))
    return sized(alt.layer(line, points), 20 * max(shown.height, 3))


@remembered
def by_what_pictures_are_like(parts: pl.DataFrame) -> dict[str, Chart]:
    """Draw the mean agreement by tenths of the samples, a panel per statistic of their pictures.

    Args:
        parts: of `statistics.by_picture`.
    """
    heights = roomy(pl.concat([parts["interval_low"], parts["interval_high"], parts["agreement"]]))
    found: dict[str, Chart] = {}
    for (statistic,), rows in parts.group_by("statistic", maintain_order=True):
        base = alt.Chart(rows).encode(
            x=x_axis("median", str(statistic).capitalize(), labelOverlap=True),
            tooltip=[
                alt.Tooltip("low:Q", title="From", format=".3f"),
                alt.Tooltip("high:Q", title="to", format=".3f"),
                alt.Tooltip("samples:Q", title="Samples", format=","),
                alt.Tooltip("agreement:Q", title="Agreement, mean", format=".3f"),
                alt.Tooltip("interval_low:Q", title="95 % interval", format=".3f"),
                alt.Tooltip("interval_high:Q", title="… to", format=".3f"),
            ],
        )
        y = y_axis("agreement", "Neighbors in common", heights)
        drawn = [
            base.mark_line(color=BOTH, strokeWidth=1.5).encode(y=y),
            base.mark_rule(color=BOTH, strokeWidth=1.5).encode(
                y=alt.Y("interval_low:Q"), y2=alt.Y2("interval_high:Q")
            ),
            base.mark_point(filled=True, color=BOTH, size=50, opacity=1).encode(y=y),
            alt.Chart(rows.head(1)).mark_rule(**DASHED).encode(y=alt.Y("overall:Q")),
        ]
        found[_entitle(rows.row(0, named=True))] = sized(alt.layer(*drawn), 170)
    return found


def _entitle(row: dict[str, Any]) -> str:
    """Name a statistic with its correlation over the samples."""
    if row["rho"] is None:
        return f"{row['statistic'].capitalize()} (all alike)"
    sign = "−" if row["rho"] < 0 else ""
    size = f"{abs(row['rho']):.2f}".lstrip("0")
    q = "< .001" if row["q_value"] < 0.001 else f"= {row['q_value']:.3f}".replace("0.", ".")
    return f"{row['statistic'].capitalize()}: ρ = {sign}{size}, q {q}"
