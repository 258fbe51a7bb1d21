"""Intervals cover what they say they cover."""

from collections.abc import Iterator

import numpy as np
import pytest

from prh_core import align, all_metrics
from prh_core.errors import PRHError
from prh_core.layers import prepare_layers
from prh_core.metrics import Need
from prh_core.types import as_layers
from tests.core.worlds import two_views

WORLDS, N, K = 500, 100, 5
FAMILIES = {metric.family.name: metric.family for metric in all_metrics()}


def sides(family: str) -> Iterator[tuple]:
    for seed in range(WORLDS):
        yield tuple(
            FAMILIES[family].prepare(prepare_layers(as_layers(view), truncation=None), Need(K))
            for view in two_views(seed, N)
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_95_percent_interval_covers_93_to_97_percent_of_500_worlds(family: str) -> None:
    metrics = [metric for metric in all_metrics() if metric.family.name == family]
    found: dict[str, list[tuple[float, float, float]]] = {metric.name: [] for metric in metrics}
    for x, y in sides(family):
        for metric in metrics:
            score = float(metric.compare(x, y, [K])[0, 0, 0])
            low, high = metric.interval(x, y, (0, 0), K, 0.95, 0)
            found[metric.name].append((score, low, high))
    covered = {}
    for name, rows in found.items():
        score, low, high = np.array(rows).T
        covered[name] = float(np.mean((low <= score.mean()) & (score.mean() <= high)))
    assert all(0.93 <= share <= 0.97 for share in covered.values()), covered


@pytest.mark.parametrize("metric", [metric.name for metric in all_metrics()])
def test_the_interval_holds_the_score_and_widens_with_the_level(metric: str) -> None:
    x, y = two_views(3)
    narrow = align(x, y, metric=metric, k=K, confidence=0.5)
    wide = align(x, y, metric=metric, k=K, confidence=0.99)
    assert narrow.interval is not None and wide.interval is not None
    assert wide.interval.low < narrow.interval.low <= narrow.score
    assert narrow.score <= narrow.interval.high < wide.interval.high


def test_a_level_that_is_no_probability_is_refused() -> None:
    x, y = two_views(3)
    with pytest.raises(PRHError, match="between 0 and 1, got 95"):
        align(x, y, confidence=95.0)
