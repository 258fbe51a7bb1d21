"""Whole kernels compared: CKA, unbiased CKA and RSA are inner products of prepared matrices.

Each metric turns a layer's kernel into a symmetric matrix of unit norm; the score of two layers is
then the inner product of their matrices, and all pairs of layers are one matrix product.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numba
import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import HOST, Backend, backend
from prh_core.errors import DegenerateLayerError, TooManySamplesError
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared, weights_of_sum
from prh_core.types import Layers, Order, check_same_n

MOST_BYTES = 8 * 2**30
"""Kernels of one model may take this much memory."""
NOTHING_LEFT = 3e-6
"""A centered kernel below this share of the kernel's own norm is float32's rounding."""

Matrix = NDArray[np.float32]
RowSums = NDArray[np.float64]
"""One number per sample."""
Form = Callable[[Backend, PreparedLayer], Any]
"""Makes a layer's kernel, or its distances, where the backend keeps it."""
Transform = Callable[[Backend, Any, float | None], Any]
"""Makes a matrix of it that is compared; the float is a bandwidth."""


@dataclass(frozen=True)
class Matrices:
    """Symmetric matrices of unit Frobenius norm, one per layer, under one labeling."""

    stack: Any
    """(layers, n, n) float32, where the backend keeps it."""
    order: Order
    run: Backend = HOST

    @cached_property
    def packed(self) -> Any:
        """Upper triangles, (layers, n (n + 1) / 2), made once for every partner."""
        return self.run.pack(self.stack, self.order)

    def matrix(self, layer: int) -> Matrix:
        """Bring one layer's matrix back, as it was labeled at first."""
        return self.run.host(self.stack[layer])

    def relabeled(self, order: Order) -> "Matrices":
        """Return the same had row i been row order[i]; only looked up when compared."""
        return Matrices(self.stack, self.order[order], self.run)

    @cached_property
    def traces(self) -> Float64[np.ndarray, " layers"]:
        """Return the trace of every matrix; the same in any order."""
        diagonals = [self.run.host(self.run.diagonal(part)) for part in self.stack]
        return np.array([diagonal.sum(dtype=np.float64) for diagonal in diagonals])

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.stack)

    @staticmethod
    def joined(sides: "Sequence[Matrices]") -> "Matrices":
        """Return the layers of several models, under one labeling, as if they were one's."""
        run = sides[0].run
        return Matrices(run.concatenate([side.stack for side in sides]), sides[0].order, run)

    def inner(self, other: "Matrices") -> Float64[np.ndarray, "lx ly"]:
        """Return the inner product of every pair of layers' matrices."""
        check_same_n(len(self.order), len(other.order))
        return self.run.packed_products(self.packed, other.packed)

    def row_products(self, other: "Matrices", a: int, b: int) -> tuple[RowSums, RowSums]:
        """Return t_i = sum_j K_ij L_ij and d_i = K_ii L_ii of one pair of layers."""
        kernel_x, kernel_y = self.stack[a], other.stack[b]
        diagonals = (self.run.host(self.run.diagonal(kernel)) for kernel in (kernel_x, kernel_y))
        products = np.multiply(*diagonals, dtype=np.float64)
        return self.run.row_products(kernel_x, kernel_y), products

    def squared_residuals(
        self, other: "Matrices", a: int, b: int, both: float, own: float, others: float
    ) -> tuple[float, float]:
        """Return `prh_core.compiled.residuals.squared_residuals` of one pair of layers."""
        return self.run.squared_residuals(self.stack[a], other.stack[b], both, own, others)


def inner_products(x: Any, y: Any, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the inner product of their prepared matrices.

    Args:
        x, y: prepared by the same family over the same n samples.
        ks: only its length matters: these metrics have no neighbors.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    # By Cauchy and Schwarz; only rounding goes beyond.
    table = np.clip(x.inner(y), -1.0, 1.0)
    return np.stack([table] * max(1, len(ks)))


def unit_norm(run: Backend, matrix: Any, of: Any = None) -> Any:
    """Scale to unit norm, unless nothing but rounding is left of what the matrix was made of."""
    norm = run.frobenius(matrix)
    if not norm > (0 if of is None else NOTHING_LEFT * run.frobenius(of)):
        raise DegenerateLayerError("its centered kernel is zero")
    matrix /= norm
    return matrix


def check_room(n: int, count: int) -> None:
    """Refuse more kernels of n samples, packed ones beside them, than memory is allowed for.

    Raises:
        TooManySamplesError: says what they would take.
    """
    size = 6 * n * n * count
    if size > MOST_BYTES:
        raise TooManySamplesError(
            f"{count} kernels of {n:,} samples would take {size / 2**30:.0f} GiB of the "
            f"{MOST_BYTES / 2**30:.0f} allowed; take fewer samples or layers, or a metric of the "
            "k-NN family"
        )


def prepare_matrices(
    layers: Layers | PreparedLayers, options: PrepareOptions, form: Form, transform: Transform
) -> Matrices:
    """Form every layer's kernel, and that of all side by side, and transform each to a matrix."""
    ready = prepared(layers)
    n, count = len(ready[0]), len(ready) + options.concatenate
    check_room(n, count)
    run = backend(options.device)
    weights = weights_of_sum([layer.power for layer in ready])
    stack = run.empty_stack(count, n)
    threads = numba.get_num_threads()

    def fill(kernel: Any, power: float, index: int) -> None:
        try:
            stack[index] = transform(run, kernel, options.sigma and options.sigma * power)
        except DegenerateLayerError as error:
            raise DegenerateLayerError(f"layer {index} cannot be compared: {error}") from None

    # Products use every core by themselves; what follows is numpy's, one core a layer.
    with ThreadPoolExecutor(threads) as pool:
        total: Any = None
        pending: deque[Future[None]] = deque()
        for index, layer in enumerate(ready):
            kernel = form(run, layer)
            if options.concatenate:
                share = kernel * float(weights[index])
                total = share if total is None else total + share
            if len(pending) == threads:
                pending.popleft().result()
            pending.append(pool.submit(fill, kernel, layer.power, index))
        if total is not None:
            power = min(layer.power for layer in ready)
            pending.append(pool.submit(fill, total, power, len(ready)))
        for done in pending:
            done.result()
    return Matrices(stack, np.arange(n), run)


def each_kernel(
    layers: PreparedLayers, concatenate: bool, form: Callable[[PreparedLayer], Any]
) -> Iterator[Any]:
    """Yield every layer's kernel, and last, where asked, that of all layers side by side."""
    weights = weights_of_sum([layer.power for layer in layers])
    total: Any = None
    for layer, weight in zip(layers, weights, strict=True):
        kernel = form(layer)
        if concatenate:
            total = kernel * float(weight) if total is None else total + kernel * float(weight)
        yield kernel
    if total is not None:
        yield total


def centered_kernel(run: Backend, layer: PreparedLayer) -> Any:
    """Return the inner products of centered rows; equal rows have equal entries."""
    return as_repeated(run.similarity(run.load(layer.centered()), 0, len(layer)), layer)


def as_repeated(kernel: Any, layer: PreparedLayer) -> Any:
    """Give rows that repeat an earlier one its entries, which may have been rounded otherwise."""
    repeats = np.flatnonzero(layer.originals != np.arange(len(layer)))
    if repeats.size:
        originals = layer.originals[repeats]
        kernel[:, repeats] = kernel[:, originals]
        kernel[repeats] = kernel[originals]
    return kernel


def kernel_family(name: str, form: Form, transform: Callable[[Backend, Any], Any]) -> Family:
    """Return the family of metrics that compare matrices without any choice of bandwidth."""
    return Family(
        name,
        lambda layers, options: prepare_matrices(
            layers, options, form, lambda run, kernel, sigma: transform(run, kernel)
        ),
    )


register_kernel_metric = partial(
    register, symmetric=True, uses_all_samples=True, ordinal=False, highest=1.0, uses_k=False
)
