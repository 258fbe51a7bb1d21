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
    when = "imported" if row["published"] else "measured"
    origin = [
        models or f"{row['language_models']} language × {row['vision_models']} vision models",
        *(["published by others, not measured here"] if row["published"] else []),
        f"run {row['runs']}",
        f"{when} {row['measured_at']}",
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


def predicted(text: dict[str, Any]) -> str:
    """Say what bits per byte were measured on, in one line.

    Args:
        text: a row of `queries.texts`.
    """
    if text["tokens"] is None:
        return (
            f"Bits per byte of {text['text']}: {text['models']} models, published by others "
            f"({text['published_in']}) · imported {text['measured_at']}"
        )
    start = {"bos": "all tokens scored, after a start token", "none": "first token not scored"}
    policy = start.get(text["starts_with"], "first token scored where a model has a start token")
    return (
        f"Bits per byte of {text['text']}: {text['models']} models, up to {text['tokens']:,} "
        f"tokens of {text['documents']:,} documents, {policy}, {text['shortest_context']:,} to "
        f"{text['longest_context']:,} tokens of context · measured {text['measured_at']}"
    )


def fits(frame: pl.DataFrame) -> str:
    """Say how closely alignment follows the language score, and who has none.

    Args:
        frame: answer of `queries.alignment` with a text.
    """
    lines = frame.drop_nulls("r").unique("vision_label", maintain_order=True)
    told = "; ".join(
        f"{row['vision_label']} r = {row['r']:.2f}, ρ = {row['rho']:.2f}"
        for row in lines.sort("r", descending=True).to_dicts()
    )
    said = (
        f"\n\nAlong each line, over {lines['fit_models'][0]} trained language models: {told}. "
        "Models of one family are not independent, and few models leave r loose."
        if told
        else "\n\nA line needs three trained language models with bits per byte on this text."
    )
    without = frame.filter(pl.col("language_score").is_null())["language_label"].unique().sort()
    if len(without):
        said += (
            f"\n\nNot shown, since they have no bits per byte on this text: {', '.join(without)}. "
            "An encoder has none at all: it does not predict the next token."
        )
    return said


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
