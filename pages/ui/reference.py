"""What scores are held against: the permutation null, or chance of one pair, said so."""

from typing import NamedTuple

import polars as pl


class Reference(NamedTuple):
    """Where a chart draws its dashed line, or its band where scores differ in it."""

    low: float
    high: float
    label: str
    """What it is, in a few words with its figures."""


RAW, CALIBRATED, MINUS_CONTROL = "raw", "calibrated", "minus untrained control"
"""The scores that pages offer, where they are known."""
_BEST = {
    "null_threshold": "threshold of the permutation null (5 %)",
    "null_best_mean": "permutation null, mean of the best",
}


def held_against(frame: pl.DataFrame, scores: str = RAW) -> Reference | None:
    """Return what the scores of a frame are held against; None where nothing is known.

    Calibrated scores are held against their threshold, those less their control against it.

    A score that is the best over a table of layers is held against its threshold: what the best
    of a table whose samples were permuted exceeds in 5 %. A mean of scores, whose threshold is not
    known, is held against the mean best of permuted tables. Where one of the scores has neither
    (no permutations), only the chance of one pair of layers is known, which the best of a table
    exceeds without any relation: it is called so.

    Args:
        frame: a row per score, with the columns chance, null_best_mean and, of single scores,
            null_threshold.
        scores: raw, calibrated or minus untrained control.
    """
    if scores in _MOVED:
        return _MOVED[scores]
    for column, label in _BEST.items():
        best = frame[column] if column in frame.columns else pl.Series([None])
        if frame.height and not best.null_count():
            low, high = float(min(best)), float(max(best))
            ends = f"{low:.3f}" if f"{low:.3f}" == f"{high:.3f}" else f"{low:.3f} to {high:.3f}"
            return Reference(low, high, f"{label} {ends}")
    chance = frame["chance"]
    known = chance.drop_nulls()
    if known.is_empty():
        return None
    return one_pair(float(known[0]), " (best of a table unknown)")


def held_along(frame: pl.DataFrame) -> tuple[pl.DataFrame, str] | None:
    """Return the frame with what each row is held against in `held`, and what that is, in words.

    Args:
        frame: as in `held_against`, its rows differing in k, which both depend on.
    """
    if frame.height and not frame["null_best_mean"].null_count():
        return frame.with_columns(held="null_best_mean"), "the mean best of the permutation null"
    if frame["chance"].is_null().all():
        return None
    label = (
        "the chance of one pair of layers: some scores have no permutations, so what the best of a "
        "table scores by chance, which is more, is not known"
    )
    return frame.with_columns(held="chance"), label


def one_pair(chance: float, more: str = "") -> Reference:
    """Return the chance of one pair of layers as what scores are held against."""
    return Reference(chance, chance, f"chance of one pair {chance:.3f}{more}")


THRESHOLD = Reference(0.0, 0.0, "threshold of the permutation null")
"""What calibrated scores are held against."""
CONTROL = Reference(0.0, 0.0, "untrained control")
"""What scores less their control are held against."""
_MOVED = {CALIBRATED: THRESHOLD, MINUS_CONTROL: CONTROL}
