"""q-values where many tests stand together: frames in, frames out."""

import numpy as np
import polars as pl

from prh_core.calibration import benjamini_hochberg


def with_q(frame: pl.DataFrame, p: str = "p_value", q: str = "q_value") -> pl.DataFrame:
    """Add the column `q`: p corrected for all tests of the frame (Benjamini and Hochberg).

    Args:
        frame: a row per test; the family is the frame. Where p is null, so is q.
        p: column of the p-values.
        q: column to add.
    """
    known = frame[p].is_not_null().to_numpy()
    found: list[float | None] = [None] * frame.height
    corrected = benjamini_hochberg(frame[p].drop_nulls().cast(pl.Float64).to_numpy())
    for place, value in zip(np.flatnonzero(known).tolist(), corrected.tolist(), strict=True):
        found[place] = value
    return frame.with_columns(pl.Series(q, found, dtype=pl.Float64))
