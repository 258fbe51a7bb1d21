"""Nearest neighbors by an approximate index, for more samples than an exact search has time for.

A graph of near samples is improved by asking neighbors for their neighbors (NN-descent). How wide
it has to be is measured, not guessed: it is made wider until a sample of queries has the share of
its true neighbors that was wanted. Several threads build it, so two runs may differ in a few.
"""

import importlib
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from prh_core.backend import HOST
from prh_core.errors import PRHError
from prh_core.metrics.search import nearest
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared
from prh_core.types import Layer, Layers, Neighbors, check_k

WIDTHS = (30, 60)
"""Neighbors of a sample in the graph; wider ones take as long as the exact search."""
TUNING_QUERIES = 256
MEASURED_QUERIES = 1024


def approximate_neighbors(layers: Layers | PreparedLayers, k: int, recall: float) -> Neighbors:
    """Find at least about `recall` of each sample's k nearest other samples, in every layer.

    Layers for which no graph has that recall are searched exactly, and so are those whose rows are
    not of one norm: the graph knows distances, not inner products.

    Args:
        layers: plain or prepared, (n, d_l) each.
        k: neighbors per sample, 1 <= k <= n - 1.
        recall: share of the true neighbors to find, in (0, 1]; `measured_recall` says what was
            found.

    Returns:
        (layers, n, k) int32, nearest first. Ties may break either way.

    Raises:
        NeighborCountError: k is not in 1 ... n - 1.
        PRHError: the recall is outside (0, 1].
    """
    ready = [layer.on_host() for layer in prepared(layers)]
    n = len(ready[0])
    if not 0 < recall <= 1:
        raise PRHError(f"recall must be in (0, 1], got {recall}")
    check_k(k, n)
    neighbors = np.empty((n, len(ready), k), dtype=np.int32)
    for at, layer in enumerate(ready):
        neighbors[:, at] = _search(layer, k, recall)
    return neighbors.transpose(1, 0, 2)


def measured_recall(layers: Layers | PreparedLayers, neighbors: Neighbors, seed: int = 0) -> float:
    """Return the share of true neighbors among those found, of the layer with the fewest.

    Measured on up to 1,024 random queries per layer, each searched exactly.
    """
    n, k = neighbors.shape[1:]
    queries = _queries(n, MEASURED_QUERIES, seed)
    return min(
        _recall(exact_neighbors(layer, queries, k), lists[queries])
        for layer, lists in zip(prepared(layers), neighbors, strict=True)
    )


def exact_neighbors(
    layer: Layer | PreparedLayer, queries: Int64[np.ndarray, " q"], k: int
) -> Int32[np.ndarray, "q k"]:
    """Return the k nearest other samples of some queries, searched exactly: O(q n) products."""
    rounded = PreparedLayer.of(layer).on_host().rounded()
    bias = None if rounded.bias is None else rounded.bias.astype(np.float32)
    run = HOST
    loaded = run.load(rounded.values, bias)
    blocks = ((q, run.similarity(loaded, q, q + 1)) for q in map(int, queries))
    return np.concatenate([run.top_k(block, q, k)[0] for q, block in blocks])


def _search(layer: PreparedLayer, k: int, recall: float) -> Int32[np.ndarray, "n k"]:
    n = len(layer)
    widths = [width for width in WIDTHS if k < width < n] if layer.unit and recall < 1 else []
    if widths:
        # Imported late, as UMAP is: it compiles its own loops.
        pynndescent: Any = importlib.import_module("pynndescent")
        values = layer.rounded().values
        # Another sample than the recall is reported on.
        queries = _queries(n, TUNING_QUERIES, seed=1)
        true = exact_neighbors(layer, queries, k)
        for width in widths:
            graph = pynndescent.NNDescent(
                values, metric="euclidean", n_neighbors=width, random_state=0
            )
            lists = _without_itself(graph.neighbor_graph[0], k)
            if (lists >= 0).all() and _recall(true, lists[queries]) >= recall:
                return lists
    return nearest([layer], k)[0]


def _without_itself(lists: Int32[np.ndarray, "n w"], k: int) -> Int32[np.ndarray, "n k"]:
    """Leave each sample out of its own list, wherever it stands; the last where it does not."""
    itself = lists == np.arange(len(lists))[:, None]
    itself[~itself.any(axis=1), -1] = True
    return lists[~itself].reshape(len(lists), -1)[:, :k].astype(np.int32)


def _recall(true: Int32[np.ndarray, "q k"], neighbors: Int32[np.ndarray, "q k"]) -> float:
    return float((true[:, :, None] == neighbors[:, None, :]).any(axis=2).mean())


def _queries(n: int, count: int, seed: int) -> Int64[np.ndarray, " q"]:
    return np.random.default_rng(seed).permutation(n)[:count]
