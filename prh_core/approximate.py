"""Nearest neighbors by an approximate index, for more samples than an exact search has time for.

A navigable graph (faiss, HNSW) is walked toward each query. How widely is found by asking, not by
guessing: the walk is widened until a sample of queries has found the share of its true neighbors
that was asked for. Several threads build the graph, so two runs may differ in a few neighbors.
"""

import importlib
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64
from numpy.typing import NDArray

from prh_core.compiled.neighbors import top_k
from prh_core.errors import MissingLibraryError, PRHError
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared
from prh_core.types import Layer, Layers, Neighbors, check_k

LINKS = 32
"""Links of a sample in the graph."""
TUNING_QUERIES = 256
MEASURED_QUERIES = 1024


def approximate_neighbors(layers: Layers | PreparedLayers, k: int, recall: float) -> Neighbors:
    """Find about `recall` of each sample's k nearest other samples, in every layer.

    Args:
        layers: plain or prepared, (n, d_l) each.
        k: neighbors per sample, 1 <= k <= n - 1.
        recall: share of the true neighbors to find, in (0, 1]; `measured_recall` says what was
            found.

    Returns:
        (layers, n, k) int32, nearest first. Ties may break either way.

    Raises:
        MissingLibraryError: faiss is not installed.
        NeighborCountError: k is not in 1 ... n - 1.
        PRHError: the recall is outside (0, 1].
    """
    ready = prepared(layers)
    n = len(ready[0])
    if not 0 < recall <= 1:
        raise PRHError(f"recall must be in (0, 1], got {recall}")
    check_k(k, n)
    try:
        faiss: Any = importlib.import_module("faiss")
    except ImportError:
        raise MissingLibraryError(
            "approximate neighbors need faiss-cpu, which is not installed; recall=None searches "
            "exactly and needs nothing"
        ) from None
    neighbors = np.empty((n, len(ready), k), dtype=np.int32)
    for at, layer in enumerate(ready):
        neighbors[:, at] = _search(faiss, layer, k, recall)
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
    return _exact(*_sides(PreparedLayer.of(layer)), queries, k)


def _exact(
    rows: Layer, columns: Layer, queries: Int64[np.ndarray, " q"], k: int
) -> Int32[np.ndarray, "q k"]:
    out = np.empty((len(queries), k), dtype=np.int32)
    values = np.empty((1, k), dtype=np.float32)
    for place, query in enumerate(queries):
        top_k(rows[query : query + 1] @ columns.T, int(query), out[place : place + 1], values)
    return out


def _sides(layer: PreparedLayer) -> tuple[Layer, Layer]:
    """Return rows as queries and as what is searched: their inner products rank neighbors.

    A common mean is left out of both; what it adds to products stands in one more dimension.
    """
    rounded = layer.rounded()
    values, bias = rounded.values, rounded.bias
    if bias is None:
        return values, values
    ones = np.ones((len(values), 1), np.float32)
    return np.hstack([values, ones]), np.hstack([values, bias.astype(np.float32)[:, None]])


def _search(faiss: Any, layer: PreparedLayer, k: int, recall: float) -> Int32[np.ndarray, "n k"]:
    queried, indexed = _sides(layer)
    n, d = indexed.shape
    index = faiss.IndexHNSWFlat(d, LINKS, faiss.METRIC_INNER_PRODUCT)
    index.add(indexed)
    # Another sample than the recall is reported on.
    queries = _queries(n, TUNING_QUERIES, seed=1)
    true = _exact(queried, indexed, queries, k)
    index.hnsw.efSearch = max(32, k + 1)
    while index.hnsw.efSearch < n and _recall(true, _walk(index, queried, queries, k)) < recall:
        index.hnsw.efSearch = min(2 * index.hnsw.efSearch, n)
    lists = _walk(index, queried, np.arange(n, dtype=np.int64), k)
    short: NDArray[np.int64] = np.flatnonzero((lists < 0).any(axis=1))
    lists[short] = _exact(queried, indexed, short, k)
    return lists


def _walk(
    index: Any, layer: Layer, queries: Int64[np.ndarray, " q"], k: int
) -> Int32[np.ndarray, "q k"]:
    """Ask for one more than k, and leave out the query itself, wherever it stands."""
    _, lists = index.search(layer[queries], k + 1)
    itself = lists == queries[:, None]
    itself[~itself.any(axis=1), -1] = True
    return lists[~itself].reshape(len(queries), k).astype(np.int32)


def _recall(true: Int32[np.ndarray, "q k"], neighbors: Int32[np.ndarray, "q k"]) -> float:
    return float((true[:, :, None] == neighbors[:, None, :]).any(axis=2).mean())


def _queries(n: int, count: int, seed: int) -> Int64[np.ndarray, " q"]:
    return np.random.default_rng(seed).permutation(n)[:count]
