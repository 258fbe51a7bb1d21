"""Curves over the number of samples, and agreement within and between classes."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import (
    LABELS,
    Chart,
    either,
    name_rows,
    roomy,
    sized,
    unique,
    wrapped,
    x_axis,
)
from pages.ui.remembered import remembered

KINDS = {"k": "k fixed", "share": "k / n fixed", "none": "no neighbors"}
_COLORS = {"k": palette.FAMILY[4], "share": palette.FAMILY[0], "none": palette.FAMILY[2]}


@remembered
def curves(points: pl.DataFrame, *, measure: str) -> Chart:
    """Draw one pair's curves over the number of samples; what is taken on is dashed.

    Args:
        points: answer of `queries.curve_points`.
        measure: what the scores are.
    """
    shown = points.with_columns(
        held=pl.col("fixed").replace_strict(KINDS, return_dtype=pl.String),
        told=pl.when("is_extrapolated").then(pl.lit("taken on")).otherwise(pl.lit("measured")),
    )
    # The dashes begin where the measurements end.
    last = (
        shown.filter(~pl.col("is_extrapolated") & (pl.col("fixed") == "k")).tail(1)
        if shown["is_extrapolated"].any()
        else shown.clear()
    )
    dashed = pl.concat([last, shown.filter("is_extrapolated")])
    heights = roomy(pl.concat([shown["score"], shown["interval_low"], shown["interval_high"]]), 0.0)
    color = _what_is_held(shown)
    x = alt.X(
        "n:Q", title="Samples n (logarithmic)", scale=alt.Scale(type="log", base=2, nice=False),
        axis=alt.Axis(format=",d", labelOverlap=True, **LABELS),
    )  # fmt: skip
    y = alt.Y(
        "score:Q", title=measure, scale=alt.Scale(domain=heights, nice=False),
        axis=alt.Axis(tickCount=6, **LABELS),
    )  # fmt: skip
    told = [
        alt.Tooltip("held:N", title="Held"),
        alt.Tooltip("n:Q", title="Samples n", format=","),
        alt.Tooltip("k:Q", title="Neighbors k"),
        alt.Tooltip("score:Q", title="Score", format=".4f"),
        alt.Tooltip("interval_low:Q", title="95 % interval", format=".4f"),
        alt.Tooltip("interval_high:Q", title="… to", format=".4f"),
        alt.Tooltip("spread:Q", title="Deviation over subsets", format=".4f"),
        alt.Tooltip("subsets:Q", title="Subsets"),
        alt.Tooltip("chance:Q", title="By chance", format=".4f"),
        alt.Tooltip("told:N", title="This was"),
    ]
    measured = alt.Chart(shown.filter(~pl.col("is_extrapolated"))).encode(
        x=x, color=color, tooltip=told
    )
    ends = {"y": alt.Y("interval_low:Q"), "y2": alt.Y2("interval_high:Q")}
    drawn = [
        alt.Chart(dashed).mark_area(opacity=0.15).encode(x=x, color=color, **ends),
        alt.Chart(dashed).mark_line(strokeDash=[5, 4], strokeWidth=2).encode(
            x=x, y=y, color=color, tooltip=told
        ),
        measured.mark_line(strokeDash=[1, 3], strokeWidth=1.5, color=palette.CHANCE).encode(
            y=alt.Y("chance:Q"), color=alt.Color(), detail="held:N"
        ),
        measured.mark_rule(strokeWidth=2).encode(**ends),
        measured.mark_line(strokeWidth=2).encode(y=y),
        measured.mark_point(filled=True, size=60, opacity=1).encode(y=y),
    ]  # fmt: skip
    return sized(alt.layer(*drawn), 360)


@remembered
def changes(pairs: pl.DataFrame, *, measure: str) -> Chart:
    """Draw how much each pair's score changes from the first size to the last.

    Args:
        pairs: answer of `queries.curved_pairs`.
        measure: what changes.
    """
    named = pairs.with_columns(
        pair=pl.col("label_x") + " × " + pl.col("label_y"),
        held=pl.col("fixed").replace_strict(KINDS, return_dtype=pl.String),
    )
    order = unique(named["pair"])
    reach = roomy(pl.concat([named["change"], named["change_low"], named["change_high"]]), 0.0)
    base = alt.Chart(named).encode(
        y=name_rows("pair", order),
        color=_what_is_held(named),
        tooltip=[
            alt.Tooltip("pair:N", title="Pair"),
            alt.Tooltip("held:N", title="Held"),
            alt.Tooltip("first_score:Q", title="First", format=".4f"),
            alt.Tooltip("last_score:Q", title="Last", format=".4f"),
            alt.Tooltip("change:Q", title="Change", format=".4f"),
            alt.Tooltip("change_low:Q", title="95 % interval", format=".4f"),
            alt.Tooltip("change_high:Q", title="… to", format=".4f"),
            alt.Tooltip("exponent:Q", title="Exponent of n", format=".2f"),
        ],
    )  # fmt: skip
    return sized(
        alt.layer(
            _zero(),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X("change_low:Q"), x2=alt.X2("change_high:Q")
            ),
            base.mark_point(filled=True, size=60, opacity=1).encode(
                x=x_axis("change", measure, reach)
            ),
        ),
        max(90, 24 * len(order)),
    )


@remembered
def classes(pairs: pl.DataFrame, *, measure: str) -> dict[str, Chart]:
    """Draw each pair's agreement about classes, and about the samples within them.

    Args:
        pairs: answer of `queries.classed_pairs`.
        measure: what the scores are.
    """
    named = pairs.with_columns(pair=pl.col("label_x") + " × " + pl.col("label_y"))
    order = unique(named["pair"])
    columns = [f"{part}_{end}" for part in ("between", "within")
               for end in ("score", "low", "high", "chance")]  # fmt: skip
    across = roomy(pl.concat([named[name].cast(pl.Float64) for name in columns]), 0.0)
    found: dict[str, Chart] = {}
    for part, title in (("between", "Between classes"), ("within", "Within classes")):
        base = alt.Chart(named).encode(
            y=name_rows("pair", order),
            tooltip=[
                alt.Tooltip("pair:N", title="Pair"),
                alt.Tooltip(f"{part}_score:Q", title=title, format=".4f"),
                alt.Tooltip(f"{part}_low:Q", title="95 % interval", format=".4f"),
                alt.Tooltip(f"{part}_high:Q", title="… to", format=".4f"),
                alt.Tooltip(f"{part}_chance:Q", title="By chance", format=".4f"),
                alt.Tooltip(f"{part}_n:Q", title="Compared"),
                alt.Tooltip(f"{part}_k:Q", title="Neighbors k"),
                alt.Tooltip("trained:N", title="Both trained"),
            ],
        )
        color = either(alt.ColorValue, "datum.trained", palette.FAMILY[4], palette.UNTRAINED)
        drawn = alt.layer(
            base.mark_tick(color=palette.CHANCE, thickness=3, size=16).encode(
                x=alt.X(f"{part}_chance:Q")
            ),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X(f"{part}_low:Q"), x2=alt.X2(f"{part}_high:Q"), color=color
            ),
            base.mark_point(filled=True, size=60, opacity=1).encode(
                x=x_axis(f"{part}_score", measure, across), color=color
            ),
        )
        found[title] = sized(drawn, max(90, 24 * len(order)))
    return found


@remembered
def many(pairs: pl.DataFrame, *, measure: str) -> dict[str, Chart]:
    """Draw each pair's score one to one and many to many, and the difference beyond chance.

    Args:
        pairs: answer of `queries.many_pairs`.
        measure: what the scores are.
    """
    named = pairs.with_columns(pair=pl.col("label_x") + " × " + pl.col("label_y"))
    order = unique(named["pair"])
    height = max(90, 26 * len(order))
    base = alt.Chart(named).encode(
        y=name_rows("pair", order),
        color=either(alt.ColorValue, "datum.trained", palette.FAMILY[4], palette.UNTRAINED),
        tooltip=[
            alt.Tooltip("pair:N", title="Pair"),
            alt.Tooltip("one_to_one:Q", title="One to one", format=".4f"),
            alt.Tooltip("one_chance:Q", title="… by chance", format=".4f"),
            alt.Tooltip("many_to_many:Q", title="Many to many", format=".4f"),
            alt.Tooltip("many_chance:Q", title="… by chance", format=".4f"),
            alt.Tooltip("difference:Q", title="Difference beyond chance", format=".4f"),
            alt.Tooltip("difference_low:Q", title="95 % interval", format=".4f"),
            alt.Tooltip("difference_high:Q", title="… to", format=".4f"),
            alt.Tooltip("items_x:Q", title="Items a sample, first"),
            alt.Tooltip("items_y:Q", title="Items a sample, second"),
            alt.Tooltip("trained:N", title="Both trained"),
        ],
    )
    scores = pl.concat([named[name] for name in ("one_to_one", "many_to_many", "many_chance")])
    ends = pl.concat([named["difference_low"], named["difference_high"]])
    both = alt.layer(
        base.mark_rule(strokeWidth=1.5).encode(
            x=alt.X("one_to_one:Q"), x2=alt.X2("many_to_many:Q")
        ),
        base.mark_tick(thickness=3, size=16).encode(
            x=alt.X("many_chance:Q"), color=alt.value(palette.CHANCE)
        ),
        base.mark_point(size=60, filled=False, strokeWidth=2, opacity=1).encode(
            x=alt.X("one_to_one:Q")
        ),
        base.mark_point(size=60, filled=True, opacity=1).encode(
            x=x_axis("many_to_many", measure, roomy(scores, 0.0))
        ),
    )
    apart = alt.layer(
        _zero(),
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("difference_low:Q"), x2=alt.X2("difference_high:Q")
        ),
        base.mark_point(size=60, filled=True, opacity=1).encode(
            x=x_axis("difference", "Many less one", roomy(ends, 0.0))
        ),
    )
    return {"One and many": sized(both, height), "Beyond chance": sized(apart, height)}


def _what_is_held(frame: pl.DataFrame) -> alt.Color:
    """Color by what is held fixed, of what there is."""
    there = set(frame["fixed"])
    names = {name: title for name, title in KINDS.items() if name in there}
    return alt.Color(
        "held:N",
        title=None,
        scale=alt.Scale(domain=list(names.values()), range=[_COLORS[name] for name in names]),
        legend=alt.Legend(orient="top", symbolOpacity=1, **wrapped(list(names.values()))),
    )


def _zero() -> alt.Chart:
    """Draw where nothing changes."""
    frame = pl.DataFrame({"at": [0.0]})
    return alt.Chart(frame).mark_rule(color=palette.CHANCE).encode(x=alt.X("at:Q"))
