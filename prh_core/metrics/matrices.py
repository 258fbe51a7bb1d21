"""Whole kernels compared: CKA, unbiased CKA and RSA are inner products of prepared matrices.

Each metric turns a layer's kernel into a symmetric matrix of unit norm; the score of two layers is
then the inner product of their matrices, and all pairs of layers are one matrix product.
"""
# pyright: basic

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import numba
import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.errors import DegenerateLayerError, TooManySamplesError
from prh_core.intervals import (
    DELETE_GROUP,
    DELETE_ONE,
    Interval,
    jackknife,
    leave_out_groups,
)
from prh_core.kernels import average_ranks, pack
from prh_core.metrics.registry import Family, Metric, Need, register
from prh_core.prepare import centre
from prh_core.products import Products, products, repeated_rows, scaled, weights_of_sum
from prh_core.types import Layer, Layers, Order, check_four, check_same_n

MOST_BYTES = 8 * 2**30
"""Kernels of one model may take this much memory."""
MOST_SAMPLES_IN_MATRICES = 4096
"""Beyond this n linear CKA works from features: (d, d) products instead of (n, n) kernels."""
PACKED_AT_ONCE = 2**11
"""Entries of a packed kernel multiplied in float32 before the sum goes on in float64.

Few enough that both sides stay in the cache: 2,048 take 8 ms a pair where 65,536 take 13.
"""

Matrix = NDArray[np.float32]
RowSums = NDArray[np.float64]
"""One number per sample."""
Transform = Callable[[NDArray[Any]], Matrix]


@dataclass(frozen=True)
class Matrices:
    """Symmetric matrices of unit Frobenius norm, one per layer, under one labelling."""

    stack: NDArray[np.float32]
    """(layers, n, n)."""
    order: Order

    @cached_property
    def packed(self) -> NDArray[np.float32]:
        """Upper triangles, (layers, n (n + 1) / 2), made once for every partner."""
        return pack(self.stack, self.order)

    def relabelled(self, order: Order) -> "Matrices":
        """Return the same had row i been row order[i]; only looked up when compared."""
        return Matrices(self.stack, self.order[order])

    def inner(self, other: "Matrices") -> Float64[np.ndarray, "lx ly"]:
        """Return the inner product of every pair of layers' matrices."""
        check_same_n(len(self.order), len(other.order))
        table = np.zeros((len(self.stack), len(other.stack)))
        for start in range(0, self.packed.shape[1], PACKED_AT_ONCE):
            entries = slice(start, start + PACKED_AT_ONCE)
            table += self.packed[:, entries] @ other.packed[:, entries].T
        return table


@dataclass(frozen=True)
class CentredFeatures:
    """Centred features, for linear CKA without any (n, n) matrix."""

    layers: Layers
    weights: tuple[float, ...]
    """What each layer's kernel counts in the concatenated one; empty without one."""
    order: Order
    norms: NDArray[np.float64]
    """Frobenius norm of each layer's kernel, the concatenated one last; the same in any order."""

    @classmethod
    def of(cls, layers: Layers, weights: tuple[float, ...]) -> "CentredFeatures":
        """Centre layers and measure their kernels."""
        centred = [centre(layer) for layer in layers]
        own = cls(centred, weights, np.arange(len(layers[0])), np.empty(0))
        table = own._products(own, upper=True)
        table = np.triu(table) + np.triu(table, 1).T
        if weights:
            table = _with_sum(_with_sum(table, weights).T, weights)
        return replace(own, norms=np.sqrt(np.diagonal(table)))

    def relabelled(self, order: Order) -> "CentredFeatures":
        """Return the same had row i been row order[i]; only looked up when compared."""
        return replace(self, order=self.order[order])

    def inner(self, other: "CentredFeatures") -> Float64[np.ndarray, "lx ly"]:
        """Return <K, L> / (|K| |L|) of every pair, <K, L> = |X'Y|^2."""
        check_same_n(len(self.order), len(other.order))
        table = self._products(other)
        if self.weights:
            table = _with_sum(table, self.weights)
        if other.weights:
            table = _with_sum(table.T, other.weights).T
        return table / np.outer(self.norms, other.norms)

    def _products(self, other: "CentredFeatures", upper: bool = False) -> NDArray[np.float64]:
        table = np.zeros((len(self.layers), len(other.layers)))
        # Without a concatenated kernel the norms need the diagonal only.
        for a in range(len(self.layers)):
            for b in range(len(other.layers)):
                if upper and (b < a or (b > a and not self.weights)):
                    continue
                table[a, b] = np.square(self.cross(other, a, b)).sum()
        return table

    def cross(self, other: "CentredFeatures", a: int, b: int) -> NDArray[np.float64]:
        """Return X_a'Y_b, (d_a, d_b): float32 products of blocks of rows, summed in float64."""
        x, y = self.layers[a], other.layers[b]
        total = np.zeros((x.shape[1], y.shape[1]))
        for start in range(0, len(x), 8192):
            rows = slice(start, start + 8192)
            total += x[self.order[rows]].T @ y[other.order[rows]]
        return total


def _with_sum(table: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    return np.vstack([table, np.asarray(weights) @ table])


def inner_products(x: Any, y: Any, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the inner product of their prepared matrices.

    Parameters
    ----------
    x, y
        Prepared by the same family over the same n samples.
    ks
        Only its length matters: these metrics have no neighbours.

    Returns
    -------
    (len(ks), layers_x, layers_y) float64.

    Raises
    ------
    SampleCountError
        The sides hold different n.
    """
    # By Cauchy and Schwarz; only rounding goes beyond.
    table = np.clip(x.inner(y), -1.0, 1.0)
    return np.stack([table] * max(1, len(ks)))


def cka_matrix(centred: NDArray[Any]) -> Matrix:
    """Centre a kernel and scale it to unit norm: HKH / |HKH|  (Kornblith et al. 2019)."""
    rows = centred.mean(axis=0, dtype=np.float64)
    out = centred - (rows - rows.mean() / 2).astype(np.float32)
    out -= (rows - rows.mean() / 2).astype(np.float32)[:, None]
    return _unit(out)


def unbiased_matrix(centred: NDArray[Any]) -> Matrix:
    """U-centre a kernel and scale it to unit norm; inner products are then unbiased CKA.

    With the diagonal zeroed, A_ij = K_ij - r_i/(n-2) - r_j/(n-2) + s/((n-1)(n-2)) for i != j
    (Szekely and Rizzo 2014); sum_ij A_ij B_ij / (n(n-3)) equals eq. 5 of Song et al. 2012.

    Raises
    ------
    SampleCountError
        n < 4.
    """
    n = len(centred)
    check_four(n)
    out = centred.copy()
    np.fill_diagonal(out, 0)
    rows = out.sum(axis=0, dtype=np.float64)
    shift = rows / (n - 2) - rows.sum() / (2 * (n - 1) * (n - 2))
    out -= shift.astype(np.float32)
    out -= shift.astype(np.float32)[:, None]
    np.fill_diagonal(out, 0)
    return _unit(out)


@lru_cache(maxsize=2)
def _upper(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.triu_indices(n, 1)


def rank_matrix(kernel: NDArray[Any]) -> Matrix:
    """Rank a kernel's off-diagonal entries, centre, and scale: inner products are Spearman's r."""
    n = len(kernel)
    upper = _upper(n)
    values = kernel[upper]
    ranks = average_ranks(values, np.argsort(values))
    ranks -= ranks.mean()
    out = np.zeros((n, n), dtype=np.float32)
    out[upper] = ranks
    out += out.T
    return _unit(out)


def _unit(matrix: Matrix) -> Matrix:
    norm = np.sqrt(np.einsum("ij,ij->i", matrix, matrix).sum(dtype=np.float64))
    if not norm > 0:
        raise DegenerateLayerError("its centred kernel is zero")
    matrix /= np.float32(norm)
    return matrix


def _prepare(layers: Layers, need: Need, base: str, transform: Transform) -> Matrices:
    n, count = len(layers[0]), len(layers) + need.concatenate
    size = 6 * n * n * count
    if size > MOST_BYTES:
        raise TooManySamplesError(
            f"{count} kernels of {n:,} samples would take {size / 2**30:.0f} GiB of the "
            f"{MOST_BYTES / 2**30:.0f} allowed; take fewer samples or layers, or a metric of the "
            "k-NN family"
        )
    run = products(need.device)
    layers, powers = scaled(layers)
    weights = weights_of_sum(powers)
    stack = np.empty((count, n, n), dtype=np.float32)
    threads = numba.get_num_threads()

    def fill(kernel: NDArray[Any], power: float, index: int) -> None:
        stack[index] = _transformed(kernel, base, transform, need.sigma, power, index)

    # Products use every core by themselves; what follows is numpy's, one core a layer.
    with ThreadPoolExecutor(threads) as pool:
        total: NDArray[Any] | None = None
        pending: deque[Future[None]] = deque()
        for index, layer in enumerate(layers):
            kernel = _exact_kernel(layer) if base == "raw" else _centred_kernel(run, layer)
            if need.concatenate:
                share = kernel * weights[index]
                total = share if total is None else total + share
            if len(pending) == threads:
                pending.popleft().result()
            pending.append(pool.submit(fill, kernel, powers[index], index))
        if total is not None:
            pending.append(pool.submit(fill, total, min(powers), len(layers)))
        for done in pending:
            done.result()
    return Matrices(stack, np.arange(n))


def _centred_kernel(run: Products, layer: Layer) -> Matrix:
    loaded = run.load(centre(layer))
    kernel = run.host(run.similarity(loaded, 0, len(layer)))
    kernel[loaded.repeats] = kernel[loaded.originals]
    return kernel


def _exact_kernel(layer: Layer) -> NDArray[np.float64]:
    """Return a kernel to rank: a difference in the last bit of float32 would be a whole rank."""
    wide = layer.astype(np.float64)
    kernel = wide @ wide.T
    repeats, originals = repeated_rows(layer)
    kernel[:, repeats] = kernel[:, originals]
    kernel[repeats] = kernel[originals]
    return kernel


def _transformed(
    kernel: NDArray[Any],
    base: str,
    transform: Transform,
    sigma: float | None,
    power: float,
    index: int,
) -> Matrix:
    try:
        return transform(rbf(kernel, sigma, power) if base == "rbf" else kernel)
    except DegenerateLayerError as error:
        raise DegenerateLayerError(f"layer {index} cannot be compared: {error}") from None


def rbf(gram: Matrix, sigma: float | None, power: float = 1.0) -> Matrix:
    """Turn a Gram matrix into the RBF kernel exp(-|x_i - x_j|^2 / (2 sigma^2)).

    Parameters
    ----------
    gram
        (n, n) inner products of features multiplied by `power`.
    sigma
        Bandwidth in units of the features; None: the median of the n(n-1)/2 distances.
    power
        What the features were multiplied by.

    Raises
    ------
    DegenerateLayerError
        The median distance is zero, so it is no bandwidth; or the given one is not positive.
    """
    diagonal = np.diagonal(gram).astype(np.float64)
    squared = diagonal[:, None] + diagonal - 2.0 * gram
    np.maximum(squared, 0, out=squared)
    np.fill_diagonal(squared, 0)
    if sigma is None:
        between = squared[_upper(len(gram))]
        middle = [(len(between) - 1) // 2, len(between) // 2]
        width = float(np.sqrt(np.partition(between, middle)[middle]).mean())
        if width == 0:
            raise DegenerateLayerError(
                "the median distance is 0 (most samples are the same): give sigma"
            )
    else:
        width = sigma * power
    if not width > 0:
        raise DegenerateLayerError(f"sigma must be positive, got {sigma}")
    return np.exp(squared / (-2 * width**2)).astype(np.float32)


def _prepare_linear(layers: Layers, need: Need) -> Matrices | CentredFeatures:
    n = len(layers[0])
    if n <= MOST_SAMPLES_IN_MATRICES:
        return _prepare(layers, need, "centred", cka_matrix)
    layers, powers = scaled(layers)
    weights = tuple(float(w) for w in weights_of_sum(powers)) if need.concatenate else ()
    return CentredFeatures.of(layers, weights)


def _row_products(x: Any, y: Any, a: int, b: int) -> tuple[RowSums, RowSums]:
    """Return t_i = sum_j K_ij L_ij and d_i = K_ii L_ii of one pair of layers."""
    if isinstance(x, Matrices):
        one, other = x.stack[a], y.stack[b]
        rows = np.einsum("ij,ij->i", one, other, dtype=np.float64)
        return rows, np.diagonal(one).astype(np.float64) * np.diagonal(other)
    one, other = _side(x, a), _side(y, b)
    rows = np.einsum("ij,ij->i", one @ (one.T @ other), other, dtype=np.float64)
    lengths = [np.einsum("ij,ij->i", side, side, dtype=np.float64) for side in (one, other)]
    return rows, lengths[0] * lengths[1]


def _side(x: CentredFeatures, layer: int) -> Layer:
    if layer < len(x.layers):
        return x.layers[layer]
    roots = np.sqrt(np.asarray(x.weights)).astype(np.float32)
    return np.concatenate([r * part for r, part in zip(roots, x.layers, strict=True)], axis=1)


def _without_each_centred(t: RowSums, d: RowSums) -> RowSums:
    """Return <K, L> re-centred without sample i, for every i, from row sums alone.

    With rows summing to zero and m = n - 1: <K, L> - 2 t_i + d_i - (2/m)(t_i - d_i) + d_i/m^2.
    """
    m = len(t) - 1
    return t.sum() - 2 * t + d - 2 / m * (t - d) + d / m**2


def _without_each_unbiased(t: RowSums, d: RowSums) -> RowSums:
    """Return <A, B> re-U-centred without sample i: <A, B> - 2 t_i - 2 t_i / (n - 3)."""
    return t.sum() - 2 * t - 2 * t / (len(t) - 3)


def _delete_one(without_each: Callable[[RowSums, RowSums], RowSums], lowest: float) -> Callable:
    def interval(
        x: Any, y: Any, layers: tuple[int, int], k: int, level: float, seed: int
    ) -> Interval:
        a, b = layers
        both, one, other = (
            _row_products(*pair) for pair in ((x, y, a, b), (x, x, a, a), (y, y, b, b))
        )
        score = both[0].sum() / np.sqrt(one[0].sum() * other[0].sum())
        left_out = without_each(*both) / np.sqrt(without_each(*one) * without_each(*other))
        return jackknife(score, left_out, lowest, 1.0, level)

    return interval


def _delete_group(
    x: Matrices, y: Matrices, layers: tuple[int, int], k: int, level: float, seed: int
) -> Interval:
    """Rank again without each group: ranks of ranks are the ranks of what was ranked."""
    one, other = x.stack[layers[0]], y.stack[layers[1]]
    scores = []
    for keep in leave_out_groups(len(one), seed):
        kept = np.ix_(keep, keep)
        scores.append(np.vdot(rank_matrix(one[kept]), rank_matrix(other[kept])))
    return jackknife(float(np.vdot(one, other)), np.array(scores, np.float64), -1.0, 1.0, level)


def _family(name: str, base: str, transform: Transform) -> Family:
    return Family(name, lambda layers, need: _prepare(layers, need, base, transform))


_whole_kernel_metric = partial(
    Metric, symmetric=True, uses_all_samples=True, ordinal=False, highest=1.0, uses_k=False
)

CKA = register(
    _whole_kernel_metric(
        name="cka",
        label="CKA (linear)",
        family=Family("linear kernels", _prepare_linear),
        compare=inner_products,
        interval=_delete_one(_without_each_centred, 0.0),
        interval_method=DELETE_ONE,
        batchable=True,
        lowest=0.0,
        equation="⟨HKH, HLH⟩ / (‖HKH‖ ‖HLH‖), K = XXᵀ, L = YYᵀ",
        citation="Kornblith et al. 2019; Huh et al. 2024, App. A",
    )
)
CKA_RBF = register(
    _whole_kernel_metric(
        name="cka_rbf",
        label="CKA (RBF)",
        family=_family("RBF kernels", "rbf", cka_matrix),
        compare=inner_products,
        interval=_delete_one(_without_each_centred, 0.0),
        interval_method=f"{DELETE_ONE}, bandwidth fixed",
        batchable=True,
        lowest=0.0,
        uses_sigma=True,
        equation="CKA of exp(-‖x_i - x_j‖² / 2σ²); σ = median distance unless given",
        citation="Kornblith et al. 2019; Huh et al. 2024, App. A",
    )
)
UNBIASED_CKA = register(
    _whole_kernel_metric(
        name="unbiased_cka",
        label="unbiased CKA",
        family=_family("U-centred kernels", "centred", unbiased_matrix),
        compare=inner_products,
        interval=_delete_one(_without_each_unbiased, -1.0),
        interval_method=DELETE_ONE,
        batchable=True,
        lowest=-1.0,
        null=lambda n, k: 0.0,
        equation="CKA with HSIC's unbiased estimator (zero diagonals, linear kernel)",
        citation="Song et al. 2012, eq. 5; Huh et al. 2024, App. A",
    )
)
RSA = register(
    _whole_kernel_metric(
        name="rsa",
        label="RSA",
        family=_family("ranked kernels", "raw", rank_matrix),
        compare=inner_products,
        interval=_delete_group,
        interval_method=DELETE_GROUP,
        batchable=False,
        lowest=-1.0,
        null=lambda n, k: 0.0,
        equation="Spearman(K_ij, L_ij), i < j, K = XXᵀ, L = YYᵀ",
        citation="Kriegeskorte et al. 2008",
    )
)
