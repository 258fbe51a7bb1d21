"""Tables of models from an answer's pairs, and what prh_core says of them: frames in and out."""

from typing import NamedTuple

import numpy as np
import polars as pl

from prh_core.calibration import benjamini_hochberg
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
from prh_core.rank_tests import pair_tests

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


def customary(models: int) -> int:
    """Return how many bins to offer first: five, fewer where they would hold less than three."""
    return min(5, max(2, models // 3))


def binned(pairs: pl.DataFrame, *, count: int, rule: Rule) -> Binned:
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
    try:
        trend = convergence_trend(competence, table)
    except ConvergenceError:
        trend = None
    return Binned(pl.DataFrame(rows, schema=BIN), trend, left_out)


def agreement(pairs: pl.DataFrame, *, within: bool) -> pl.DataFrame:
    """Correlate the settings of `queries.metric_pairs`, like ones side by side, and test them.

    Args:
        pairs: the answer.
        within: whether the pairs are of models of one kind.

    Returns:
        A row per pair of settings: setting_a, setting_b, place_a, place_b, rho (Spearman; null
        where fewer than three pairs are shared), pairs (shared), models_a and models_b (behind
        them), p_value (models shuffled; null where a model lacks a pair), q_value (over all pairs
        of different settings), shuffles.
    """
    wide = pairs.pivot("setting", index=["model_a", "model_b"], values="score")
    names = [name for name in wide.columns if name not in ("model_a", "model_b")]
    scores = wide.select(pl.col(names).cast(pl.Float64)).to_numpy().T
    rho = metric_agreement(np.ascontiguousarray(scores, np.float64))
    there = (~np.isnan(scores)).astype(int)
    shared = there @ there.T
    order = clustered(rho).tolist()
    firsts, seconds = _models(wide, within)
    tables = np.full((len(names), len(firsts), len(seconds)), np.nan)
    for a, b, *values in wide.select("model_a", "model_b", *names).iter_rows():
        tables[:, firsts[a], seconds[b]] = [np.nan if v is None else v for v in values]
        if within:
            tables[:, firsts[b], seconds[a]] = tables[:, firsts[a], seconds[b]]
    tested = pair_tests(tables, within=within)
    upper = np.triu_indices(len(names), 1)
    p_values = tested.p_values[upper]
    q_values = np.full_like(tested.p_values, np.nan)
    known = np.isfinite(p_values)
    corrected = p_values.copy()
    corrected[known] = benjamini_hochberg(p_values[known])
    q_values[upper] = q_values.T[upper] = corrected
    rows = [
        {
            "setting_a": names[i],
            "setting_b": names[j],
            "place_a": order.index(i),
            "place_b": order.index(j),
            "rho": _known(rho[i, j]),
            "pairs": int(shared[i, j]),
            "models_a": len(firsts),
            "models_b": len(seconds),
            "p_value": _known(tested.p_values[i, j]),
            "q_value": _known(q_values[i, j]),
            "shuffles": tested.shuffles,
        }
        for i in order
        for j in order
    ]
    kinds = {"rho": pl.Float64, "p_value": pl.Float64, "q_value": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=kinds)


def _models(wide: pl.DataFrame, within: bool) -> tuple[dict[str, int], dict[str, int]]:
    """Return the places of both sides' models in a table; within one kind they are the same."""
    a, b = (sorted(set(wide[side].to_list())) for side in ("model_a", "model_b"))
    if within:
        a = b = sorted({*a, *b})
    return {name: i for i, name in enumerate(a)}, {name: i for i, name in enumerate(b)}


def _known(value: np.ndarray | float) -> float | None:
    return None if np.isnan(value) else float(value)
