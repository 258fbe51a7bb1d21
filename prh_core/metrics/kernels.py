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

from prh_core.compiled.kernels import average_ranks, pack, ranks_of_kept
from prh_core.compiled.residuals import squared_residuals
from prh_core.errors import DegenerateLayerError, TooManySamplesError
from prh_core.gram import Products, products
from prh_core.intervals import (
    DELETE_GROUP,
    DELETE_ONE,
    Influence,
    jackknife,
    leave_out_groups,
    once,
)
from prh_core.metrics.registry import Family, Metric, PrepareOptions, register
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared, weights_of_sum
from prh_core.types import Layer, Layers, Order, check_four, check_same_n

MOST_BYTES = 8 * 2**30
"""Kernels of one model may take this much memory."""
MOST_SAMPLES_IN_MATRICES = 4096
"""Beyond this n linear CKA works from features: (d, d) products instead of (n, n) kernels."""
ROWS_OF_RESIDUALS = 512
"""Rows of a kernel, evenly spread, from which linear CKA from features tells their sum."""
PACKED_AT_ONCE = 2**11
"""Entries of a packed kernel multiplied in float32 before the sum goes on in float64.

Few enough that both sides stay in the cache: 2,048 take 8 ms a pair where 65,536 take 13.
"""
NOTHING_LEFT = 3e-6
"""A centered kernel below this share of the kernel's own norm is float32's rounding."""
FAR = 8.0
"""Rows whose square is beyond this many times the median squared distance are multiplied in
float64: in float32 the rounding of such a product is a part in a million of that distance."""

Matrix = NDArray[np.float32]
RowSums = NDArray[np.float64]
"""One number per sample."""
Form = Callable[[Products, PreparedLayer], NDArray[Any]]
"""Makes a layer's kernel, or its distances."""
Transform = Callable[[NDArray[Any], float | None], Matrix]
"""Makes a matrix of it that is compared; the float is a bandwidth."""


@dataclass(frozen=True)
class Matrices:
    """Symmetric matrices of unit Frobenius norm, one per layer, under one labeling."""

    stack: NDArray[np.float32]
    """(layers, n, n)."""
    order: Order

    @cached_property
    def packed(self) -> NDArray[np.float32]:
        """Upper triangles, (layers, n (n + 1) / 2), made once for every partner."""
        return pack(self.stack, self.order)

    def relabeled(self, order: Order) -> "Matrices":
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
class CenteredFeatures:
    """Centered features, for linear CKA without any (n, n) matrix."""

    layers: Layers
    weights: tuple[float, ...]
    """What each layer's kernel counts in the concatenated one; empty without one."""
    order: Order
    norms: NDArray[np.float64]
    """Frobenius norm of each layer's kernel, the concatenated one last; the same in any order."""

    @classmethod
    def of(cls, layers: PreparedLayers, weights: tuple[float, ...]) -> "CenteredFeatures":
        """Center layers and measure their kernels."""
        centered = [layer.centered() for layer in layers]
        own = cls(centered, weights, np.arange(len(layers[0])), np.empty(0))
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

    def _products(self, other: "CenteredFeatures", upper: bool = False) -> NDArray[np.float64]:
        table = np.zeros((len(self.layers), len(other.layers)))
        # Without a concatenated kernel the norms need the diagonal only.
        for a in range(len(self.layers)):
            for b in range(len(other.layers)):
                if upper and (b < a or (b > a and not self.weights)):
                    continue
                table[a, b] = np.square(self.cross(other, a, b)).sum()
        return table

    def cross(self, other: "CenteredFeatures", a: int, b: int) -> NDArray[np.float64]:
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
        Only its length matters: these metrics have no neighbors.

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


def cka_matrix(centered: NDArray[Any]) -> Matrix:
    """Center a kernel and scale it to unit norm: HKH / |HKH|  (Kornblith et al. 2019)."""
    rows = centered.mean(axis=0, dtype=np.float64)
    out = centered - (rows - rows.mean() / 2).astype(np.float32)
    out -= (rows - rows.mean() / 2).astype(np.float32)[:, None]
    return _unit(out, centered)


def unbiased_matrix(centered: NDArray[Any]) -> Matrix:
    """U-center a kernel and scale it to unit norm; inner products are then unbiased CKA.

    With the diagonal zeroed, A_ij = K_ij - r_i/(n-2) - r_j/(n-2) + s/((n-1)(n-2)) for i != j
    (Szekely and Rizzo 2014); sum_ij A_ij B_ij / (n(n-3)) equals eq. 5 of Song et al. 2012.

    Raises
    ------
    SampleCountError
        n < 4.
    """
    n = len(centered)
    check_four(n)
    out = centered.copy()
    np.fill_diagonal(out, 0)
    rows = out.sum(axis=0, dtype=np.float64)
    shift = rows / (n - 2) - rows.sum() / (2 * (n - 1) * (n - 2))
    out -= shift.astype(np.float32)
    out -= shift.astype(np.float32)[:, None]
    np.fill_diagonal(out, 0)
    return _unit(out, centered)


@lru_cache(maxsize=2)
def _upper(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.triu_indices(n, 1)


def rank_matrix(kernel: NDArray[Any]) -> Matrix:
    """Rank a kernel's off-diagonal entries, center, and scale: inner products are Spearman's r."""
    n = len(kernel)
    upper = _upper(n)
    values = kernel[upper]
    ranks = average_ranks(values, np.argsort(values))
    ranks -= ranks.mean()
    out = np.zeros((n, n), dtype=np.float32)
    out[upper] = ranks
    out += out.T
    return _unit(out)


def _frobenius(matrix: NDArray[Any]) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", matrix, matrix).sum(dtype=np.float64)))


def _unit(matrix: Matrix, of: NDArray[Any] | None = None) -> Matrix:
    """Scale to unit norm, unless nothing but rounding is left of what the matrix was made of."""
    norm = _frobenius(matrix)
    if not norm > (0 if of is None else NOTHING_LEFT * _frobenius(of)):
        raise DegenerateLayerError("its centered kernel is zero")
    matrix /= np.float32(norm)
    return matrix


def _prepare(
    layers: Layers | PreparedLayers, options: PrepareOptions, form: Form, transform: Transform
) -> Matrices:
    """Form every layer's kernel, and that of all side by side, and transform each to a matrix."""
    ready = prepared(layers)
    n, count = len(ready[0]), len(ready) + options.concatenate
    size = 6 * n * n * count
    if size > MOST_BYTES:
        raise TooManySamplesError(
            f"{count} kernels of {n:,} samples would take {size / 2**30:.0f} GiB of the "
            f"{MOST_BYTES / 2**30:.0f} allowed; take fewer samples or layers, or a metric of the "
            "k-NN family"
        )
    run = products(options.device)
    weights = weights_of_sum([layer.power for layer in ready])
    stack = np.empty((count, n, n), dtype=np.float32)
    threads = numba.get_num_threads()

    def fill(kernel: NDArray[Any], power: float, index: int) -> None:
        try:
            stack[index] = transform(kernel, options.sigma and options.sigma * power)
        except DegenerateLayerError as error:
            raise DegenerateLayerError(f"layer {index} cannot be compared: {error}") from None

    # Products use every core by themselves; what follows is numpy's, one core a layer.
    with ThreadPoolExecutor(threads) as pool:
        total: NDArray[Any] | None = None
        pending: deque[Future[None]] = deque()
        for index, layer in enumerate(ready):
            kernel = form(run, layer)
            if options.concatenate:
                share = kernel * weights[index]
                total = share if total is None else total + share
            if len(pending) == threads:
                pending.popleft().result()
            pending.append(pool.submit(fill, kernel, layer.power, index))
        if total is not None:
            power = min(layer.power for layer in ready)
            pending.append(pool.submit(fill, total, power, len(ready)))
        for done in pending:
            done.result()
    return Matrices(stack, np.arange(n))


def _centered_kernel(run: Products, layer: PreparedLayer) -> Matrix:
    """Return the inner products of centered rows; equal rows have equal entries."""
    kernel = run.host(run.similarity(run.load(layer.centered()), 0, len(layer)))
    return _tied(kernel, layer)


def _exact_kernel(run: Products, layer: PreparedLayer) -> NDArray[np.float64]:
    """Return a kernel to rank: a difference in the last bit of float32 would be a whole rank.

    What differs by float64's rounding only is made equal, so that it shares a rank.
    """
    values, shares = layer.exact_centered()
    kernel = run.exact_gram(values) + shares + shares[:, None]
    largest = float(np.abs(kernel).max())
    if largest > 0:
        np.round(kernel / largest, 12, out=kernel)
        kernel *= largest
    return _tied(kernel, layer)


def _distances(run: Products, layer: PreparedLayer) -> NDArray[np.float64]:
    """Return all squared distances; in float64 where float32 would lose those in the middle."""
    gram = run.host(run.similarity(run.load(layer.centered()), 0, len(layer)))
    squared = _squared(gram)
    few = _few_pairs(len(layer))
    if float(np.diagonal(gram).max()) > FAR * float(np.median(squared[few])):
        squared = _squared(run.exact_gram(layer.exact_centered()[0]))
    return _tied(squared, layer)


def _squared(gram: NDArray[Any]) -> NDArray[np.float64]:
    diagonal = np.diagonal(gram).astype(np.float64)
    squared = diagonal[:, None] + diagonal - 2.0 * gram
    np.maximum(squared, 0, out=squared)
    np.fill_diagonal(squared, 0)
    return squared


@lru_cache(maxsize=2)
def _few_pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return at most 4,096 pairs of different samples, the same ones each time."""
    rng = np.random.default_rng(0)
    first = rng.integers(n, size=4096)
    return first, (first + rng.integers(1, n, size=4096)) % n


def _tied(kernel: NDArray[Any], layer: PreparedLayer) -> NDArray[Any]:
    """Give rows that repeat an earlier one its entries, which may have been rounded otherwise."""
    repeats = np.flatnonzero(layer.originals != np.arange(len(layer)))
    if repeats.size:
        originals = layer.originals[repeats]
        kernel[:, repeats] = kernel[:, originals]
        kernel[repeats] = kernel[originals]
    return kernel


def rbf(squared: NDArray[np.float64], sigma: float | None) -> Matrix:
    """Turn squared distances into the RBF kernel exp(-|x_i - x_j|^2 / (2 sigma^2)).

    Parameters
    ----------
    squared
        (n, n) squared distances.
    sigma
        Bandwidth in the same units; None: the median of the n(n-1)/2 distances.

    Raises
    ------
    DegenerateLayerError
        The median distance is zero, so it is no bandwidth; or the given one is not positive.
    """
    width = sigma
    if width is None:
        between = squared[_upper(len(squared))]
        middle = [(len(between) - 1) // 2, len(between) // 2]
        width = float(np.sqrt(np.partition(between, middle)[middle]).mean())
        if width == 0:
            raise DegenerateLayerError(
                "the median distance is 0 (most samples are the same): give sigma"
            )
    if not width > 0:
        raise DegenerateLayerError(f"sigma must be positive, got {sigma}")
    return np.exp(squared / (-2 * width**2)).astype(np.float32)


def _prepare_linear(
    layers: Layers | PreparedLayers, options: PrepareOptions
) -> Matrices | CenteredFeatures:
    ready = prepared(layers)
    if len(ready[0]) <= MOST_SAMPLES_IN_MATRICES:
        return _prepare(ready, options, _centered_kernel, _of_kernel(cka_matrix))
    powers = [layer.power for layer in ready]
    weights = tuple(float(w) for w in weights_of_sum(powers)) if options.concatenate else ()
    return CenteredFeatures.of(ready, weights)


def _of_kernel(transform: Callable[[NDArray[Any]], Matrix]) -> Transform:
    return lambda kernel, sigma: transform(kernel)


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


def _squared_residuals(
    x: Any, y: Any, a: int, b: int, both: float, own: float, others: float
) -> tuple[float, float]:
    """Return `squared_residuals` of one pair of layers."""
    if isinstance(x, Matrices):
        rows = np.arange(x.stack.shape[1])
        return squared_residuals(x.stack[a], y.stack[b], rows, both, own, others)
    one, other = _side(x, a), _side(y, b)
    # From features alone: as many rows as tell it to a few parts in a hundred.
    count = min(len(one), ROWS_OF_RESIDUALS)
    rows = np.linspace(0, len(one) - 1, count).astype(np.int64)
    found = squared_residuals(one[rows] @ one.T, other[rows] @ other.T, rows, both, own, others)
    return found[0] * len(one) / count, found[1] * len(one) / count


def _side(x: CenteredFeatures, layer: int) -> Layer:
    if layer < len(x.layers):
        return x.layers[layer]
    roots = np.sqrt(np.asarray(x.weights)).astype(np.float32)
    return np.concatenate([r * part for r, part in zip(roots, x.layers, strict=True)], axis=1)


def _without_each_centered(t: RowSums, d: RowSums) -> RowSums:
    """Return <K, L> re-centered without sample i, for every i, from row sums alone.

    With rows summing to zero and m = n - 1: <K, L> - 2 t_i + d_i - (2/m)(t_i - d_i) + d_i/m^2.
    """
    m = len(t) - 1
    return t.sum() - 2 * t + d - 2 / m * (t - d) + d / m**2


def _without_each_unbiased(t: RowSums, d: RowSums) -> RowSums:
    """Return <A, B> re-U-centered without sample i: <A, B> - 2 t_i - 2 t_i / (n - 3)."""
    return t.sum() - 2 * t - 2 * t / (len(t) - 3)


def _delete_one(without_each: Callable[[RowSums, RowSums], RowSums]) -> Callable:
    def influences(
        x: Any, y: Any, pairs: Sequence[tuple[int, int]], k: int, seed: int
    ) -> list[Influence]:
        own_x = {a: _row_products(x, x, a, a) for a in {a for a, _ in pairs}}
        own_y = {b: _row_products(y, y, b, b) for b in {b for _, b in pairs}}
        found: list[Influence] = []
        for a, b in pairs:
            both, one, other = _row_products(x, y, a, b), own_x[a], own_y[b]
            score = both[0].sum() / np.sqrt(one[0].sum() * other[0].sum())
            left_out = without_each(*both) / np.sqrt(without_each(*one) * without_each(*other))
            totals = [float(rows.sum()) for rows, _ in (both, one, other)]
            _, of_pairs = _squared_residuals(x, y, a, b, *totals)
            found.append(once(jackknife(float(score), left_out), 2 * of_pairs))
        return found

    return influences


def _delete_group(
    x: Matrices, y: Matrices, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Rank again without each group: ranks of ranks are the ranks of what was ranked.

    Sorted once, every layer's pairs are ranked in one pass for each group.
    """
    n = x.stack.shape[1]
    upper = _upper(n)
    first, second = (side.astype(np.int32) for side in upper)
    groups = leave_out_groups(n, seed)
    values = {
        (side, at): stack[at][upper]
        for side, stack in enumerate((x.stack, y.stack))
        for at in {pair[side] for pair in pairs}
    }
    orders = {key: np.argsort(entries, kind="stable") for key, entries in values.items()}
    scores = np.empty((len(pairs), len(groups)))
    for g, kept in enumerate(groups):
        keep = np.zeros(n, dtype=np.bool_)
        keep[kept] = True
        ranks = {
            key: ranks_of_kept(entries, orders[key], first, second, keep)
            for key, entries in values.items()
        }
        for p, (a, b) in enumerate(pairs):
            scores[p, g] = np.dot(ranks[0, a], ranks[1, b])
    return [_steadied(x, y, a, b, row) for (a, b), row in zip(pairs, scores, strict=True)]


def _steadied(
    x: Matrices, y: Matrices, a: int, b: int, left_out: Float64[np.ndarray, " groups"]
) -> Influence:
    """Return a rank correlation's influence with pairs of samples counted once.

    So few groups tell a variance within a third. Where layers are unrelated all of it comes of
    pairs, not of samples, and ranks held fixed tell it within a tenth; the share that comes of
    pairs is taken from there, the rest from the groups.
    """
    score = float(np.vdot(x.stack[a], y.stack[b]))
    influence = jackknife(score, left_out)
    of_samples, of_pairs = _squared_residuals(x, y, a, b, score, 1.0, 1.0)
    if of_samples == 0 or influence.error == 0:
        return influence
    fixed = 4 * of_samples - 2 * of_pairs
    # Two samples of one group are left out together: their part is counted once already.
    twice = (1 - 1 / len(left_out)) * of_pairs / (2 * of_samples)
    pairs = min(1.0, of_pairs / of_samples)
    variance = pairs * fixed + (1 - pairs) * (1 - twice) * influence.error**2
    return influence._replace(shares=influence.shares * (variance**0.5 / influence.error))


def _family(name: str, form: Form, transform: Transform) -> Family:
    return Family(name, lambda layers, options: _prepare(layers, options, form, transform))


_whole_kernel_metric = partial(
    Metric, symmetric=True, uses_all_samples=True, ordinal=False, highest=1.0, uses_k=False
)

CKA = register(
    _whole_kernel_metric(
        name="cka",
        label="CKA (linear)",
        family=Family("linear kernels", _prepare_linear),
        compare=inner_products,
        influences=_delete_one(_without_each_centered),
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
        family=_family(
            "RBF kernels", _distances, lambda squared, sigma: cka_matrix(rbf(squared, sigma))
        ),
        compare=inner_products,
        influences=_delete_one(_without_each_centered),
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
        family=_family("U-centered kernels", _centered_kernel, _of_kernel(unbiased_matrix)),
        compare=inner_products,
        influences=_delete_one(_without_each_unbiased),
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
        family=_family("ranked kernels", _exact_kernel, _of_kernel(rank_matrix)),
        compare=inner_products,
        influences=_delete_group,
        rivals=6,
        interval_method=DELETE_GROUP,
        batchable=False,
        lowest=-1.0,
        null=lambda n, k: 0.0,
        equation="Spearman(K_ij, L_ij), i < j, K = XXᵀ, L = YYᵀ",
        citation="Kriegeskorte et al. 2008",
    )
)
