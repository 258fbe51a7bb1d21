"""Matchings beside luck, and where true partners stood."""

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
    x_axis,
    y_axis,
)
from pages.ui.remembered import remembered

_TRUE, _LUCK = palette.FAMILY[4], palette.CHANCE


@remembered
def matched(pairs: pl.DataFrame) -> dict[str, Chart]:
    """Draw each pair's share of correct matches, and beside it the mean rank of true partners.

    Args:
        pairs: of `statistics.against_luck`.
    """
    order = unique(pairs["pair"])
    height = max(120, 24 * len(order))
    said = pairs.with_columns(ranked=pl.col("q_rank") <= 0.05)
    told = [
        alt.Tooltip("pair:N", title="Pair"),
        alt.Tooltip("layer_name_x:N", title="Layer of the first"),
        alt.Tooltip("layer_name_y:N", title="Layer of the second"),
        alt.Tooltip("correct:Q", title="Correct"),
        alt.Tooltip("n:Q", title="Samples"),
        alt.Tooltip("p_value:Q", title="p of so many", format=".3g"),
        alt.Tooltip("q_value:Q", title="q over the pairs", format=".3g"),
        alt.Tooltip("mean_rank:Q", title="Mean rank of the true partner", format=".2f"),
        alt.Tooltip("p_rank:Q", title="p of that rank", format=".3g"),
        alt.Tooltip("q_rank:Q", title="q of that rank", format=".3g"),
        alt.Tooltip("agreement:Q", title="Agreement under the matching", format=".3f"),
        alt.Tooltip("agreement_of_truth:Q", title="Under the truth", format=".3f"),
        alt.Tooltip("trained:N", title="Both trained"),
    ]
    base = alt.Chart(said).encode(y=name_rows("pair", order), tooltip=told)
    bar = base.mark_tick(color=_LUCK, thickness=3, size=16)
    shares = [0.0, roomy(said["accuracy"], *said["lucky"].to_list())[1]]
    right = alt.layer(
        bar.encode(x=alt.X("lucky:Q")),
        _dots(base, "beyond").encode(x=x_axis("accuracy", "Correct", shares, format=".2~p")),
    )
    near = roomy(said["mean_rank"], *said["chance_rank"].to_list())
    ranked = alt.layer(
        bar.encode(x=alt.X("chance_rank:Q")),
        _dots(base, "ranked").encode(x=x_axis("mean_rank", "Mean rank", near)),
    )
    return {"Correct matches": sized(right, height), "True partner": sized(ranked, height)}


def _dots(base: alt.Chart, field: str) -> alt.Chart:
    """Draw dots, filled where the field holds, gray where a model is untrained."""
    return base.mark_point(size=70, strokeWidth=2, opacity=1).encode(
        color=either(alt.ColorValue, "datum.trained", _TRUE, palette.UNTRAINED),
        fillOpacity=either(alt.FillOpacityValue, f"datum.{field}", 1, 0),
        fill=either(alt.FillValue, "datum.trained", _TRUE, palette.UNTRAINED),
    )


@remembered
def ranks(shares: pl.DataFrame) -> Chart:
    """Draw at what rank true partners stand, and what luck would give.

    Args:
        shares: of `statistics.rank_shares`.
    """
    named = shares.with_columns(
        ranks=pl.when(pl.col("low") == pl.col("high"))
        .then(pl.col("low").cast(pl.String))
        .otherwise(pl.format("{} to {}", "low", "high"))
    )
    x = alt.X("ranks:O", sort=None, title="Rank of the true partner",
              axis=alt.Axis(labelOverlap=True, labelAngle=0, **LABELS))  # fmt: skip
    told = [
        alt.Tooltip("ranks:N", title="Rank"),
        alt.Tooltip("share:Q", title="Of the samples", format=".1%"),
        alt.Tooltip("luck:Q", title="By luck", format=".1%"),
    ]
    heights = [0.0, roomy(named["share"], *named["luck"].to_list())[1]]
    bars = alt.Chart(named).mark_bar(color=_TRUE).encode(
        x=x, y=y_axis("share", "Samples", heights, format="%"), tooltip=told
    )  # fmt: skip
    luck = alt.Chart(named).mark_tick(color=_LUCK, thickness=3).encode(
        x=x, y=alt.Y("luck:Q"), tooltip=told
    )  # fmt: skip
    return sized(alt.layer(bars, luck), 240)
