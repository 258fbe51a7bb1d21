"""Rows of one layer: norms, means, histograms of magnitudes, hashes."""

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED

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
        nearest = least[i]
        for j in range(bits.shape[1]):
            b = bits[i, j] & magnitude
            if b > value[i] and b < nearest:
                nearest = b
        least[i] = nearest


@numba.njit(cache=CACHED, parallel=True)
def row_largest(layer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each row's largest |x|: (n, d) -> (n,)."""
    n, d = layer.shape
    bits = layer.view(np.uint32)
    patterns = np.empty(n, dtype=np.uint32)
    for i in numba.prange(n):
        # Finite magnitudes sort like their bit patterns, and integers compare in vectors.
        largest = np.uint32(0)
        for j in range(d):
            largest = max(largest, bits[i, j] & np.uint32(0x7FFFFFFF))
        patterns[i] = largest
    return patterns.view(np.float32)


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
