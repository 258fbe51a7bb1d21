"""Inner loops, compiled by numba: arrays of known layout in, arrays out, nothing checked.

Shapes are checked by the callers; these functions stand apart because a compiled function cannot
be wrapped by the shape checker that runs in every test.
"""
# pyright: basic

import numba
import numpy as np
from numpy.typing import NDArray

_INSERTION_K = 128
"""Up to this k a sorted insertion beats sorting the row."""
_LANES = 8
_LANE_LIMIT = 255
"""Eight byte-wide counters share a 64-bit word, so each holds at most 255 before it is flushed."""


@numba.njit(cache=True, parallel=True)
def unit_rows(layer: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Divide each row of (n, d) by its norm; also return the first all-zero row, or -1."""
    n, d = layer.shape
    out = np.empty_like(layer)
    zero = np.zeros(n, dtype=np.bool_)
    for i in numba.prange(n):
        largest = np.float32(0.0)
        for j in range(d):
            largest = max(largest, abs(layer[i, j]))
        if largest == 0.0:
            zero[i] = True
            continue
        squares = 0.0
        for j in range(d):
            scaled = layer[i, j] / largest
            squares += scaled * scaled
        norm = np.sqrt(squares)
        for j in range(d):
            out[i, j] = np.float32((layer[i, j] / largest) / norm)
    dead = -1
    for i in range(n):
        if zero[i]:
            dead = i
            break
    return out, dead


@numba.njit(cache=True, nogil=True)
def magnitude_histogram(
    bits: NDArray[np.uint32], prefix: np.uint32, known: int, shift: int, width: int
) -> NDArray[np.int64]:
    """Count the next `width` bits of |x| among values whose first `known` bits equal `prefix`."""
    counts = np.zeros(1 << width, dtype=np.int64)
    mask = np.uint32((1 << width) - 1)
    magnitude = np.uint32(0x7FFFFFFF)
    for b in bits:
        value = b & magnitude
        if known == 0 or (value >> np.uint32(31 - known)) == prefix:
            counts[(value >> np.uint32(shift)) & mask] += 1
    return counts


@numba.njit(cache=True, parallel=True)
def top_k(block: NDArray[np.float32], first: int, out: NDArray[np.int32]) -> None:
    """Write each row's k largest columns, largest first, to `out` (rows, k).

    Row r of `block` (rows, n) belongs to sample `first` + r, which is left out of its own row.
    """
    rows, n = block.shape
    k = out.shape[1]
    for r in numba.prange(rows):
        itself = first + r
        if k <= _INSERTION_K:
            best = np.empty(k, dtype=np.float32)
            held = 0
            for j in range(n):
                value = block[r, j]
                # Strictly greater: an equal value of a later index never displaces.
                if (held == k and value <= best[k - 1]) or j == itself:
                    continue
                place = held if held < k else k - 1
                while place > 0 and best[place - 1] < value:
                    best[place] = best[place - 1]
                    out[r, place] = out[r, place - 1]
                    place -= 1
                best[place] = value
                out[r, place] = j
                if held < k:
                    held += 1
        else:
            order = np.argsort(-block[r], kind="mergesort")
            held = 0
            for j in order:
                if j != itself:
                    out[r, held] = j
                    held += 1
                    if held == k:
                        break


def shared_neighbours(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the neighbours two stacks share: (n, layers_x, k), (n, layers_y, k) -> (lx, ly)."""
    return _shared_neighbours(x, y, numba.get_num_threads())


@numba.njit(cache=True, parallel=True)
def _shared_neighbours(x: NDArray[np.int32], y: NDArray[np.int32], parts: int) -> NDArray[np.int64]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    words = (layers_x + _LANES - 1) // _LANES
    shared = np.zeros((parts, layers_y, words * _LANES), dtype=np.int64)
    for part in numba.prange(parts):
        # Lane a of stamp[j] is 1 when j is a neighbour of sample i in layer a of x, so one
        # addition looks a neighbour of y up in eight layers of x at once.
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


@numba.njit(cache=True)
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
