"""Inner loops, compiled by numba: arrays of known layout in, arrays out, nothing checked.

Shapes are checked by the callers; these functions stand apart because a compiled function cannot
be wrapped by the shape checker that runs in every test.
"""
# pyright: basic

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

_INSERTION_K = 128
"""Up to this k a sorted insertion beats sorting the row."""
_LANES = 8
_LANE_LIMIT = 255


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
def row_histogram(
    bits: NDArray[np.uint32],
    prefix: NDArray[np.uint32],
    known: int,
    shift: int,
    counts: NDArray[np.int32],
) -> None:
    """Add each row's counts of the next bits of |x|, among values that share that row's prefix."""
    mask = np.uint32(counts.shape[1] - 1)
    magnitude = np.uint32(0x7FFFFFFF)
    for i in numba.prange(bits.shape[0]):
        wanted = prefix[i]
        for j in range(bits.shape[1]):
            value = bits[i, j] & magnitude
            if known == 0 or (value >> np.uint32(31 - known)) == wanted:
                counts[i, (value >> np.uint32(shift)) & mask] += 1


@numba.njit(cache=True, parallel=True)
def row_next_above(
    bits: NDArray[np.uint32], value: NDArray[np.uint32], least: NDArray[np.uint32]
) -> None:
    """Lower `least` to each row's smallest |x| above `value`, as bit patterns."""
    magnitude = np.uint32(0x7FFFFFFF)
    for i in numba.prange(bits.shape[0]):
        found = least[i]
        for j in range(bits.shape[1]):
            b = bits[i, j] & magnitude
            if b > value[i] and b < found:
                found = b
        least[i] = found


@numba.njit(cache=True, parallel=True)
def row_largest(layer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each row's largest |x|: (n, d) -> (n,)."""
    n, d = layer.shape
    bits = layer.view(np.uint32)
    found = np.empty(n, dtype=np.uint32)
    for i in numba.prange(n):
        # Finite magnitudes sort like their bit patterns, and integers compare in vectors.
        largest = np.uint32(0)
        for j in range(d):
            largest = max(largest, bits[i, j] & np.uint32(0x7FFFFFFF))
        found[i] = largest
    return found.view(np.float32)


@numba.njit(cache=True, parallel=True)
def row_hashes(bits: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Hash each row's bit patterns (0.0 and -0.0 alike), so that equal rows can be looked for."""
    n, d = bits.shape
    hashes = np.empty(n, dtype=np.uint64)
    for i in numba.prange(n):
        # Four independent multiply-adds, or the chain of multiplications sets the pace.
        h0 = np.uint64(14695981039346656037)
        h1 = np.uint64(0x9E3779B97F4A7C15)
        h2 = np.uint64(0xC2B2AE3D27D4EB4F)
        h3 = np.uint64(0x165667B19E3779F9)
        prime = np.uint64(1099511628211)
        whole = d - d % 4
        for j in range(0, whole, 4):
            h0 = h0 * prime + np.uint64(bits[i, j])
            h1 = h1 * prime + np.uint64(bits[i, j + 1])
            h2 = h2 * prime + np.uint64(bits[i, j + 2])
            h3 = h3 * prime + np.uint64(bits[i, j + 3])
        for j in range(whole, d):
            h0 = h0 * prime + np.uint64(bits[i, j])
        hashes[i] = ((h0 * prime + h1) * prime + h2) * prime + h3
    return hashes


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


def row_scores(
    x: NDArray[np.int32], y: NDArray[np.int32], value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum value[neighbours shared] over samples: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    return _row_scores(x, y, value, numba.get_num_threads())


@numba.njit(cache=True, parallel=True)
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


def reversed_graph(
    x: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """List who has sample i as a neighbour: (n, layers, k) -> starts, members, places.

    starts (layers, n + 1): where sample i's members begin; members (layers, n k): who they are;
    places (layers, n k): where in x, flattened, each was found.
    """
    return _reversed_graph(x)


@numba.njit(cache=True, parallel=True)
def _reversed_graph(
    x: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
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


@numba.njit(cache=True, parallel=True)
def _cycles(
    starts: NDArray[np.int64], members: NDArray[np.int32], y: NDArray[np.int32], parts: int
) -> NDArray[np.int64]:
    layers_x = starts.shape[0]
    n, layers_y, k = y.shape
    words = (layers_x + _LANES - 1) // _LANES
    home = np.zeros((parts, layers_y, words * _LANES), dtype=np.int64)
    for part in numba.prange(parts):
        # Lane a of stamp[j] is 1 when sample i is a neighbour of j in layer a of x.
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


_QUARTER_LIMIT = 4095
"""Samples after which a 16-bit counter that grows by at most 16 is flushed."""
LONGEST_BITWISE = 63
"""Neighbour lists up to this length fit a lane with one bit to spare for carries."""


def _lane_bits(k: int) -> int:
    return 16 if k < 16 else 32 if k < 32 else 64


def common_subsequences(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Sum LCS lengths over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    return _common_subsequences(x, y, _lane_bits(x.shape[2]), numba.get_num_threads())


@numba.njit(cache=True, parallel=True)
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
        # Bit p of lane a in place[j]: sample j is i's p-th neighbour in layer a of x. One step of
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


@numba.njit(cache=True)
def _whole_registers(layers: int, lanes: int) -> int:
    """Words for so many lanes, in fours: what is left over would run one word at a time."""
    return ((layers + lanes - 1) // lanes + 3) // 4 * 4


@numba.njit(cache=True)
def _every_lane(k: int, bits: int) -> np.uint64:
    """Return the word whose lanes all have their lowest k bits set."""
    word = np.uint64(0)
    for lane in range(64 // bits):
        word |= ((np.uint64(1) << np.uint64(k)) - np.uint64(1)) << np.uint64(lane * bits)
    return word


@numba.njit(cache=True)
def _stamp_places(x: NDArray[np.int32], i: int, bits: int, place: NDArray[np.uint64]) -> None:
    lanes = 64 // bits
    for a in range(x.shape[1]):
        for p in range(x.shape[2]):
            place[np.uint32(x[i, a, p]), a // lanes] |= np.uint64(1) << np.uint64(
                bits * (a % lanes) + p
            )


@numba.njit(cache=True)
def _clear_places(x: NDArray[np.int32], i: int, lanes: int, place: NDArray[np.uint64]) -> None:
    for a in range(x.shape[1]):
        for p in range(x.shape[2]):
            place[np.uint32(x[i, a, p]), a // lanes] = np.uint64(0)


@numba.njit(cache=True, inline="always")
def _bit_counts(v: np.uint64) -> np.uint64:
    """Count set bits in each 16-bit quarter of a word."""
    v = v - ((v >> np.uint64(1)) & np.uint64(0x5555555555555555))
    v = (v & np.uint64(0x3333333333333333)) + ((v >> np.uint64(2)) & np.uint64(0x3333333333333333))
    v = (v + (v >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (v + (v >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)


@numba.njit(cache=True)
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


@numba.njit(cache=True, parallel=True)
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


@numba.njit(cache=True, parallel=True)
def row_common_subsequence(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return each sample's LCS length: (n, k), (n, k) -> (n,); any k.

    A neighbour occurs once in a list, so the LCS is the longest increasing run of places.
    """
    n, k = x.shape
    lengths = np.zeros(n, dtype=np.int64)
    for i in numba.prange(n):
        order = np.argsort(x[i])
        ranked = x[i][order]
        tails = np.empty(k, dtype=np.int64)
        held = 0
        for p in range(k):
            at = np.searchsorted(ranked, y[i, p])
            if at == k or ranked[at] != y[i, p]:
                continue
            place = order[at]
            slot = np.searchsorted(tails[:held], place)
            tails[slot] = place
            if slot == held:
                held += 1
        lengths[i] = held
    return lengths


@numba.njit(cache=True, parallel=True)
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


@numba.njit(cache=True, parallel=True)
def row_shared(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how many neighbours each sample's two lists share: (n, k), (n, k) -> (n,)."""
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


def shared_products(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    values_x: NDArray[np.float32],
    values_y: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Sum value_x * value_y over shared neighbours: (n, lx, k), (n, ly, k) twice -> (lx, ly)."""
    return _shared_products(x, y, values_x, values_y, numba.get_num_threads())


@numba.njit(cache=True, parallel=True)
def _shared_products(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    values_x: NDArray[np.float32],
    values_y: NDArray[np.float32],
    parts: int,
) -> NDArray[np.float64]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    lanes = _whole_vectors(layers_x)
    sums = np.zeros((parts, layers_y, lanes))
    for part in numba.prange(parts):
        stamp = np.zeros((n, lanes), dtype=np.float32)
        # One sample's sum in float32, the sum over samples in float64.
        here = np.empty(lanes, dtype=np.float32)
        for i in range(part * n // parts, (part + 1) * n // parts):
            for a in range(layers_x):
                for p in range(k):
                    stamp[np.uint32(x[i, a, p]), a] = values_x[i, a, p]
            for b in range(layers_y):
                here[:] = 0
                for p in range(k):
                    j = np.uint32(y[i, b, p])
                    v = values_y[i, b, p]
                    for a in range(lanes):
                        here[a] += v * stamp[j, a]
                for a in range(lanes):
                    sums[part, b, a] += here[a]
            for a in range(layers_x):
                for p in range(k):
                    stamp[np.uint32(x[i, a, p]), a] = 0
    return sums.sum(axis=0)[:, :layers_x].T


@numba.njit(cache=True)
def _whole_vectors(layers: int) -> int:
    """Lanes for so many layers, in eights: what is left over would run one at a time."""
    return (layers + 7) // 8 * 8


@numba.njit(cache=True, parallel=True)
def reciprocal(x: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say where the neighbour also has the sample as its neighbour: (n, layers, k) -> same."""
    n, layers, k = x.shape
    found = np.zeros((n, layers, k), dtype=np.bool_)
    for i in numba.prange(n):
        for a in range(layers):
            for p in range(k):
                j = x[i, a, p]
                for q in range(k):
                    if x[j, a, q] == i:
                        found[i, a, p] = True
                        break
    return found


class Listed(NamedTuple):
    """Layers' neighbour lists with the kernel between neighbours, from both ends."""

    lists: NDArray[np.int32]
    """(n, layers, k): whom sample i has as neighbours."""
    values: NDArray[np.float32]
    """The kernel there, same shape."""
    starts: NDArray[np.int64]
    """(layers, n + 1): where in `members` those begin that have sample j as a neighbour."""
    members: NDArray[np.int32]
    """(layers, n k)."""
    held: NDArray[np.float32]
    """The kernel there, same shape."""


def masked_marginals(
    x: Listed, y: Listed
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Sums of kernels kept at shared neighbours, for every pair of layers (lx, ly).

    Both kernels K and L keep entry (i, j) where j is a neighbour of i in both layers; returned
    are the sum of K, the sum of L, and 1'KL1 = sum_j (column sum of K)_j (row sum of L)_j.
    """
    threads = numba.get_num_threads()
    return _masked_marginals(
        x.lists, x.starts, x.members, x.held, y.lists, y.values, y.starts, y.members, threads
    )


@numba.njit(cache=True, parallel=True)
def _masked_marginals(
    x: NDArray[np.int32],
    starts_x: NDArray[np.int64],
    members_x: NDArray[np.int32],
    held_x: NDArray[np.float32],
    y: NDArray[np.int32],
    values_y: NDArray[np.float32],
    starts_y: NDArray[np.int64],
    members_y: NDArray[np.int32],
    parts: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    n, layers_x, k = x.shape
    layers_y = y.shape[1]
    lanes = _whole_vectors(layers_x)
    sums = np.zeros((3, parts, layers_y, lanes))
    for part in numba.prange(parts):
        # Sample j's row of L and column of K, masked, for all layers of x at once.
        own = np.zeros((n, lanes), dtype=np.float32)
        has = np.zeros((n, lanes), dtype=np.float32)
        row = np.empty(lanes, dtype=np.float32)
        column = np.empty(lanes, dtype=np.float32)
        for j in range(part * n // parts, (part + 1) * n // parts):
            for a in range(layers_x):
                for p in range(k):
                    own[np.uint32(x[j, a, p]), a] = 1
                for at in range(starts_x[a, j], starts_x[a, j + 1]):
                    has[np.uint32(members_x[a, at]), a] = held_x[a, at]
            for b in range(layers_y):
                row[:] = 0
                column[:] = 0
                for p in range(k):
                    i = np.uint32(y[j, b, p])
                    v = values_y[j, b, p]
                    for a in range(lanes):
                        row[a] += v * own[i, a]
                for at in range(starts_y[b, j], starts_y[b, j + 1]):
                    i = np.uint32(members_y[b, at])
                    for a in range(lanes):
                        column[a] += has[i, a]
                for a in range(lanes):
                    sums[0, part, b, a] += column[a]
                    sums[1, part, b, a] += row[a]
                    sums[2, part, b, a] += np.float64(column[a]) * row[a]
            for a in range(layers_x):
                for p in range(k):
                    own[np.uint32(x[j, a, p]), a] = 0
                for at in range(starts_x[a, j], starts_x[a, j + 1]):
                    has[np.uint32(members_x[a, at]), a] = 0
    totals = sums.sum(axis=1)[:, :, :layers_x]
    return totals[0].T, totals[1].T, totals[2].T


@numba.njit(cache=True, parallel=True)
def pack(matrices: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return relabelled symmetric matrices as packed upper triangles, (layers, n (n + 1) / 2).

    `matrices` (layers, n, n); entries (i, j), j >= i, are M[order[i], order[j]], off-diagonals
    times sqrt(2), so that inner products of packed rows are those of whole matrices.
    """
    layers, n, _ = matrices.shape
    out = np.empty((layers, n * (n + 1) // 2), dtype=np.float32)
    root = np.float32(np.sqrt(2.0))
    for a in numba.prange(layers):
        at = 0
        for i in range(n):
            source = matrices[a, order[i]]
            out[a, at] = source[order[i]]
            for j in range(i + 1, n):
                out[a, at + j - i] = root * source[order[j]]
            at += n - i
    return out


@numba.njit(cache=True, nogil=True)
def average_ranks(values: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return ranks from 1, ties sharing their mean rank; `order` sorts `values` ascending."""
    n = len(values)
    ranks = np.empty(n, dtype=np.float64)
    start = 0
    while start < n:
        stop = start + 1
        value = values[order[start]]
        while stop < n and values[order[stop]] == value:
            stop += 1
        mean = (start + stop + 1) / 2.0
        for at in range(start, stop):
            ranks[order[at]] = mean
        start = stop
    return ranks
