"""How models were compared, in words."""

from typing import Any

import polars as pl

from pages.ui.reference import held_along


def measure(row: dict[str, Any], *, calibrated: bool = False) -> str:
    """Name the metric with its k and bandwidth, e.g. for an axis."""
    told = {"k": row["k"], "σ": row["sigma"]}
    inside = ", ".join(f"{name} = {value}" for name, value in told.items() if value is not None)
    named = row["metric_label"] + (f" ({inside})" if inside else "")
    return f"{named}, calibrated" if calibrated else named


def how(row: dict[str, Any], *more: str) -> list[str]:
    """Say how models were compared: the setting, and what its scores mean."""
    parts = [
        f"{row['dataset']}: n = {row['n']}",
        measure(row),
        f"truncation {row['truncation']}",
        "rows normalized" if row["normalized"] else "rows not normalized",
        *([f"networks in {row['precision']}"] if row["precision"] else []),
        *more,
    ]
    if row["chance"] is not None:
        parts.append(f"chance {row['chance']:.4f} for one pair of unrelated layers")
    if row["null_best_low"] is not None:
        parts.append(f"best of relabeled tables, mean {_between(row)}")
    elif row["chance"] is not None:
        parts.append("no permutations, so what the best of a table scores by chance is not known")
    if not row["higher_is_closer"]:
        parts.append("lower is closer")
    return parts


def _between(row: dict[str, Any]) -> str:
    low, high = f"{row['null_best_low']:.4f}", f"{row['null_best_high']:.4f}"
    return low if low == high else f"{low} to {high}"


def dashed(frame: pl.DataFrame) -> str:
    """Say what a dashed line over k is, or why there is none.

    Args:
        frame: answer of `queries.local`.
    """
    held = held_along(frame)
    if held is None:
        return (
            " No line stands for chance: some scores have no permutations, and for this metric no "
            "formula gives it."
        )
    return f" The dashed line is {held[1]}."


def corrupt(row: dict[str, Any]) -> list[str]:
    """Say how many images were left out, if any were."""
    skipped = row["skipped"]
    return [f"{skipped} corrupt images left out for every model"] if skipped else []
