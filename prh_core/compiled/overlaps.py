"""How much neighbor lists share, for all pairs of layers of two models at once."""

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED

_LANES = 8
_LANE_LIMIT = 255


def shared_neighbors(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the neighbors two stacks share: (n, layers_x, k), (n, layers_y, k) -> (lx, ly)."""
    return _shared_neighbors(x, y, numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
def _shared_neighbors(x: NDArray[np.int32], y: NDArray[np.int32], parts: int) -> NDArray[np.int64]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    words = (layers_x + _LANES - 1) // _LANES
    shared = np.zeros((parts, layers_y, words * _LANES), dtype=np.int64)
    for part in numba.prange(parts):
        # Lane a of stamp[j] is 1 when j is a neighbor of sample i in layer a of x, so one
        # addition looks a neighbor of y up in eight layers of x at once.
        stamp = np.zeros((n, words), dtype=np.uint64)
        sums = np.zeros((layers_y, words), dtype=np.uint64)
        added = 0
        for i in range(part * n // parts, (part + 1) * n // parts):
            for a in range(layers_x):
                bit = np.uint64(1) << np.uint64(8 * (a % _LANES))
                for p in range(k):
                    stamp[np.uint32(x[i, a, p]), a // _LANES] |= bit
            for start in range(0, k, _LANE_LIMIT):
                stop = min(start + _LANE_LIMIT, k)
                if added + (stop - start) > _LANE_LIMIT:
                    _flush(sums, shared[part])
                    added = 0
                added += stop - start
                for b in range(layers_y):
                    for p in range(start, stop):
                        j = np.uint32(y[i, b, p])
                        for w in range(words):
                            sums[b, w] += stamp[j, w]
            for a in range(layers_x):
                for p in range(k):
                    stamp[np.uint32(x[i, a, p]), a // _LANES] = np.uint64(0)
        _flush(sums, shared[part])
    return shared.sum(axis=0)[:, :layers_x].T


@numba.njit(cache=CACHED)
def _flush(sums: NDArray[np.uint64], totals: NDArray[np.int64]) -> None:
    """Move the eight byte-wide sums of every word to 64-bit totals before a byte overflows."""
    layers, words = sums.shape
    for b in range(layers):
        for w in range(words):
            packed = sums[b, w]
            for lane in range(_LANES):
                totals[b, w * _LANES + lane] += np.int64(packed & np.uint64(255))
                packed >>= np.uint64(8)
            sums[b, w] = np.uint64(0)


def row_scores(
    x: NDArray[np.int32], y: NDArray[np.int32], value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum value[neighbors shared] over samples: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    return _row_scores(x, y, value, numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
def _row_scores(
    x: NDArray[np.int32], y: NDArray[np.int32], value: NDArray[np.float64], parts: int
) -> NDArray[np.float64]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    sums = np.zeros((parts, layers_y, layers_x))
    for part in numba.prange(parts):
        stamp = np.zeros((n, layers_x), dtype=np.uint16)
        counts = np.zeros(layers_x, dtype=np.uint16)
        for i in range(part * n // parts, (part + 1) * n // parts):
            for a in range(layers_x):
                for p in range(k):
                    stamp[np.uint32(x[i, a, p]), a] = 1
            for b in range(layers_y):
                counts[:] = 0
                for p in range(k):
                    j = np.uint32(y[i, b, p])
                    for a in range(layers_x):
                        counts[a] += stamp[j, a]
                for a in range(layers_x):
                    sums[part, b, a] += value[counts[a]]
            for a in range(layers_x):
                for p in range(k):
                    stamp[np.uint32(x[i, a, p]), a] = 0
    return sums.sum(axis=0).T


@numba.njit(cache=CACHED, parallel=True)
def reversed_graph(
    x: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """List who has sample i as a neighbor: (n, layers, k) -> starts, members, places.

    starts (layers, n + 1): where sample i's members begin; members (layers, n k): who they are;
    places (layers, n k): where in x, flattened, each was found.
    """
    n, layers, k = x.shape
    starts = np.zeros((layers, n + 1), dtype=np.int64)
    members = np.empty((layers, n * k), dtype=np.int32)
    places = np.empty((layers, n * k), dtype=np.int64)
    for a in numba.prange(layers):
        for i in range(n):
            for p in range(k):
                starts[a, x[i, a, p] + 1] += 1
        for i in range(n):
            starts[a, i + 1] += starts[a, i]
        place = starts[a].copy()
        for i in range(n):
            for p in range(k):
                j = x[i, a, p]
                members[a, place[j]] = i
                places[a, place[j]] = (i * layers + a) * k + p
                place[j] += 1
    return starts, members, places


def cycles(
    starts: NDArray[np.int64], members: NDArray[np.int32], y: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Count samples that come home: reversed graph of x, (n, layers_y, k) -> (lx, ly)."""
    return _cycles(starts, members, y, numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
def _cycles(
    starts: NDArray[np.int64], members: NDArray[np.int32], y: NDArray[np.int32], parts: int
) -> NDArray[np.int64]:
    layers_x = starts.shape[0]
    n, layers_y, k = y.shape
    words = (layers_x + _LANES - 1) // _LANES
    home = np.zeros((parts, layers_y, words * _LANES), dtype=np.int64)
    for part in numba.prange(parts):
        # Lane a of stamp[j] is 1 when sample i is a neighbor of j in layer a of x.
        stamp = np.zeros((n, words), dtype=np.uint64)
        sums = np.zeros((layers_y, words), dtype=np.uint64)
        reached = np.zeros(words, dtype=np.uint64)
        added = 0
        for i in range(part * n // parts, (part + 1) * n // parts):
            for a in range(layers_x):
                bit = np.uint64(1) << np.uint64(8 * (a % _LANES))
                for at in range(starts[a, i], starts[a, i + 1]):
                    stamp[np.uint32(members[a, at]), a // _LANES] |= bit
            if added == _LANE_LIMIT:
                _flush(sums, home[part])
                added = 0
            added += 1
            for b in range(layers_y):
                reached[:] = np.uint64(0)
                for p in range(k):
                    j = np.uint32(y[i, b, p])
                    for w in range(words):
                        reached[w] |= stamp[j, w]
                for w in range(words):
                    sums[b, w] += reached[w]
            for a in range(layers_x):
                for at in range(starts[a, i], starts[a, i + 1]):
                    stamp[np.uint32(members[a, at]), a // _LANES] = np.uint64(0)
        _flush(sums, home[part])
    return home.sum(axis=0)[:, :layers_x].T


@numba.njit(cache=CACHED, parallel=True)
def row_shared(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how many neighbors each sample's two lists share: (n, k), (n, k) -> (n,)."""
    n, k = x.shape
    shared = np.zeros(n, dtype=np.int64)
    for i in numba.prange(n):
        a, b = np.sort(x[i]), np.sort(y[i])
        p, q = 0, 0
        while p < k and q < k:
            if a[p] == b[q]:
                shared[i] += 1
                p += 1
                q += 1
            elif a[p] < b[q]:
                p += 1
            else:
                q += 1
    return shared


@numba.njit(cache=CACHED, parallel=True)
def reciprocal(x: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say where the neighbor also has the sample as its neighbor: (n, layers, k) -> same."""
    n, layers, k = x.shape
    mutual = np.zeros((n, layers, k), dtype=np.bool_)
    for i in numba.prange(n):
        for a in range(layers):
            for p in range(k):
                j = x[i, a, p]
                for q in range(k):
                    if x[j, a, q] == i:
                        mutual[i, a, p] = True
                        break
    return mutual
