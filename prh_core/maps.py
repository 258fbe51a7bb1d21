"""Maps of models: two dimensions in which like models lie near (paper, Fig. 2, right).

UMAP and scikit-learn have no types and take seconds to import, so they are imported where used.
"""

import warnings
from importlib import import_module
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy import sparse

from prh_core.compiling import CACHED
from prh_core.errors import ConvergenceError, PRHError
from prh_core.mds import classical_scaling, scale_from

Method = Literal["umap", "mds"]
METHODS: tuple[Method, ...] = ("umap", "mds")
NEIGHBORS = 15
"""UMAP's default; all others where there are fewer models."""
TRUSTED = 5
"""Neighbors that trustworthiness asks for."""


class ModelMap(NamedTuple):
    """Where models lie, and how far the picture can be believed."""

    places: Float64[np.ndarray, "m 2"]
    trustworthiness: float
    """0 to 1: whether neighbors in the picture are neighbors in truth (Venna and Kaski, 2001)."""
    neighbors: int
    """Neighbors that trustworthiness asks for."""


def model_map(
    distances: Float64[np.ndarray, "m m"], method: Method = "umap", *, seed: int = 0
) -> ModelMap:
    """Lay m models out in two dimensions.

    Both methods start from classical scaling, so that the same distances and seed give the same
    picture. UMAP keeps neighbors together; MDS (SMACOF, metric) keeps all distances.

    Args:
        distances: (m, m), symmetric, finite, 0 on the diagonal: -log(alignment).
        method: "umap" or "mds".
        seed: of UMAP's sampling.

    Raises:
        ConvergenceError: fewer than four models, or distances that are no distances.
    """
    d = np.asarray(distances, np.float64)
    m = len(d)
    if d.shape != (m, m) or not np.isfinite(d).all() or not np.allclose(d, d.T) or (d < 0).any():
        raise ConvergenceError("expected finite symmetric distances (m, m), none below zero")
    if m < 4:
        raise ConvergenceError(f"a map needs four models, got {m}")
    start = classical_scaling(d, 2)
    places = start
    if method == "umap" and d.any():
        places = _umap(d, start, seed)
    elif d.any():
        places = scale_from(d, start, steps=500, tolerance=1e-9).places
    neighbors = max(1, min(TRUSTED, (m - 1) // 2))
    manifold: Any = import_module("sklearn.manifold")
    trust = float(manifold.trustworthiness(d, places, n_neighbors=neighbors, metric="precomputed"))
    return ModelMap(places, trust, neighbors)


def _umap(d: np.ndarray, start: np.ndarray, seed: int) -> Float64[np.ndarray, "m 2"]:
    try:
        umap: Any = import_module("umap")
    except RuntimeError as error:
        if CACHED:
            raise
        raise PRHError(
            "UMAP compiles kernels that it must keep, and no folder can be written: name one with "
            'PRH_CACHE, or take method="mds"'
        ) from error
    spread = np.abs(start).max()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a seed means one core, which it says each time
        fitted = umap.UMAP(
            n_neighbors=min(NEIGHBORS, len(d) - 1),
            metric="precomputed",
            init=(10 * start / spread).astype(np.float32),
            random_state=seed,
        ).fit_transform(_every_entry(d))
    return np.asarray(fitted, np.float64)


def _every_entry(d: np.ndarray) -> sparse.csr_matrix:
    """Return distances as a sparse matrix that lacks none, zeros neither.

    UMAP sorts the rows of one with numpy; for a dense matrix it compiles eight seconds of kernels.
    """
    m = len(d)
    columns, ends = np.tile(np.arange(m), m), np.arange(0, m * m + 1, m)
    return sparse.csr_matrix((d.ravel().copy(), columns, ends), shape=d.shape)
