"""Common subsequences and edit distances of neighbor lists."""

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED

_QUARTER_LIMIT = 4095
"""Samples after which a 16-bit counter that grows by at most 16 is flushed."""
LONGEST_BITWISE = 63
"""Neighbor lists up to this length fit a lane with one bit to spare for carries."""


def _lane_bits(k: int) -> int:
    return 16 if k < 16 else 32 if k < 32 else 64


def common_subsequences(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Sum LCS lengths over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    return _common_subsequences(x, y, _lane_bits(x.shape[2]), numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
def _common_subsequences(
    x: NDArray[np.int32], y: NDArray[np.int32], bits: int, parts: int
) -> NDArray[np.int64]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    lanes = 64 // bits
    words = _whole_registers(layers_x, lanes)
    full = _every_lane(k, bits)
    sums = np.zeros((parts, layers_y, words * lanes), dtype=np.int64)
    for part in numba.prange(parts):
        # Bit p of lane a in place[j]: sample j is i's p-th neighbor in layer a of x. One step of
        # the bit-parallel recurrence (Hyyro 2004) then runs for all layers of x at once.
        place = np.zeros((n, words), dtype=np.uint64)
        row = np.empty(words, dtype=np.uint64)
        counts = np.zeros((layers_y, words), dtype=np.uint64)
        for i in range(part * n // parts, (part + 1) * n // parts):
            _stamp_places(x, i, bits, place)
            for b in range(layers_y):
                row[:] = full
                for p in range(k):
                    j = np.uint32(y[i, b, p])
                    for w in range(words):
                        v = row[w]
                        u = v & place[j, w]
                        row[w] = ((v + u) | (v - u)) & full
                for w in range(words):
                    counts[b, w] += _bit_counts(row[w] ^ full)
            _clear_places(x, i, lanes, place)
            if i % _QUARTER_LIMIT == 0:
                _flush_quarters(counts, bits, sums[part])
        _flush_quarters(counts, bits, sums[part])
    return sums.sum(axis=0)[:, :layers_x].T


@numba.njit(cache=CACHED)
def _whole_registers(layers: int, lanes: int) -> int:
    """Words for so many lanes, in fours: what is left over would run one word at a time."""
    return ((layers + lanes - 1) // lanes + 3) // 4 * 4


@numba.njit(cache=CACHED)
def _every_lane(k: int, bits: int) -> np.uint64:
    """Return the word whose lanes all have their lowest k bits set."""
    word = np.uint64(0)
    for lane in range(64 // bits):
        word |= ((np.uint64(1) << np.uint64(k)) - np.uint64(1)) << np.uint64(lane * bits)
    return word


@numba.njit(cache=CACHED)
def _stamp_places(x: NDArray[np.int32], i: int, bits: int, place: NDArray[np.uint64]) -> None:
    lanes = 64 // bits
    for a in range(x.shape[1]):
        for p in range(x.shape[2]):
            place[np.uint32(x[i, a, p]), a // lanes] |= np.uint64(1) << np.uint64(
                bits * (a % lanes) + p
            )


@numba.njit(cache=CACHED)
def _clear_places(x: NDArray[np.int32], i: int, lanes: int, place: NDArray[np.uint64]) -> None:
    for a in range(x.shape[1]):
        for p in range(x.shape[2]):
            place[np.uint32(x[i, a, p]), a // lanes] = np.uint64(0)


@numba.njit(cache=CACHED, inline="always")
def _bit_counts(v: np.uint64) -> np.uint64:
    """Count set bits in each 16-bit quarter of a word."""
    v = v - ((v >> np.uint64(1)) & np.uint64(0x5555555555555555))
    v = (v & np.uint64(0x3333333333333333)) + ((v >> np.uint64(2)) & np.uint64(0x3333333333333333))
    v = (v + (v >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (v + (v >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)


@numba.njit(cache=CACHED)
def _flush_quarters(counts: NDArray[np.uint64], bits: int, sums: NDArray[np.int64]) -> None:
    """Move 16-bit counters to the 64-bit sums of their lanes before one overflows."""
    lanes = 64 // bits
    for b in range(counts.shape[0]):
        for w in range(counts.shape[1]):
            for quarter in range(4):
                lane = w * lanes + quarter * 16 // bits
                sums[b, lane] += np.int64(
                    (counts[b, w] >> np.uint64(16 * quarter)) & np.uint64(0xFFFF)
                )
            counts[b, w] = np.uint64(0)


def edit_distances(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Sum Levenshtein distances over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    return _edit_distances(x, y, _lane_bits(x.shape[2]), numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
def _edit_distances(
    x: NDArray[np.int32], y: NDArray[np.int32], bits: int, parts: int
) -> NDArray[np.int64]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    lanes = 64 // bits
    words = _whole_registers(layers_x, lanes)
    full = _every_lane(k, bits)
    one = _every_lane(1, bits)
    rises = np.zeros((parts, layers_y, words * lanes), dtype=np.int64)
    falls = np.zeros((parts, layers_y, words * lanes), dtype=np.int64)
    for part in numba.prange(parts):
        place = np.zeros((n, words), dtype=np.uint64)
        up = np.empty(words, dtype=np.uint64)
        down = np.empty(words, dtype=np.uint64)
        risen = np.zeros((layers_y, words), dtype=np.uint64)
        fallen = np.zeros((layers_y, words), dtype=np.uint64)
        for i in range(part * n // parts, (part + 1) * n // parts):
            _stamp_places(x, i, bits, place)
            for b in range(layers_y):
                up[:] = full
                down[:] = 0
                for p in range(k):
                    j = np.uint32(y[i, b, p])
                    for w in range(words):
                        # Myers 1999 in Hyyro's form; bits say where the last column of the
                        # distance table rises or falls by one.
                        m = place[j, w]
                        vp = up[w]
                        vn = down[w]
                        d0 = ((((m & vp) + vp) ^ vp) | m | vn) & full
                        hp = vn | ((d0 | vp) ^ full)
                        hn = d0 & vp
                        # The shift brings a rise in at the bottom of every lane.
                        hp = (hp + hp + one) & full
                        up[w] = ((hn + hn) & full) | ((d0 | hp) ^ full)
                        down[w] = hp & d0
                for w in range(words):
                    risen[b, w] += _bit_counts(up[w])
                    fallen[b, w] += _bit_counts(down[w])
            _clear_places(x, i, lanes, place)
            if i % _QUARTER_LIMIT == 0:
                _flush_quarters(risen, bits, rises[part])
                _flush_quarters(fallen, bits, falls[part])
        _flush_quarters(risen, bits, rises[part])
        _flush_quarters(fallen, bits, falls[part])
    # The last column starts at k, the letters of y used up, and adds its steps.
    return ((rises - falls).sum(axis=0)[:, :layers_x] + n * k).T


def row_common_subsequence(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return each sample's LCS length: (n, k), (n, k) -> (n,); any k.

    A neighbor occurs once in a list, so the LCS is the longest increasing run of places.
    """
    samples = 1 + max(int(x.max(initial=0)), int(y.max(initial=0)))
    return _row_common_subsequence(x, y, samples, numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
def _row_common_subsequence(
    x: NDArray[np.int32], y: NDArray[np.int32], samples: int, parts: int
) -> NDArray[np.int64]:
    n, k = x.shape
    lengths = np.zeros(n, dtype=np.int64)
    for part in numba.prange(parts):
        place = np.full(samples, -1, dtype=np.int64)
        tails = np.empty(k, dtype=np.int64)
        for i in range(part * n // parts, (part + 1) * n // parts):
            for p in range(k):
                place[x[i, p]] = p
            held = 0
            for p in range(k):
                at = place[y[i, p]]
                if at < 0:
                    continue
                slot = np.searchsorted(tails[:held], at)
                tails[slot] = at
                if slot == held:
                    held += 1
            for p in range(k):
                place[x[i, p]] = -1
            lengths[i] = held
    return lengths


@numba.njit(cache=CACHED, parallel=True)
def row_edit_distance(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return each sample's Levenshtein distance by the classic table: (n, k), (n, k) -> (n,)."""
    n, k = x.shape
    distances = np.zeros(n, dtype=np.int64)
    for i in numba.prange(n):
        last = np.arange(k + 1)
        for p in range(k):
            diagonal = last[0]
            last[0] = p + 1
            for q in range(k):
                best = diagonal + (0 if x[i, q] == y[i, p] else 1)
                best = min(best, last[q] + 1, last[q + 1] + 1)
                diagonal = last[q + 1]
                last[q + 1] = best
        distances[i] = last[k]
    return distances
