"""What neighbors tell, with intervals; the two ways round; hubs and density along depth."""

from typing import Any

import altair as alt
import polars as pl

from pages.nesting.statistics import VERDICTS
from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    either,
    roomy,
    sized,
    unique,
    wrapped,
    x_axis,
    y_axis,
)
from pages.ui.remembered import remembered

_NAMES: dict[str, Any] = {
    **LABELS, "domain": False, "ticks": False, "labelOverlap": False, "labelLimit": 170,
    # A model a line: side by side two names leave a phone no room for what is drawn.
    "labelExpr": "split(datum.label, ' × ')", "labelFontSize": 11, "labelOffset": -6,
}  # fmt: skip


@remembered
def differences(frame: pl.DataFrame) -> Chart:
    """Draw each pair's difference beyond hubs with its interval, and the raw one beside it.

    Args:
        frame: of `statistics.judge`.
    """
    title = "First tells more: above 0"
    told = [
        alt.Tooltip("pair:N", title="Pair"),
        alt.Tooltip("verdict:N", title="Verdict"),
        alt.Tooltip("beyond_hubs:Q", title="Beyond hubs", format=".3f"),
        alt.Tooltip("beyond_q:Q", title="q", format=".2g"),
        alt.Tooltip("raw:Q", title="With hubs", format=".3f"),
        alt.Tooltip("skewness_x:Q", title="Hubness of the first", format=".2f"),
        alt.Tooltip("skewness_y:Q", title="Hubness of the second", format=".2f"),
        alt.Tooltip("mutual_knn:Q", title="Mutual k-NN", format=".3f"),
        alt.Tooltip("layer_name_x:N", title="Layer of the first"),
        alt.Tooltip("layer_name_y:N", title="Layer of the second"),
        alt.Tooltip("trained:N", title="Both trained"),
    ]
    shape = alt.Shape(
        "verdict:N",
        title=None,
        scale=alt.Scale(
            domain=list(VERDICTS),
            range=["triangle-right", "triangle-left", "cross", "diamond", "circle"],
        ),
        legend=alt.Legend(orient="top", **wrapped(VERDICTS)),
    )
    base = alt.Chart(frame).encode(
        y=alt.Y("pair:N", title=None, sort=unique(frame["pair"]), axis=alt.Axis(**_NAMES)),
        tooltip=told,
    )
    zero = alt.Chart(pl.DataFrame({"at": [0.0]})).mark_rule(color=palette.MISSING)
    layers = (
        zero.encode(x=alt.X("at:Q", title=title)),
        base.mark_rule(color=palette.MISSING, strokeWidth=2).encode(
            x=alt.X("beyond_low:Q", title=title), x2="beyond_high:Q"
        ),
        base.mark_tick(color=palette.MISSING, thickness=2, height=10).encode(
            x=alt.X("raw:Q", title=title)
        ),
        base.mark_point(filled=True, size=90, opacity=1).encode(
            x=alt.X("beyond_hubs:Q", title=title),
            shape=shape,
            color=either(alt.ColorValue, "datum.trained", palette.FAMILY[4], palette.UNTRAINED),
        ),
    )
    return sized(alt.layer(*layers), max(160, frame.height * 32))


@remembered
def cycles(frame: pl.DataFrame) -> Chart:
    """Draw how many samples come home each way round, joined by a line, a row per pair.

    Args:
        frame: of `statistics.judge`.
    """
    ways = {"out_y_back_x": "back by the first's", "out_x_back_y": "back by the second's"}
    long = frame.unpivot(
        list(ways),
        index=["pair", "cycle_low", "cycle_high", "cycle_q", "skewness_x", "skewness_y"],
        variable_name="way",
        value_name="home",
    ).with_columns(pl.col("way").replace_strict(ways))
    row = alt.Y("pair:N", title=None, sort=unique(frame["pair"]), axis=alt.Axis(**_NAMES))
    told = [
        alt.Tooltip("pair:N", title="Pair"),
        alt.Tooltip("way:N", title="Neighbors"),
        alt.Tooltip("home:Q", title="Come home", format=".3f"),
        alt.Tooltip("cycle_low:Q", title="Difference, from", format=".3f"),
        alt.Tooltip("cycle_high:Q", title="to", format=".3f"),
        alt.Tooltip("cycle_q:Q", title="q", format=".2g"),
        alt.Tooltip("skewness_x:Q", title="Hubness of the first", format=".2f"),
        alt.Tooltip("skewness_y:Q", title="Hubness of the second", format=".2f"),
    ]
    across = x_axis("home", "Samples that come home", roomy(long["home"]))
    joined = alt.Chart(frame).mark_rule(color=palette.MISSING, strokeWidth=2).encode(
        y=row, x=alt.X("out_y_back_x:Q"), x2="out_x_back_y:Q"
    )  # fmt: skip
    both = alt.Scale(domain=list(ways.values()), range=list(palette.SIDES))
    legend = alt.Legend(orient="top", **wrapped(tuple(ways.values())))
    dots = alt.Chart(long).mark_point(filled=True, size=80, opacity=1).encode(
        y=row,
        x=across,
        color=alt.Color("way:N", title=None, scale=both, legend=legend),
        shape=alt.Shape(
            "way:N", title=None, scale=alt.Scale(domain=both.domain, range=["circle", "square"])
        ),
        tooltip=told,
    )  # fmt: skip
    return sized(alt.layer(joined, dots), max(160, frame.height * 32))


@remembered
def spaces(frame: pl.DataFrame) -> dict[str, Chart]:
    """Draw hubness, nearness and dimension along each model's depth, a line per model.

    Args:
        frame: answer of `queries.space_hubs`.
    """
    return {
        "Hubness": _along(frame, "skewness", "Skewness of k-occurrence"),
        "Nobody's neighbor": _along(frame, "antihubs", "Share of samples"),
        "Density": _along(frame, "farthest", "Mean cosine to the k-th neighbor"),
        "Intrinsic dimension": _along(frame, "dimension", "Dimension, TwoNN"),
    }


def _along(frame: pl.DataFrame, column: str, title: str) -> Chart:
    shown = unique(frame["modality"])
    told = frame.filter(pl.col(column).is_not_null())
    base = alt.Chart(told).encode(
        x=x_axis("depth", "Relative depth"),
        y=y_axis(column, title, roomy(told[column])),
        color=alt.Color(
            "modality:N",
            title=None,
            scale=alt.Scale(
                domain=shown, range=[palette.MODALITY.get(name, palette.MISSING) for name in shown]
            ),
            legend=alt.Legend(orient="top"),
        ),
        detail="model:N",
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("layer_name:N", title="Layer"),
            alt.Tooltip("skewness:Q", title="Hubness", format=".2f"),
            alt.Tooltip("antihubs:Q", title="Nobody's neighbor", format=".1%"),
            alt.Tooltip("most:Q", title="Lists of the greatest hub"),
            alt.Tooltip("nearest:Q", title="Cosine to the nearest", format=".3f"),
            alt.Tooltip("farthest:Q", title="Cosine to the k-th", format=".3f"),
            alt.Tooltip("dimension:Q", title="Intrinsic dimension", format=".1f"),
        ],
    )  # fmt: skip
    return sized(alt.layer(base.mark_line(), base.mark_point(filled=True, size=45)), 240)
