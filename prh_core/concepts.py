"""Neighbors among concepts of several items: many-to-many pairs in place of one-to-one.

A picture has several captions, a thing several pictures. One-to-one pairs count a neighbor only by
the item that stands in the same row; here a concept is near where any of its items is.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64

from prh_core.errors import CurveError
from prh_core.prepared import PreparedLayer
from prh_core.types import check_k


def concept_knn(
    x: PreparedLayer,
    y: PreparedLayer,
    concepts_x: Int64[np.ndarray, " nx"],
    concepts_y: Int64[np.ndarray, " ny"],
    k: int,
) -> float:
    """Return mutual k-NN over concepts, many items to many.

    m = mean_c mean_(i in c_x, j in c_y) |S_x(i) & S_y(j)| / k, S(i) the k concepts other than i's
    own whose nearest item is nearest to i. With one item a concept on both sides it is mutual k-NN
    (paper, App. A, eq. 11). By chance k / (C - 1) of C concepts, as there.

    Args:
        x: a layer over n_x items, normalized.
        y: another over n_y items of the same concepts.
        concepts_x: concept of each item, 0 ... C - 1, every one there.
        concepts_y: likewise.
        k: neighbors, 1 ... C - 1.

    Raises:
        CurveError: the sides hold different concepts, or an item has none.
        NeighborCountError: k does not fit the concepts.
    """
    for layer, concepts in ((x, concepts_x), (y, concepts_y)):
        if len(layer) != len(concepts):
            raise CurveError(f"expected a concept for each of {len(layer)} items, got "
                             f"{len(concepts)}")  # fmt: skip
    count = int(concepts_x.max()) + 1
    every = np.arange(count)
    if not all(np.array_equal(np.unique(one), every) for one in (concepts_x, concepts_y)):
        raise CurveError("expected the same concepts on both sides, numbered 0 ... C - 1")
    check_k(k, count)
    means = [
        _mean_by_concept(nearest_concepts(layer, concepts, k), concepts)
        for layer, concepts in ((x, concepts_x), (y, concepts_y))
    ]
    return float((means[0] * means[1]).sum()) / (k * count)


def nearest_concepts(
    layer: PreparedLayer, concepts: Int64[np.ndarray, " n"], k: int
) -> Bool[np.ndarray, "n c"]:
    """Say for each item which k other concepts are nearest: by the cosine of their nearest item.

    Concepts equally near are taken in their order.
    """
    rows = layer.exact()
    order = np.argsort(concepts, kind="stable")
    starts = np.searchsorted(concepts[order], np.arange(int(concepts.max()) + 1))
    found = np.zeros((len(rows), len(starts)), bool)
    for at in range(0, len(rows), 256):
        near = np.maximum.reduceat(rows[at : at + 256] @ rows[order].T, starts, axis=1)
        inside = np.arange(len(near))
        near[inside, concepts[at : at + 256]] = -np.inf
        nearest = np.argsort(-near, axis=1, kind="stable")[:, :k]
        found[at + inside[:, None], nearest] = True
    return found


def _mean_by_concept(
    near: Bool[np.ndarray, "n c"], concepts: Int64[np.ndarray, " n"]
) -> Float64[np.ndarray, "c c"]:
    sums = np.zeros((near.shape[1], near.shape[1]))
    np.add.at(sums, concepts, near)
    return sums / np.bincount(concepts, minlength=near.shape[1])[:, None]
