"""Measurements in words, the same on every page."""

from typing import Any

import polars as pl


def measure(row: dict[str, Any]) -> str:
    """Name the metric with its k and bandwidth, e.g. for an axis."""
    told = {"k": row["k"], "σ": row["sigma"]}
    inside = ", ".join(f"{name} = {value}" for name, value in told.items() if value is not None)
    return row["metric_label"] + (f" ({inside})" if inside else "")


def measured(row: dict[str, Any], models: str | None = None) -> list[str]:
    """Say what was measured, in two lines.

    Args:
        row: the row of `queries.measured`.
        models: which models a figure shows; None says how many were measured.
    """
    parts = [
        f"{row['dataset']}: n = {row['n']}",
        measure(row),
        f"truncation {row['truncation']}",
        "rows normalised" if row["normalized"] else "rows not normalised",
        f"captions pooled by {row['pooling']}, prompt {row['prompt']}",
    ]
    if row["chance"] is not None:
        parts.append(f"chance {row['chance']:.4f} for one pair of unrelated layers")
    if not row["higher_is_closer"]:
        parts.append("lower is closer")
    parts += _certainty(row)
    if row["skipped"]:
        parts.append(f"{row['skipped']} corrupt images left out for every model")
    origin = [
        models or f"{row['language_models']} language × {row['vision_models']} vision models",
        f"run {row['runs']}",
        f"measured {row['measured_at']}",
        f"pairs from {row['source']} ({row['licence']})",
    ]
    return [" · ".join(parts), " · ".join(origin)]


def compared(dataset: str, frame: pl.DataFrame) -> list[str]:
    """Say what stands behind a comparison of metrics, in one line.

    Args:
        dataset: its name.
        frame: answer of `queries.metric_scores`.
    """
    counts = sorted(frame["permutations"].unique().to_list())
    parts = [
        f"{dataset}: n = {frame['n'][0]}",
        "trained models only",
        "each metric under its customary setting (see the table)",
        f"{' or '.join(str(count) for count in counts)} permutations",
    ]
    return [" · ".join(parts)]


def ceilings(frame: pl.DataFrame) -> str:
    """Say what the models score with themselves; nothing where it was not measured.

    Args:
        frame: answer of `queries.ceilings`.
    """
    if frame.is_empty():
        return ""
    told = " and ".join(f"{row['ceiling']:.4f} for {row['label']}" for row in frame.to_dicts())
    return (
        f"\n\nNoise ceiling: {told}. That is what a model scores with itself, its dimensions dealt "
        f"into two halves ({frame['method'][0]}): more is hardly to be expected of two models."
    )


def _certainty(row: dict[str, Any]) -> list[str]:
    """Say how a score was calibrated and where its interval comes from, as far as it was."""
    told = []
    if row["permutations"]:
        told.append(f"{row['permutations']} permutations (seed {row['seeds']})")
    if row["interval_method"]:
        told.append(f"{100 * row['interval_level']:g} % interval by {row['interval_method']}")
    return [", ".join(told)] if told else []
