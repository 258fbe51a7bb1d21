"""Maps of samples: principal components against scikit-learn, UMAP by what it must keep."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from prh_core import sample_maps
from prh_core.errors import ConvergenceError
from prh_core.metrics.registry import PrepareOptions
from prh_core.metrics.search import search
from prh_core.prepared import PreparedLayer
from prh_core.sample_maps import SampleMap, neighbors_kept, principal_plane, sample_map


def layer(n: int, d: int, seed: int = 0, decay: float = 0.6) -> PreparedLayer:
    """Unit rows whose directions differ in strength."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, d)) * decay ** np.arange(d)
    return PreparedLayer.of(rows.astype(np.float32), unit=True)


def drawn(one: PreparedLayer, k: int = 20, seed: int = 0) -> SampleMap:
    found = search([one], PrepareOptions(k), "raw")
    lists = [np.ascontiguousarray(part[0]) for part in (found.indices, found.values)]
    return sample_map([one], *lists, seed=seed)


@settings(max_examples=25)
@given(st.integers(8, 80), st.integers(2, 12), st.integers(0, 2**31))
def test_the_plane_is_scikit_learns(n: int, d: int, seed: int) -> None:
    one = layer(n, d, seed)
    theirs = PCA(2, svd_solver="full").fit_transform(one.exact())
    ours = principal_plane([one])
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=2e-3)


def test_layers_side_by_side_are_one_wide_layer() -> None:
    parts = [layer(50, 6, seed) for seed in (1, 2)]
    wide = np.concatenate([part.exact() for part in parts], axis=1)
    theirs = PCA(2, svd_solver="full").fit_transform(wide)
    np.testing.assert_allclose(np.abs(principal_plane(parts)), np.abs(theirs), atol=1e-3)


@settings(max_examples=20)
@given(st.integers(5, 60), st.integers(1, 12), st.integers(0, 2**31))
def test_neighbors_kept_is_scikit_learns_search(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = min(k, n - 1)
    places = rng.normal(size=(n, 2)).astype(np.float32)
    truth = np.argsort(rng.random((n, n)) + 9 * np.eye(n), axis=1)[:, :k].astype(np.int32)
    counted = min(k, sample_maps.KEPT)
    found: Any = NearestNeighbors(n_neighbors=counted).fit(places)
    near = found.kneighbors(return_distance=False)
    shared = [len({*near[i].tolist()} & {*truth[i, :counted].tolist()}) / counted for i in range(n)]
    assert neighbors_kept(places, truth) == pytest.approx(np.mean(shared))
    assert neighbors_kept(places, near.astype(np.int32)) == 1.0


def test_samples_in_one_place_are_not_their_own_neighbors() -> None:
    places = np.zeros((6, 2), np.float32)
    places[3:] = 1
    lists = np.array([[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]], np.int32)
    assert neighbors_kept(places, lists) == 1.0


def test_groups_stay_apart_and_a_seed_gives_one_map() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(4), 30)
    rows = np.eye(4)[group] @ rng.normal(size=(4, 16)) * 4 + rng.normal(size=(120, 16))
    one = PreparedLayer.of(rows.astype(np.float32), unit=True)
    first, again = drawn(one), drawn(one)
    np.testing.assert_array_equal(first.places, again.places)
    assert first.method == "umap" and 0.2 < first.kept <= 1
    near = NearestNeighbors(n_neighbors=5).fit(first.places).kneighbors(return_distance=False)
    assert (group[near] == group[:, None]).mean() > 0.95


def test_too_many_samples_lie_on_the_principal_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_maps, "MOST", 39)
    one = layer(40, 8)
    found = drawn(one)
    plane = principal_plane([one])
    assert found.method == "pca"
    np.testing.assert_allclose(found.places, plane / np.abs(plane).max(), atol=1e-6)


def test_what_has_no_map_is_named() -> None:
    with pytest.raises(ConvergenceError, match="four of them, got 3"):
        drawn(layer(3, 4), k=2)
    same = PreparedLayer.of(np.ones((6, 3), np.float32), unit=True)
    with pytest.raises(ConvergenceError, match="one point"):
        drawn(same, k=2)
