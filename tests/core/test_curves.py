"""Curves over n and noise ceilings."""

import numpy as np
import pytest

from prh_core import align, n_curve, noise_ceiling
from prh_core.errors import NeighbourCountError, PRHError, SampleCountError
from tests.core.worlds import two_views


def test_a_point_is_the_score_of_a_prefix_of_one_order() -> None:
    x, y = two_views(0, 200)
    points = n_curve(x, y, [50, 100, 200], k=10, seed=3)
    order = np.random.default_rng(3).permutation(200)[:100]
    assert points[1].score == align(x[order], y[order], k=10).score
    assert points[2].score == align(x, y, k=10).score
    assert [point.k for point in points] == [10, 10, 10]


def test_mutual_knn_falls_with_n_at_fixed_k_and_hardly_at_fixed_share() -> None:
    x, y = two_views(1, 800)
    at_k = [point.score for point in n_curve(x, y, [50, 200, 800], k=16)]
    at_share = n_curve(x, y, [50, 200, 800], k=16, fixed="k/n")
    assert at_k[0] > 1.3 * at_k[1] > 1.3 * 1.3 * at_k[2]
    assert [point.k for point in at_share] == [1, 4, 16]
    assert max(p.score for p in at_share) < 1.5 * min(p.score for p in at_share)


def test_a_second_look_and_split_half_bound_what_others_reach() -> None:
    x, y = two_views(2, 200)
    second = x + 0.5 * np.random.default_rng(0).normal(size=x.shape)
    ceiling = noise_ceiling(x, second)
    assert ceiling.method == "second view"
    assert ceiling.score == align(x, second).score > align(x, y).score
    halves = noise_ceiling(x, splits=5, seed=1)
    assert len(halves.scores) == 5 and halves.score == pytest.approx(np.mean(halves.scores))
    assert halves == noise_ceiling(x, splits=5, seed=1)


def test_refusals() -> None:
    x, y = two_views(3, 30)
    with pytest.raises(SampleCountError, match="between 2 and 30, got n = 31"):
        n_curve(x, y, [31])
    with pytest.raises(NeighbourCountError, match="n - 1 = 9, got k = 10"):
        n_curve(x, y, [10])
    with pytest.raises(PRHError, match="two dimensions"):
        noise_ceiling(x[:, :1])
