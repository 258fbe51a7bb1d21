"""Kernels as vectors, whole or between neighbors only."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED


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


@numba.njit(cache=CACHED, nogil=True)
def order_of_ranks(ranks: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return what sorts centered, scaled ranks, by counting, and where a new value begins there.

    Ranks of so many values differ by half a rank or not at all, so four times as many boxes keep
    them apart. What is not kept apart has no order that could be relied on: an empty one returns.
    """
    count = len(ranks)
    low, high = ranks.min(), ranks.max()
    scale = (4.0 * count - 1) / (high - low) if high > low else 0.0
    boxes = np.zeros(4 * count + 1, dtype=np.int32)
    for i in range(count):
        boxes[np.int64((ranks[i] - low) * scale) + 1] += 1
    for box in range(1, len(boxes)):
        boxes[box] += boxes[box - 1]
    order = np.empty(count, dtype=np.int32)
    for i in range(count):
        box = np.int64((ranks[i] - low) * scale)
        order[boxes[box]] = i
        boxes[box] += 1
    begins = np.ones(count, dtype=np.bool_)
    for at in range(1, count):
        before, here = ranks[order[at - 1]], ranks[order[at]]
        begins[at] = here != before
        if here < before or (
            begins[at] and np.int64((here - low) * scale) == np.int64((before - low) * scale)
        ):
            return order[:0], begins[:0]
    return order, begins


@numba.njit(cache=CACHED, nogil=True)
def ranks_without_groups(
    order: NDArray[np.int32],
    begins: NDArray[np.bool_],
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    middles: NDArray[np.float64],
    start: int,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Rank pairs of samples again without each of some groups, in one pass over their order.

    The pair `order[at]` is the next larger one, or as large as the one before unless `begins[at]`,
    and has a sample of group `first[at]` and one of `second[at]`. Ties share their mean rank.
    Returned are ranks less `middles`, one per group from `start` on, 0 where a pair is left out
    with the group, and the sums of their squares.
    """
    count, groups = len(order), len(middles)
    ranks = np.empty((count, groups), dtype=np.float32)
    kept = 1 - middles
    squares = np.zeros(groups)
    inside = np.zeros(groups)
    begin = 0
    while begin < count:
        end = begin + 1
        while end < count and not begins[end]:
            end += 1
        if end == begin + 1:
            own = ranks[order[begin]]
            for g in range(groups):
                own[g] = kept[g]
                squares[g] += kept[g] * kept[g]
                kept[g] += 1.0
            one, other = first[begin] - start, second[begin] - start
            for left in (one, other if other != one else groups):
                if 0 <= left < groups:
                    kept[left] -= 1.0
                    squares[left] -= kept[left] * kept[left]
                    own[left] = 0
            begin = end
            continue
        inside[:] = end - begin
        for at in range(begin, end):
            one, other = first[at] - start, second[at] - start
            if 0 <= one < groups:
                inside[one] -= 1
            if 0 <= other < groups and other != one:
                inside[other] -= 1
        for at in range(begin, end):
            own = ranks[order[at]]
            for g in range(groups):
                own[g] = kept[g] + (inside[g] - 1) / 2
            one, other = first[at] - start, second[at] - start
            if 0 <= one < groups:
                own[one] = 0
            if 0 <= other < groups:
                own[other] = 0
        for g in range(groups):
            squares[g] += inside[g] * (kept[g] + (inside[g] - 1) / 2) ** 2
            kept[g] += inside[g]
        begin = end
    return ranks, squares


@numba.njit(cache=CACHED, parallel=True)
def column_products(
    x: NDArray[np.float32], y: NDArray[np.float32], parts: int
) -> NDArray[np.float64]:
    """Return the inner product of each column of x with the same of y, summed in float64."""
    count, columns = x.shape
    sums = np.zeros((parts, columns))
    for part in numba.prange(parts):
        own = np.zeros(columns)
        for i in range(part * count // parts, (part + 1) * count // parts):
            for c in range(columns):
                own[c] += np.float64(x[i, c]) * np.float64(y[i, c])
        sums[part] = own
    return sums.sum(axis=0)


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
