"""Where in two models the best pair of layers lies: frames in, records out."""

from typing import Any, NamedTuple

import polars as pl


class Best(NamedTuple):
    """The best pair of layers of two models."""

    depth_x: float | None
    """0 the first layer, 1 the last; None where all layers concatenated were best."""
    depth_y: float | None


def place_best(layers: pl.DataFrame) -> Best:
    """Return how deep in each model the best pair of layers lies.

    Args:
        layers: answer of `queries.layers`.
    """
    best = layers.filter("best").row(0, named=True)
    return Best(*(_depth(layers, best, side) for side in ("x", "y")))


def _depth(layers: pl.DataFrame, best: dict[str, Any], side: str) -> float | None:
    if best[f"concatenated_{side}"]:
        return None
    single = layers.filter(~pl.col(f"concatenated_{side}"))
    last = single.select(pl.col(f"layer_{side}").max()).item()
    return best[f"layer_{side}"] / last if last else 1.0
