"""Linear CKA from centered features, where (n, n) kernels would not fit: memory as features take.

|X'Y|^2 is the inner product of the kernels XX' and YY' (Kornblith et al. 2019, eq. 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import HOST, Backend
from prh_core.compiled.residuals import squared_residuals
from prh_core.prepared import PreparedLayers, weights_of_sum
from prh_core.types import Layer, Order, check_same_n

RowSums = NDArray[np.float64]
"""One number per sample."""
ROWS_OF_RESIDUALS = 512
"""Rows of a kernel, evenly spread, from which linear CKA from features tells their sum."""


@dataclass(frozen=True)
class CenteredFeatures:
    """Centered features, for linear CKA without any (n, n) matrix."""

    layers: tuple[Any, ...]
    """(n, d_l) float32 each, where the backend keeps them."""
    weights: tuple[float, ...]
    """What each layer's kernel counts in the concatenated one; empty without one."""
    order: Order
    norms: NDArray[np.float64]
    """Frobenius norm of each layer's kernel, the concatenated one last; the same in any order."""
    run: Backend = HOST

    @classmethod
    def of(
        cls, layers: PreparedLayers, concatenate: bool = False, run: Backend = HOST
    ) -> "CenteredFeatures":
        """Center layers and measure their kernels, and that of all side by side where asked."""
        centered = tuple(run.put(layer.centered()) for layer in layers)
        powers = [layer.power for layer in layers]
        weights = tuple(map(float, weights_of_sum(powers))) if concatenate else ()
        own = cls(centered, weights, np.arange(len(layers[0])), np.empty(0), run)
        table = own._products(own, upper=True)
        table = np.triu(table) + np.triu(table, 1).T
        if weights:
            table = _with_sum(_with_sum(table, weights).T, weights)
        return replace(own, norms=np.sqrt(np.diagonal(table)))

    def relabeled(self, order: Order) -> "CenteredFeatures":
        """Return the same had row i been row order[i]; only looked up when compared."""
        return replace(self, order=self.order[order])

    def inner(self, other: "CenteredFeatures") -> Float64[np.ndarray, "lx ly"]:
        """Return <K, L> / (|K| |L|) of every pair, <K, L> = |X'Y|^2."""
        check_same_n(len(self.order), len(other.order))
        table = self._products(other)
        if self.weights:
            table = _with_sum(table, self.weights)
        if other.weights:
            table = _with_sum(table.T, other.weights).T
        return table / np.outer(self.norms, other.norms)

    @property
    def traces(self) -> NDArray[np.float64]:
        """Return the trace of every kernel of unit norm."""
        squares = [np.square(self.run.host(part), dtype=np.float64).sum() for part in self.layers]
        own = np.array(squares)
        return (np.append(own, np.dot(self.weights, own)) if self.weights else own) / self.norms

    def _products(self, other: "CenteredFeatures", upper: bool = False) -> NDArray[np.float64]:
        table = np.zeros((len(self.layers), len(other.layers)))
        # Without a concatenated kernel the norms need the diagonal only.
        for a in range(len(self.layers)):
            for b in range(len(other.layers)):
                if upper and (b < a or (b > a and not self.weights)):
                    continue
                table[a, b] = self.run.squared_cross_products(
                    self.layers[a], other.layers[b], self.order, other.order
                )
        return table

    def __len__(self) -> int:
        """Return the number of layers, that of all side by side among them."""
        return len(self.layers) + bool(self.weights)

    def row_products(self, other: "CenteredFeatures", a: int, b: int) -> tuple[RowSums, RowSums]:
        """Return t_i = sum_j K_ij L_ij and d_i = K_ii L_ii of one pair of layers."""
        rows_x, rows_y = self.features(a), other.features(b)
        rows = np.einsum("ij,ij->i", rows_x @ (rows_x.T @ rows_y), rows_y, dtype=np.float64)
        lengths = [np.einsum("ij,ij->i", part, part, dtype=np.float64) for part in (rows_x, rows_y)]
        return rows, lengths[0] * lengths[1]

    def squared_residuals(
        self, other: "CenteredFeatures", a: int, b: int, both: float, own: float, others: float
    ) -> tuple[float, float]:
        """Return `prh_core.compiled.residuals.squared_residuals` of one pair of layers.

        From features alone: as many rows as tell it to a few parts in a hundred.
        """
        rows_x, rows_y = self.features(a), other.features(b)
        count = min(len(rows_x), ROWS_OF_RESIDUALS)
        rows = np.linspace(0, len(rows_x) - 1, count).astype(np.int64)
        of_samples, of_pairs = squared_residuals(
            rows_x[rows] @ rows_x.T, rows_y[rows] @ rows_y.T, rows, both, own, others
        )
        return of_samples * len(rows_x) / count, of_pairs * len(rows_x) / count

    def features(self, layer: int) -> Layer:
        """Return a layer's centered features, those of all layers side by side last."""
        if layer < len(self.layers):
            return self.run.host(self.layers[layer])
        roots = np.sqrt(np.asarray(self.weights)).astype(np.float32)
        parts = map(self.run.host, self.layers)
        return np.concatenate([r * part for r, part in zip(roots, parts, strict=True)], axis=1)


def _with_sum(table: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    return np.vstack([table, np.asarray(weights) @ table])
