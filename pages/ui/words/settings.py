"""How models were compared, in words."""

from typing import Any


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
        "rows normalised" if row["normalized"] else "rows not normalised",
        *([f"networks in {row['precision']}"] if row["precision"] else []),
        *more,
    ]
    if row["chance"] is not None:
        parts.append(f"chance {row['chance']:.4f} for one pair of unrelated layers")
    if not row["higher_is_closer"]:
        parts.append("lower is closer")
    return parts


def corrupt(row: dict[str, Any]) -> list[str]:
    """Say how many images were left out, if any were."""
    skipped = row["skipped"]
    return [f"{skipped} corrupt images left out for every model"] if skipped else []
