"""What several pages say of settings, scores and skills."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pages.ui.answers import Setting
from pages.ui.findings import Finding
from pages.ui.findings.words import counted
from pages.ui.plain import plain, plained


def name_metric(row: dict[str, Any], *, calibrated: bool = False) -> str:
    """Name the metric with its k and bandwidth, e.g. for an axis."""
    listed = {"k": row["k"], "σ": row["sigma"]}
    inside = ", ".join(f"{name} = {value}" for name, value in listed.items() if value is not None)
    named = row["metric_label"] + (f" ({inside})" if inside else "")
    return f"{named}, calibrated" if calibrated else named


def about(setting: Setting, row: dict[str, Any]) -> dict[str, Any]:
    """Return what the numbers of a setting are of, for the line below a chart and for files.

    Args:
        setting: the setting.
        row: the row of `queries.measured`, or of another query with its columns.
    """
    return {
        "dataset": row["dataset"],
        "n": row["n"],
        "metric": row["metric_label"],
        "k": row["k"],
        "sigma": row["sigma"],
        "truncation": row["truncation"],
        "precision": row["precision"],
        "row_order": setting.row_order,
        "run": row["runs"],
        "measured_at": row["measured_at"],
        "source": row["source"],
        "license": row["license"],
    }


_SAID = {
    "dataset": "{}", "n": "n = {}", "metric": "{}", "k": "k = {}", "sigma": "σ = {}",
    "run": "run {}", "measured_at": "measured {}", "source": "source {}", "license": "{}",
}  # fmt: skip
"""What stands below a chart; files hold the rest, too."""


def describe_about(about: Mapping[str, Any]) -> str:
    """Say in one line what a chart's numbers are of."""
    told = {name: plain(value, 120) for name, value in about.items()}
    return " · ".join(said.format(told[name]) for name, said in _SAID.items() if name in told)


def say(finding: Finding) -> str:
    """Return a finding's sentence and doubt as Markdown, for a place beside the answer."""
    return plain(f"{finding.sentence} {finding.doubt}", 900)


def describe_setting(row: dict[str, Any], *more: str) -> list[str]:
    """Say how models were compared: the setting, and what its scores mean."""
    row = plained(row)
    parts = [
        f"{row['dataset']}: n = {row['n']}",
        name_metric(row),
        f"truncation {row['truncation']}",
        "rows normalized" if row["normalized"] else "rows not normalized",
        *([f"networks in {row['precision']}"] if row["precision"] else []),
        *more,
    ]
    if row["chance"] is not None:
        parts.append(f"chance {row['chance']:.4f} for one pair of unrelated layers")
    if row["null_best_low"] is not None:
        parts.append(f"permutation null of the best, mean {_format_range(row)}")
    elif row["chance"] is not None:
        parts.append("no permutations, so what the best of a table scores by chance is not known")
    if not row["higher_is_closer"]:
        parts.append("lower is closer")
    return parts


def _format_range(row: dict[str, Any]) -> str:
    low, high = f"{row['null_best_low']:.4f}", f"{row['null_best_high']:.4f}"
    return low if low == high else f"{low} to {high}"


def describe_corrupt_images(row: dict[str, Any]) -> list[str]:
    """Say how many images were left out, if any were."""
    skipped = row["skipped"]
    return [f"{skipped} corrupt images left out for every model"] if skipped else []


def describe_measured(row: dict[str, Any], models: str | None = None) -> list[str]:
    """Say what was measured, in two lines.

    Args:
        row: the row of `queries.measured`.
        models: which models a figure shows; None says how many were measured.
    """
    row = plained(row)
    captions = f"captions pooled by {row['pooling']}, prompt {row['prompt']}"
    parts = [
        *describe_setting(row, captions),
        *_describe_calibration(row),
        *describe_corrupt_images(row),
    ]
    when = "imported" if row["published"] else "measured"
    origin = [
        models
        or f"{row['models_x']} {row['modality_x']} × "
        f"{counted(row['models_y'], row['modality_y'] + ' model')}",
        *(["published by others, not measured here"] if row["published"] else []),
        f"run {row['runs']}",
        f"{when} {row['measured_at']}",
        f"pairs from {row['source']} ({row['license']})",
    ]
    return [" · ".join(parts), " · ".join(origin)]


def _describe_calibration(row: dict[str, Any]) -> list[str]:
    """Say how a score was calibrated and where its interval comes from, as far as it was."""
    listed = []
    if row["permutations"]:
        listed.append(f"{row['permutations']} permutations (seed {row['seeds']})")
    if row["interval_method"]:
        listed.append(f"{100 * row['interval_level']:g} % interval by {row['interval_method']}")
    return [", ".join(listed)] if listed else []


def describe_text(text: dict[str, Any]) -> str:
    """Say what bits per byte were measured on, in one line.

    Args:
        text: a row of `queries.texts`.
    """
    text = plained(text)
    models = counted(text["models"], "model")
    if text["tokens"] is None:
        return (
            f"Bits per byte of {text['text']}: {models}, published by others "
            f"({text['published_in']}) · imported {text['measured_at']}"
        )
    start = {"bos": "all tokens scored, after a start token", "none": "first token not scored"}
    policy = start.get(text["starts_with"], "first token scored where a model has a start token")
    return (
        f"Bits per byte of {text['text']}: {models}, up to {text['tokens']:,} "
        f"tokens of {text['documents']:,} documents, {policy}, {text['shortest_context']:,} to "
        f"{text['longest_context']:,} tokens of context · measured {text['measured_at']}"
    )


def describe_skill(skill: dict[str, Any], text: dict[str, Any] | None) -> str:
    """Say where a skill's scores come from, in one line.

    Args:
        skill: a row of `queries.skills`.
        text: the row of `queries.texts`, where the skill is to predict one.
    """
    if text is not None and text["tokens"] is not None:
        return describe_text(text)
    skill = plained(skill)
    models = counted(skill["models"], "model")
    parts = [f"{skill['skill']}: {models}, collection {skill['collection']}"]
    parts += [skill["source"]] if skill["source"] else []
    parts += [f"license {skill['license']}"] if skill["license"] else []
    return " · ".join(parts) + (f" · {skill['note']}" if skill["note"] else "")


def describe_missing_skill(skill: str, language: bool) -> str:
    """Say that no model of this figure has a skill, and what to do."""
    makes = (
        "`prh bits` measures bits per byte, `prh import` brings in benchmarks."
        if language
        else "`prh import csv` brings in benchmarks of vision models."
    )
    return f"No model measured here has a score for {plain(skill)}. {makes}"


MUCH = 0.5
"""Neighbors chosen by row order on both sides beyond which a score says little."""
SOME = 0.05
"""Share of them that is worth saying."""


def describe_ties(frame: pl.DataFrame) -> str:
    """Warn where row order chose neighbors on both sides; nothing where it hardly did.

    Args:
        frame: answer of `queries.alignment`, all of it or one pair.
    """
    known = frame.drop_nulls(["tied_x", "tied_y"])
    both = known.with_columns(least=pl.min_horizontal("tied_x", "tied_y"))
    found = both.filter(pl.col("least") > SOME).sort("least", descending=True)
    if found.is_empty():
        return ""
    worst = found.row(0, named=True)
    name = f"{plain(worst['label_x'])} with {plain(worst['label_y'])}"
    shares = f"{worst['tied_x']:.0%} and {worst['tied_y']:.0%}"
    listed = (
        f"\n\n**Ties.** In {len(found)} of {len(frame)} pairs of models, on both sides, several "
        "samples are equally near and row order chose among them (captions that repeat, few "
        f"distinct features): most of all {name}, {shares} of their neighbors. The permutation "
        "null chooses anew, so p stays right."
    )
    if worst["least"] > MUCH:
        listed += (
            f" Where more than {MUCH:.0%} is chosen so on both sides, the score says little about "
            "the models: it is mostly the order of the rows."
        )
    return listed


Q_MEANING = (
    "q is the p-value, two-sided, of no relation among independent models (of r by Student's t, of "
    "ρ by shuffling models), corrected for all lines shown (Benjamini and Hochberg)."
)


def count_models(lines: pl.DataFrame) -> str:
    """Say over how many models lines run: one number, or the fewest and the most."""
    few, many = lines["models"].min(), lines["models"].max()
    return f"{many}" if few == many else f"{few} to {many}"
