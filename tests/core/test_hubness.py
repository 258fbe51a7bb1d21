"""Hubness and density against scipy and loops, and against spaces whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from prh_core.errors import LayoutError
from prh_core.hubness import density, hubness, occurrences
from prh_core.metrics.search import nearest
from prh_core.prepare import normalize


@given(st.integers(3, 25), st.integers(1, 2), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_hubness_equals_the_oracles(n: int, k: int, seed: int) -> None:
    lists = nearest([np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)], k)[0]
    counts = [sum(i in row for row in lists.tolist()) for i in range(n)]
    assert occurrences(lists).tolist() == counts
    found = hubness(lists)
    if len(set(counts)) > 1:
        assert found.skewness == pytest.approx(stats.skew(counts))
    apart = sum(abs(a - b) for a in counts for b in counts)
    assert found.gini == pytest.approx(apart / (2 * n * n * k))
    assert found.antihubs == pytest.approx(counts.count(0) / n)
    assert found.most == max(counts)
    # Relabeling samples moves nothing.
    order = np.random.default_rng(seed).permutation(n)
    back = np.argsort(order).astype(np.int32)
    assert hubness(back[lists[order]]) == pytest.approx(found)


def test_all_alike_and_one_hub() -> None:
    ring = np.array([[(i + 1) % 8] for i in range(8)], np.int32)
    assert hubness(ring) == (0, 0, 0, 1)
    star = np.array([[1], *[[0]] * 7], np.int32)
    found = hubness(star)
    assert found.most == 7
    assert found.antihubs == pytest.approx(6 / 8)
    assert found.gini > 0.8


def test_more_dimensions_make_more_hubs() -> None:
    rng = np.random.default_rng(0)
    few, many = (
        hubness(
            nearest(normalize([rng.normal(1, size=(500, d)).astype(np.float32)]), 10)[0]
        ).skewness
        for d in (3, 100)
    )
    assert many > few + 0.5


@pytest.mark.parametrize("dimension", [2, 4])
def test_the_dimension_of_a_sphere_is_found(dimension: int) -> None:
    points = np.random.default_rng(0).normal(size=(2000, dimension + 1))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    # A rotation into more dimensions changes nothing.
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))[0][: dimension + 1]
    points = points @ turn
    near = -np.sort(-(points @ points.T - 3 * np.eye(2000)), axis=1)[:, :10].astype(np.float32)
    found = density(near)
    assert found.dimension == pytest.approx(dimension, rel=0.08)
    assert found.nearest == pytest.approx(near[:, 0].mean())
    assert found.nearest > found.farthest


def test_doubles_do_not_tell_a_dimension() -> None:
    assert np.isnan(density(np.ones((5, 2), np.float32)).dimension)


def test_what_is_no_list_of_the_nearest_is_refused() -> None:
    with pytest.raises(LayoutError, match="2 neighbors a sample, got 1"):
        density(np.ones((5, 1), np.float32))
    with pytest.raises(LayoutError, match="from the nearest"):
        density(np.array([[0.1, 0.9]], np.float32))
