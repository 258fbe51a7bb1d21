"""What a setting's scores come to, by prh_core: frames in, numbers out."""

from typing import Any, NamedTuple

import polars as pl

from pages.ui.remembered import remembered
from pages.ui.trends import along


class Meeting(NamedTuple):
    """Trained language models with trained vision models, and what untrained ones reach."""

    pairs: int
    models: int
    exceed: int | None
    """Pairs with q at most .05; None where none was tested."""
    best: dict[str, Any] | None
    """The closest of them, a row of `queries.alignment`."""
    control: dict[str, Any] | None
    """The closest pair with an untrained model in it."""


def count_meeting(pairs: pl.DataFrame) -> Meeting:
    """Count the pairs that agree, and find the closest ones.

    Args:
        pairs: answer of `queries.alignment`, raw, with untrained models; the closest first.
    """
    trained, others = pairs.filter("trained"), pairs.filter(~pl.col("trained"))
    tested = trained["q_value"].drop_nulls()
    models = trained["language_model"].n_unique() + trained["vision_model"].n_unique()
    return Meeting(
        trained.height,
        models,
        int((tested <= 0.05).sum()) if len(tested) else None,
        trained.row(0, named=True) if trained.height else None,
        others.row(0, named=True) if others.height else None,
    )


class MeanTrend(NamedTuple):
    """One trend over the models of a side."""

    row: dict[str, Any] | None
    """As `trends.along` gives them; None where there is no trend."""
    models: int
    """Along it."""
    lines: int
    """That it is the mean of."""


@remembered
def mean_trend(pairs: pl.DataFrame, *, side: str) -> MeanTrend:
    """Fit one trend over the models of a side, each with its mean over those of the other.

    Only models of the other side that were compared with all of them count: else the mean would be
    over different models from point to point.

    Args:
        pairs: answer of `queries.alignment`, trained models, with the skill of that side.
        side: language or vision.
    """
    other = "vision" if side == "language" else "language"
    known = pairs.drop_nulls([f"{side}_score", "alignment"])
    count = known[f"{side}_model"].n_unique()
    complete = known.group_by(f"{other}_label").agg(pl.col(f"{side}_model").n_unique().alias("n"))
    kept = complete.filter(pl.col("n") == count)[f"{other}_label"]
    means = (
        known.filter(pl.col(f"{other}_label").is_in(kept.implode()))
        .group_by(f"{side}_label", maintain_order=True)
        .agg(
            pl.col("alignment").mean(),
            pl.col(f"{side}_score").first(),
            pl.col(f"{side}_group").first(),
        )
        .with_columns(line=pl.lit("mean"))
    )
    lines = along(means, x=f"{side}_score", line="line", family=f"{side}_group").lines
    row = lines.row(0, named=True) if lines.height else None
    return MeanTrend(row, count, len(kept))


def is_enough_for_a_trend(predicted: pl.DataFrame) -> bool:
    """Tell whether a text's bits per byte are known of enough models here for a line."""
    return predicted.height > 0 and int(predicted["here"][0]) >= 4
