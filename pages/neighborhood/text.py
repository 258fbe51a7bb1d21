"""Alignment from local to global, in words."""

import polars as pl

from pages.ui.plain import plain
from pages.ui.reference import held_along


def describe_neighbors(frame: pl.DataFrame) -> str:
    """Say which models and ks stand behind a picture of local and global agreement.

    Args:
        frame: answer of `queries.local`.
    """
    return (
        f"k = {list_neighbors(frame)} · {frame['language_models'][0]} language × "
        f"{frame['vision_model'].n_unique()} vision models"
    )


def list_neighbors(frame: pl.DataFrame) -> str:
    """Return the numbers of neighbors of an answer of `queries.local`, comma-separated."""
    return ", ".join(str(k) for k in frame["k"].unique().sort())


def describe_missing_growth(frame: pl.DataFrame) -> str:
    """Name the vision models whose growth is not told, and say why; nothing where all is.

    Args:
        frame: answer of `queries.local`.
    """
    few = _list_models(frame.filter(pl.col("no_growth") == "few"))
    equal = frame.filter(pl.col("no_growth") == "equal")
    reasons = ""
    if few:
        reasons += (
            f"\n\nWithout growth, fewer than three of their family here: {few}. Two sizes are "
            "inconclusive: in standard deviations they are √2 apart, whatever was measured."
        )
    for (k,), rows in equal.group_by("k", maintain_order=True):
        names = _list_models(rows)
        reasons += f"\n\nWithout growth at k = {k}, since their alignments are equal: {names}."
    return reasons


def _list_models(frame: pl.DataFrame) -> str:
    return plain(", ".join(frame["vision_label"].unique().sort()), 600)


def describe_reference(frame: pl.DataFrame) -> str:
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
