"""Models against datasets, and small pictures of headline results."""

import textwrap
from typing import Any

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import DASHED, LABELS, Chart, either, roomy, sized, unique
from pages.ui.reference import Reference
from pages.ui.remembered import remembered

_WIDE = 96
"""Pixels a column needs for its dataset's name to lie flat, in lines, and its cells to say what
they count; below, names stand upright."""
_LINE = 15
"""Characters of a line of a dataset's name."""
_LINES = 5
_SMALL = 120
"""Height of a small picture."""
_FEED = "␤"
"""Between the lines of a name."""
_INK = palette.FAMILY[5]


@remembered
def coverage(frame: pl.DataFrame) -> Chart:
    """Draw which model has features on which dataset.

    Args:
        frame: answer of `queries.coverage`.
    """
    names = frame["dataset"].unique().sort().to_list()
    wide = f"width / {len(names)} >= {_WIDE}"
    lines = {name: textwrap.wrap(name, _LINE, max_lines=_LINES, placeholder=" …") for name in names}
    most = max(len(words) for words in lines.values())
    labeled = frame.with_columns(
        column=pl.col("dataset").replace_strict(
            {name: "\n" * (most - len(lines[name])) + "\n".join(lines[name]) for name in names},
            return_dtype=pl.String,
        ),
        long=pl.when(pl.col("layers").is_null())
        .then(pl.lit("–"))
        .when(pl.col("layers") == 1)
        .then(pl.lit("1 layer"))
        .otherwise(pl.format("{} layers", "layers")),
        short=pl.format("{}", pl.col("layers").cast(pl.String).fill_null("–")),
    )
    if labeled["column"].n_unique() < len(names):  # cut names that became one
        labeled = labeled.with_columns(column=pl.col("dataset"))
    base = alt.Chart(labeled).encode(
        x=alt.X(
            "column:N",
            title=None,
            axis=alt.Axis(
                orient="top", domain=False, ticks=False,
                labelAngle=alt.expr(f"{wide} ? 0 : -90"),
                labelAlign=alt.expr(f"{wide} ? 'center' : 'left'"),
                labelBaseline=alt.expr(f"{wide} ? 'bottom' : 'middle'"),
                # Lines of a name go down from the first one's place.
                labelPadding=alt.expr(f"{wide} ? {14 * (most - 1) + 4} : 4"),
                labelExpr=f"{wide} ? split(datum.label, '\\n') : "
                "truncate(trim(replace(datum.label, /\\n/g, ' ')), 34)",
                labelOverlap=False, **_COLUMN_LABELS,
            ),
        ),
        y=alt.Y(
            "model:N", sort=unique(frame["model"]), title=None,
            scale=alt.Scale(paddingInner=0.1),
            axis=alt.Axis(labelOverlap=False, domain=False, ticks=False, **LABELS),
        ),
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("family:N", title="Family"),
            alt.Tooltip("dataset:N", title="Dataset"),
            alt.Tooltip("n:Q", title="Pairs"),
            alt.Tooltip("layers:Q", title="Layers with features"),
            alt.Tooltip("precision:N", title="Networks in"),
            alt.Tooltip("feature_sets:Q", title="Feature files"),
            alt.Tooltip("scores:Q", title="Scores that use them"),
        ],
    )  # fmt: skip
    colors = palette.modalities(unique(frame["kind"]))
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=list(colors), range=list(colors.values())),
            legend=alt.Legend(orient="top", columns=3),
        ),
        opacity=either(alt.OpacityValue, "isValid(datum.layers)", 1, 0.15),
    )
    ink = alt.ColorValue(
        "black",
        condition=[
            {"test": "!isValid(datum.layers)", "value": palette.UNTRAINED},
            {"test": "datum.kind === 'language'", "value": "white"},
        ],
    )
    order = unique(frame["model"])
    place = {"x": alt.X("column:N"), "y": alt.Y("model:N", sort=order), "color": ink}
    plain = alt.Chart(labeled)
    texts = [
        plain.mark_text(fontSize=alt.expr(f"{wide} ? 12 : 0")).encode(
            text=alt.Text("long:N"), **place
        ),
        plain.mark_text(fontSize=alt.expr(f"{wide} ? 0 : 12")).encode(
            text=alt.Text("short:N"), **place
        ),
    ]
    return sized(alt.layer(cells, *texts), frame["model"].n_unique() * 28)


def strip(frame: pl.DataFrame, *, measure: str, reference: Reference | None) -> Chart:
    """Draw the scores of pairs of trained models, and of those with an untrained one, as dots.

    Args:
        frame: answer of `queries.alignment`.
        measure: what the numbers are.
        reference: what the trained pairs are held against; None draws nothing.
    """
    rows = frame.with_columns(
        who=pl.when("trained").then(pl.lit("trained")).otherwise(pl.lit("untrained"))
    )
    order = ["trained", "untrained"] if rows["who"].n_unique() > 1 else unique(rows["who"])
    held = () if reference is None else (reference.high,)
    base = alt.Chart(rows).encode(
        x=_across("alignment", measure, roomy(rows["alignment"], *held)),
        y=alt.Y("who:N", sort=order, title=None, axis=alt.Axis(**_QUIET)),
        tooltip=[
            alt.Tooltip("language_label:N", title="Language model"),
            alt.Tooltip("vision_label:N", title="Vision model"),
            alt.Tooltip("alignment:Q", title=measure, format=".4f"),
        ],
    )
    ways = {"trained": (_INK, "circle"), "untrained": (palette.UNTRAINED, "diamond")}
    dots = base.mark_point(filled=True, size=55, opacity=0.75).encode(
        color=alt.Color(
            "who:N",
            scale=alt.Scale(domain=order, range=[ways[who][0] for who in order]),
            legend=None,
        ),
        shape=alt.Shape(
            "who:N",
            scale=alt.Scale(domain=order, range=[ways[who][1] for who in order]),
            legend=None,
        ),
    )
    if reference is None:
        return sized(dots, _SMALL)
    at = alt.Chart(pl.DataFrame({"held": [reference.high]})).encode(x=alt.X("held:Q"))
    tip = alt.Tooltip("held:Q", title=reference.label, format=".4f")
    word = "threshold" if reference.label.startswith("threshold") else "chance"
    name = at.mark_text(align="left", baseline="top", dx=4, fontSize=11, color=palette.CHANCE)
    named = name.encode(y=alt.YValue(0), text=alt.TextValue(word), tooltip=tip)
    return sized(alt.layer(at.mark_rule(**DASHED).encode(tooltip=tip), named, dots), _SMALL)


def small_bins(bins: pl.DataFrame, *, skill: str) -> Chart:
    """Draw the mean alignment within bins of competence, with standard errors.

    Args:
        bins: of the page of competence, those with pairs.
        skill: what competence is.
    """
    y = roomy(pl.concat([bins["below"], bins["above"]]))
    base = alt.Chart(bins).encode(
        x=_across("middle", skill, roomy(pl.concat([bins["low"], bins["high"]]))),
        tooltip=[
            alt.Tooltip("alignment:Q", title="Alignment, mean", format=".4f"),
            alt.Tooltip("models:Q", title="Models"),
        ],
    )
    dots = base.mark_point(filled=True, size=60, opacity=1, color=_INK)
    whiskers = base.mark_rule(strokeWidth=2, color=_INK)
    return sized(
        alt.layer(
            whiskers.encode(y=alt.Y("below:Q"), y2=alt.Y2("above:Q")),
            dots.encode(y=_up("alignment", "alignment", y)),
        ),
        _SMALL,
    )


def small_points(frame: pl.DataFrame, *, across: str, up: str) -> Chart:
    """Draw points.

    Args:
        frame: x, y, label; and low and high where y has an interval.
        across: what x is, with its unit.
        up: what y is.
    """
    ends = [frame[name] for name in ("low", "high") if name in frame.columns]
    base = alt.Chart(frame).encode(
        x=_across("x", across, roomy(frame["x"])),
        tooltip=[
            alt.Tooltip("label:N", title="Of"),
            alt.Tooltip("x:Q", title=across, format=".4~g"),
            alt.Tooltip("y:Q", title=up, format=".4f"),
        ],
    )
    dots = base.mark_point(filled=True, size=60, opacity=0.9, color=_INK).encode(
        y=_up("y", up, roomy(pl.concat([frame["y"], *ends])))
    )
    if not ends:
        return sized(dots, _SMALL)
    whiskers = base.mark_rule(strokeWidth=2, color=_INK).encode(
        y=alt.Y("low:Q"), y2=alt.Y2("high:Q")
    )
    return sized(alt.layer(whiskers, dots), _SMALL)


def small_rows(frame: pl.DataFrame, *, across: str) -> Chart:
    """Draw a number with its interval per row.

    Args:
        frame: label, x, low, high, trained; in the order they are drawn.
        across: what x is, with its unit.
    """
    ends = pl.concat([frame["x"], frame["low"], frame["high"]])
    # Not by a line feed: Vega-Lite writes what is sorted into an expression, which ends there.
    lines = [
        _FEED.join(textwrap.wrap(name, 18, max_lines=2, placeholder=" …"))
        for name in frame["label"].to_list()
    ]
    axis = alt.Axis(labelExpr=f"split(datum.label, '{_FEED}')", **_QUIET)
    base = alt.Chart(frame.with_columns(line=pl.Series(lines))).encode(
        y=alt.Y("line:N", sort=lines, title=None, axis=axis),
        color=either(alt.ColorValue, "datum.trained", _INK, palette.UNTRAINED),
        tooltip=[
            alt.Tooltip("label:N", title="Of"),
            alt.Tooltip("x:Q", title=across, format=".3f"),
            alt.Tooltip("low:Q", title="… 95 % interval from", format=".3f"),
            alt.Tooltip("high:Q", title="… to", format=".3f"),
        ],
    )
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=_across("x", across, roomy(ends, 0.0))
    )
    whiskers = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    return sized(alt.layer(whiskers, dots), _SMALL)


_COLUMN_LABELS: dict[str, Any] = {**LABELS, "labelLimit": 240}
_QUIET: dict[str, Any] = {
    **LABELS, "domain": False, "ticks": False, "grid": False, "labelLimit": 120,
    "labelOverlap": False,
}  # fmt: skip


def _across(column: str, title: str, domain: list[float]) -> alt.X:
    return alt.X(f"{column}:Q", **_scaled(title, domain, 3))


def _up(column: str, title: str, domain: list[float]) -> alt.Y:
    # Upright, a long name would be cut at so small a height.
    return alt.Y(
        f"{column}:Q", **_scaled(textwrap.wrap(title, 18, max_lines=3, placeholder=" …"), domain, 3)
    )


def _scaled(title: str | list[str], domain: list[float], ticks: int) -> dict[str, Any]:
    axis: dict[str, Any] = {
        **LABELS, "grid": False, "titleLimit": 260, "titlePadding": 4, "tickCount": ticks,
        "labelOverlap": True,
    }  # fmt: skip
    return {
        "title": title,
        "scale": alt.Scale(domain=domain, zero=False, nice=False),
        "axis": alt.Axis(**axis),
    }
