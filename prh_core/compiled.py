"""Inner loops, compiled by numba: arrays of known layout in, arrays out, nothing checked.

Shapes are checked by the callers; these functions stand apart because a compiled function cannot
be wrapped by the shape checker that runs in every test.
"""
# pyright: basic

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED

_INSERTION_K = 128
"""Up to this k a sorted insertion beats sorting the row."""
_LANES = 8
_LANE_LIMIT = 255


_PARTS = 16
"""Sums over rows are made in so many parts, whatever the threads: the same number everywhere."""


@numba.njit(cache=CACHED, parallel=True)
def row_norms(layer: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each row's Euclidean norm, squared and summed in float64: (n, d) -> (n,)."""
    n, d = layer.shape
    norms = np.empty(n, dtype=np.float64)
    for i in numba.prange(n):
        squares = 0.0
        for j in range(d):
            value = np.float64(layer[i, j])
            squares += value * value
        norms[i] = np.sqrt(squares)
    return norms


@numba.njit(cache=CACHED, parallel=True)
def column_means(layer: NDArray[np.float32], divisors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over rows of each column of layer / divisors[:, None], in float64."""
    n, d = layer.shape
    sums = np.zeros((_PARTS, d), dtype=np.float64)
    for part in numba.prange(_PARTS):
        for i in range(part * n // _PARTS, (part + 1) * n // _PARTS):
            scale = 1.0 / divisors[i]
            for j in range(d):
                sums[part, j] += layer[i, j] * scale
    return sums.sum(axis=0) / n


@numba.njit(cache=CACHED, parallel=True)
def shifted_rows(
    layer: NDArray[np.float32], divisors: NDArray[np.float64], mean: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return layer / divisors[:, None] - mean, found in float64 and rounded once."""
    n, d = layer.shape
    out = np.empty_like(layer)
    for i in numba.prange(n):
        divisor = divisors[i]
        for j in range(d):
            out[i, j] = np.float32(layer[i, j] / divisor - mean[j])
    return out


@numba.njit(cache=CACHED, nogil=True)
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


@numba.njit(cache=CACHED, parallel=True)
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


@numba.njit(cache=CACHED, parallel=True)
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


@numba.njit(cache=CACHED, parallel=True)
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


@numba.njit(cache=CACHED, parallel=True)
def row_hashes(bits: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Hash each row's bit patterns (0.0 and -0.0 alike), so that equal rows can be looked for."""
    n, d = bits.shape
    hashes = np.empty(n, dtype=np.uint64)
    minus_zero = np.uint32(0x80000000)
    for i in numba.prange(n):
        # Four independent multiply-adds, or the chain of multiplications sets the pace.
        h0 = np.uint64(14695981039346656037)
        h1 = np.uint64(0x9E3779B97F4A7C15)
        h2 = np.uint64(0xC2B2AE3D27D4EB4F)
        h3 = np.uint64(0x165667B19E3779F9)
        prime = np.uint64(1099511628211)
        whole = d - d % 4
        for j in range(0, whole, 4):
            b0, b1, b2, b3 = bits[i, j], bits[i, j + 1], bits[i, j + 2], bits[i, j + 3]
            h0 = h0 * prime + np.uint64(np.uint32(0) if b0 == minus_zero else b0)
            h1 = h1 * prime + np.uint64(np.uint32(0) if b1 == minus_zero else b1)
            h2 = h2 * prime + np.uint64(np.uint32(0) if b2 == minus_zero else b2)
            h3 = h3 * prime + np.uint64(np.uint32(0) if b3 == minus_zero else b3)
        for j in range(whole, d):
            b0 = bits[i, j]
            h0 = h0 * prime + np.uint64(np.uint32(0) if b0 == minus_zero else b0)
        hashes[i] = ((h0 * prime + h1) * prime + h2) * prime + h3
    return hashes


@numba.njit(cache=CACHED, parallel=True)
def top_k(
    block: NDArray[np.float32],
    first: int,
    out: NDArray[np.int32],
    values: NDArray[np.float32],
) -> None:
    """Write each row's k largest columns, largest first, and their values to (rows, k) arrays.

    Row r of `block` (rows, n) belongs to sample `first` + r, which is left out of its own row.
    """
    rows, n = block.shape
    k = out.shape[1]
    for r in numba.prange(rows):
        itself = first + r
        if k <= _INSERTION_K:
            held = 0
            for j in range(n):
                value = block[r, j]
                # Strictly greater: an equal value of a later index never displaces.
                if (held == k and value <= values[r, k - 1]) or j == itself:
                    continue
                place = held if held < k else k - 1
                while place > 0 and values[r, place - 1] < value:
                    values[r, place] = values[r, place - 1]
                    out[r, place] = out[r, place - 1]
                    place -= 1
                values[r, place] = value
                out[r, place] = j
                if held < k:
                    held += 1
        else:
            order = np.argsort(-block[r], kind="mergesort")
            held = 0
            for j in order:
                if j != itself:
                    out[r, held] = j
                    values[r, held] = block[r, j]
                    held += 1
                    if held == k:
                        break


@numba.njit(cache=CACHED, parallel=True)
def count_beyond(
    block: NDArray[np.float32],
    itself: NDArray[np.int64],
    values: NDArray[np.float32],
    k: int,
    within: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Count, per row, what stands beyond the list but cannot be told from its k-th entry.

    `block` (rows, n) are similarities of the samples `itself`; `values` (rows, at least k) those
    of their lists, largest first; two that differ by at most `within` cannot be told apart.
    """
    rows, n = block.shape
    listed = values.shape[1]
    counts = np.zeros(rows, dtype=np.int64)
    for r in numba.prange(rows):
        if listed == k or values[r, k - 1] - values[r, k] > within[r]:
            continue
        floor = values[r, k - 1] - within[r]
        count = 0
        for j in range(n):
            if block[r, j] >= floor and j != itself[r]:
                count += 1
        # Those of the list that reach the floor were counted, too.
        for p in range(listed):
            if values[r, p] >= floor:
                count -= 1
        counts[r] = max(count, 0)
    return counts


@numba.njit(cache=CACHED, parallel=True)
def near_ties(
    block: NDArray[np.float32],
    itself: NDArray[np.int64],
    lists: NDArray[np.int32],
    values: NDArray[np.float32],
    k: int,
    within: NDArray[np.float64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    unsure: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
) -> None:
    """Lay out each row's list, then what stands beyond it but cannot be told from its k-th entry.

    Writes `members`, `unsure` (the place among neighboring entries is not certain) and `fresh`
    (the entry begins a run of which each is within rounding of the next).
    """
    rows, n = block.shape
    listed = lists.shape[1]
    for r in numba.prange(rows):
        at = starts[r]
        inside = np.zeros(n, dtype=np.bool_)
        for p in range(listed):
            members[at + p] = lists[r, p]
            inside[lists[r, p]] = True
            fresh[at + p] = p == 0 or values[r, p - 1] - values[r, p] > within[r]
            if not fresh[at + p]:
                unsure[at + p] = True
                unsure[at + p - 1] = True
        end = at + listed
        if starts[r + 1] > end:
            floor = values[r, k - 1] - within[r]
            for j in range(n):
                if block[r, j] >= floor and j != itself[r] and not inside[j]:
                    members[end] = j
                    unsure[end] = True
                    end += 1


@numba.njit(cache=CACHED, parallel=True)
def exact_similarities(
    layer: NDArray[np.float32],
    norms: NDArray[np.float64],
    unit: bool,
    rows: NDArray[np.int64],
    originals: NDArray[np.int64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    unsure: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, in float64, each unsure entry's similarity to its row, and the error it may carry.

    Of unit rows it is minus the squared distance, which loses nothing to a common mean; else the
    inner product. Every pair is summed in the same order wherever it stands.
    """
    n, d = layer.shape
    found = np.zeros(len(members))
    errors = np.zeros(len(members))
    sums = 2.2e-16 * (2.0 + 0.25 * np.sqrt(d))
    for r in numba.prange(len(rows)):
        i = rows[r]
        own = 1.0 / norms[i]
        # Where a row that this one repeats was looked at already.
        known = np.full(n, -1, dtype=np.int64)
        for e in range(starts[r], starts[r + 1]):
            if not unsure[e]:
                continue
            j = np.int64(members[e])
            if known[originals[j]] >= 0:
                found[e] = found[known[originals[j]]]
                errors[e] = errors[known[originals[j]]]
                continue
            total = 0.0
            if unit:
                other = 1.0 / norms[j]
                for c in range(d):
                    away = layer[i, c] * own - layer[j, c] * other
                    total += away * away
                found[e] = -total
                errors[e] = 1.2e-15 * np.sqrt(total) + sums * total
            else:
                for c in range(d):
                    total += np.float64(layer[i, c]) * np.float64(layer[j, c])
                found[e] = total
                errors[e] = sums * norms[i] * norms[j]
            known[originals[j]] = e
    return found, errors


@numba.njit(cache=CACHED, parallel=True)
def settle_ties(
    k: int,
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    unsure: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
    totals: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sort every run by exact similarity; entries that are then equal are tied, by lower index.

    `members` and `fresh` are rewritten, `fresh` to say where a group of tied entries begins.
    Returns how many entries reach to the end of the group that holds the k-th, and which rows
    have a tie among these.
    """
    rows = len(starts) - 1
    lengths = np.zeros(rows, dtype=np.int64)
    tied = np.zeros(rows, dtype=np.bool_)
    for r in numba.prange(rows):
        first, stop = starts[r], starts[r + 1]
        at = first
        while at < stop:
            end = at + 1
            while end < stop and not fresh[end]:
                end += 1
            if end - at > 1:
                order = np.argsort(-totals[at:end], kind="mergesort")
                run = members[at:end][order]
                values = totals[at:end][order]
                slack = errors[at:end][order]
                begin = 0
                for p in range(1, len(run) + 1):
                    apart = p == len(run) or values[p - 1] - values[p] > slack[p - 1] + slack[p]
                    if apart:
                        members[at + begin : at + p] = np.sort(run[begin:p])
                        fresh[at + begin] = True
                        fresh[at + begin + 1 : at + p] = False
                        begin = p
            at = end
        end = first + k
        while end < stop and not fresh[end]:
            end += 1
        lengths[r] = end - first
        for e in range(first + 1, end):
            if not fresh[e]:
                tied[r] = True
                break
    return lengths, tied


@numba.njit(cache=CACHED, parallel=True)
def relist(
    served: NDArray[np.int64],
    originals: NDArray[np.int64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    fresh: NDArray[np.bool_],
    values: NDArray[np.float32],
    order: NDArray[np.int64],
    back: NDArray[np.int32],
    out: NDArray[np.int32],
    out_values: NDArray[np.float32],
) -> None:
    """Write anew the lists of rows with ties: groups as they are, inside by the new index.

    New row i is old row order[i], old row j is new row back[j]. Row i's groups are those of the
    row served[order[i]] names, itself put in the place of the sample that it repeats.
    """
    n, k = out.shape
    with_values = out_values.shape[1] > 0
    for i in numba.prange(n):
        old = order[i]
        row = served[old]
        if row < 0:
            continue
        original = np.int32(originals[old])
        at, stop, place = starts[row], starts[row + 1], 0
        while place < k:
            end = at + 1
            while end < stop and not fresh[end]:
                end += 1
            slots = min(k - place, end - at)
            held = 0
            for e in range(at, end):
                j = original if members[e] == old else members[e]
                new = back[j]
                if held == slots and new > out[i, place + slots - 1]:
                    continue
                p = place + (held if held < slots else slots - 1)
                while p > place and out[i, p - 1] > new:
                    out[i, p] = out[i, p - 1]
                    if with_values:
                        out_values[i, p] = out_values[i, p - 1]
                    p -= 1
                out[i, p] = new
                if with_values:
                    out_values[i, p] = values[e]
                if held < slots:
                    held += 1
            place += slots
            at = end


@numba.njit(cache=CACHED)
def places_by_order(
    served: NDArray[np.int64], starts: NDArray[np.int64], fresh: NDArray[np.bool_], k: int
) -> float:
    """Return the share of all samples' k places that go to one of several tied by index alone."""
    total = 0
    for row in served:
        if row < 0:
            continue
        at, stop, place = starts[row], starts[row + 1], 0
        while place < k:
            end = at + 1
            while end < stop and not fresh[end]:
                end += 1
            if end - at > k - place:
                total += k - place
            place += end - at
            at = end
    return np.float64(total) / (len(served) * k)


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


def reversed_graph(
    x: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """List who has sample i as a neighbor: (n, layers, k) -> starts, members, places.

    starts (layers, n + 1): where sample i's members begin; members (layers, n k): who they are;
    places (layers, n k): where in x, flattened, each was found.
    """
    return _reversed_graph(x)


@numba.njit(cache=CACHED, parallel=True)
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


@numba.njit(cache=CACHED, parallel=True)
def row_common_subsequence(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return each sample's LCS length: (n, k), (n, k) -> (n,); any k.

    A neighbor occurs once in a list, so the LCS is the longest increasing run of places.
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


@numba.njit(cache=CACHED)
def _listed(lists: NDArray[np.int32], i: Any, wanted: Any) -> bool:
    """Say whether sample i's list, in order of index, holds another."""
    low, high = 0, lists.shape[1]
    while low < high:
        middle = (low + high) // 2
        if lists[i, middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < lists.shape[1] and lists[i, low] == wanted


@numba.njit(cache=CACHED, parallel=True)
def sorted_rows(x: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return each sample's list in order of index: (n, k) -> (n, k)."""
    out = np.empty_like(x)
    for i in numba.prange(len(x)):
        out[i] = np.sort(x[i])
    return out


@numba.njit(cache=CACHED, nogil=True)
def credited_sums(
    x: NDArray[np.int32], y: NDArray[np.int32], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Spread samples' scores over the neighbors they share; return what intervals need of it.

    `x`, `y` (n, k) lists in order of index; e_ij = rows_i / shared_i where j is shared, less the
    mean score times the share of i's two lists that j is. Returned are row plus column sums of e,
    and sum e_ij^2 + sum e_ij e_ji.
    """
    n, k = x.shape
    mean = rows.mean()
    part = mean / (2 * k)
    credit = np.zeros(n)
    for i in range(n):
        shared = 0
        for p in range(k):
            shared += _listed(y, i, x[i, p])
        credit[i] = rows[i] / max(shared, 1)
    sums = np.zeros(n)
    twice = 0.0
    for i in range(n):
        for side in range(2):
            for p in range(k):
                j = x[i, p] if side == 0 else y[i, p]
                other = _listed(y, i, j) if side == 0 else _listed(x, i, j)
                if side == 1 and other:
                    continue
                e = credit[i] - 2 * part if other else -part
                sums[i] += e
                sums[j] += e
                twice += e * e
                in_x, in_y = _listed(x, j, i), _listed(y, j, i)
                back = credit[j] if in_x and in_y else 0.0
                twice += e * (back - part * (np.float64(in_x) + np.float64(in_y)))
    return sums, twice


@numba.njit(cache=CACHED, nogil=True)
def squared_residuals(
    one: NDArray[np.float32],
    other: NDArray[np.float32],
    rows: NDArray[np.int64],
    both: float,
    own: float,
    others: float,
) -> tuple[float, float]:
    """Sum the squares of what samples, and pairs, add to an alignment of kernels beyond their due.

    `one`, `other` (rows, n) those rows of two kernels K, L; `both` <K, L>, `own` <K, K>, `others`
    <L, L>. With s = <K, L> / (|K| |L|), e_ij = K_ij L_ij / (|K| |L|) - s (K_ij^2 / |K|^2 +
    L_ij^2 / |L|^2) / 2 over pairs i != j. Returned are sum_i (sum_j e_ij)^2 and sum_ij e_ij^2.
    """
    norm = (own * others) ** 0.5
    half = both / norm / 2
    of_samples, of_pairs = 0.0, 0.0
    for r in range(len(rows)):
        row = 0.0
        for j in range(one.shape[1]):
            k, m = np.float64(one[r, j]), np.float64(other[r, j])
            e = k * m / norm - half * (k * k / own + m * m / others)
            if j != rows[r]:
                row += e
                of_pairs += e * e
        of_samples += row * row
    return of_samples, of_pairs


@numba.njit(cache=CACHED, nogil=True)
def cycle_sums(
    x: NDArray[np.int32], y: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Do the same for walks out by y's lists and home by x's; return also who comes home.

    e_ij = 1 where j alone leads i home, less what the places of (i, j) among i's steps out and the
    steps home to i let expect. What coming home by several ways adds to i counts with i alone.
    """
    n, k = x.shape
    ways = np.zeros(n)
    alone = 0.0
    for i in range(n):
        for p in range(k):
            ways[i] += np.float64(_listed(x, y[i, p], i))
        alone += np.float64(ways[i] == 1)
    rows = np.minimum(ways, 1.0)
    part = alone / n / (2 * k)
    sums = rows - rows.mean()
    twice = 0.0
    for i in range(n):
        for side in range(2):
            for p in range(k):
                # Out from a to b by y, or home to a from b by x.
                a = i if side == 0 else np.int64(x[i, p])
                b = np.int64(y[i, p]) if side == 0 else i
                other = _listed(x, b, a) if side == 0 else _listed(y, a, b)
                if side == 1 and other:
                    continue
                e = np.float64(ways[a] == 1) - 2 * part if other else -part
                sums[b] += e
                twice += e * e
                out, home = _listed(y, b, a), _listed(x, a, b)
                back = np.float64(ways[b] == 1) if out and home else 0.0
                twice += e * (back - part * (np.float64(out) + np.float64(home)))
    return rows, sums, twice


@numba.njit(cache=CACHED, nogil=True)
def ranks_of_kept(
    values: NDArray[np.float32],
    order: NDArray[np.int64],
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    keep: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Return centered unit-norm ranks of the pairs of samples kept; 0 for the others.

    `order` sorts `values`, one per pair (first, second); ties share their mean rank.
    """
    count = len(values)
    ranks = np.zeros(count, dtype=np.float64)
    kept = 0
    start = 0
    while start < count:
        stop = start
        value = values[order[start]]
        inside = 0
        while stop < count and values[order[stop]] == value:
            inside += keep[first[order[stop]]] and keep[second[order[stop]]]
            stop += 1
        mean = kept + (inside + 1) / 2.0
        for at in range(start, stop):
            if keep[first[order[at]]] and keep[second[order[at]]]:
                ranks[order[at]] = mean
        kept += inside
        start = stop
    middle = (kept + 1) / 2.0
    squares = 0.0
    for at in range(count):
        if ranks[at] > 0:
            ranks[at] -= middle
            squares += ranks[at] * ranks[at]
    scale = 1.0 / np.sqrt(squares) if squares > 0 else 0.0
    return (ranks * scale).astype(np.float32)


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


def shared_products(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    values_x: NDArray[np.float32],
    values_y: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Sum value_x * value_y over shared neighbors: (n, lx, k), (n, ly, k) twice -> (lx, ly)."""
    return _shared_products(x, y, values_x, values_y, numba.get_num_threads())


@numba.njit(cache=CACHED, parallel=True)
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


@numba.njit(cache=CACHED)
def _whole_vectors(layers: int) -> int:
    """Lanes for so many layers, in eights: what is left over would run one at a time."""
    return (layers + 7) // 8 * 8


@numba.njit(cache=CACHED, parallel=True)
def reciprocal(x: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say where the neighbor also has the sample as its neighbor: (n, layers, k) -> same."""
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
    """Layers' neighbor lists with the kernel between neighbors, from both ends."""

    lists: NDArray[np.int32]
    """(n, layers, k): whom sample i has as neighbors."""
    values: NDArray[np.float32]
    """The kernel there, same shape."""
    starts: NDArray[np.int64]
    """(layers, n + 1): where in `members` those begin that have sample j as a neighbor."""
    members: NDArray[np.int32]
    """(layers, n k)."""
    held: NDArray[np.float32]
    """The kernel there, same shape."""


def masked_marginals(
    x: Listed, y: Listed
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Sums of kernels kept at shared neighbors, for every pair of layers (lx, ly).

    Both kernels K and L keep entry (i, j) where j is a neighbor of i in both layers; returned
    are the sum of K, the sum of L, and 1'KL1 = sum_j (column sum of K)_j (row sum of L)_j.
    """
    threads = numba.get_num_threads()
    return _masked_marginals(
        x.lists, x.starts, x.members, x.held, y.lists, y.values, y.starts, y.members, threads
    )


@numba.njit(cache=CACHED, parallel=True)
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


@numba.njit(cache=CACHED, parallel=True)
def pack(matrices: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return relabeled symmetric matrices as packed upper triangles, (layers, n (n + 1) / 2).

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


@numba.njit(cache=CACHED, nogil=True)
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
