"""Models binned by competence, and the trend over them, by prh_core: frames in and out."""

import functools
from typing import NamedTuple

import numpy as np
import polars as pl

from pages.ui.remembered import remembered
from prh_core.convergence import Convergence, Rule, competence_bins, convergence_trend, squared
from prh_core.errors import ConvergenceError

BIN = {
    "low": pl.Float64,
    "high": pl.Float64,
    "middle": pl.Float64,
    "models": pl.Int64,
    "pairs": pl.Int64,
    "significant": pl.Int64,
    "alignment": pl.Float64,
    "error": pl.Float64,
    "below": pl.Float64,
    "above": pl.Float64,
    "names": pl.String,
}
_SIDES = ["model_a", "model_b"]


class Binned(NamedTuple):
    """What models of like competence say of each other."""

    bins: pl.DataFrame
    """A row per bin; the columns are those of `BIN`. significant: pairs with q at most 0.05."""
    trend: Convergence | None
    """None where models are too few or too alike for one."""
    left_out: list[str]
    """Labels of models without that competence, or not compared with every other."""


def customary_bins(models: int) -> int:
    """Return how many bins to offer first: five, fewer where they would hold less than three."""
    return min(5, max(2, models // 3))


@remembered
def bin_models(pairs: pl.DataFrame, *, count: int, rule: Rule) -> Binned:
    """Bin the models of `queries.model_pairs` by competence.

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
        within = known.filter(pl.all_horizontal(pl.col(_SIDES).is_in(inside["model"].implode())))
        q_values = within["q_value"].drop_nulls()
        whisker = 0.0 if np.isnan(one.error) else one.error
        unknown = np.isnan(one.mean)
        rows.append(
            {
                "low": one.low,
                "high": one.high,
                "middle": (one.low + one.high) / 2,
                "models": one.models,
                "pairs": one.pairs,
                "significant": int((q_values <= 0.05).sum()) if len(q_values) else None,
                "alignment": None if unknown else one.mean,
                "error": None if np.isnan(one.error) else one.error,
                "below": None if unknown else one.mean - whisker,
                "above": None if unknown else one.mean + whisker,
                "names": ", ".join(inside["label"].to_list()),
            }
        )
    trend = _tested(tuple(competence.tolist()), table.tobytes())
    return Binned(pl.DataFrame(rows, schema=BIN), trend, left_out)


@functools.lru_cache(maxsize=128)
def _tested(competence: tuple[float, ...], table: bytes) -> Convergence | None:
    """Shuffle once what readers and pages ask again and again."""
    models = len(competence)
    alignment = np.frombuffer(table).reshape(models, models)
    try:
        return convergence_trend(np.array(competence), alignment)
    except ConvergenceError:
        return None
