"""Metric MDS and the similarity transform, against scikit-learn, scipy and known answers."""

import warnings
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from prh_core.errors import LayoutError
from prh_core.mds import classical_scaling, metric_mds, scale_from
from prh_core.procrustes import kabsch_umeyama


def spread(places: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=2)


def noisy(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    delta = spread(rng.normal(size=(n, 5))) * np.exp(0.3 * rng.normal(size=(n, n)))
    delta = (delta + delta.T) / 2
    np.fill_diagonal(delta, 0)
    return delta


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_start_ends_where_scikit_learns_does(seed: int, dimensions: int) -> None:
    manifold: Any = import_module("sklearn.manifold")
    delta = noisy(20, seed)
    start = np.random.default_rng(seed + 100).normal(size=(20, dimensions))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs, _ = manifold.smacof(
            delta, n_components=dimensions, init=start, n_init=1, max_iter=5000, eps=1e-14
        )
    ours = scale_from(delta, start, steps=5000, tolerance=1e-14)
    stress = np.sqrt(np.sum((spread(theirs) - delta) ** 2) / np.sum(delta**2))
    assert ours.stress == pytest.approx(stress, abs=1e-5)
    np.testing.assert_allclose(spread(ours.places), spread(theirs), atol=1e-3)


def test_many_starts_are_each_start_alone_and_the_best_is_kept() -> None:
    delta = noisy(12, 0)
    found = metric_mds(delta, 3, starts=30, seed=4)
    begun = np.random.default_rng(4).uniform(size=(30, 12, 3))
    alone = [scale_from(delta, start).stress for start in begun]
    alone.append(scale_from(delta, classical_scaling(delta, 3)).stress)
    np.testing.assert_allclose(found.stresses, alone)
    assert found.stress == min(alone)
    assert found.stress == pytest.approx(
        np.sqrt(np.sum((spread(found.places) - delta) ** 2) / np.sum(delta**2))
    )
    np.testing.assert_allclose(found.places.mean(axis=0), 0, atol=1e-12)
    assert found.classical == (int(np.argmin(alone)) == 30)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_distances_of_a_layout_are_met(dimensions: int) -> None:
    places = np.random.default_rng(0).normal(size=(15, dimensions))
    found = metric_mds(spread(places), dimensions, starts=20)
    assert found.stress < 1e-6
    np.testing.assert_allclose(spread(found.places), spread(places), atol=1e-5)


@settings(max_examples=30)
@given(st.integers(5, 12), st.integers(0, 10_000))
def test_stress_never_rises(n: int, seed: int) -> None:
    delta = noisy(n, seed)
    start = np.random.default_rng(seed).normal(size=(n, 3))
    stresses = [scale_from(delta, start, steps=s, tolerance=0.0).stress for s in (1, 2, 5, 20)]
    assert all(a >= b - 1e-12 for a, b in zip(stresses, stresses[1:], strict=False))


def test_the_same_seed_gives_the_same_layout_and_coincident_points_no_nan() -> None:
    delta = noisy(10, 1)
    first, again = (metric_mds(delta, starts=10, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.places, again.places)
    delta[1] = delta[0]
    delta[:, 1] = delta[:, 0]
    delta[0, 1] = delta[1, 0] = delta[1, 1] = 0
    found = metric_mds(delta, starts=5)
    assert np.isfinite(found.places).all()


@pytest.mark.parametrize(
    ("delta", "named"),
    [
        (np.zeros((5, 5)), "all points are the same"),
        (1 - np.eye(3), "3 dimensions need 4 points, got 3"),
        (np.ones((5, 5)), "diagonal"),
        (np.eye(5) - 1, "below zero"),
        (np.where(np.eye(5), 0, np.nan), "finite"),
        (np.triu(np.ones((5, 5)), 1), "symmetric"),
    ],
)
def test_what_are_no_dissimilarities_is_refused(delta: np.ndarray, named: str) -> None:
    with pytest.raises(LayoutError, match=named):
        metric_mds(delta)


def moved(x: np.ndarray, seed: int, *, mirrored: bool) -> tuple[np.ndarray, np.ndarray, float]:
    rng = np.random.default_rng(seed)
    d = x.shape[1]
    q, r = np.linalg.qr(rng.normal(size=(d, d)))
    q = q * np.sign(np.diagonal(r))
    if (np.linalg.det(q) < 0) != mirrored:
        q[:, 0] *= -1
    scale = float(rng.uniform(0.1, 20))
    return scale * x @ q.T + rng.normal(size=d) * 30, q, scale


@pytest.mark.parametrize("d", [2, 3, 5])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_known_similarity_is_recovered(d: int, mirrored: bool, weighted: bool) -> None:
    rng = np.random.default_rng(d)
    x = rng.normal(size=(20, d))
    y, q, scale = moved(x, d + 7, mirrored=mirrored)
    weights = rng.uniform(0, 3, size=20) if weighted else None
    found = kabsch_umeyama(x, y, weights=weights, mirror=mirrored)
    assert found.rmsd < 1e-10
    np.testing.assert_allclose(found.rotation, q, atol=1e-10)
    assert found.scale == pytest.approx(scale, rel=1e-10)
    np.testing.assert_allclose(found.moved, y, atol=1e-10)
    np.testing.assert_allclose(found.apply(x), y, atol=1e-10)
    assert found.reflected == mirrored
    assert np.sign(np.linalg.det(found.rotation)) == (-1 if mirrored else 1)
    assert found.r_squared == pytest.approx(1)


def test_without_mirror_a_mirror_image_is_met_by_a_rotation_only() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    y = x * [1, 1, -1]
    found = kabsch_umeyama(x, y)
    assert np.linalg.det(found.rotation) == pytest.approx(1)
    assert found.rmsd > 0.1
    assert kabsch_umeyama(x, y, mirror=True).rmsd < 1e-12


@pytest.mark.parametrize("weighted", [False, True])
def test_the_rotation_is_scipys(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 15, 3))
    weights = rng.uniform(0.1, 3, size=15) if weighted else None
    found = kabsch_umeyama(x, y, weights=weights, scaled=False)
    w = np.ones(15) if weights is None else weights
    centered = [side - w @ side / w.sum() for side in (x, y)]
    wanted, _ = Rotation.align_vectors(centered[1], centered[0], weights=weights)
    np.testing.assert_allclose(found.rotation, wanted.as_matrix(), atol=1e-8)
    assert found.scale == 1


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.booleans())
def test_no_nearby_transform_does_better(seed: int, mirror: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 8, 3))
    w = rng.uniform(0.1, 1, size=8)
    found = kabsch_umeyama(x, y, weights=w, mirror=mirror)
    for _ in range(20):
        turn = Rotation.from_rotvec(0.02 * rng.normal(size=3)).as_matrix() @ found.rotation
        scale = found.scale * np.exp(0.02 * rng.normal())
        shift = found.shift + 0.02 * rng.normal(size=3)
        left = w @ np.sum((scale * x @ turn.T + shift - y) ** 2, axis=1) / w.sum()
        assert left >= found.rmsd**2 - 1e-12


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(
    ("flat", "named"),
    [
        (np.zeros((6, 3)), "in one place"),
        (np.outer(np.arange(6.0), [1, 2, 3]), "on a line"),
        (np.ones((6, 2)), "in one place"),
    ],
)
def test_degenerate_layouts_are_named(flat: np.ndarray, named: str, swap: bool) -> None:
    full = np.random.default_rng(0).normal(size=flat.shape)
    sides = (full, flat) if swap else (flat, full)
    with pytest.raises(LayoutError, match=named):
        kabsch_umeyama(*sides)


def test_points_in_a_plane_have_a_rotation() -> None:
    x = np.random.default_rng(0).normal(size=(10, 3)) * [1, 1, 0]
    y, _, scale = moved(x, 5, mirrored=False)
    found = kabsch_umeyama(x, y)
    assert found.rmsd < 1e-10
    assert found.scale == pytest.approx(scale)


@pytest.mark.parametrize(
    ("x", "y", "weights", "named"),
    [
        (np.ones((3, 3)), np.ones((4, 3)), None, "one shape"),
        (np.ones((3, 3)) * np.nan, np.ones((3, 3)), None, "NaN"),
        (np.eye(3), np.eye(3), np.zeros(3), "weights"),
        (np.eye(3), np.eye(3), np.array([1, 1, -1.0]), "weights"),
        (np.eye(3), np.eye(3), np.ones(2), "weights"),
    ],
)
def test_what_does_not_fit_is_refused(x, y, weights, named) -> None:  # noqa: ANN001
    # Shapes are checked by the annotations in tests, and by the function everywhere.
    with pytest.raises((LayoutError, Exception), match=f"{named}|Type-check"):
        kabsch_umeyama(x, y, weights=weights)
