"""Tables of models from an answer's pairs, and what prh_core says of them: frames in and out."""

from typing import NamedTuple

import numpy as np
import polars as pl

from prh_core.convergence import (
    Convergence,
    Rule,
    clustered,
    competence_bins,
    convergence_trend,
    metric_agreement,
    squared,
)
from prh_core.errors import ConvergenceError

BIN = {
    "low": pl.Float64,
    "high": pl.Float64,
    "middle": pl.Float64,
    "models": pl.Int64,
    "pairs": pl.Int64,
    "alignment": pl.Float64,
    "error": pl.Float64,
    "below": pl.Float64,
    "above": pl.Float64,
    "names": pl.String,
}


class Binned(NamedTuple):
    """What models of like competence say of each other."""

    bins: pl.DataFrame
    """A row per bin; the columns are those of `BIN`."""
    trend: Convergence | None
    """None where models are too few or too alike for one."""
    left_out: list[str]
    """Labels of models without that competence, or not compared with every other."""


def customary(models: int) -> int:
    """Return how many bins to offer first: five, fewer where they would hold less than three."""
    return min(5, max(2, models // 3))


def binned(pairs: pl.DataFrame, *, count: int, rule: Rule) -> Binned:
    """Bin the models of `queries.vision_pairs` by competence.

    Args:
        pairs: the answer.
        count: bins asked for.
        rule: how they are cut.
    """
    sides = [
        pairs.select(
            pl.col(f"model_{s}").alias("model"),
            pl.col(f"label_{s}").alias("label"),
            pl.col(f"competence_{s}").alias("competence"),
        )
        for s in "ab"
    ]
    models = pl.concat(sides).unique("model").sort("model")
    known = pairs.drop_nulls(["competence_a", "competence_b"])
    names, table = squared(
        *(known[column].to_list() for column in ("model_a", "model_b", "alignment"))
    )
    models_kept = models.filter(pl.col("model").is_in(names))
    left_out = models.filter(~pl.col("model").is_in(names))["label"].to_list()
    if len(names) < 2:
        return Binned(pl.DataFrame(schema=BIN), None, left_out)
    competence = models_kept["competence"].to_numpy()
    rows: list[dict[str, object]] = []
    found = competence_bins(competence, table, count=count, rule=rule)
    for one in found:
        inside = models_kept[one.members.tolist()].sort("competence")
        whisker = 0.0 if np.isnan(one.error) else one.error
        unknown = np.isnan(one.mean)
        rows.append(
            {
                "low": one.low,
                "high": one.high,
                "middle": (one.low + one.high) / 2,
                "models": one.models,
                "pairs": one.pairs,
                "alignment": None if unknown else one.mean,
                "error": None if np.isnan(one.error) else one.error,
                "below": None if unknown else one.mean - whisker,
                "above": None if unknown else one.mean + whisker,
                "names": ", ".join(inside["label"].to_list()),
            }
        )
    try:
        trend = convergence_trend(competence, table)
    except ConvergenceError:
        trend = None
    return Binned(pl.DataFrame(rows, schema=BIN), trend, left_out)


def agreement(pairs: pl.DataFrame) -> pl.DataFrame:
    """Correlate the settings of `queries.metric_pairs`, like ones side by side.

    Returns:
        A row per pair of settings: setting_a, setting_b, place_a, place_b, rho (Spearman; null
        where fewer than three pairs are shared), pairs (shared).
    """
    wide = pairs.pivot("setting", index=["model_a", "model_b"], values="score")
    names = [name for name in wide.columns if name not in ("model_a", "model_b")]
    scores = wide.select(pl.col(names).cast(pl.Float64)).to_numpy().T
    rho = metric_agreement(np.ascontiguousarray(scores, np.float64))
    there = (~np.isnan(scores)).astype(int)
    shared = there @ there.T
    order = clustered(rho).tolist()
    rows = [
        {
            "setting_a": names[i],
            "setting_b": names[j],
            "place_a": order.index(i),
            "place_b": order.index(j),
            "rho": None if np.isnan(rho[i, j]) else float(rho[i, j]),
            "pairs": int(shared[i, j]),
        }
        for i in order
        for j in order
    ]
    return pl.DataFrame(rows, schema_overrides={"rho": pl.Float64})
