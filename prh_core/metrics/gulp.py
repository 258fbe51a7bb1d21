"""GULP: how far apart the best ridge regressions on two models can be, over all tasks alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import HOST, Backend, backend
from prh_core.backend.factors import centered_twice
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import DELETE_GROUP, Influence, jackknife, leave_out_groups
from prh_core.metrics.kernels import Matrices, check_room, each_kernel
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.prepared import PreparedLayers, prepared
from prh_core.types import Layers, Order

PENALTY = 0.01
"""lambda, where features are scaled to a mean squared length of 1: directions that hold more than
a hundredth of the variance count."""


Square = NDArray[np.float64]
"""(n, n)."""


@dataclass(frozen=True)
class RidgeFits:
    """Ridge regression's hat matrices of unit norm, one per layer, and their norms."""

    hats: Matrices
    norms: Float64[np.ndarray, " layers"]

    @property
    def run(self) -> Backend:
        """Return where they are kept."""
        return self.hats.run

    @property
    def order(self) -> Order:
        """Return which sample each row is."""
        return self.hats.order

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.norms)

    def relabeled(self, order: Order) -> "RidgeFits":
        """Return the same had row i been row order[i]."""
        return replace(self, hats=self.hats.relabeled(order))

    @staticmethod
    def joined(sides: "Sequence[RidgeFits]") -> "RidgeFits":
        """Return the layers of several models, under one labeling, as if they were one's."""
        return RidgeFits(
            Matrices.joined([side.hats for side in sides]),
            np.concatenate([side.norms for side in sides]),
        )

    def hat(self, layer: int) -> Square:
        """Bring one layer's hat matrix back, as it was labeled at first."""
        return self.hats.matrix(layer).astype(np.float64) * self.norms[layer]


def _prepare(layers: Layers | PreparedLayers, options: PrepareOptions) -> RidgeFits:
    ready = prepared(layers)
    n, count = len(ready[0]), len(ready) + options.concatenate
    check_room(n, count)
    run = backend(options.device)
    stack, norms = run.empty_stack(count, n), np.empty(count)
    kernels = each_kernel(
        ready, options.concatenate, lambda own: run.exact_gram(run.put(own.exact_centered()[0]))
    )
    for index, kernel in enumerate(kernels):
        trace = float(run.diagonal(kernel).sum())
        if not trace > 0:
            raise DegenerateLayerError(f"layer {index} is constant: no regression can use it")
        hat = run.ridge_hat(kernel, PENALTY * trace)
        norms[index] = run.frobenius(hat)
        stack[index] = run.narrow(hat / norms[index])
    return RidgeFits(Matrices(stack, np.arange(n), run), norms)


def gulp(x: RidgeFits, y: RidgeFits, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Measure all pairs of layers by the squared GULP distance, as a share: lower is closer.

    The mean squared difference of the ridge predictions that two models make of a task, over tasks
    drawn uniformly (Boix-Adsera et al. 2022). With features centered and scaled to a mean squared
    length of 1 it is |H_x - H_y|^2, H = K (K + lambda tr K)^-1, lambda = .01; here divided by
    |H_x|^2 + |H_y|^2, what it is where no prediction of one model is like any of the other's. Range
    [0, 1]; 0: equal up to a rotation and a scale.

    Args:
        x, y: prepared over the same n samples.
        ks: only its length matters.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    inner = np.clip(x.hats.inner(y.hats), 0.0, 1.0)
    apart = np.square(np.subtract.outer(x.norms, y.norms))
    both = 2 * np.outer(x.norms, y.norms)
    table = (apart + both * (1 - inner)) / (apart + both)
    return np.stack([table] * max(1, len(ks)))


def _influences(
    x: RidgeFits, y: RidgeFits, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Fit again without each group, by kernels that the fits themselves tell: H (I - H)^-1."""
    groups = leave_out_groups(len(x.order), seed)

    def fits(side: RidgeFits, layers: set[int]) -> dict[int, list[Square]]:
        whole = {at: _kernel(side.hat(at)) for at in layers}
        return {at: [_fit_of_some(kernel, keep) for keep in groups] for at, kernel in whole.items()}

    left, right = fits(x, {a for a, _ in pairs}), fits(y, {b for _, b in pairs})
    influences: list[Influence] = []
    for a, b in pairs:
        scores = [_apart(one, other) for one, other in zip(left[a], right[b], strict=True)]
        influences.append(jackknife(_apart(x.hat(a), y.hat(b)), np.array(scores)))
    return influences


def _kernel(hat: Square) -> Square:
    return hat @ np.linalg.inv(np.eye(len(hat)) - hat)


def _fit_of_some(kernel: Square, keep: NDArray[np.int64]) -> Square:
    part = centered_twice(kernel[np.ix_(keep, keep)])
    return HOST.ridge_hat(part, PENALTY * float(np.trace(part)))


def _apart(hat_x: Square, hat_y: Square) -> float:
    both = float(np.square(hat_x).sum() + np.square(hat_y).sum())
    return float(np.square(hat_x - hat_y).sum()) / both


register(
    name="gulp",
    label="GULP distance",
    family=Family("ridge fits", _prepare),
    compare=gulp,
    influences=_influences,
    rivals=4,
    interval_method=DELETE_GROUP,
    symmetric=True,
    uses_all_samples=True,
    ordinal=False,
    batchable=True,
    lowest=0.0,
    highest=1.0,
    uses_k=False,
    higher_is_closer=False,
    equation="‖H_x - H_y‖² / (‖H_x‖² + ‖H_y‖²), H = K (K + λ tr K)⁻¹, λ = .01, K centered",
    citation="Boix-Adsera et al. 2022",
)
