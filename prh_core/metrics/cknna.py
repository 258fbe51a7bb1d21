"""Kernels looked at between neighbors only: CKNNA, as the paper defines it and as released."""
# pyright: basic

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray
from scipy import sparse

from prh_core.compiled.kernels import Listed, masked_marginals, shared_products
from prh_core.compiled.overlaps import reciprocal, reversed_graph
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import DYAD_ROBUST, Influence, dyad_robust
from prh_core.metrics.neighbors import by_sample, check_sides, edges
from prh_core.metrics.registry import Family, register
from prh_core.metrics.search import Kernel, NeighborLists, search
from prh_core.types import Neighbors, Order, check_four


@dataclass(frozen=True, eq=False)
class LocalKernels:
    """Each sample's neighbors, nearest first, and the kernel between them and the sample."""

    lists: NeighborLists
    _masked: dict[int, "Masked"] = field(default_factory=dict[int, "Masked"], repr=False)

    @property
    def indices(self) -> Neighbors:
        """Return the neighbors, (layers, n, k)."""
        return self.lists.indices

    @property
    def values(self) -> Float32[np.ndarray, "_ _ _"]:
        """Return the kernel between sample and neighbor, (layers, n, k)."""
        return self.lists.values

    def relabeled(self, order: Order) -> "LocalKernels":
        """Return the same had row i been row order[i]."""
        return LocalKernels(self.lists.relabeled(order))

    def tied_share(self, layer: int, k: int) -> float:
        """Return the share of neighbors that row order alone decided."""
        return self.lists.tied_share(layer, k)

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        """Return each layer's sum of squares between a sample and its first 1 ... k neighbors."""
        return np.square(self.values, dtype=np.float64).sum(axis=1).cumsum(axis=1)

    def masked(self, k: int) -> "Masked":
        """Return the kernels kept between k neighbors, laid out once for every partner."""
        if k not in self._masked:
            self._masked[k] = Masked.of(self, k)
        return self._masked[k]


class Masked(NamedTuple):
    """Kernels kept between neighbors, and what the unbiased HSIC needs of each."""

    both_ends: Listed
    reciprocal: NDArray[np.float32]
    """The kernel where sample and neighbor have each other, else 0: (n, layers, k)."""
    own: NDArray[np.float64]
    """Each layer's unbiased HSIC with itself."""

    @classmethod
    def of(cls, side: LocalKernels, k: int) -> "Masked":
        """Lay out one side's kernels."""
        lists, values = by_sample(side.indices, k), by_sample(side.values, k)
        n, layers, _ = lists.shape
        starts, members, places = reversed_graph(lists)
        kept = np.where(reciprocal(lists), values, np.float32(0))
        rows = values.sum(axis=2, dtype=np.float64)
        at = lists + n * np.arange(layers)[:, None]
        columns = np.bincount(at.ravel(), values.ravel(), n * layers).reshape(layers, n)
        total = rows.sum(axis=0)
        own = _unbiased(
            n,
            np.square(kept, dtype=np.float64).sum(axis=(0, 2)),
            total,
            total,
            np.einsum("ia,ai->a", rows, columns),
        )
        return cls(Listed(lists, values, starts, members, values.ravel()[places]), kept, own)


def cknna(x: LocalKernels, y: LocalKernels, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by CKNNA, the kernel alignment between shared neighbors.

    m(x, y) = A(K, L) / sqrt(A(K, K) A(L, L)), A(K, L) = sum_ij alpha(i, j) Kc_ij Lc_ij with
    Kc = HKH and alpha(i, j) = [j in S_x(i) and j in S_y(i), i != j]  (paper, App. B, eqs. 12,
    16-18; the neighbors are those of the uncentered kernel). Range [-1, 1]; symmetric; tends to
    CKA without the diagonal as k -> n - 1. Parameters and shapes as in `mutual_knn`.

    Raises:
        SampleCountError, NeighborCountError: as in `mutual_knn`.
        DegenerateLayerError: a layer's centered kernel is zero between all neighbors.
    """
    check_sides(x.indices, y.indices, ks)
    tables = []
    for k in ks:
        both = shared_products(
            by_sample(x.indices, k),
            by_sample(y.indices, k),
            by_sample(x.values, k),
            by_sample(y.values, k),
        )
        own = [side.squares[:, k - 1] for side in (x, y)]
        for squares in own:
            for index in np.flatnonzero(squares == 0):
                raise DegenerateLayerError(
                    f"layer {index} has no centered similarity between any neighbors (k = {k})"
                )
        tables.append(both / np.sqrt(np.outer(*own)))
    return np.stack(tables)


def _cknna_influence(
    x: LocalKernels, y: LocalKernels, layers: tuple[int, int], k: int
) -> Influence:
    """Linearize the ratio: every pair's part of the numerator, less its parts of the norms."""
    kernel_x, kernel_y = _masked(x, layers[0], k), _masked(y, layers[1], k)
    both, xx, yy = (
        sparse.csr_array(a.multiply(b))
        for a, b in ((kernel_x, kernel_y), (kernel_x, kernel_x), (kernel_y, kernel_y))
    )
    norm = np.sqrt(xx.sum() * yy.sum())
    score = float(both.sum() / norm)
    n = kernel_x.shape[0]
    expected: Any = xx / xx.sum() + yy / yy.sum()
    residuals = both * (n / norm) - expected * (n * score / 2)
    return dyad_robust(score, residuals.tocsr())


def _masked(side: LocalKernels, layer: int, k: int) -> sparse.csr_array:
    """Return one layer's kernel, (n, n), kept between a sample and its neighbors."""
    return edges(side.indices[layer, :, :k], side.values[layer, :, :k])


def cknna_released(
    x: LocalKernels, y: LocalKernels, ks: Sequence[int]
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by CKNNA as the authors' code computes it.

    m(x, y) = h(a * K, a * L) / sqrt(h(a_x * K, a_x * K) h(a_y * L, a_y * L)) where * masks the
    *uncentered* kernels, a = a_x * a_y marks shared and a_x, a_y own neighbors, and h is the
    unbiased HSIC of Song et al. 2012, eq. 5. Not bounded by 1 at large k; not quite symmetric,
    because masked kernels are not (1'KL1 is not 1'LK1). NaN where a denominator is not positive.
    Without the code's 1e-6 in the denominator. Parameters, shapes and errors as in `mutual_knn`.

    Raises:
        SampleCountError: n < 4, where the estimator is not defined.
    """
    check_sides(x.indices, y.indices, ks)
    n = x.indices.shape[1]
    check_four(n)
    tables = []
    for k in ks:
        kernel_x, kernel_y = x.masked(k), y.masked(k)
        trace = shared_products(
            kernel_x.both_ends.lists,
            kernel_y.both_ends.lists,
            kernel_x.reciprocal,
            kernel_y.reciprocal,
        )
        both = _unbiased(n, trace, *masked_marginals(kernel_x.both_ends, kernel_y.both_ends))
        own = np.outer(kernel_x.own, kernel_y.own)
        with np.errstate(invalid="ignore", divide="ignore"):
            tables.append(np.where(own > 0, both / np.sqrt(own), np.nan))
    return np.stack(tables)


def _unbiased(n: int, trace: Any, sum_x: Any, sum_y: Any, cross: Any) -> Any:
    """Unbiased HSIC (Song et al. 2012, eq. 5) from its three sums."""
    return (trace + sum_x * sum_y / ((n - 1) * (n - 2)) - 2 * cross / (n - 2)) / (n * (n - 3))


def _released_influence(
    x: LocalKernels, y: LocalKernels, layers: tuple[int, int], k: int
) -> Influence:
    """Linearize the ratio of HSICs in what every pair (query, neighbor) adds to each."""
    own_x, own_y = _masked(x, layers[0], k), _masked(y, layers[1], k)
    shared_x = own_x.multiply(own_y.astype(bool)).tocsr()
    shared_y = own_y.multiply(own_x.astype(bool)).tocsr()
    both, xx, yy = (_shares(*p) for p in ((shared_x, shared_y), (own_x, own_x), (own_y, own_y)))
    score = float(
        cknna_released(_single_layer(x, layers[0]), _single_layer(y, layers[1]), [k])[0, 0, 0]
    )
    n = own_x.shape[0]
    residuals = (both * 2 - xx - yy) * (n * score / 2)
    return dyad_robust(score, residuals.tocsr())


def _single_layer(side: LocalKernels, layer: int) -> LocalKernels:
    single = slice(layer, layer + 1)
    return LocalKernels(NeighborLists(side.indices[single], side.values[single]))


def _shares(a: sparse.csr_array, b: sparse.csr_array) -> sparse.csr_array:
    """Return what every entry adds to the unbiased HSIC of a and b, as shares that sum to 1.

    The HSIC is bilinear, so half its derivative along (a, b) entry by entry sums to itself.
    """
    n = a.shape[0]
    trace = (a.multiply(b.T) + b.multiply(a.T)) / 2
    total = (a * b.sum() + b * a.sum()) / (2 * (n - 1) * (n - 2))
    # 1'AB1 = sum_j column_j(A) row_j(B): entry a_ij meets row j of B, entry b_ij column i of A.
    met = a @ sparse.diags_array(b.sum(axis=1)) + sparse.diags_array(a.sum(axis=0)) @ b
    shares = (trace + total - met / (n - 2)).tocsr()
    return sparse.csr_array(shares / shares.sum())


def _each(influence: Callable[..., Influence]) -> Callable[..., list[Influence]]:
    return lambda x, y, pairs, k, seed: [influence(x, y, pair, k) for pair in pairs]


def _family(name: str, kernel: Kernel) -> Family:
    return Family(
        name,
        lambda layers, options: LocalKernels(search(layers, options, kernel)),
        tied=LocalKernels.tied_share,
    )


register(
    name="cknna",
    label="CKNNA",
    family=_family("centered local kernels", "centered"),
    compare=cknna,
    influences=_each(_cknna_influence),
    interval_method=DYAD_ROBUST,
    symmetric=True,
    uses_all_samples=False,
    global_at_full_k=True,
    ordinal=False,
    batchable=False,
    lowest=-1.0,
    highest=1.0,
    equation="A(K̄,L̄) / √(A(K̄,K̄) A(L̄,L̄)), A = Σ_ij [j ∈ S_x(i) ∩ S_y(i)] K̄_ij L̄_ij",
    citation="Huh et al. 2024, App. B, eqs. 12, 16–18",
)
register(
    name="cknna_released",
    label="CKNNA, released code",
    family=_family("local kernels", "raw"),
    compare=cknna_released,
    influences=_each(_released_influence),
    rivals=6,
    interval_method=DYAD_ROBUST,
    symmetric=False,
    uses_all_samples=False,
    global_at_full_k=True,
    ordinal=False,
    batchable=False,
    lowest=-np.inf,
    highest=np.inf,
    self_score=1.0,
    direction="column sums of X's masked kernel meet row sums of Y's",
    equation="h(a∘K, a∘L) / √(h(a_x∘K, a_x∘K) h(a_y∘L, a_y∘L)), h: unbiased HSIC",
    citation="minyoungg/platonic-rep (code of Huh et al. 2024); Song et al. 2012, eq. 5",
)
