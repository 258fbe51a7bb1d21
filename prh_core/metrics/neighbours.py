"""The k-nearest-neighbour family: neighbours found once per layer, compared in stacks."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.errors import NeighbourCountError, SampleCountError
from prh_core.kernels import shared_neighbours, top_k
from prh_core.metrics.registry import Family, Metric, register
from prh_core.types import Layers, Neighbours

BLOCK_BYTES = 64 * 2**20
"""Similarities held at once while searching: rows of a block times n, in float32."""


def nearest(layers: Layers, k: int, concatenate: bool = False) -> Neighbours:
    """Find each sample's k nearest other samples by inner product, in every layer.

    S(i) = the k samples j != i with the largest <x_i, x_j>; ties go to the lower index
    (paper, App. A). Similarities are float32 products; nothing of size n x n is kept: memory is
    O(n k) per layer plus one block of rows.

    Parameters
    ----------
    layers
        Prepared layers, (n, d_l) float32 each, widths may differ.
    k
        Neighbours per sample, 1 <= k <= n - 1.
    concatenate
        Append one more candidate: all layers side by side. Its inner product is the sum of the
        layers' inner products, so it costs an addition and no further product.

    Returns
    -------
    (layers [+ 1], n, k) int32, nearest first.

    Raises
    ------
    NeighbourCountError
        k is not in 1 ... n - 1.
    """
    n = layers[0].shape[0]
    if not 1 <= k <= n - 1:
        raise NeighbourCountError(
            f"k must be between 1 and n - 1 = {n - 1} for {n} samples, got k = {k}"
        )
    found = np.empty((len(layers) + concatenate, n, k), dtype=np.int32)
    rows = max(1, min(n, BLOCK_BYTES // (4 * n)))
    similarity = np.empty((rows, n), dtype=np.float32)
    total = np.zeros((rows, n), dtype=np.float32) if concatenate else similarity
    for start in range(0, n, rows):
        stop = min(start + rows, n)
        block, summed = similarity[: stop - start], total[: stop - start]
        summed.fill(0)
        for index, layer in enumerate(layers):
            np.matmul(layer[start:stop], layer.T, out=block)
            if concatenate:
                summed += block
            top_k(block, start, found[index, start:stop])
        if concatenate:
            top_k(summed, start, found[-1, start:stop])
    return found


def mutual_knn(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by mutual k-NN, for several k in one pass.

    m(x, y) = mean_i |S_x(i) & S_y(i)| / k  (paper, eq. 11). Range [0, 1]; unrelated features
    score k / (n - 1) in expectation; symmetric.

    Parameters
    ----------
    x, y
        Neighbours of both sides over the same n samples, nearest first, at the same largest k.
    ks
        The k wanted, each at most the k the neighbours were searched with.

    Returns
    -------
    (len(ks), layers_x, layers_y) float64.

    Raises
    ------
    SampleCountError
        The sides hold different n.
    NeighbourCountError
        A k beyond the neighbours at hand.

    Notes
    -----
    Row by row, x's neighbours are stamped into an array with one byte per layer of x, eight
    layers to a word; each neighbour of y then finds out about eight layers of x in one addition.
    Neighbours are searched once, at the largest k; every smaller k uses a prefix.
    """
    if x.shape[1] != y.shape[1]:
        raise SampleCountError(
            f"both sides must hold the same samples, got n = {x.shape[1]} and n = {y.shape[1]}"
        )
    deepest = min(x.shape[2], y.shape[2])
    for k in ks:
        if not 1 <= k <= deepest:
            raise NeighbourCountError(f"k must be between 1 and {deepest} here, got k = {k}")
    n = x.shape[1]
    # Row-major by sample, so that one row's neighbours in all layers share cache lines.
    by_row = [side.transpose(1, 0, 2) for side in (x, y)]
    tables: list[NDArray[np.float64]] = []
    for k in ks:
        prefix_x, prefix_y = (np.ascontiguousarray(side[:, :, :k]) for side in by_row)
        shared = shared_neighbours(prefix_x, prefix_y)
        tables.append(shared / (n * k))
    return np.stack(tables)


NEIGHBOURS = Family(name="neighbours", prepare=nearest)

MUTUAL_KNN = register(
    Metric(
        name="mutual_knn",
        label="mutual k-NN",
        family=NEIGHBOURS,
        compare=mutual_knn,
        symmetric=True,
        uses_all_samples=False,
        ordinal=False,
        batchable=False,
        lowest=0.0,
        highest=1.0,
        null=lambda n, k: k / (n - 1),
        equation="mean_i |S_x(i) ∩ S_y(i)| / k",
        citation="Huh et al. 2024, App. A, eq. 11",
    )
)
