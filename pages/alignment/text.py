"""Models of one side against models of another, in words."""

from typing import Any

import polars as pl

from pages.ui import queries as shared
from pages.ui.plain import plain
from pages.ui.text import Q_MEANING, count_models, describe_skill, name_metric


def describe_whiskers(frame: pl.DataFrame) -> str:
    """Say what the whiskers beside best scores hold; nothing where there are none.

    Args:
        frame: answer of `queries.alignment`.
    """
    if frame["interval_low"].is_null().all():
        return ""
    if frame["selection_free"].is_null().all():
        return (
            " Whiskers are intervals of the pair of layers that was best as if it had been chosen "
            "beforehand: it was chosen by the same samples, so they lie too high. `prh score` "
            "makes them anew."
        )
    return (
        " **Whiskers** are 95 % intervals of the expected score of the pair of layers that came "
        "out best, its having been chosen by the same samples undone; the **tick** is the estimate "
        "free of that choice, as often too high as too low. The dot is the best score itself, "
        "which owes some of its height to luck and may lie above its whisker."
    )


def describe_fits(lines: pl.DataFrame) -> str:
    """Say how closely alignment follows the skill.

    Args:
        lines: of `trends.along`.
    """
    if lines.is_empty():
        return "A line needs three trained models with this skill."
    listed = "; ".join(
        f"{plain(row['line'])} r = {row['r']:.2f}, ρ = {row['rho']:.2f} (n = {row['models']}, "
        f"q = {_short(row['q_value'])} and {_short(row['rho_q'])})"
        for row in lines.drop_nulls("r").sort("r", descending=True).to_dicts()
    )
    return (
        f"Along each line, over {count_models(lines)} trained models: {listed}. {Q_MEANING} The "
        "shade, from five models on, is the 95 % interval of a line that takes every model as "
        "independent. Models of one family are not: the table says what is left within families, "
        "and without each."
    )


def tabulate_slopes(lines: pl.DataFrame) -> pl.DataFrame:
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
                "lowest slope without a family": _name_family(
                    row["lowest_without"], row["lowest_family"]
                ),
                "highest": _name_family(row["highest_without"], row["highest_family"]),
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


def _name_family(value: float | None, family: str | None) -> str:
    return "" if value is None else f"{value:.3g} (without {family})"


def list_models_without_skill(frame: pl.DataFrame, column: str, label: str) -> str:
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
    reads = frame[column.replace("score", "modality")][0] == "language"
    return (
        f"\n\nNot shown, since this skill of theirs is not known: {plain(', '.join(lacking), 600)}."
        + (encoder if reads else "")
    )


def describe_reading(
    measured: dict[str, Any], *, scale: str, concatenated: bool, lines: bool
) -> str:
    """Say what the numbers are, and what not to compare.

    Args:
        measured: the row of `queries.measured`.
        scale: raw, calibrated or minus untrained control.
        concatenated: whether concatenated layers are candidates.
        lines: whether the picture has a line of chance.
    """
    candidates = ", concatenated layers included. " if concatenated else ". "
    told = "Each number is the best over all pairs of layers of the two models" + candidates
    if scale.startswith("minus"):
        told = (
            "Each number is a score less that of its **untrained control**: the closest that "
            "either model of the pair comes to a randomly initialized model of the other side. "
            "Above zero, training adds to what architecture and pictures alone bring. "
        )
    elif scale == "calibrated":
        told += "**Calibrated**: 0 is the threshold of the permutation null, 1 is identical. "
    if concatenated and measured["permutations"]:
        told += (
            "An asterisk marks **q < .05**: the score lies beyond what the best of the whole layer "
            f"table reaches in {plain(measured['permutations'])} tables whose samples were "
            "permuted, corrected for the number of pairs (Benjamini and Hochberg). "
        )
        if lines and scale == "raw":
            told += (
                "The dashed line is the **threshold** of that null, which 5 % of permuted tables "
                "exceed; pairs differ in it, so it may be a band. "
            )
    elif scale == "raw":
        told += (
            "**Chance** is what one pair of unrelated layers scores on average; the best of many "
            "pairs lies above it without any relation, and how far is not known here. "
        )
    return told + "Scores fall as n grows at a fixed k: never compare across n."


def describe_source(skill: str, modality: str, dataset_id: str) -> str:
    """Say where a skill's scores come from.

    Args:
        skill: its name.
        modality: of the models.
        dataset_id: whose models are shown.
    """
    there = shared.skills(dataset_id).frame
    found = there.filter(pl.col("skill") == skill, pl.col("modality") == modality)
    return describe_skill(found.row(0, named=True), shared.text_of(skill))


def name_apart(left: dict[str, Any], right: dict[str, Any]) -> tuple[str, str]:
    """Name two settings by what differs between them.

    Args:
        left: a row of `queries.measured`.
        right: another.
    """
    words = {"dataset": "", "n": "n = ", "truncation": "truncation ", "pooling": "pooling ",
             "prompt": "prompt ", "precision": ""}  # fmt: skip
    names = tuple(
        ", ".join(
            [name_metric(one)] * (name_metric(left) != name_metric(right))
            + [f"{lead}{one[key]}" for key, lead in words.items() if left[key] != right[key]]
        )
        for one in (left, right)
    )
    first, second = names
    if first == second:
        return f"{first or name_metric(left)} (left)", f"{second or name_metric(right)} (right)"
    return first, second


SLOPES = (
    "p: of a slope of zero, which is that of r, if all models were independent (Student's t, "
    "two-sided); q: corrected for the lines of the table (Benjamini and Hochberg). Within "
    "families: one slope, an intercept per family; its p shuffles the skill among the models "
    "of a family only, all shuffles where they are few. Families with a single model say "
    "nothing there."
)
"""How to read the table of slopes."""
