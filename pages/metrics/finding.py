"""What metrics say of the same models, and what each says of a skill."""

from typing import Literal

import polars as pl

from pages.alignment.finding import tell_trend
from pages.alignment.statistics import mean_trend
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
        return tell_trend(
            one.with_columns(language_group="language_family"),
            side="language",
            effect=f"alignment by {metric}" + (f", {scores}," if scores != RAW else ""),
            cause=skill,
            samples=samples,
            expected=_expected(one),
            figure="Fig. 13",
        )
    told: list[findings.MetricTrend] = []
    for metric, one in by_metric.items():
        grouped = one.with_columns(language_group="language_family")
        row, models, _ = mean_trend(grouped, side="language")
        found = tell_trend(
            grouped, side="language", effect="alignment", cause=skill, samples=samples,
            expected=_expected(one), figure="Fig. 13",
        )  # fmt: skip
        r = row["r"] if row else None
        told.append(
            findings.MetricTrend(
                metric, found.verdict, models, closeness(r, _expected(one)), _expected(one) < 0
            )
        )
    return findings.metric_trends(
        cause=skill, metrics=told, samples=samples, scores="" if scores == RAW else scores
    )


def _expected(rows: pl.DataFrame) -> Literal[1, -1]:
    return 1 if rows["higher_is_closer"].all() else -1
