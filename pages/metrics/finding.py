"""What metrics say of the same models, and what each says of a skill."""

import polars as pl

from pages.alignment.finding import tell_trend
from pages.metrics.statistics import summarize
from pages.ui import findings


def agree(correlated: pl.DataFrame) -> findings.Finding:
    """Say whether metrics and settings rank pairs of models alike.

    Args:
        correlated: of `statistics.correlate_settings`.
    """
    return findings.metrics_agree(**summarize(correlated)._asdict())


def follow(rows: pl.DataFrame, *, skill: str, calibrated: bool) -> findings.Finding:
    """Say whether alignment by one metric rises with a skill.

    Args:
        rows: of `queries.metric_trends`, one metric's.
        skill: its name.
        calibrated: whether scores are; then all rise with agreement.
    """
    return tell_trend(
        rows.with_columns(language_group="language_family"),
        side="language",
        effect=f"alignment by {rows['metric_label'][0]}" + (", calibrated," if calibrated else ""),
        cause=skill,
        samples=int(rows["n"][0]),
        expected=1 if calibrated or rows["higher_is_closer"].all() else -1,
        figure="Fig. 13",
    )
