"""Where a reader's model stands: the answer."""

import polars as pl

from pages.ui import findings
from pages.ui.findings import Finding


def find(frame: pl.DataFrame, *, modality: str, other: str) -> Finding | None:
    """Say whether a model agrees with those of another side; None without a trained partner.

    Args:
        frame: answer of `queries.place`.
        modality: of the model.
        other: of its partners.
    """
    own = frame.filter(pl.col("is_own") & pl.col("partner_trained"))
    if own.is_empty():
        return None
    best = own.sort("score", descending=bool(own["higher_is_closer"][0]), maintain_order=True)
    closest = best.row(0, named=True)
    controls = frame.filter(
        ~pl.col("is_own") & ~pl.col("trained") & (pl.col("partner_id") == closest["partner_id"])
    )["score"].sort(descending=closest["higher_is_closer"])
    tested = own.drop_nulls("q_value")
    return findings.standing(
        own["label"][0],
        modality,
        other,
        tested=tested.height,
        exceed=tested.filter(pl.col("q_value") <= 0.05).height,
        best=closest,
        control=controls[0] if len(controls) else None,
    )
