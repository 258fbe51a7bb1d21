"""How metrics and settings correlate over pairs of models, by prh_core: frames in and out."""

from typing import NamedTuple

import numpy as np
import polars as pl

from pages.ui.remembered import remembered
from prh_core.calibration import benjamini_hochberg
from prh_core.convergence import clustered, metric_agreement
from prh_core.rank_tests import pair_tests


@remembered
def correlate_settings(pairs: pl.DataFrame, *, within: bool) -> pl.DataFrame:
    """Correlate the settings of `queries.metric_pairs`, like ones side by side, and test them.

    Args:
        pairs: the answer.
        within: whether the pairs are of models of one kind.

    Returns:
        A row per pair of settings: setting_a, setting_b, place_a, place_b, rho (Spearman; null
        where fewer than three pairs are shared), pairs (shared), models_a and models_b (behind
        them), within (as asked), p_value (models shuffled; null where a model lacks a pair),
        q_value (over all pairs of different settings), shuffles.
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
            "within": within,
            "p_value": _known(tested.p_values[i, j]),
            "q_value": _known(q_values[i, j]),
            "shuffles": tested.shuffles,
        }
        for i in order
        for j in order
    ]
    kinds = {"rho": pl.Float64, "p_value": pl.Float64, "q_value": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=kinds)


class Agreement(NamedTuple):
    """How far settings rank pairs of models alike."""

    settings: int
    pairs: int
    """Behind the correlation with the fewest."""
    models: int
    least: float | None
    median: float | None
    most: float | None
    significant: int
    """Correlations above zero with q at most .05."""
    tested: int


def summarize(correlated: pl.DataFrame) -> Agreement:
    """Count what `correlate_settings` found between different settings.

    Args:
        correlated: of `correlate_settings`.
    """
    apart = correlated.filter(pl.col("place_a") < pl.col("place_b")).drop_nulls("rho")
    rho = apart["rho"].to_numpy()
    tested = apart.drop_nulls("q_value")
    more = tested.filter(pl.col("q_value") <= 0.05, pl.col("rho") > 0)
    first = correlated.row(0, named=True)
    # Within one kind the same models stand on both sides.
    sides = (first["models_a"], first["models_b"])
    models = first["models_a"] if first["within"] else sum(sides)
    least, median, most = (
        (float(np.min(rho)), float(np.median(rho)), float(np.max(rho)))
        if apart.height
        else (None, None, None)
    )
    pairs = correlated.select(pl.col("pairs").min()).item()
    settings = correlated["setting_a"].n_unique()
    return Agreement(settings, pairs, models, least, median, most, more.height, tested.height)


def closeness(r: float | None, expected: int) -> float | None:
    """Return a correlation of closeness: of a distance (expected -1) with its sign turned."""
    return None if r is None else expected * r


def _models(wide: pl.DataFrame, within: bool) -> tuple[dict[str, int], dict[str, int]]:
    """Return the places of both sides' models in a table; within one kind they are the same."""
    a, b = (sorted(set(wide[side].to_list())) for side in ("model_a", "model_b"))
    if within:
        a = b = sorted({*a, *b})
    return {name: i for i, name in enumerate(a)}, {name: i for i, name in enumerate(b)}


def _known(value: np.ndarray | float) -> float | None:
    return None if np.isnan(value) else float(value)
