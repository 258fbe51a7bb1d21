"""What the layers of two models answer."""

from typing import Any

import polars as pl

from pages.layers.statistics import place_best
from pages.ui import findings


def find(
    pair: dict[str, Any], layers: pl.DataFrame, *, metric: str, samples: int
) -> findings.Finding:
    """Say where two models agree most, and whether that is more than chance.

    Args:
        pair: its row of `queries.alignment`.
        layers: answer of `queries.layers`.
        metric: name, with its k.
        samples: n.
    """
    best = place_best(layers)
    return findings.layers(
        first=pair["label_x"],
        second=pair["label_y"],
        score=pair["alignment"],
        depth_x=best.depth_x,
        depth_y=best.depth_y,
        concatenated_x=best.depth_x is None,
        concatenated_y=best.depth_y is None,
        low=pair["interval_low"],
        high=pair["interval_high"],
        q=pair["q_value"],
        metric=metric,
        samples=samples,
        trained=pair["trained"],
    )
