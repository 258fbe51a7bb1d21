"""The same samples scored twice: a difference of scores, and how sure it is."""

from collections.abc import Sequence
from typing import NamedTuple

from scipy import sparse

from prh_core.errors import SampleCountError
from prh_core.intervals import dyad_robust, interval_of


class Residuals(NamedTuple):
    """A score and what pairs of samples add to it, as `metrics.neighbors.mutual_residuals`."""

    score: float
    pairs: sparse.csr_array
    """(n, n)."""


class Difference(NamedTuple):
    """What one way of measuring scores beyond another, over the same samples."""

    before: float
    """Mean score of the one."""
    after: float
    """Of the other."""
    difference: float
    low: float
    high: float
    """Interval of the difference."""


def paired_difference(
    before: Sequence[Residuals], after: Sequence[Residuals], *, level: float = 0.95
) -> Difference:
    """Return the mean difference of paired scores, with an interval over samples.

    Both sides are measured on the same samples, so what a pair of samples adds to the one score is
    subtracted from what it adds to the other, and the variance is that of the differences (see
    `intervals.dyad_robust`): smaller than the two intervals suggest where both rise and fall with
    the same samples. Models, their best layers and neighbor lists are held fixed.

    Args:
        before: of each pair of models, in order.
        after: of the same pairs of models.
        level: of the interval.

    Raises:
        SampleCountError: the sides differ in their number of pairs or samples, or hold none.
    """
    if not before or len(before) != len(after):
        raise SampleCountError(
            f"expected as many scores before as after, got {len(before)} and {len(after)}"
        )
    sizes = {one.pairs.shape[0] for one in (*before, *after)}
    if len(sizes) != 1:
        raise SampleCountError(f"expected the same samples, got {sorted(sizes)}")
    count = len(before)
    first = sum(one.score for one in before) / count
    second = sum(one.score for one in after) / count
    total = after[0].pairs - before[0].pairs
    for one, other in zip(before[1:], after[1:], strict=True):
        total = total + other.pairs - one.pairs
    interval = interval_of(
        dyad_robust(second - first, (total / count).tocsr()), -1.0, 1.0, level=level
    )
    return Difference(first, second, second - first, interval.low, interval.high)
