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
    # Two models of one modality stand in both orders.
    tested = trained.unique("unit_key", maintain_order=True).drop_nulls("q_value")
    models = pl.concat([trained["model_x"], trained["model_y"].rename("model_x")]).n_unique()
    return Meeting(
        trained["unit_key"].n_unique(),
        models,
        int((tested["q_value"] <= 0.05).sum()) if tested.height else None,
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
        side: x or y.
    """
    other = "y" if side == "x" else "x"
    known = pairs.drop_nulls([f"score_{side}", "alignment"])
    count = known[f"model_{side}"].n_unique()
    complete = known.group_by(f"label_{other}").agg(pl.col(f"model_{side}").n_unique().alias("n"))
    kept = complete.filter(pl.col("n") == count)[f"label_{other}"]
    means = (
        known.filter(pl.col(f"label_{other}").is_in(kept.implode()))
        .group_by(f"label_{side}", maintain_order=True)
        .agg(
            pl.col("alignment").mean(),
            pl.col(f"score_{side}").first(),
            pl.col(f"group_{side}").first(),
        )
        .with_columns(line=pl.lit("mean"))
    )
    lines = along(means, x=f"score_{side}", line="line", family=f"group_{side}").lines
    row = lines.row(0, named=True) if lines.height else None
    return MeanTrend(row, count, len(kept))


def is_enough_for_a_trend(predicted: pl.DataFrame) -> bool:
    """Tell whether a text's bits per byte are known of enough models here for a line."""
    return predicted.height > 0 and int(predicted["here"][0]) >= 4
