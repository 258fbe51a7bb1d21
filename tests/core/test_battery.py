"""A slice of the battery of docs/error-rates.md: p-values reject as often as they say."""

import pytest

from prh_core import all_metrics
from tests.bench.battery import ALPHA, WORLDS, rejections

TRIALS = 20
SLICE = (
    "heavy tails",
    "2 classes, one-hot",
    "10 classes, one-hot",
    "mean 1e4",
)
"""The others take their turn when the battery runs whole."""


@pytest.mark.parametrize("world", SLICE)
def test_independent_models_are_rejected_as_often_as_said(world: str) -> None:
    assert world in WORLDS
    rates = rejections(world, TRIALS)
    assert set(rates) == {metric.name for metric in all_metrics()}
    # 1 expected of 20; more than 5 by any of 23 metrics come once in a hundred worlds.
    allowed = ALPHA * TRIALS + 4.8 * (ALPHA * (1 - ALPHA) * TRIALS) ** 0.5
    for name, rate in rates.items():
        assert rate.rejected <= allowed, (name, rate)
        # Of two classes half of all distances are 0: no median to make a bandwidth of.
        if (world, name) != ("2 classes, one-hot", "cka_rbf"):
            assert rate.tried == TRIALS, (name, rate)


def test_weak_alignment_is_found() -> None:
    rates = rejections("Gaussian", 25, share=0.3)
    for name in ("mutual_knn", "jaccard_knn", "cka", "unbiased_cka", "cknna", "rsa"):
        assert rates[name].share > 0.5, (name, rates[name])
