"""What metrics say of the same models, and what each says of a skill."""

from typing import Literal

import polars as pl

from pages.alignment.finding import tell_trend
from pages.alignment.statistics import MeanTrend, mean_trend
from pages.metrics.statistics import closeness, summarize
from pages.ui import findings
from pages.ui.reference import RAW


def agree(correlated: pl.DataFrame) -> findings.Finding:
    """Say whether metrics and settings rank pairs of models alike.

    Args:
        correlated: of `statistics.correlate_settings`.
    """
    return findings.metrics_agree(**summarize(correlated)._asdict())


def reach(scores: pl.DataFrame) -> findings.Finding:
    """Say under how many metrics the pairs of trained models are closer than chance.

    Args:
        scores: answer of `queries.metric_scores`.
    """
    metrics = [
        findings.MetricReach(
            row["metric_label"], row["calibrated"], row["pairs"], row["significant"]
        )
        for row in scores.iter_rows(named=True)
    ]
    return findings.metric_reach(metrics=metrics, samples=int(scores["n"][0]))


def follow(rows: pl.DataFrame, *, skill: str, scores: str) -> findings.Finding:
    """Say whether alignment rises with a skill, under one metric or under how many.

    Args:
        rows: answer of `queries.metric_trends`.
        skill: its name.
        scores: raw, calibrated or minus untrained control; of the latter all rise with agreement.
    """
    by_metric = {
        one["metric_label"][0]: one
        for one in rows.partition_by("metric_label", maintain_order=True)
    }
    samples = int(rows["n"][0])
    if len(by_metric) == 1:
        ((metric, one),) = by_metric.items()
        effect = f"alignment by {metric}" + (f", {scores}," if scores != RAW else "")
        return _tell(one, effect=effect, skill=skill, samples=samples)[1]
    told: list[findings.MetricTrend] = []
    for metric, one in by_metric.items():
        trend, found = _tell(one, effect="alignment", skill=skill, samples=samples)
        r = trend.row["r"] if trend.row else None
        expected = _expected(one)
        told.append(
            findings.MetricTrend(
                metric, found.verdict, trend.models, closeness(r, expected), expected < 0
            )
        )
    return findings.metric_trends(
        cause=skill, metrics=told, samples=samples, scores="" if scores == RAW else scores
    )


def _tell(
    rows: pl.DataFrame, *, effect: str, skill: str, samples: int
) -> tuple[MeanTrend, findings.Finding]:
    """Return the mean trend under one metric, and what it says."""
    pairs = rows.with_columns(group_x="family_x")
    trend = mean_trend(pairs, side="x")
    found = tell_trend(
        pairs, trend, side="x", effect=effect, cause=skill, samples=samples,
        expected=_expected(rows), figure="Fig. 13",
    )  # fmt: skip
    return trend, found


def _expected(rows: pl.DataFrame) -> Literal[1, -1]:
    return 1 if rows["higher_is_closer"].all() else -1
