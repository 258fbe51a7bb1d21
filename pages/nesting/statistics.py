"""Which pairs are nested, hubs and many tests taken into account: frames in, frames out."""

import polars as pl

from pages.ui.q_values import with_q

X_MORE, Y_MORE = "first tells more", "second tells more"
HUBS, AGAINST, NEITHER = "hubs explain it", "changes with hubs", "neither shown"
VERDICTS = (X_MORE, Y_MORE, HUBS, AGAINST, NEITHER)
LEVEL = 0.05


def judge(frame: pl.DataFrame) -> pl.DataFrame:
    """Add q-values and what is to be said of each pair.

    Nested is what differs beyond hubs at q <= .05, and with them in the same direction. Where the
    direction changes with hubs nothing is said of nesting, nor where only hubs make a difference.

    Args:
        frame: answer of `queries.nested_pairs`; its pairs are the family of tests.
    """
    tested = with_q(with_q(frame, "beyond_p", "beyond_q"), "raw_p", "raw_q")
    tested = with_q(tested, "cycle_p", "cycle_q")
    shown, alike = pl.col("beyond_q") <= LEVEL, pl.col("beyond_hubs") * pl.col("raw") >= 0
    return tested.with_columns(
        verdict=pl.when(shown & ~alike)
        .then(pl.lit(AGAINST))
        .when(shown & (pl.col("beyond_hubs") > 0))
        .then(pl.lit(X_MORE))
        .when(shown)
        .then(pl.lit(Y_MORE))
        .when(pl.col("raw_q") <= LEVEL)
        .then(pl.lit(HUBS))
        .otherwise(pl.lit(NEITHER))
    )
