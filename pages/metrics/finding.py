"""What metrics say of the same models, and what each says of a skill."""

import polars as pl

from pages.alignment.statistics import mean_trend
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
    known = rows.with_columns(language_group="language_family")
    trend, models, lines = mean_trend(known, side="language")
    row = trend or {}
    return findings.trend(
        effect=f"alignment by {rows['metric_label'][0]}" + (", calibrated," if calibrated else ""),
        cause=skill,
        models=models,
        r=row.get("r"),
        slope=row.get("slope"),
        slope_low=row.get("slope_low"),
        slope_high=row.get("slope_high"),
        p=row.get("p_value"),
        families=known.drop_nulls("language_score")["language_group"].n_unique(),
        within_slope=row.get("within_slope"),
        within_low=row.get("within_low"),
        within_high=row.get("within_high"),
        within_p=row.get("within_p"),
        samples=int(rows["n"][0]),
        expected=1 if calibrated or bool(rows["higher_is_closer"].all()) else -1,
        lines=lines,
        figure="Fig. 13",
    )
