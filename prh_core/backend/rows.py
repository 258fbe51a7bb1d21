"""What the mathematics asks about the rows of layers, done by numpy and numba."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt32
from numpy.typing import NDArray

from prh_core.compiled.rows import (
    column_means,
    magnitude_histogram,
    row_hashes,
    row_histogram,
    row_largest,
    row_next_above,
    row_norms,
    shifted_rows,
)

Numbers = Float64[np.ndarray, " n"]
"""One number per row, on the host."""
Which = Int64[np.ndarray, " some"]
"""Positions of rows."""


class Rows:
    """Rows of a layer, (n, d) float32 where the backend keeps them: `Any`.

    One number per row or per column, small beside the layer, comes back to the host in float64.
    """

    def put_rows(self, rows: NDArray[Any], scale: float | None = None) -> Any:
        """Bring a layer to where it is kept, in float32.

        Args:
            rows: (n, d) as it was stored: float32, or float16 multiplied by a power of two.
            scale: that power, which is undone exactly; None where rows are as they were.
        """
        whole = rows.astype(np.float32, copy=False)
        return whole if scale is None else whole * np.float32(1 / scale)

    def row_norms(self, rows: Any) -> Numbers:
        """Return each row's Euclidean norm, squared and summed in float64."""
        return row_norms(rows)

    def largest(self, rows: Any) -> float:
        """Return the largest |x|."""
        return float(row_largest(rows).max())

    def column_means(self, rows: Any, divisors: Numbers) -> Float64[np.ndarray, " d"]:
        """Return the mean over rows of each column of rows / divisors, in float64."""
        return column_means(rows, divisors)

    def shifted_rows(self, rows: Any, divisors: Numbers, mean: Float64[np.ndarray, " d"]) -> Any:
        """Return rows / divisors - mean, found in float64 and rounded to float32 once."""
        return shifted_rows(rows, divisors, mean)

    def exact_rows(self, rows: Any, divisors: Numbers) -> Any:
        """Return rows / divisors in float64."""
        return rows / divisors[:, None]

    def squared_lengths(self, rows: Any) -> Numbers:
        """Return each row's squared norm, of rows in float64."""
        return np.einsum("ij,ij->i", rows, rows)

    def products_with(self, rows: Any, vector: Float64[np.ndarray, " d"]) -> Numbers:
        """Return each row's inner product with a vector, in float64."""
        return rows.astype(np.float64) @ vector

    def some_rows(self, rows: Any, which: Which) -> Any:
        """Return those rows, where they are kept."""
        return rows[which]

    def row_hashes(self, rows: Any) -> NDArray[Any]:
        """Return an integer per row, the same where rows are equal; -0.0 equals 0.0."""
        return row_hashes(rows.view(np.uint32))

    def equal_rows(self, rows: Any, these: Which, those: Which) -> Bool[np.ndarray, " some"]:
        """Say which of these rows equal those, one by one."""
        return np.array(
            [np.array_equal(rows[a], rows[b]) for a, b in zip(these, those, strict=True)],
            dtype=bool,
        )

    def all_alike(self, rows: Any, divisors: Numbers, relative: float) -> bool:
        """Say whether rows / divisors all equal the first but for so small a share of it."""
        first = rows[0] / divisors[0]
        near = float(np.square(relative * first).sum())
        # Real layers differ in the first rows already, so few of them are read to the end.
        for start in range(0, len(rows), 64):
            part = slice(start, start + 64)
            away = rows[part] / divisors[part, None] - first
            if (np.einsum("ij,ij->i", away, away) > near).any():
                return False
        return True

    def clamp(self, rows: Any, limit: np.float32) -> Any:
        """Return rows with every x brought into -limit ... limit."""
        return np.clip(rows, -limit, limit)

    # --- magnitudes: non-negative floats sort like their bit patterns, 31 bits ---

    def magnitude_counts(
        self, layers: Sequence[Any], prefix: np.uint32, known: int, width: int
    ) -> Int64[np.ndarray, " buckets"]:
        """Count the next `width` bits of |x| among values whose first `known` equal `prefix`."""
        counts = np.zeros(1 << width, dtype=np.int64)
        for layer in layers:
            bits = layer.ravel().view(np.uint32)
            counts += magnitude_histogram(bits, prefix, known, 31 - known - width, width)
        return counts

    def row_magnitude_counts(
        self, layers: Sequence[Any], prefix: UInt32[np.ndarray, " n"], known: int, width: int
    ) -> NDArray[Any]:
        """Count the same in each row over all layers, under its own prefix: (n, buckets)."""
        counts = np.zeros((len(prefix), 1 << width), dtype=np.int32)
        for layer in layers:
            row_histogram(layer.view(np.uint32), prefix, known, 31 - known - width, counts)
        return counts

    def next_magnitudes(
        self, layers: Sequence[Any], above: UInt32[np.ndarray, " n"]
    ) -> UInt32[np.ndarray, " n"]:
        """Return each row's least bit pattern of |x| beyond its own; float32's largest for none."""
        least = np.full(len(above), 0x7F7FFFFF, dtype=np.uint32)
        for layer in layers:
            row_next_above(layer.view(np.uint32), above, least)
        return least
