"""A layer ready to be compared: features and each row's norm, rounded only where it is used.

Rows of real networks share a mean that may be thousands of times their spread. Rounding such unit
rows to float32, or their inner products, leaves little but rounding noise of what tells samples
apart; so the common mean is taken out in float64, before anything is rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from prh_core.compiled.rows import (
    column_means,
    row_hashes,
    row_largest,
    row_norms,
    shifted_rows,
)
from prh_core.types import Layer

OFFSET = 16.0
"""A mean whose square is beyond this many times the rows' mean squared distance from it is taken
out. Below, rounding costs at most a digit, and what is tied exactly (labels, whole numbers, bits)
stays tied in float32."""


class Rounded(NamedTuple):
    """Rows in float32, and what has to be added to their inner products to rank by them."""

    values: Layer
    """(n, d): the rows, or the rows less their common mean."""
    shares: Float64[np.ndarray, " n"] | None
    """s with <v_i, v_j> + s_i + s_j the rows' own inner products; None where `values` are the
    rows themselves."""

    @property
    def bias(self) -> Float64[np.ndarray, " n"] | None:
        """Return what ranks rows by <v_i, v_j> + bias_j as by their own inner products."""
        return None if self.shares is None else self.shares - self.shares.mean()


def repeated_rows(
    layer: Layer,
) -> tuple[Int64[np.ndarray, " repeats"], Int64[np.ndarray, " repeats"]]:
    """Return the rows that equal an earlier row, and the first row each equals; -0.0 equals 0.0.

    A matrix product may round equal rows differently, depending on where they stand; the ties of
    duplicates would then break by chance and not by index.
    """
    hashes = row_hashes(layer.view(np.uint32))
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    originals = first[which]
    repeats = np.flatnonzero(originals != np.arange(len(layer)))
    same = [bool(np.array_equal(layer[r], layer[originals[r]])) for r in repeats]
    repeats = repeats[np.array(same, dtype=bool)]
    return repeats, originals[repeats]


@dataclass(frozen=True, eq=False)
class PreparedLayer:
    """Samples of one layer as they are compared: rows of one norm each, or as they are."""

    raw: Layer
    """(n, d) float32, truncated where asked."""
    norms: Float64[np.ndarray, " n"]
    """Euclidean norms of `raw`."""
    unit: bool
    """Whether rows are divided by their norms."""

    @classmethod
    def of(cls, layer: "Layer | PreparedLayer", unit: bool = False) -> "PreparedLayer":
        """Take a layer's features as they are, or as unit rows; what is prepared stays so."""
        if isinstance(layer, PreparedLayer):
            return layer
        return cls(layer, row_norms(layer), unit)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.raw)

    @property
    def nbytes(self) -> int:
        """Return the memory this takes."""
        return self.raw.nbytes + self.norms.nbytes

    @cached_property
    def divisors(self) -> Float64[np.ndarray, " n"]:
        """Return what each row is divided by: its norm, or a power of two common to all.

        Inner products of 1e-20 or 1e20 would vanish or overflow in float32; rows of ordinary size
        are left as they are, and a power of two is exact.
        """
        if self.unit:
            return self.norms
        return np.full(len(self.raw), 1.0 / self.power)

    @cached_property
    def power(self) -> float:
        """Return the power of two that brings the largest |x| near 1; 1 for ordinary sizes."""
        largest = 0.0 if self.unit else float(row_largest(self.raw).max())
        ordinary = largest == 0 or 1e-3 < largest < 1e3
        return 1.0 if ordinary else float(2.0 ** -np.floor(np.log2(largest)))

    @cached_property
    def mean(self) -> Float64[np.ndarray, " d"]:
        """Return the mean of the rows, found in float64."""
        return column_means(self.raw, self.divisors)

    def exact(self) -> Float64[np.ndarray, "n d"]:
        """Return the rows in float64."""
        return self.raw / self.divisors[:, None]

    def rounded(self) -> Rounded:
        """Return the rows in float32, less their common mean where that dwarfs their spread."""
        length = float(self.mean @ self.mean)
        size = 1.0 if self.unit else float(np.square(self.norms * self.power).mean())
        if length <= OFFSET * (size - length):
            return Rounded(shifted_rows(self.raw, self.divisors, np.zeros_like(self.mean)), None)
        values = self.centered()
        if self.unit:
            # |v + m| = 1 gives <v, m> = (1 - |m|^2 - |v|^2) / 2, free of v's rounding.
            shares = (1 - np.square(row_norms(values))) / 2
        else:
            shares = values.astype(np.float64) @ self.mean + length / 2
        return Rounded(values, shares)

    def centered(self) -> Layer:
        """Return the rows less their common mean, found and taken out in float64, as float32."""
        return shifted_rows(self.raw, self.divisors, self.mean)

    def exact_centered(self) -> tuple[Float64[np.ndarray, "n d"], Float64[np.ndarray, " n"]]:
        """Return, in float64, the rows less their mean, v, and s: <v_i, v_j> + s_i + s_j.

        These are the rows' own inner products up to a constant, and lose nothing to the mean.
        """
        values = self.exact() - self.mean
        if self.unit:
            return values, np.einsum("ij,ij->i", values, values) / -2
        return values, values @ self.mean

    @cached_property
    def originals(self) -> Int64[np.ndarray, " n"]:
        """Return, per row, the first row that equals it: itself where no earlier one does."""
        first_equal = np.arange(len(self.raw))
        repeats, originals = repeated_rows(self.raw)
        first_equal[repeats] = originals
        return first_equal


PreparedLayers = list[PreparedLayer]


def prepared(layers: "Sequence[Layer] | Sequence[PreparedLayer]") -> PreparedLayers:
    """Return layers ready to be compared: plain features as they are, prepared ones unchanged."""
    return [PreparedLayer.of(layer) for layer in layers]


def weights_of_sum(powers: list[float]) -> list[np.float32]:
    """Return what each scaled layer's inner products count in the sum over layers.

    Layers that differ beyond float32 in scale count as nothing beside the largest.
    """
    least = min(powers)
    return [np.float32((least / power) ** 2) for power in powers]
