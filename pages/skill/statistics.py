"""Whether skill grows, and emerges, along alignment, by prh_core: frames in and out."""

import functools
from typing import Any, NamedTuple

import polars as pl

from pages.ui import trends
from pages.ui.remembered import remembered
from prh_core.emergence import Emergence, emergence_test
from prh_core.errors import TrendError

_LINE = "all models"


class Predicted(NamedTuple):
    """What alignment says of skill."""

    line: dict[str, Any] | None
    """The fitted line, a row of `trends.LINE`; None where there is none."""
    curve: pl.DataFrame
    """Along it: x, fit and its 95 % interval."""
    emergence: Emergence | None


@remembered
def predict(frame: pl.DataFrame) -> Predicted:
    """Fit skill along alignment: a line with its interval, and curves without and with an onset.

    Args:
        frame: answer of `queries.skill`.
    """
    fitted = trends.along(
        frame.with_columns(line=pl.lit(_LINE)),
        x="alignment", line="line", family="language_family", y="score",
    )  # fmt: skip
    line = None if fitted.lines.is_empty() else fitted.lines.row(0, named=True)
    return Predicted(line, fitted.curves, run_emergence_test(frame))


@remembered
def run_emergence_test(frame: pl.DataFrame) -> Emergence | None:
    """Test whether skill emerges along alignment; None where it cannot be tested.

    Args:
        frame: answer of `queries.skill`.
    """
    known = frame.drop_nulls(["alignment", "score"])
    return _tested(tuple(known["alignment"].to_list()), tuple(known["score"].to_list()))


@functools.lru_cache(maxsize=128)
def _tested(alignment: tuple[float, ...], score: tuple[float, ...]) -> Emergence | None:
    """Simulate once what readers and pages ask again and again."""
    try:
        return emergence_test(list(alignment), list(score))
    except TrendError:
        return None
