"""Curves over n, noise ceilings, and halves of dimensions."""

import numpy as np
import pytest

from prh_core import align, n_curve, noise_ceiling, split_half_agreement
from prh_core.errors import NeighbourCountError, PRHError, SampleCountError, SecondViewError
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


def test_a_ceiling_is_the_score_of_two_views() -> None:
    x, y = two_views(2, 200)
    second = x + 0.5 * np.random.default_rng(0).normal(size=x.shape)
    ceiling = noise_ceiling([x, y], [second, y], concatenate=True)
    found = align([x, y], [second, y], concatenate=True)
    assert (ceiling.score, ceiling.layers) == (found.score, found.layers)
    assert noise_ceiling(x, second).score == align(x, second).score > align(x, y).score


@pytest.mark.parametrize("metric", ["mutual_knn", "cka", "cknna"])
@pytest.mark.parametrize("d", [8, 128])
@pytest.mark.parametrize("noisy", ["samples", "dimensions"])
def test_a_ceiling_bounds_models_as_noisy_and_not_those_less_noisy(
    metric: str, d: int, noisy: str
) -> None:
    """Eight causes, two models of the same signal, each seen twice; over worlds, not in each."""

    def world(seed: int, noise_a: float, noise_b: float) -> tuple[float, float, float]:
        rng = np.random.default_rng(seed)
        causes = rng.normal(size=(150, 8))

        def twice(noise: float) -> list[np.ndarray]:
            maps = rng.normal(size=(8, d))
            if noisy == "samples":
                return [(causes + noise * rng.normal(size=causes.shape)) @ maps for _ in "ab"]
            return [causes @ maps + 2 * noise * rng.normal(size=(150, d)) for _ in "ab"]

        a, b = twice(noise_a), twice(noise_b)
        ceilings = [noise_ceiling(*views, metric=metric).score for views in (a, b)]
        return min(ceilings), max(ceilings), align(a[0], b[0], metric=metric).score

    equal = np.array([world(seed, 0.75, 0.75) for seed in range(12)])
    room = equal[:, 0] - equal[:, 2]
    assert room.mean() > -2 * room.std(ddof=1) / np.sqrt(len(room))
    unequal = np.array([world(seed, 0.75, 0.2) for seed in range(12)])
    assert (unequal[:, 2] < unequal[:, 1]).all()
    if noisy == "samples" and d == 128:
        assert (unequal[:, 2] > unequal[:, 0]).all()


def test_halves_of_dimensions_bound_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(200, 16))
    halves = split_half_agreement(x, splits=5, seed=1)
    assert len(halves.scores) == 5 and halves.score == pytest.approx(np.mean(halves.scores))
    assert halves == split_half_agreement(x, splits=5, seed=1)
    rotated = x @ np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))[0]
    assert align(x, rotated).score > 0.99 > 0.5 > halves.score


def test_refusals() -> None:
    x, y = two_views(3, 30)
    with pytest.raises(SampleCountError, match="between 2 and 30, got n = 31"):
        n_curve(x, y, [31])
    with pytest.raises(NeighbourCountError, match="n - 1 = 9, got k = 10"):
        n_curve(x, y, [10])
    with pytest.raises(PRHError, match="two dimensions"):
        split_half_agreement(x[:, :1])
    with pytest.raises(SecondViewError, match="needs the model's features of a second view"):
        noise_ceiling(x)
    with pytest.raises(SampleCountError):
        noise_ceiling(x, x[:-1])
