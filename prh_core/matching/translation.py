"""A linear translation between two unpaired spaces, in the manner of mini-vec2vec (Dar 2025).

Clusters of the two spaces are matched by quadratic assignment of their centroids; where a sample
lies among matched centroids says the same in both spaces; so samples are matched, a rotation is
fitted to them, and both are repeated until they agree.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import scipy
from jaxtyping import Float64, Int64

from prh_core.errors import DegenerateLayerError
from prh_core.matching.assignment import assign
from prh_core.matching.similarities import Similarity, centered_rows, similarity_matrix

CLUSTERS = 20
"""Clusters a space, fewer where a cluster would have less than `_LEAST` samples."""
_LEAST = 5
_ROUNDS = 60
_TRIED = 5


class Translated(NamedTuple):
    """The best translation that was found."""

    partner: Int64[np.ndarray, " n"]
    """Row of y for each row of x, each row once."""
    cosines: Float64[np.ndarray, "n n"]
    """Of x's rows, translated, with y's."""
    starts: tuple[float, ...]
    """Agreement of similarities that each clustering came to; -1 where it came to nothing."""


def translate(
    x: Float64[np.ndarray, "n d"],
    y: Float64[np.ndarray, "n e"],
    agreement: Callable[[np.ndarray], float],
    *,
    starts: int,
    similarity: Similarity,
    rng: np.random.Generator,
    told: Callable[[], None] = lambda: None,
) -> Translated:
    """Translate from several clusterings and keep what makes similarities agree best.

    mini-vec2vec averages over clusterings; with some hundred samples most of them are matched
    wrongly, and an average of right and wrong is wrong. Agreement tells them apart without pairs.

    Args:
        x: rows of length one, centered.
        y: likewise.
        agreement: of a matching, the higher the better.
        starts: clusterings of either space.
        similarity: of the centroids.
        rng: of the clusterings.
        told: called after each.

    Raises:
        DegenerateLayerError: the centroids of every clustering are equally alike.
    """
    count = max(4, min(CLUSTERS, len(x) // _LEAST))
    found: list[tuple[float, np.ndarray, np.ndarray]] = []
    reached: list[float] = []
    failed: DegenerateLayerError | None = None
    for _ in range(starts):
        try:
            places = _matched_places(x, y, count, similarity, rng)
            cosines = refined(x, y, one_to_one(places))
        except DegenerateLayerError as error:
            failed = error
            reached.append(-1.0)
        else:
            partner = one_to_one(cosines)
            reached.append(agreement(partner))
            found.append((reached[-1], partner, cosines))
        told()
    if not found and failed is not None:
        raise failed
    _, partner, cosines = max(found, key=lambda one: one[0])
    return Translated(partner, cosines, tuple(reached))


def _matched_places(
    x: np.ndarray, y: np.ndarray, count: int, similarity: Similarity, rng: np.random.Generator
) -> np.ndarray:
    """Return how alike samples lie among clusters that are matched by assignment."""
    centers = [_centroids(rows, count, rng) for rows in (x, y)]
    shared = min(len(side) for side in centers)
    a, b = (side[:shared] for side in centers)
    tables = similarity_matrix(a, similarity, "X"), similarity_matrix(b, similarity, "Y")
    partner = assign(*tables, starts=_TRIED, rng=rng).partner
    return _places(x, a) @ _places(y, b[partner]).T


def refined(
    x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "n e"], partner: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n n"]:
    """Fit a rotation to matched samples and match by it, until nothing changes.

    The rotation is orthogonal Procrustes': of the narrower space into the wider one where they
    differ. It is fitted to the samples that are matched, all of them.

    Returns:
        (n, n) cosines of x's rows, translated, with y's.
    """
    cosines = np.zeros((len(x), len(y)))
    for _ in range(_ROUNDS):
        u, _, vt = cast(Any, scipy.linalg.svd(x.T @ y[partner], full_matrices=False))
        moved = centered_rows(x @ (u @ vt), "X, translated")
        cosines = moved @ y.T
        again = one_to_one(cosines)
        if np.array_equal(again, partner):
            break
        partner = again
    return cosines


def one_to_one(evidence: Float64[np.ndarray, "n n"]) -> Int64[np.ndarray, " n"]:
    """Return the assignment of rows to columns with the most evidence in all."""
    return np.asarray(scipy.optimize.linear_sum_assignment(evidence, maximize=True)[1], np.int64)


def _centroids(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    with warnings.catch_warnings():
        # A cluster that empties keeps its old center, which is then no cluster's.
        warnings.simplefilter("ignore", UserWarning)
        centers, member = scipy.cluster.vq.kmeans2(rows, count, minit="++", rng=rng)
    return np.asarray(centers, np.float64)[np.unique(member)]


def _places(rows: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return where rows lie among centroids: cosines, standardized by centroid and by row."""
    cosines = rows @ (centers / np.linalg.norm(centers, axis=1, keepdims=True)).T
    cosines = cosines - cosines.mean(axis=0)
    cosines /= np.maximum(cosines.std(axis=0), 1e-12)
    return cosines / np.maximum(np.linalg.norm(cosines, axis=1, keepdims=True), 1e-12)
