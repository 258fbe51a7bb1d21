"""Caption sets, in words."""

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from pages.ui.plain import plain, plained
from pages.ui.reference import CALIBRATED, MINUS_CONTROL, RAW

_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_ESCAPED = r"\\\1"


def describe_study(row: dict[str, Any]) -> list[str]:
    """Say what was measured, in two lines.

    Args:
        row: of `queries.caption_studies`.
    """
    row = plained(row)
    how = f"n = {row['n']:,}" + (f" · k = {row['k']}" if row["k"] is not None else "")
    return [
        f"{row['dataset']} · {how} · truncation {row['truncation']}"
        + (f" · networks in {row['precision']}" if row["precision"] else "")
        + " · best of all pairs of layers "
        f"· {row['language_models']} trained language and {row['vision_models']} trained vision "
        "models",
        f"{row['sets']} variants compared · run {row['runs']} · measured {row['measured_at']} · "
        f"from {row['source']} ({row['license']})",
    ]


def describe_means(frame: pl.DataFrame) -> list[str]:
    """Say how many models a mean over all of them is of; nothing where lines are of single models.

    Args:
        frame: answer of `queries.caption_overall`, or another.
    """
    if "vision_models" not in frame.columns:
        return []
    row = frame.row(0, named=True)
    return [
        f"A point is the mean over {row['language_models']} language × {row['vision_models']} "
        "vision models, those compared under every caption set; its whisker is the standard "
        f"deviation over the {row['language_models']} language models of their means over vision "
        "models."
    ]


def describe_gains(gains: pl.DataFrame, sets: pl.DataFrame) -> str:
    """Say whether captions that say more align better, what controls do, and how to read it.

    Args:
        gains: answer of `queries.caption_gains`, the mean over vision models.
        sets: answer of `queries.caption_sets`.
    """
    listed = [
        f"- {row['to_set']} against {row['from_set']} ({row['words_more']:+.1f} words): "
        f"{_format_difference(row)}"
        for row in map(plained, gains.iter_rows(named=True))
    ]
    said = [
        "\n".join(listed), describe_repeats(sets), describe_length_adherence(sets)
    ]  # fmt: skip
    return "\n\n".join(part for part in said if part) + (
        "\n\n"
        "A difference is of the same images under two sets of captions, so its interval is that "
        "of the *paired* difference: best layers and neighbor lists are held fixed, pairs of "
        "images that share an image are allowed to depend on each other. Whiskers in the first "
        "chart are the standard deviation over language models, as in the paper; models share "
        "images, so they say nothing about chance. Several models of one set are drawn "
        "a little apart, or whiskers would hide one another. **Controls** take apart what longer "
        "captions bring: the first words only (length), the same words in random order (order), as "
        "many words of other captions (length without what is said)."
    )


def _format_difference(row: dict[str, Any]) -> str:
    if row["interval_low"] is None:
        return f"{row['difference']:+.3f} (not compared directly, so without an interval)"
    return f"{row['difference']:+.3f} ({row['interval_low']:+.3f} to {row['interval_high']:+.3f})"


def describe_repeats(sets: pl.DataFrame) -> str:
    """Warn where several images have one caption; empty where none do.

    Args:
        sets: answer of `queries.caption_sets`.
    """
    repeating = sets.filter(pl.col("distinct_captions") < pl.col("n"))
    if repeating.is_empty():
        return ""
    listed = "; ".join(
        f"{row['caption_set']}, {row['distinct_captions']:,} distinct of {row['n']:,}"
        for row in map(plained, repeating.iter_rows(named=True))
    )
    return (
        f"**Captions repeat:** {listed}. Images that share a caption are equally near to one "
        "another, and row order chooses among them: such a set's score is not of its words alone."
    )


def describe_length_adherence(sets: pl.DataFrame) -> str:
    """Say how far a model that wrote summaries kept to the words it was given; empty without one.

    Args:
        sets: answer of `queries.caption_sets`.
    """
    written = sets.filter(pl.col("writer").is_not_null()).sort("words_asked")
    listed = [
        f"asked for {row['words_asked']:.0f} words, {row['writer']} wrote {row['words']:.1f} ± "
        f"{row['words_spread']:.1f}, and {row['off_length']:,} of {row['n']:,} captions stayed "
        "more than 30 % off after a second try"
        for row in map(plained, written.iter_rows(named=True))
    ]
    return f"**Length adherence:** {'; '.join(listed)}." if listed else ""


def quote_captions(examples: pl.DataFrame) -> str:
    """Return what one image's captions say, as a list; their own signs are no markup.

    Args:
        examples: answer of `queries.caption_examples`.
    """
    listed = []
    for row in examples.iter_rows(named=True):
        count = "1 word" if row["words"] == 1 else f"{row['words']} words"
        control = " · control" if row["control"] else ""
        caption = _MARKUP.sub(_ESCAPED, " ".join(row["caption"].split()))
        listed.append(f"- **{plain(row['caption_set'])}** · {count}{control}  \n  {caption}")
    return "\n".join(listed)


def name_study(row: dict[str, Any]) -> str:
    """Name a study for a control."""
    k = f", k = {row['k']}" if row["k"] is not None else ""
    precision = row["precision"]
    half = f", {precision}" if precision not in (None, "float32") else ""
    return f"{row['dataset']} ({row['truncation']}{k}{half})"


def name_metric(study: Any) -> str:
    """Name the metric of a study; its differences are paired for mutual k-NN alone."""
    return f"Mutual k-NN (k = {study.k})"


def list_known_amounts(means: pl.DataFrame, amounts: Iterable[str]) -> list[str]:
    """Return what density can be counted in: words, and what is known of two sets or more.

    Args:
        means: answer of `queries.caption_means`.
        amounts: columns of it.
    """
    sets = means.filter(~pl.col("pictures"))
    return [
        name
        for name in amounts
        if name == "words" or sets.drop_nulls(name)["dataset_id"].n_unique() > 1
    ]


def list_scores(means: pl.DataFrame) -> list[str]:
    """Return the scores that are known: raw, calibrated, minus untrained control.

    Args:
        means: answer of `queries.caption_means`.
    """
    return [RAW, *(name for name, column in _SCORES.items() if means[column].is_not_null().any())]


def choose_score(frame: pl.DataFrame, score: str) -> pl.DataFrame:
    """Put the chosen score where charts look for it."""
    if score == RAW:
        return frame
    column = _SCORES[score]
    moved = frame.with_columns(alignment=pl.col(column))
    if f"{column}_spread" in frame.columns:
        moved = moved.with_columns(spread=pl.col(f"{column}_spread"))
    return moved


_SCORES = {CALIBRATED: "calibrated", MINUS_CONTROL: "minus_control"}
"""Scores beside the raw one, and their columns."""


def tell_about(row: dict[str, Any], score: str) -> dict[str, Any]:
    """Return what stands behind the chart, for its line and for files.

    Args:
        row: of `queries.caption_studies`.
        score: one of `list_scores`.
    """
    return {
        "dataset": row["dataset"],
        "source": row["source"],
        "license": row["license"],
        "metric": "Mutual k-NN",
        "k": row["k"],
        "n": row["n"],
        "score": score,
        "truncation": row["truncation"],
        "row_order": row["row_order"],
        "run": row["runs"],
        "measured_at": row["measured_at"],
    }


def describe_unscored(sets: int) -> str:
    """Say that caption sets are there, and that no trained pair was scored under them."""
    made = "its one caption set was" if sets == 1 else f"none of its {sets} caption sets was"
    never = "not " if sets == 1 else ""
    return f"{made} {never}scored with a trained language and a trained vision model"


def describe_nothing(means: pl.DataFrame, row: dict[str, Any]) -> str:
    """Say why there is no line to draw, and what to do.

    Args:
        means: answer of `queries.caption_means`.
        row: of `queries.caption_studies`.
    """
    if means.is_empty():
        return (
            f"No pair of a trained language and a trained vision model has a score under the "
            f"caption sets of {plain(row['dataset'])} in this setting: `prh captions` scores them."
        )
    return "No pair of models has such a score under every caption set: choose other lines."


def keep_families(means: pl.DataFrame, families: str) -> pl.DataFrame:
    """Return the rows of `queries.caption_means` of vision models of some families.

    Args:
        means: the answer.
        families: parted by "|"; empty keeps all.
    """
    return means.filter(pl.col("vision_family").is_in(families.split("|"))) if families else means
