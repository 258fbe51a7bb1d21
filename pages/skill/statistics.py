"""Whether skill emerges along alignment, by prh_core."""

import polars as pl

from prh_core.emergence import Emergence, emergence_test
from prh_core.errors import TrendError


def run_emergence_test(frame: pl.DataFrame) -> Emergence | None:
    """Test whether skill emerges along alignment; None where it cannot be tested.

    Args:
        frame: answer of `queries.skill`.
    """
    known = frame.drop_nulls(["alignment", "score"])
    try:
        return emergence_test(known["alignment"].to_list(), known["score"].to_list())
    except TrendError:
        return None
