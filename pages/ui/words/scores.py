"""Scores of language against vision, and trends over them, in words."""

from typing import Any

import polars as pl

from pages.ui.words.settings import corrupt, how


def measured(row: dict[str, Any], models: str | None = None) -> list[str]:
    """Say what was measured, in two lines.

    Args:
        row: the row of `queries.measured`.
        models: which models a figure shows; None says how many were measured.
    """
    captions = f"captions pooled by {row['pooling']}, prompt {row['prompt']}"
    parts = [*how(row, captions), *_certainty(row), *corrupt(row)]
    when = "imported" if row["published"] else "measured"
    origin = [
        models or f"{row['language_models']} language × {row['vision_models']} vision models",
        *(["published by others, not measured here"] if row["published"] else []),
        f"run {row['runs']}",
        f"{when} {row['measured_at']}",
        f"pairs from {row['source']} ({row['license']})",
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


def trended(dataset: str, frame: pl.DataFrame) -> list[str]:
    """Say what stands behind small multiples by metric, in one line.

    Args:
        dataset: its name.
        frame: answer of `queries.metric_trends`.
    """
    parts = [
        f"{dataset}: n = {frame['n'].max()}",
        f"{frame['language_model'].n_unique()} language × {frame['vision_model'].n_unique()} "
        "vision models, trained only",
        "each metric under its customary setting (see the table)",
    ]
    return [" · ".join(parts)]


def rising(lines: pl.DataFrame) -> str:
    """Say under which metrics alignment rises with skill.

    Args:
        lines: of `trends.along`, every metric's, with its name in `metric`, corrected together.
    """
    if lines.is_empty():
        return "A line needs three trained models with this skill."
    told = "; ".join(
        f"{metric}: r from {low:.2f} to {high:.2f} ({firm} of {count} lines with q ≤ .05)"
        for metric, low, high, firm, count in lines.drop_nulls("r")
        .group_by("metric", maintain_order=True)
        .agg(
            pl.col("r").min().alias("low"),
            pl.col("r").max().alias("high"),
            (pl.col("q_value") <= 0.05).sum().alias("firm"),
            pl.len().alias("count"),
        )
        .iter_rows()
    )
    return (
        f"Along the lines of each metric, over {_counted(lines)} trained models each, {told}. "
        f"{_Q_MEANS} Each panel has a scale of its own: a metric's "
        "unit is not another's. Where lower is closer (Procrustes), agreement falls as the line "
        "rises; calibrated scores all rise with agreement."
    )


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


def skilled(skill: dict[str, Any], text: dict[str, Any] | None) -> str:
    """Say where a skill's scores come from, in one line.

    Args:
        skill: a row of `queries.skills`.
        text: the row of `queries.texts`, where the skill is to predict one.
    """
    if text is not None and text["tokens"] is not None:
        return predicted(text)
    parts = [f"{skill['skill']}: {skill['models']} models, collection {skill['collection']}"]
    parts += [skill["source"]] if skill["source"] else []
    parts += [f"license {skill['license']}"] if skill["license"] else []
    return " · ".join(parts) + (f" · {skill['note']}" if skill["note"] else "")


def fits(lines: pl.DataFrame) -> str:
    """Say how closely alignment follows the skill.

    Args:
        lines: of `trends.along`.
    """
    if lines.is_empty():
        return "A line needs three trained models with this skill."
    told = "; ".join(
        f"{row['line']} r = {row['r']:.2f}, ρ = {row['rho']:.2f} (n = {row['models']}, "
        f"q = {_short(row['q_value'])} and {_short(row['rho_q'])})"
        for row in lines.drop_nulls("r").sort("r", descending=True).to_dicts()
    )
    return (
        f"Along each line, over {_counted(lines)} trained models: {told}. {_Q_MEANS} The shade, "
        "from five models on, is the 95 % interval of a line that takes every model as "
        "independent. Models of one family are not: the table says what is left within families, "
        "and without each."
    )


_Q_MEANS = (
    "q is the p-value, two-sided, of no relation among independent models (of r by Student's t, of "
    "ρ by shuffling models), corrected for all lines shown (Benjamini and Hochberg)."
)


def _counted(lines: pl.DataFrame) -> str:
    few, many = lines["models"].min(), lines["models"].max()
    return f"{many}" if few == many else f"{few} to {many}"


def slopes(lines: pl.DataFrame) -> pl.DataFrame:
    """Return a readable row per line: its slope, that within families, and that without each.

    Args:
        lines: of `trends.along`.
    """
    return pl.DataFrame(
        [
            {
                "model": row["line"],
                "models": row["models"],
                "r": _fixed(row["r"]),
                "ρ": _fixed(row["rho"]),
                "slope": _ranged(row["slope"], row["slope_low"], row["slope_high"]),
                "p": _short(row["p_value"]),
                "q": _short(row["q_value"]),
                "slope within families": _ranged(
                    row["within_slope"], row["within_low"], row["within_high"]
                ),
                "p within families": _short(row["within_p"]),
                "q within families": _short(row["within_q"]),
                "families compared": row["families"],
                "lowest slope without a family": _named(
                    row["lowest_without"], row["lowest_family"]
                ),
                "highest": _named(row["highest_without"], row["highest_family"]),
            }
            for row in lines.to_dicts()
        ]
    )


def _fixed(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"


def _ranged(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" + ("" if low is None else f" ({low:.2g} to {high:.2g})")


def _named(value: float | None, family: str | None) -> str:
    return "" if value is None else f"{value:.3g} (without {family})"


def without(frame: pl.DataFrame, column: str, label: str) -> str:
    """Name the models that lack a skill; nothing where all have it.

    Args:
        frame: answer of `queries.alignment`.
        column: the skill's.
        label: of the models' names.
    """
    lacking = frame.filter(pl.col(column).is_null())[label].unique().sort()
    if lacking.is_empty():
        return ""
    encoder = " An encoder has no bits per byte at all: it does not predict the next token."
    return f"\n\nNot shown, since this skill of theirs is not known: {', '.join(lacking)}." + (
        encoder if column == "language_score" else ""
    )


def ks(frame: pl.DataFrame) -> str:
    """Say which models and ks stand behind a picture of local and global agreement.

    Args:
        frame: answer of `queries.local`.
    """
    told = ", ".join(str(k) for k in frame["k"].unique().sort())
    return (
        f"k = {told} · {frame['language_models'][0]} language × "
        f"{frame['vision_model'].n_unique()} vision models"
    )


def ungrown(frame: pl.DataFrame) -> str:
    """Name the vision models whose growth is not told, and say why; nothing where all is.

    Args:
        frame: answer of `queries.local`.
    """
    few = _models(frame.filter(pl.col("no_growth") == "few"))
    equal = frame.filter(pl.col("no_growth") == "equal")
    told = ""
    if few:
        told += (
            f"\n\nWithout growth, fewer than three of their family here: {few}. Two sizes are "
            "inconclusive: in standard deviations they are √2 apart, whatever was measured."
        )
    for (k,), rows in equal.group_by("k", maintain_order=True):
        told += f"\n\nWithout growth at k = {k}, since their alignments are equal: {_models(rows)}."
    return told


def _models(frame: pl.DataFrame) -> str:
    return ", ".join(frame["vision_label"].unique().sort())


def nobody_can(skill: str, language: bool) -> str:
    """Say that no model of this figure has a skill, and what to do."""
    makes = (
        "`prh bits` measures bits per byte, `prh import` brings in benchmarks."
        if language
        else "`prh import csv` brings in benchmarks of vision models."
    )
    return f"No model measured here has a score for {skill}. {makes}"


def _certainty(row: dict[str, Any]) -> list[str]:
    """Say how a score was calibrated and where its interval comes from, as far as it was."""
    told = []
    if row["permutations"]:
        told.append(f"{row['permutations']} permutations (seed {row['seeds']})")
    if row["interval_method"]:
        told.append(f"{100 * row['interval_level']:g} % interval by {row['interval_method']}")
    return [", ".join(told)] if told else []
