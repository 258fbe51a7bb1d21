"""What the layers of two models answer, and what third models say of pairs not scored."""

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


def find_bounds(bounds: pl.DataFrame, *, first: str, metric: str, samples: int) -> findings.Finding:
    """Say how narrowly third models hold the scores that are missing.

    Args:
        bounds: of `statistics.bound_unscored`, one row at least.
        first: label of the model they are missing of.
        metric: name, with its k.
        samples: n.
    """
    narrow = bounds.sort(pl.col("high") - pl.col("low"), "label_c").row(0, named=True)
    above = bounds.filter(pl.col("low") > 0).height
    models = "1 model" if bounds.height == 1 else f"{bounds.height} models"
    through = sorted({narrow["low_through"] or narrow["high_through"], narrow["high_through"]})
    held = f"above zero for {above} of them" if above else "above zero for none of them"
    said = (
        f"Inconclusive: {first} was not scored with {models}. Third models hold its {metric} "
        f"{held}; narrowest, with {narrow['label_c']}: {narrow['low']:.3f} to "
        f"{narrow['high']:.3f}, through {' and '.join(through)}."
    )
    alien = bounds.filter(pl.col("kin") == 0).height
    doubt = (
        f"Bounds hold for these n = {samples:,} samples whatever the models; what independence "
        "given the third expects is no bound"
    )
    if alien:
        doubt += (
            f", and for {alien}, with no third model of the modality of either, far below what "
            "they would score"
        )
    return findings.Finding("inconclusive", said, doubt, "Paper: not asked")
