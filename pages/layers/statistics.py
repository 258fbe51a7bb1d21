"""Where in two models the best pair of layers lies: frames in, records out."""

from typing import Any, NamedTuple

import polars as pl


class Best(NamedTuple):
    """The best pair of layers of two models."""

    language_depth: float | None
    """0 the first layer, 1 the last; None where all layers concatenated were best."""
    vision_depth: float | None


def place_best(layers: pl.DataFrame) -> Best:
    """Return how deep in each model the best pair of layers lies.

    Args:
        layers: answer of `queries.layers`.
    """
    best = layers.filter("best").row(0, named=True)
    return Best(*(_depth(layers, best, side) for side in ("language", "vision")))


def _depth(layers: pl.DataFrame, best: dict[str, Any], side: str) -> float | None:
    if best[f"{side}_concatenated"]:
        return None
    single = layers.filter(~pl.col(f"{side}_concatenated"))
    last = single.select(pl.col(f"{side}_layer").max()).item()
    return best[f"{side}_layer"] / last if last else 1.0
