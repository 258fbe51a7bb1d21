"""Maps of samples: two dimensions in which a layer's neighbors lie near each other.

Up to `MOST` samples a map is UMAP's, made of the very lists of neighbors that scores compare;
beyond, it is the plane of the two principal components, which many samples still have time for.
"""

import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int32
from scipy.spatial import KDTree

from prh_core.compiled.overlaps import row_shared
from prh_core.errors import ConvergenceError
from prh_core.prepared import PreparedLayer

MOST = 20_000
"""Samples up to which UMAP lays them out: it takes a second for 2,000 of them on one core."""
NEIGHBORS = 15
"""UMAP's own default, the sample itself among them."""
EPOCHS = 200
KEPT = 10
"""Neighbors that a map is asked for."""
_VECTORS, _ROUNDS = 8, 10
"""Of the subspace iteration: directions followed, and products with the kernel."""

Method = Literal["umap", "pca"]


class SampleMap(NamedTuple):
    """Where samples lie, and how far the picture can be believed."""

    places: Float32[np.ndarray, "n 2"]
    method: Method
    kept: float
    """Share of the samples' nearest neighbors that are among as many nearest ones on the map."""


def sample_map(
    layers: Sequence[PreparedLayer],
    neighbors: Int32[np.ndarray, "n k"],
    similarities: Float32[np.ndarray, "n k"],
    *,
    seed: int = 0,
) -> SampleMap:
    """Lay n samples out in two dimensions.

    Args:
        layers: the layer, or all of those that stand side by side; (n, d_l) each.
        neighbors: each sample's nearest others, nearest first.
        similarities: their cosines.
        seed: of UMAP's sampling, and of where the search for the principal plane begins.

    Raises:
        ConvergenceError: fewer than four samples, or none that differs from another.
    """
    n, k = neighbors.shape
    if n < 4:
        raise ConvergenceError(f"a map of samples needs four of them, got {n}")
    start = principal_plane(layers, seed=seed)
    spread = float(np.abs(start).max())
    if spread == 0:
        raise ConvergenceError("all samples are one point, so there is no map of them")
    method: Method = "umap" if n <= MOST else "pca"
    places = start / spread
    if method == "umap":
        places = _umap(neighbors, similarities, 10 * places, min(NEIGHBORS, k + 1), seed)
    placed = places.astype(np.float32)
    return SampleMap(placed, method, neighbors_kept(placed, neighbors))


def _umap(
    neighbors: np.ndarray, similarities: np.ndarray, start: np.ndarray, k: int, seed: int
) -> np.ndarray:
    umap: Any = import_module("umap")
    n = len(neighbors)
    itself = np.arange(n, dtype=np.int32)[:, None]
    apart = np.sqrt(np.maximum(2 - 2 * similarities[:, : k - 1].astype(np.float64), 0))
    lists = np.concatenate([itself, neighbors[:, : k - 1]], axis=1)
    distances = np.concatenate([np.zeros((n, 1)), apart], axis=1).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a seed means one core, which it says each time
        fitted = umap.UMAP(
            n_neighbors=k,
            n_epochs=EPOCHS,
            precomputed_knn=(lists, distances),
            force_approximation_algorithm=True,  # else it measures all distances after all
            init=start.astype(np.float32),
            random_state=seed,
        ).fit_transform(start.astype(np.float32))
    return np.asarray(fitted, np.float64)


def principal_plane(
    layers: Sequence[PreparedLayer], *, seed: int = 0
) -> Float64[np.ndarray, "n 2"]:
    """Return the first two principal components of layers side by side, by subspace iteration.

    The leading eigenvectors of K = sum_l X_l X_l^T, rows centered, each times the root of its
    eigenvalue; the sign of each is that of its largest entry. Nothing of size n x n is made.

    Args:
        layers: (n, d_l) each, rows as they are compared.
        seed: of the directions it begins with.
    """
    centered = [np.asarray(layer.on_host().centered(), np.float32) for layer in layers]
    n = len(centered[0])

    def product(vectors: np.ndarray) -> np.ndarray:
        narrow = vectors.astype(np.float32)
        return sum(
            (values @ (values.T @ narrow) for values in centered), np.zeros_like(narrow)
        ).astype(np.float64)

    followed = np.random.default_rng(seed).normal(size=(n, min(_VECTORS, n)))
    for _ in range(_ROUNDS):
        followed = np.linalg.qr(product(followed))[0]
    values, turned = np.linalg.eigh(followed.T @ product(followed))
    order = np.argsort(values)[::-1][:2]
    plane = (followed @ turned[:, order]) * np.sqrt(np.maximum(values[order], 0))
    largest = plane[np.abs(plane).argmax(axis=0), [0, 1]]
    return plane * np.where(largest < 0, -1.0, 1.0)


def neighbors_kept(
    places: Float32[np.ndarray, "n 2"], neighbors: Int32[np.ndarray, "n k"]
) -> float:
    """Return the share of the samples' nearest neighbors that are among as many on a map.

    Args:
        places: of the samples on the map.
        neighbors: each sample's nearest others in truth, nearest first; `KEPT` of them count.
    """
    n, k = neighbors.shape
    k = min(k, KEPT)
    _, found = KDTree(places).query(places, k=k + 1)
    lists = np.asarray(found, np.int32)
    # Of several samples in one place the sample itself need not be the first.
    others = np.where(lists == np.arange(n, dtype=np.int32)[:, None], -1, lists)
    others = np.take_along_axis(others, np.argsort(others < 0, axis=1, kind="stable"), axis=1)
    near = np.ascontiguousarray(others[:, :k])
    return float(row_shared(near, np.ascontiguousarray(neighbors[:, :k])).mean() / k)
