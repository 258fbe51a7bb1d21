"""What whiskers hold, and how much of a score row order decided, in words."""

import polars as pl

MUCH = 0.5
"""Neighbors chosen by row order on both sides beyond which a score says little."""
SOME = 0.05
"""Share of them that is worth saying."""


def whiskers(frame: pl.DataFrame) -> str:
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


def tied(frame: pl.DataFrame) -> str:
    """Warn where row order chose neighbors on both sides; nothing where it hardly did.

    Args:
        frame: answer of `queries.alignment`, all of it or one pair.
    """
    known = frame.drop_nulls(["language_tied", "vision_tied"])
    both = known.with_columns(least=pl.min_horizontal("language_tied", "vision_tied"))
    found = both.filter(pl.col("least") > SOME).sort("least", descending=True)
    if found.is_empty():
        return ""
    worst = found.row(0, named=True)
    name = f"{worst['language_label']} with {worst['vision_label']}"
    shares = f"{worst['language_tied']:.0%} and {worst['vision_tied']:.0%}"
    told = (
        f"\n\n**Ties.** In {len(found)} of {len(frame)} pairs of models, on both sides, several "
        "samples are equally near and row order chose among them (captions that repeat, few "
        f"distinct features): most of all {name}, {shares} of their neighbors. Relabeled tables "
        "choose anew, so p stays right."
    )
    if worst["least"] > MUCH:
        told += (
            f" Where more than {MUCH:.0%} is chosen so on both sides, the score says little about "
            "the models: it is mostly the order of the rows."
        )
    return told
