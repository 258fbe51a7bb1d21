"""Linear predictivity: how well ridge regression tells one model's features from the other's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64

from prh_core.backend import HOST, Backend, backend
from prh_core.backend.factors import SPARE
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import Influence
from prh_core.metrics.kernels import Matrices, centered_kernel, check_room
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.prepared import PreparedLayers, prepared, weights_of_sum
from prh_core.types import Layers, Order

PENALTIES = (1e-4, 1e-1, 10.0)
"""In units of the mean eigenvalue of the centered kernel; an infinite one, which predicts the
mean, is always tried, too."""


Square = Float64[np.ndarray, "n n"]


@dataclass(frozen=True)
class Predictors:
    """What each layer leaves of others' features unpredicted, and its own features' kernel."""

    leftovers: Matrices
    """(I - H)^2 of unit norm, H the fit of ridge regression, for every layer and penalty."""
    norms: Float64[np.ndarray, "layers penalties"]
    freedom: Float64[np.ndarray, "layers penalties"]
    """Degrees of freedom that are left, 1 - tr H / n, the intercept's taken off."""
    kernels: Matrices
    """Centered kernels of unit norm."""

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
        return len(self.norms)

    def relabeled(self, order: Order) -> "Predictors":
        """Return the same had row i been row order[i]."""
        return replace(
            self, leftovers=self.leftovers.relabeled(order), kernels=self.kernels.relabeled(order)
        )

    @staticmethod
    def joined(sides: "Sequence[Predictors]") -> "Predictors":
        """Return the layers of several models, under one labeling, as if they were one's."""
        return Predictors(
            Matrices.joined([side.leftovers for side in sides]),
            np.concatenate([side.norms for side in sides]),
            np.concatenate([side.freedom for side in sides]),
            Matrices.joined([side.kernels for side in sides]),
        )


def _prepare(layers: Layers | PreparedLayers, options: PrepareOptions) -> Predictors:
    ready = prepared(layers)
    n, count = len(ready[0]), len(ready) + options.concatenate
    check_room(n, count * (len(PENALTIES) + 1))
    run = backend(options.device)
    weights = [float(share) for share in weights_of_sum([layer.power for layer in ready])]
    stack = run.empty_stack(count * len(PENALTIES), n)
    kernels = run.empty_stack(count, n)
    norms, freedom = (np.empty((count, len(PENALTIES))) for _ in range(2))
    total: Any = None

    def fill(index: int, kernel: Any, rows: Any, exact: Any) -> None:
        size = run.frobenius(kernel)
        if not size > 0:
            raise DegenerateLayerError(f"layer {index} is constant: it predicts nothing")
        kernels[index] = kernel / size
        values, vectors, whole = run.spectrum(rows, exact)
        mean = float(values.sum()) / (n - 1)
        for g, penalty in enumerate(PENALTIES):
            left = penalty * mean / (values + penalty * mean)
            at = index * len(PENALTIES) + g
            matrix = run.leftover(vectors, left, whole)
            norms[index, g] = run.frobenius(matrix)
            stack[at] = matrix / norms[index, g]
            freedom[index, g] = 1 - (1 + float((1 - left).sum())) / n

    for index, layer in enumerate(ready):
        rows = run.put(layer.exact_centered()[0])
        few = rows.shape[1] < SPARE * n
        exact: Any = None if few and not options.concatenate else run.exact_gram(rows)
        if options.concatenate:
            total = exact * weights[index] if total is None else total + exact * weights[index]
        fill(index, centered_kernel(run, layer), rows if few else None, exact)
    if total is not None:
        fill(len(ready), run.narrow(total), None, total)
    order = np.arange(n)
    return Predictors(Matrices(stack, order, run), norms, freedom, Matrices(kernels, order, run))


def _by_penalty(x: Predictors, y: Predictors) -> Float64[np.ndarray, "lx penalties ly"]:
    """Return R^2 at every finite penalty."""
    n = len(x.order)
    inner = x.leftovers.inner(y.kernels).reshape(len(x), len(PENALTIES), len(y))
    shares = inner * x.norms[:, :, None] / y.kernels.traces
    return 1 - shares * ((n - 1) / n / x.freedom[:, :, None]) ** 2


def linear_predictivity(
    x: Predictors, y: Predictors, ks: Sequence[int]
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by how well x's features predict y's, linearly.

    R^2 of ridge regression of all of y's features on x's, by generalized cross-validation: 1 -
    GCV / GCV of the mean, GCV = |(I - H) Y|^2 / n / (1 - tr H / n)^2 (Golub, Heath and Wahba 1979),
    at the penalty of `PENALTIES` at which it is largest. |(I - H) Y|^2 is the inner product of
    (I - H)^2 and y's kernel. Range [0, 1]; 0: no penalty predicts better than the mean.

    Args:
        x, y: prepared over the same n samples.
        ks: only its length matters.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    table = np.clip(_by_penalty(x, y).max(axis=1), 0.0, 1.0)
    return np.stack([table] * max(1, len(ks)))


def _reversed(x: Predictors, y: Predictors, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    return linear_predictivity(y, x, ks).swapaxes(1, 2)


def _influences(
    turned: bool, x: Predictors, y: Predictors, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Differentiate by the weight of each sample, the penalty held fixed.

    With W = I - H and L = YY', the error is tr WLW / n; a sample adds its own, (WLW)_zz, and turns
    the fit, by which the error changes by -2 ((W L H W)_zz - l_z tr(L H W^2) / n), l_z = n K_zz /
    tr K its length. Its own error counts as cross-validation counts it, over (1 - H_zz)^2.
    """
    if turned:
        return _influences(False, y, x, [(b, a) for a, b in pairs], k, seed)
    n = len(x.order)
    table = _by_penalty(x, y)
    fits: dict[tuple[int, int], Square] = {}
    influences: list[Influence] = []
    for a, b in pairs:
        g = int(table[a, :, b].argmax())
        own = x.kernels.matrix(a).astype(np.float64)
        trace = float(np.trace(own))
        if (a, g) not in fits:
            fits[a, g] = HOST.ridge_hat(own, PENALTIES[g] * trace / (n - 1))
        hat = fits[a, g]
        left = np.eye(n) - 1 / n - hat
        kernel = y.kernels.matrix(b).astype(np.float64)
        unpredicted = left @ kernel
        turning = hat @ left
        errors = np.einsum("ij,ij->i", unpredicted, left) / np.square(np.diagonal(left))
        fit = np.einsum("ij,ij->i", unpredicted, turning)
        lengths = np.diagonal(own) * (n / trace)
        fit -= lengths * (float(np.vdot(kernel, turning @ left)) / n)
        total = np.diagonal(kernel)
        scale = ((n - 1) / n / x.freedom[a, g]) ** 2
        share = errors.sum() / total.sum()
        away = (share * total - errors + 2 * scale * (fit - fit.mean())) / total.sum()
        score = float(np.clip(table[a, g, b], 0.0, 1.0))
        influences.append(Influence(score, away, n - 1))
    return influences


_register = partial(
    register,
    family=Family("ridge predictors", _prepare),
    interval_method="infinitesimal jackknife, penalty fixed",
    symmetric=False,
    uses_all_samples=True,
    ordinal=False,
    batchable=True,
    lowest=0.0,
    highest=1.0,
    uses_k=False,
    citation="Golub, Heath & Wahba 1979; Schrimpf et al. 2018",
)
_register(
    name="linear_predictivity",
    label="linear predictivity, x → y",
    compare=linear_predictivity,
    influences=partial(_influences, False),
    reverse="linear_predictivity_reverse",
    direction="x's features predict y's",
    equation="R² of ridge regression of Y on X, penalty and R² by generalized cross-validation",
)
_register(
    name="linear_predictivity_reverse",
    label="linear predictivity, y → x",
    compare=_reversed,
    influences=partial(_influences, True),
    reverse="linear_predictivity",
    direction="y's features predict x's",
    equation="R² of ridge regression of X on Y, penalty and R² by generalized cross-validation",
)
