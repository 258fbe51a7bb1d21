"""Kernels looked at between neighbors only: CKNNA, as the paper defines it and as released."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray
from scipy import sparse

from prh_core.backend.host import Backend, KeptKernels
from prh_core.compiled.residuals import aligned_sums
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import DYAD_ROBUST, Influence, dyad_robust, of_dyads
from prh_core.metrics.neighbor_lists import NeighborLists
from prh_core.metrics.neighbors import check_sides, edges
from prh_core.metrics.registry import Family, register
from prh_core.metrics.search import Kernel, search
from prh_core.types import Neighbors, Order, check_four


@dataclass(frozen=True, eq=False)
class LocalKernels:
    """Each sample's neighbors, nearest first, and the kernel between them and the sample."""

    lists: NeighborLists
    _kept: dict[int, KeptKernels] = field(default_factory=dict[int, KeptKernels], repr=False)
    _by_index: dict[int, NDArray[np.float64]] = field(
        default_factory=dict[int, NDArray[np.float64]], repr=False
    )

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

    @property
    def run(self) -> Backend:
        """Return where they are compared."""
        return self.lists.run

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.lists)

    @staticmethod
    def joined(sides: "Sequence[LocalKernels]") -> "LocalKernels":
        """Return the layers of several models as if they were one's."""
        return LocalKernels(NeighborLists.joined([side.lists for side in sides]))

    def tied_share(self, layer: int, k: int) -> float:
        """Return the share of neighbors that row order alone decided."""
        return self.lists.tied_share(layer, k)

    def by_index(self, k: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """Return `NeighborLists.by_index`, and the kernel at its places, made once."""
        if k not in self._by_index:
            places = np.argsort(self.indices[:, :, :k], axis=2)
            values = np.take_along_axis(self.values[:, :, :k], places, axis=2)
            self._by_index[k] = values.astype(np.float64, order="C")
        lists, back = self.lists.by_index(k)
        return lists, back, self._by_index[k]

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        """Return each layer's sum of squares between a sample and its first 1 ... k neighbors."""
        return self.run.squares_by_place(self.lists.looked_up).cumsum(axis=1)

    def kept(self, k: int) -> KeptKernels:
        """Return the kernels kept between k neighbors, laid out once for every partner."""
        if k not in self._kept:
            run = self.run
            self._kept[k] = run.keep_between_neighbors(
                run.by_sample(self.lists.listed, k), run.by_sample(self.lists.looked_up, k)
            )
        return self._kept[k]

    def own(self, k: int) -> NDArray[np.float64]:
        """Return each layer's unbiased HSIC with itself, of kernels kept between k neighbors."""
        kept = self.kept(k)
        total = kept.rows.sum(axis=0)
        cross = np.einsum("ia,ai->a", kept.rows, kept.columns)
        return _unbiased(self.indices.shape[1], kept.squares, total, total, cross)


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
        run = x.run
        both = run.shared_products(
            *(run.by_sample(side.lists.listed, k) for side in (x, y)),
            *(run.by_sample(side.lists.looked_up, k) for side in (x, y)),
        )
        own = [side.squares[:, k - 1] for side in (x, y)]
        for squares in own:
            for index in np.flatnonzero(squares == 0):
                raise DegenerateLayerError(
                    f"layer {index} has no centered similarity between any neighbors (k = {k})"
                )
        tables.append(both / np.sqrt(np.outer(*own)))
    return np.stack(tables)


def _cknna_influences(
    x: LocalKernels, y: LocalKernels, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Linearize the ratio: every pair's part of the numerator, less its parts of the norms."""
    layers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    found = aligned_sums(*x.by_index(k), *y.by_index(k), layers)
    return [of_dyads(float(s), sums, float(twice)) for s, sums, twice in zip(*found, strict=True)]


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
        both = _unbiased(n, *x.run.kept_sums(x.kept(k), y.kept(k)))
        own = np.outer(x.own(k), y.own(k))
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


def _released_influences(
    x: LocalKernels, y: LocalKernels, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    return [_released_influence(x, y, pair, k) for pair in pairs]


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
    influences=_cknna_influences,
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
    influences=_released_influences,
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
