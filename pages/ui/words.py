"""Measurements in words, the same on every page."""

from typing import Any


def measure(row: dict[str, Any]) -> str:
    """Name the metric and its k, e.g. for an axis."""
    return row["metric_label"] + (f" (k = {row['k']})" if row["k"] is not None else "")


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
    if row["skipped"]:
        parts.append(f"{row['skipped']} corrupt images left out for every model")
    origin = [
        models or f"{row['language_models']} language × {row['vision_models']} vision models",
        f"run {row['runs']}",
        f"measured {row['measured_at']}",
        f"pairs from {row['source']} ({row['licence']})",
    ]
    return [" · ".join(parts), " · ".join(origin)]
