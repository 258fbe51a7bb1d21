"""How sure are we: the answer of each view."""

import polars as pl

from pages.ui import findings
from pages.ui.findings import Capacity, Finding, Held, Moved


def held(pairs: pl.DataFrame, *, samples: int, metric: str) -> Finding:
    """Say beyond which nulls the pairs are.

    Args:
        pairs: of `statistics.with_power`.
        samples: n.
        metric: its name.
    """
    records = [
        Held(
            one["null_label"][0],
            one.height,
            one.filter(pl.col("q_value") <= 0.05).height,
            min(one["drawn"].to_list()),
            # p is then the least there can be.
            one.filter(pl.col("p_value") * (pl.col("drawn") + 1) < 1.5).height,
        )
        for one in pairs.partition_by("null_label", maintain_order=True)
    ]
    first = pairs.filter(pl.col("place") == pl.col("place").min())
    power = first["detectable"].median()
    return findings.nulls_held(
        held=records, samples=samples, metric=metric,
        detectable=float(power) if isinstance(power, int | float) else None,
    )  # fmt: skip


def claim(trends: pl.DataFrame, *, samples: int, what: str) -> Finding:
    """Say whether calibration changes the trend with size as was claimed.

    Args:
        trends: of `statistics.capacity`.
        samples: n.
        what: models along the trend.
    """
    both = trends.pivot("scores", index=["metric_label", "scope", "models"], values=["r", "firm"])
    records = [
        Capacity(
            row["metric_label"], row["scope"], row["r_raw"], row["r_calibrated"],
            bool(row["firm_raw"]), bool(row["firm_calibrated"]), row["models"],
        )
        for row in both.iter_rows(named=True)
    ] if trends.height else []  # fmt: skip
    return findings.calibration_claim(metrics=records, samples=samples, what=what)


def moved(simulated: pl.DataFrame) -> Finding:
    """Say under how many metrics width and depth alone move the score of unrelated features.

    Args:
        simulated: answer of `queries.confounds`.
    """
    records: list[Moved] = []
    for one in simulated.partition_by("metric_label", maintain_order=True):
        ends = one.sort("layers", "width")
        narrow, wide = ends.row(0, named=True), ends.row(-1, named=True)
        apart = wide["score_low"] > narrow["score_high"] or wide["score_high"] < narrow["score_low"]
        way = None if narrow["best"] is None else narrow["best"] - narrow["score_mean"]
        share = (wide["score_mean"] - narrow["score_mean"]) / way if way else None
        label = narrow["metric_label"] + (f" (k = {narrow['k']})" if narrow["k"] else "")
        records.append(Moved(label, narrow["score_mean"], wide["score_mean"], apart, share))
    samples = int(simulated["n"][0]) if simulated.height else 0
    return findings.confounding(metrics=records, samples=samples)
