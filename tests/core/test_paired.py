"""Paired differences: against simulation, and smaller than unpaired ones where both share noise."""

import numpy as np
import pytest

from prh_core import get_metric
from prh_core.errors import SampleCountError
from prh_core.metrics.neighbor_lists import NeighborLists
from prh_core.metrics.neighbors import mutual_residuals
from prh_core.metrics.registry import PrepareOptions
from prh_core.paired import Residuals, paired_difference
from prh_core.prepare import normalize

K = 5


def neighbors(layer: np.ndarray) -> NeighborLists:
    ready = normalize([layer.astype(np.float32)], "made")
    return get_metric("mutual_knn").family.prepare(ready, PrepareOptions(k=K))


def world(n: int, noises: tuple[float, ...], seed: int) -> list[Residuals]:
    """Score a picture of n samples against captions that say less and less of them."""
    rng = np.random.default_rng(seed)
    latent, error = rng.normal(size=(n, 4)), rng.normal(size=(n, 4))
    seen = neighbors(latent + 0.3 * rng.normal(size=(n, 4)))
    found = []
    for noise in noises:
        told = neighbors(latent + noise * error)
        found.append(Residuals(*mutual_residuals(told, seen, (0, 0), K)))
    return found


def test_the_score_is_the_metrics_and_residuals_sum_to_zero() -> None:
    (one,) = world(60, (0.5,), 0)
    assert 0 < one.score < 1
    assert one.pairs.sum() == pytest.approx(0, abs=1e-9)


def test_nothing_changed_is_no_difference() -> None:
    (one,) = world(60, (0.5,), 0)
    found = paired_difference([one], [one])
    assert (found.difference, found.low, found.high) == (0, 0, 0)


def test_a_mean_over_models_is_the_mean_of_their_differences() -> None:
    some, more = zip(*(world(80, (1.5, 0.3), seed) for seed in range(3)), strict=True)
    whole = paired_difference(list(some), list(more))
    alone = [paired_difference([a], [b]).difference for a, b in zip(some, more, strict=True)]
    assert whole.difference == pytest.approx(np.mean(alone))
    assert whole.difference > 0
    assert whole.low < whole.difference < whole.high


def test_intervals_hold_the_expected_difference_as_often_as_they_say() -> None:
    found = []
    for seed in range(150):
        less, more = world(100, (1.2, 0.8), seed)
        found.append(paired_difference([less], [more]))
    expected = np.mean([one.difference for one in found])
    held = np.mean([one.low <= expected <= one.high for one in found])
    assert 0.9 <= held <= 1.0
    # Pairing pays: neither of the two alone is so sure.
    spread = np.std([one.difference for one in found])
    assert np.mean([one.high - one.low for one in found]) < 8 * spread


def test_what_is_not_paired_is_refused() -> None:
    (one,), (other,) = world(60, (0.5,), 0), world(50, (0.5,), 0)
    with pytest.raises(SampleCountError, match="as many scores before as after, got 1 and 0"):
        paired_difference([one], [])
    with pytest.raises(SampleCountError, match=r"the same samples, got \[50, 60\]"):
        paired_difference([one], [other])
