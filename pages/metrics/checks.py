"""Does a metric measure what it should: six tests on networks of which the answer is known."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pages.ui.findings.words import as_share
from pages.ui.plain import plain
from pages.ui.remembered import remembered
from prh_core.intervals import Influence, interval_of

EXPLAINED = {
    "layer monotonicity": "In a network of six hidden layers, layers next to each other ought to "
    "be closer than those further apart: the share of comparisons that come out so.",
    "label randomization": "Networks learn true labels, half or all of them random. Two of one "
    "kind ought to be closer than two of different kinds.",
    "shortcut": "The label stands beside none, 70 % or all of the pictures. Networks that were "
    "offered the same shortcut ought to be closer.",
    "augmentation": "Pictures are shown as they are, or with noise of .3 or 1 of the brightest "
    "pixel. Networks trained under the same noise ought to be closer.",
    "depth": "Of networks of three and of six hidden layers, layers at like shares of the depth "
    "ought to be closer: rank correlation of closeness with nearness in depth; x is the shallower.",
    "accuracy": "Twelve networks see 60 to 1,200 pictures, 2 to 20 times. The more alike their "
    "accuracies, the closer they ought to be: rank correlation over pairs.",
}
"""By test, in the order of the table's columns."""


@remembered
def summarize_checks(checks: pl.DataFrame) -> pl.DataFrame:
    """Take means over sets of networks, with 95 % intervals by Student's t.

    Args:
        checks: answer of `queries.metric_checks`.

    Returns:
        A row per metric and test: test, metric (label), mean, low, high, chance, sets; null where
        one set alone tells no interval.
    """
    rows = [
        {
            "test": row["test"],
            "metric": row["metric_label"],
            **_interval(row["scores"]),
            "chance": row["chance"],
        }
        for row in checks.iter_rows(named=True)
    ]
    kinds = {
        "test": pl.String, "metric": pl.String, "mean": pl.Float64, "low": pl.Float64,
        "high": pl.Float64, "sets": pl.Int64, "chance": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=kinds)


def _interval(scores: Sequence[float]) -> dict[str, float | int | None]:
    found = np.asarray(scores, dtype=np.float64)
    count, mean = len(found), float(found.mean())
    if count < 2:
        return {"mean": mean, "low": None, "high": None, "sets": count}
    shares = (found - mean) / (count * (count - 1)) ** 0.5
    low, high = interval_of(Influence(mean, shares, count - 1), -1.0, 1.0)
    return {"mean": mean, "low": low, "high": high, "sets": count}


def spread_out(summary: pl.DataFrame) -> pl.DataFrame:
    """Lay means and intervals out: a row per metric, a column per test.

    Args:
        summary: of `summarize_checks`.
    """
    told = summary.with_columns(
        pl.struct("mean", "low", "high").map_elements(_cell, return_dtype=pl.String).alias("cell")
    )
    wide = told.pivot("test", index="metric", values="cell", aggregate_function="first")
    return wide.select("metric", *(test for test in EXPLAINED if test in wide.columns))


def _cell(row: dict[str, float | None]) -> str:
    mean, low, high = row["mean"], row["low"], row["high"]
    assert mean is not None
    if low is None or high is None:
        return as_share(mean)
    return f"{as_share(mean)} ({as_share(low)} to {as_share(high)})"


def describe_checks(summary: pl.DataFrame, checks: pl.DataFrame) -> str:
    """Say what each test asks, and how many metrics pass it beyond chance.

    Args:
        summary: of `summarize_checks`.
        checks: the answer it is of.
    """
    first = checks.row(0, named=True)
    counts = sorted({int(count) for count in summary["sets"]})
    sets = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    lines = [
        "After the ReSi benchmark (Klabunde et al. 2024), on small networks: perceptrons of 64 "
        "units a layer trained on scikit-learn's handwritten digits (8 × 8 pixels), their features "
        f"compared over {first['n']} pictures that none was trained on. Means over {sets} sets of "
        "networks, 95 % intervals over sets (Student's t). Few networks of one kind: what holds "
        "here need not hold for large ones."
    ]
    for test, explained in EXPLAINED.items():
        rows = summary.filter(pl.col("test") == test)
        if rows.is_empty():
            continue
        chance = float(rows["chance"][0])
        beyond = rows.filter(pl.col("low") > pl.col("chance")).height
        highest = rows.filter(pl.col("mean") >= pl.col("mean").max() - 1e-9)
        whose = plain(highest["metric"][0])
        if highest.height > 1:
            whose = f"{highest.height} metrics"
        lines.append(
            f"- **{test.capitalize()}.** {explained} Chance: {as_share(chance)}. "
            f"{beyond} of {rows.height} metrics lie beyond it with their whole interval; highest "
            f"mean: {as_share(highest['mean'][0])}, of {whose}."
        )
    return "\n".join(lines)
