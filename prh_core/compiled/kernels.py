"""Kernels as vectors, whole or between neighbors only."""
# pyright: basic

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
