"""What samples share, beside chance, and maps brought onto each other, by prh_core."""

from typing import NamedTuple

import numpy as np
import polars as pl

from pages.ui.q_values import with_q
from pages.ui.remembered import remembered
from prh_core.errors import LayoutError
from prh_core.procrustes import kabsch_umeyama
from prh_core.sharing import by_parts, carriers, rank_correlation, shared_by_chance

MAPS = (("x_first", "y_first"), ("x_second", "y_second"))
"""Columns of the places on either map."""


PICTURED = ("brightness", "contrast", "colorfulness", "detail")
"""What pictures are like."""
ENDS = 12
"""Words drawn of those with most agreement, and of those with least."""


class Sharing(NamedTuple):
    """What the samples of two layers share."""

    mean: float
    """Neighbors that a sample shares."""
    chance: float
    """The same of unrelated layers."""
    none: float
    """Share of samples that share none."""
    chance_none: float
    half: float
    """Smallest share of samples that holds half of what is shared."""


def beside_chance(counts: pl.DataFrame, *, n: int) -> pl.DataFrame:
    """Add the share of samples, here and among unrelated lists of neighbors.

    Args:
        counts: answer of `queries.shared_counts`.
        n: samples.
    """
    expected = shared_by_chance(n, counts.height - 1)
    total = max(int(counts["samples"].sum()), 1)
    return counts.with_columns(
        share=pl.col("samples") / total, chance=pl.Series(expected, dtype=pl.Float64)
    )


def summarize(counts: pl.DataFrame, *, n: int) -> Sharing:
    """Sum up what samples share.

    Args:
        counts: answer of `queries.shared_counts`.
        n: samples.
    """
    k = counts.height - 1
    told = counts["samples"].to_numpy().astype(np.int64)
    expected = shared_by_chance(n, k)
    total = max(int(told.sum()), 1)
    return Sharing(
        mean=float(told @ np.arange(k + 1)) / total,
        chance=float(expected @ np.arange(k + 1)),
        none=float(told[0]) / total,
        chance_none=float(expected[0]),
        half=carriers(told),
    )


@remembered
def onto_each_other(places: pl.DataFrame) -> pl.DataFrame:
    """Turn and mirror the second map onto the first, and bring each to -1 ... 1.

    A map has neither a direction nor a handedness of its own, so that nothing is lost; how near
    samples lie to each other on either map stays as it is.

    Args:
        places: answer of `queries.sample_places`.
    """
    first, second = (places.select(names).to_numpy().astype(np.float64) for names in MAPS)
    try:
        moved = kabsch_umeyama(second, first, mirror=True).moved
    except LayoutError:  # all in one place, or on a line: there is nothing to turn
        moved = second
    drawn = places
    for names, values in zip(MAPS, (first, moved), strict=True):
        low, high = values.min(axis=0), values.max(axis=0)
        reach = float((high - low).max()) / 2 or 1.0
        around = (values - (low + high) / 2) / reach
        drawn = drawn.with_columns(
            pl.Series(name, around[:, axis]) for axis, name in enumerate(names)
        )
    return drawn


def ends(words: pl.DataFrame) -> pl.DataFrame:
    """Return the words with most and with least agreement, where they are too many to draw.

    Args:
        words: answer of `queries.shared_by_word`, most agreement first.
    """
    if words.height <= 2 * ENDS:
        return words
    return pl.concat([words.head(ENDS), words.tail(ENDS)])


@remembered
def by_picture(samples: pl.DataFrame) -> pl.DataFrame:
    """Sum up agreement by what pictures are like, in tenths of the samples.

    Args:
        samples: answer of `queries.shared_by_picture`.

    Returns:
        A row per statistic and tenth: statistic, low and high (its values there), median, samples,
        agreement (mean), interval_low, interval_high (95 %; null of one sample), overall, rho
        (Spearman, over the samples), q_value (over the statistics); null where it cannot be told.
    """
    shared = samples["agreement"].to_numpy().astype(np.float64)
    tests, rows = [], []
    for statistic in PICTURED:
        values = samples[statistic].to_numpy().astype(np.float64)
        rho, p = rank_correlation(values, shared)
        tests.append({"statistic": statistic, "rho": rho, "p_value": p})
        rows += [
            {
                "statistic": statistic, "low": part.low, "high": part.high,
                "median": part.median, "samples": part.samples,
                "agreement": part.mean, "interval_low": part.interval_low,
                "interval_high": part.interval_high, "overall": float(shared.mean()),
            }
            for part in by_parts(values, shared)
        ]  # fmt: skip
    tested = with_q(pl.DataFrame(tests).fill_nan(None)).drop("p_value")
    return pl.DataFrame(rows).fill_nan(None).join(tested, on="statistic", maintain_order="left")
