"""Centered kernel alignment: linear, from features where samples are many, RBF and unbiased."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prh_core.backend import Backend, backend
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import DELETE_ONE, Influence, jackknife, once
from prh_core.metrics.centered import CenteredFeatures
from prh_core.metrics.kernels import (
    Matrices,
    RowSums,
    as_repeated,
    centered_kernel,
    inner_products,
    kernel_family,
    prepare_matrices,
    register_kernel_metric,
    unit_norm,
)
from prh_core.metrics.registry import Family, PrepareOptions
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared
from prh_core.types import Layers, check_four

MOST_SAMPLES_IN_MATRICES = 4096
"""Beyond this n linear CKA works from features: (d, d) products instead of (n, n) kernels."""
FAR = 8.0
"""Rows whose square is beyond this many times the median squared distance are multiplied in
float64: in float32 the rounding of such a product is a part in a million of that distance."""


def cka_matrix(run: Backend, centered: Any) -> Any:
    """Center a kernel and scale it to unit norm: HKH / |HKH|  (Kornblith et al. 2019)."""
    rows = run.column_sums(centered) / len(centered)
    shift = run.narrow(rows - rows.mean() / 2)
    out = centered - shift
    out -= shift[:, None]
    return unit_norm(run, out, centered)


def u_centered(run: Backend, centered: Any) -> Any:
    """U-center a kernel: inner products over n(n-3) are then HSIC's unbiased estimator.

    With the diagonal zeroed, A_ij = K_ij - r_i/(n-2) - r_j/(n-2) + s/((n-1)(n-2)) for i != j
    (Szekely and Rizzo 2014); sum_ij A_ij B_ij / (n(n-3)) equals eq. 5 of Song et al. 2012.

    Raises:
        SampleCountError: n < 4.
    """
    n = len(centered)
    check_four(n)
    out = run.copy(centered)
    run.clear_diagonal(out)
    rows = run.column_sums(out)
    shift = run.narrow(rows / (n - 2) - rows.sum() / (2 * (n - 1) * (n - 2)))
    out -= shift
    out -= shift[:, None]
    run.clear_diagonal(out)
    return out


def unbiased_matrix(run: Backend, centered: Any) -> Any:
    """U-center a kernel and scale it to unit norm; inner products are then unbiased CKA."""
    return unit_norm(run, u_centered(run, centered), centered)


def _distances(run: Backend, layer: PreparedLayer) -> Any:
    """Return all squared distances; in float64 where float32 would lose those in the middle."""
    gram = run.similarity(run.load(layer.centered()), 0, len(layer))
    squared = _squared(run, gram)
    few = run.host(squared[_few_pairs(len(layer))])
    if float(run.diagonal(gram).max()) > FAR * float(np.median(few)):
        squared = _squared(run, run.exact_gram(layer.exact_centered()[0]))
    return as_repeated(squared, layer)


def _squared(run: Backend, gram: Any) -> Any:
    diagonal = run.wide(run.diagonal(gram))
    squared = (diagonal[:, None] + diagonal - 2.0 * gram).clip(0)
    run.clear_diagonal(squared)
    return squared


@lru_cache(maxsize=2)
def _few_pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return at most 4,096 pairs of different samples, the same ones each time."""
    rng = np.random.default_rng(0)
    first = rng.integers(n, size=4096)
    return first, (first + rng.integers(1, n, size=4096)) % n


def rbf(run: Backend, squared: Any, sigma: float | None) -> Any:
    """Turn squared distances into the RBF kernel exp(-|x_i - x_j|^2 / (2 sigma^2)).

    Args:
        run: where they are.
        squared: (n, n) squared distances.
        sigma: bandwidth in the same units; None: the median of the n(n-1)/2 distances.

    Raises:
        DegenerateLayerError: the median distance is zero, so it is no bandwidth; or the given one
            is not positive.
    """
    width = sigma
    if width is None:
        width = run.median_root(run.upper(squared))
        if width == 0:
            raise DegenerateLayerError(
                "the median distance is 0 (most samples are the same): give sigma"
            )
    if not width > 0:
        raise DegenerateLayerError(f"sigma must be positive, got {sigma}")
    return run.exp(squared / (-2 * width**2))


def _prepare_linear(
    layers: Layers | PreparedLayers, options: PrepareOptions
) -> Matrices | CenteredFeatures:
    ready = prepared(layers)
    if len(ready[0]) <= MOST_SAMPLES_IN_MATRICES:
        return prepare_matrices(
            ready, options, centered_kernel, lambda run, kernel, sigma: cka_matrix(run, kernel)
        )
    return CenteredFeatures.of(ready, options.concatenate, backend(options.device))


def without_each_centered(t: RowSums, d: RowSums) -> RowSums:
    """Return <K, L> re-centered without sample i, for every i, from row sums alone.

    With rows summing to zero and m = n - 1: <K, L> - 2 t_i + d_i - (2/m)(t_i - d_i) + d_i/m^2.
    """
    m = len(t) - 1
    return t.sum() - 2 * t + d - 2 / m * (t - d) + d / m**2


def without_each_unbiased(t: RowSums, d: RowSums) -> RowSums:
    """Return <A, B> re-U-centered without sample i: <A, B> - 2 t_i - 2 t_i / (n - 3)."""
    return t.sum() - 2 * t - 2 * t / (len(t) - 3)


def _delete_one(
    without_each: Callable[[RowSums, RowSums], RowSums],
) -> Callable[..., list[Influence]]:
    def influences(
        x: Any, y: Any, pairs: Sequence[tuple[int, int]], k: int, seed: int
    ) -> list[Influence]:
        own_x = {a: x.row_products(x, a, a) for a in {a for a, _ in pairs}}
        own_y = {b: y.row_products(y, b, b) for b in {b for _, b in pairs}}
        results: list[Influence] = []
        for a, b in pairs:
            both, own, others = x.row_products(y, a, b), own_x[a], own_y[b]
            score = both[0].sum() / np.sqrt(own[0].sum() * others[0].sum())
            left_out = without_each(*both) / np.sqrt(without_each(*own) * without_each(*others))
            totals = [float(rows.sum()) for rows, _ in (both, own, others)]
            _, of_pairs = x.squared_residuals(y, a, b, *totals)
            results.append(once(jackknife(float(score), left_out), 2 * of_pairs))
        return results

    return influences


LINEAR = Family("linear kernels", _prepare_linear)

register_kernel_metric(
    name="cka",
    label="CKA (linear)",
    family=LINEAR,
    compare=inner_products,
    influences=_delete_one(without_each_centered),
    interval_method=DELETE_ONE,
    batchable=True,
    lowest=0.0,
    equation="⟨HKH, HLH⟩ / (‖HKH‖ ‖HLH‖), K = XXᵀ, L = YYᵀ",
    citation="Kornblith et al. 2019; Huh et al. 2024, App. A",
)
register_kernel_metric(
    name="cka_rbf",
    label="CKA (RBF)",
    family=Family(
        "RBF kernels",
        lambda layers, options: prepare_matrices(
            layers,
            options,
            _distances,
            lambda run, squared, sigma: cka_matrix(run, rbf(run, squared, sigma)),
        ),
    ),
    compare=inner_products,
    influences=_delete_one(without_each_centered),
    interval_method=f"{DELETE_ONE}, bandwidth fixed",
    batchable=True,
    lowest=0.0,
    uses_sigma=True,
    equation="CKA of exp(-‖x_i - x_j‖² / 2σ²); σ = median distance unless given",
    citation="Kornblith et al. 2019; Huh et al. 2024, App. A",
)
register_kernel_metric(
    name="unbiased_cka",
    label="unbiased CKA",
    family=kernel_family("U-centered kernels", centered_kernel, unbiased_matrix),
    compare=inner_products,
    influences=_delete_one(without_each_unbiased),
    interval_method=DELETE_ONE,
    batchable=True,
    lowest=-1.0,
    null=lambda n, k: 0.0,
    equation="CKA with HSIC's unbiased estimator (zero diagonals, linear kernel)",
    citation="Song et al. 2012, eq. 5; Huh et al. 2024, App. A",
)
