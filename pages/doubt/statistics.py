"""Power, q and trends of scores and their nulls, by prh_core: frames in and out."""

from typing import Any

import numpy as np
import polars as pl

from pages.ui.q_values import with_q
from pages.ui.remembered import remembered
from prh_core.errors import PRHError, TrendError
from prh_core.nulls import detectable
from prh_core.trends import linear_trend

_STANDARD_ERRORS = 3.92
"""Of a 95 % interval's length."""
_TREND = {
    "metric_label": pl.String, "scope": pl.String, "scores": pl.String, "r": pl.Float64,
    "p_value": pl.Float64, "models": pl.Int64, "firm": pl.Boolean,
}  # fmt: skip


def with_power(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add, to every pair and null, its q and what would be detected with 80 % probability.

    Args:
        pairs: answer of `queries.null_pairs`.

    Returns:
        The same with q_value, over the pairs of each null, and detectable, in the metric's unit,
        null with fewer than 19 draws; without the draws.
    """
    parts = [with_q(part) for part in pairs.partition_by("null_label", maintain_order=True)]
    whole = pl.concat(parts) if parts else with_q(pairs)
    found = pl.Series("detectable", [_detectable(row) for row in whole.iter_rows(named=True)],
                      dtype=pl.Float64)  # fmt: skip
    return whole.with_columns(found).drop("draws")


def _detectable(row: dict[str, Any]) -> float | None:
    error = None
    if row["interval_low"] is not None and row["interval_high"] is not None:
        error = (row["interval_high"] - row["interval_low"]) / _STANDARD_ERRORS
    try:
        return detectable(
            np.array(row["draws"], np.float64),
            best=row["best"] if row["best"] is not None else float("inf"),
            higher_is_closer=row["higher_is_closer"],
            error=error,
        ).score
    except PRHError:  # too few draws
        return None


@remembered
def capacity(frame: pl.DataFrame) -> pl.DataFrame:
    """Correlate raw and calibrated closeness with size, by metric.

    Args:
        frame: answer of `queries.capacity_trends`.

    Returns:
        A row per metric and kind of score: metric_label, scope, scores (raw or calibrated), r
        (Pearson; null where all are the same), p_value (of a slope of zero), models, firm (rises,
        p at most .05). A metric with fewer than three models is left out.
    """
    rows: list[dict[str, Any]] = []
    for (label, scope), one in frame.group_by("metric_label", "scope", maintain_order=True):
        for scores in ("raw", "calibrated"):
            try:
                found = linear_trend(one["log_parameters"].to_list(), one[scores].to_list())
            except TrendError:
                continue
            known = np.isfinite(found.r)
            rows.append({
                "metric_label": label, "scope": scope, "scores": scores, "models": found.n,
                "r": found.r if known else None, "p_value": found.p_value if known else None,
                "firm": bool(known and found.r > 0 and found.p_value <= 0.05),
            })  # fmt: skip
    return pl.DataFrame(rows, schema=_TREND)
