"""A layer ready to be compared: features and each row's norm, rounded only where it is used.

Rows of real networks share a mean that may be thousands of times their spread. Rounding such unit
rows to float32, or their inner products, leaves little but rounding noise of what tells samples
apart; so the common mean is taken out in float64, before anything is rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64

from prh_core.backend import HOST, Backend
from prh_core.compiled.neighbors import exact_similarities
from prh_core.types import Layer

OFFSET = 16.0
"""A mean whose square is beyond this many times the rows' mean squared distance from it is taken
out. Below, rounding costs at most a digit, and what is tied exactly (labels, whole numbers, bits)
stays tied in float32."""


class Rounded(NamedTuple):
    """Rows in float32, and what has to be added to their inner products to rank by them."""

    values: Any
    """(n, d) float32, where the layer is kept: the rows, or the rows less their common mean."""
    shares: Float64[np.ndarray, " n"] | None
    """s with <v_i, v_j> + s_i + s_j the rows' own inner products; None where `values` are the
    rows themselves."""

    @property
    def bias(self) -> Float64[np.ndarray, " n"] | None:
        """Return what ranks rows by <v_i, v_j> + bias_j as by their own inner products."""
        return None if self.shares is None else self.shares - self.shares.mean()


def repeated_rows(
    layer: Any, run: Backend = HOST
) -> tuple[Int64[np.ndarray, " repeats"], Int64[np.ndarray, " repeats"]]:
    """Return the rows that equal an earlier row, and the first row each equals; -0.0 equals 0.0.

    A matrix product may round equal rows differently, depending on where they stand; the ties of
    duplicates would then break by chance and not by index.

    Args:
        layer: (n, d) float32, where the backend keeps it.
        run: that backend.
    """
    hashes = run.row_hashes(layer)
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    originals = first[which]
    repeats = np.flatnonzero(originals != np.arange(len(layer)))
    repeats = repeats[run.equal_rows(layer, repeats, originals[repeats])]
    return repeats, originals[repeats]


@dataclass(frozen=True, eq=False)
class PreparedLayer:
    """Samples of one layer as they are compared: rows of one norm each, or as they are."""

    raw: Any
    """(n, d) float32, truncated where asked, where `run` keeps it."""
    norms: Float64[np.ndarray, " n"]
    """Euclidean norms of `raw`."""
    unit: bool
    """Whether rows are divided by their norms."""
    run: Backend = HOST
    """Where the features are, and are prepared."""

    @classmethod
    def of(
        cls, layer: "Layer | PreparedLayer | Any", unit: bool = False, run: Backend = HOST
    ) -> "PreparedLayer":
        """Take a layer's features as they are, or as unit rows; what is prepared stays so."""
        if isinstance(layer, PreparedLayer):
            return layer
        return cls(layer, run.row_norms(layer), unit, run)

    def at(self, rows: Int64[np.ndarray, " some"]) -> "PreparedLayer":
        """Return the layer of some of the samples."""
        return PreparedLayer(
            self.run.some_rows(self.raw, rows), self.norms[rows], self.unit, self.run
        )

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
        largest = 0.0 if self.unit else self.run.largest(self.raw)
        ordinary = largest == 0 or 1e-3 < largest < 1e3
        return 1.0 if ordinary else float(2.0 ** -np.floor(np.log2(largest)))

    @cached_property
    def mean(self) -> Float64[np.ndarray, " d"]:
        """Return the mean of the rows, found in float64."""
        return self.run.column_means(self.raw, self.divisors)

    def exact(self) -> Float64[np.ndarray, "n d"]:
        """Return the rows in float64, on the host."""
        return self.run.host(self.run.exact_rows(self.raw, self.divisors))

    def rounded(self) -> Rounded:
        """Return the rows in float32, less their common mean where that dwarfs their spread."""
        length = float(self.mean @ self.mean)
        size = 1.0 if self.unit else float(np.square(self.norms * self.power).mean())
        if length <= OFFSET * (size - length):
            nothing = np.zeros_like(self.mean)
            return Rounded(self.run.shifted_rows(self.raw, self.divisors, nothing), None)
        values = self.centered()
        if self.unit:
            # |v + m| = 1 gives <v, m> = (1 - |m|^2 - |v|^2) / 2, free of v's rounding.
            shares = (1 - np.square(self.run.row_norms(values))) / 2
        else:
            shares = self.run.products_with(values, self.mean) + length / 2
        return Rounded(values, shares)

    def centered(self) -> Any:
        """Return the rows less their common mean, found and taken out in float64, as float32."""
        return self.run.shifted_rows(self.raw, self.divisors, self.mean)

    def exact_centered(self) -> tuple[Any, Float64[np.ndarray, " n"]]:
        """Return, in float64, the rows less their mean, v, and s: <v_i, v_j> + s_i + s_j.

        These are the rows' own inner products up to a constant, and lose nothing to the mean.
        """
        values = self.run.exact_rows(self.raw, self.divisors)
        values -= self.run.put(self.mean)
        if self.unit:
            return values, self.run.squared_lengths(values) / -2
        return values, self.run.products_with(values, self.mean)

    @cached_property
    def originals(self) -> Int64[np.ndarray, " n"]:
        """Return, per row, the first row that equals it: itself where no earlier one does."""
        first_equal = np.arange(len(self.raw))
        repeats, originals = repeated_rows(self.raw, self.run)
        first_equal[repeats] = originals
        return first_equal

    def exact_similarities(
        self,
        rows: Int64[np.ndarray, " rows"],
        starts: Int64[np.ndarray, " bounds"],
        members: Int32[np.ndarray, " members"],
        unsure: Bool[np.ndarray, " members"],
    ) -> tuple[Float64[np.ndarray, " members"], Float64[np.ndarray, " members"]]:
        """Return `prh_core.compiled.neighbors.exact_similarities` of some rows and their members.

        Of a layer that is kept elsewhere no more comes here than it looks at.
        """
        raw, norms, originals = self.raw, self.norms, self.originals
        if self.run is not HOST:
            wanted = np.unique(np.concatenate([rows, members[unsure]]))
            raw = self.run.host(self.run.some_rows(raw, wanted))
            norms = norms[wanted]
            originals = np.unique(originals[wanted], return_inverse=True)[1]
            rows = np.searchsorted(wanted, rows)
            members = np.searchsorted(wanted, members).astype(np.int32)
        return exact_similarities(raw, norms, self.unit, rows, originals, starts, members, unsure)

    def on_host(self) -> "PreparedLayer":
        """Return the layer on the host."""
        if self.run is HOST:
            return self
        return PreparedLayer(self.run.host(self.raw), self.norms, self.unit)


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
