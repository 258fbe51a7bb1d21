"""CKA corrected for samples and for features: a layer's features are a sample of many, too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import Backend, backend
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import DELETE_ONE, Influence, jackknife, once
from prh_core.metrics.cka import u_centered, without_each_unbiased
from prh_core.metrics.kernels import (
    NOTHING_LEFT,
    Matrices,
    RowSums,
    centered_kernel,
    check_room,
    each_kernel,
    register_kernel_metric,
)
from prh_core.metrics.registry import Family, PrepareOptions
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared, weights_of_sum
from prh_core.types import Layers, Order, check_four

LEAST_RELIABLE = 0.1
"""A layer's reliability counts as at least that: below, dividing by it would multiply noise."""


@dataclass(frozen=True)
class SampledFeatures:
    """U-centered kernels, and what of their norm each feature has with itself alone."""

    kernels: Matrices
    squares: Float64[np.ndarray, " layers"]
    """|A|^2 of the U-centered kernels before they were scaled to unit norm."""
    alone: Float64[np.ndarray, " layers"]
    """Sum over features of the same of each feature's own kernel."""
    alone_without: Float64[np.ndarray, "layers n"]
    """The same without each sample."""
    widths: NDArray[np.int64]

    @property
    def run(self) -> Backend:
        """Return where they are kept."""
        return self.kernels.run

    @property
    def order(self) -> Order:
        """Return which sample each row is."""
        return self.kernels.order

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.widths)

    def relabeled(self, order: Order) -> "SampledFeatures":
        """Return the same had row i been row order[i]."""
        return replace(self, kernels=self.kernels.relabeled(order))

    @staticmethod
    def joined(sides: "Sequence[SampledFeatures]") -> "SampledFeatures":
        """Return the layers of several models, under one labeling, as if they were one's."""
        return SampledFeatures(
            Matrices.joined([side.kernels for side in sides]),
            np.concatenate([side.squares for side in sides]),
            np.concatenate([side.alone for side in sides]),
            np.concatenate([side.alone_without for side in sides]),
            np.concatenate([side.widths for side in sides]),
        )

    @property
    def reliabilities(self) -> Float64[np.ndarray, " layers"]:
        """Return each layer's share of |A|^2 that other features would have, too."""
        return reliability(self.squares, self.alone, self.widths)


def reliability(squares: Any, alone: Any, width: Any) -> Any:
    """Return the HSIC of a layer with another draw of its features, over that with itself.

    d^2 HSIC(K, K) is the sum over pairs of features (a, b) of HSIC(k_a, k_b); the pairs a = b bias
    it. Without them (|A|^2 - S) / (d (d - 1)) is unbiased, S the sum over a = b, and over |A|^2 /
    d^2 it is the reliability; at least `LEAST_RELIABLE`. One feature tells nothing of others.

    Args:
        squares: |A|^2, of the layer's U-centered kernel.
        alone: S.
        width: d.
    """
    share = (1 - alone / squares) * width / np.maximum(width - 1, 1)
    return np.maximum(share, LEAST_RELIABLE)


def of_features_alone(layer: PreparedLayer) -> tuple[float, RowSums]:
    """Return S, the sum over features of n(n - 3) HSIC(k_a, k_a), and S without each sample.

    With a column's power sums p_m and zero diagonals, tr k^2 = p2^2 - p4, 1'k1 = p1^2 - p2 and
    1'k^2 1 = p2 p1^2 - 2 p1 p3 + p4 stand in eq. 5 of Song et al. 2012; columns are centered.
    """
    rows = layer.run.host(layer.exact_centered()[0])
    n = len(rows)
    m = n - 1
    squared = np.square(rows)
    p2 = squared.sum(axis=0)
    p3 = np.einsum("ij,ij->j", squared, rows)
    fourth = np.einsum("ij,ij->i", squared, squared)
    all2, all4 = float(p2 @ p2), float(fourth.sum())
    alone = all2 - all4 + all2 / (m * (n - 2)) - 2 * all4 / (n - 2)
    second, third = squared @ p2, rows @ p3
    with np.errstate(divide="ignore", invalid="ignore"):
        without = (
            all2
            - 2 * second
            + 2 * fourth
            - all4
            + (all2 - 4 * second + 4 * fourth) / ((m - 1) * (m - 2))
            - 2 * (second - 4 * fourth + 2 * third + all4) / (m - 2)
        )
    return alone, without


def _prepare(layers: Layers | PreparedLayers, options: PrepareOptions) -> SampledFeatures:
    ready = prepared(layers)
    n, count = len(ready[0]), len(ready) + options.concatenate
    check_room(n, count)
    check_four(n)
    run = backend(options.device)
    weights = [float(share) for share in weights_of_sum([layer.power for layer in ready])]
    stack, squares = run.empty_stack(count, n), np.empty(count)
    kernels = each_kernel(ready, options.concatenate, lambda layer: centered_kernel(run, layer))
    for index, kernel in enumerate(kernels):
        own = u_centered(run, kernel)
        norm = run.frobenius(own)
        if not norm > NOTHING_LEFT * run.frobenius(kernel):
            raise DegenerateLayerError(
                f"layer {index} cannot be compared: its centered kernel is zero"
            )
        stack[index] = own / norm
        squares[index] = norm**2
    parts = [of_features_alone(layer) for layer in ready]
    widths = [layer.raw.shape[1] for layer in ready]
    if options.concatenate:
        both = zip(weights, parts, strict=True)
        summed = [(share**2 * alone, share**2 * without) for share, (alone, without) in both]
        parts.append((sum(one for one, _ in summed), np.sum([rows for _, rows in summed], axis=0)))
        widths.append(sum(widths))
    return SampledFeatures(
        Matrices(stack, np.arange(n), run),
        squares,
        np.array([alone for alone, _ in parts]),
        np.array([without for _, without in parts]),
        np.array(widths),
    )


def corrected_cka(
    x: SampledFeatures, y: SampledFeatures, ks: Sequence[int]
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by CKA corrected for few samples and few features.

    Unbiased CKA over the root of both sides' reliabilities (`reliability`): what two models would
    score had each infinitely many features like its own (Chun et al. 2025). Two models' features
    are drawn apart, so that only the norms are biased. A reliability below .1 counts as .1, and the
    quotient is cut to [-1, 1]; a layer with itself, whose features are the same draw, scores 1.

    Args:
        x, y: prepared over the same n samples.
        ks: only its length matters.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    both = np.sqrt(np.outer(x.reliabilities, y.reliabilities))
    table = np.clip(x.kernels.inner(y.kernels) / both, -1.0, 1.0)
    return np.stack([table] * max(1, len(ks)))


def _influences(
    x: SampledFeatures, y: SampledFeatures, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Correct anew without each sample."""

    def without(side: SampledFeatures, layer: int) -> tuple[RowSums, RowSums]:
        norms = without_each_unbiased(*side.kernels.row_products(side.kernels, layer, layer))
        squares = side.squares[layer] * norms
        return norms, reliability(squares, side.alone_without[layer], side.widths[layer])

    own_x = {a: without(x, a) for a in {a for a, _ in pairs}}
    own_y = {b: without(y, b) for b in {b for _, b in pairs}}
    influences: list[Influence] = []
    for a, b in pairs:
        rows = x.kernels.row_products(y.kernels, a, b)
        scale = float(np.sqrt(x.reliabilities[a] * y.reliabilities[b]))
        score = float(rows[0].sum())
        (norm_x, share_x), (norm_y, share_y) = own_x[a], own_y[b]
        left_out = without_each_unbiased(*rows) / np.sqrt(norm_x * norm_y * share_x * share_y)
        influence = jackknife(float(np.clip(score / scale, -1.0, 1.0)), left_out)
        _, of_pairs = x.kernels.squared_residuals(y.kernels, a, b, score, 1.0, 1.0)
        influences.append(once(influence, 2 * of_pairs / scale**2))
    return influences


register_kernel_metric(
    name="corrected_cka",
    label="CKA, features sampled",
    family=Family("U-centered kernels of sampled features", _prepare),
    compare=corrected_cka,
    influences=_influences,
    interval_method=DELETE_ONE,
    batchable=True,
    lowest=-1.0,
    null=lambda n, k: 0.0,
    rotation_invariant=False,
    equation="unbiased CKA / √(r_x r_y), r = (‖A‖² - Σ_a ‖A_a‖²) / ‖A‖² · d / (d - 1), at least "
    ".1; A, A_a: U-centered kernels of all features, of one",
    citation="Chun et al. 2025",
)
