"""Projection-weighted CCA: SVCCA's directions, each counted by how much of a layer it tells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import HOST, Backend, backend
from prh_core.backend.factors import between_layers
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import SUBSAMPLING, Influence, random_subsets, subsampling
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.metrics.subspaces import COMPONENTS
from prh_core.prepared import PreparedLayers, prepared
from prh_core.types import Layers, Order, check_same_n

TIED = 1e-8
"""Canonical correlations nearer than that are equal."""
Columns = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class WeighedSubspaces:
    """The leading left singular vectors of each layer, and how much of each feature they tell."""

    columns: tuple[Any, ...]
    """(n, d) float32 each, centered and scaled, where features are kept."""
    bases: Any
    """(layers, n, components) float64, where the backend keeps them; zero beyond `counts`."""
    counts: NDArray[np.int64]
    loadings: tuple[Float64[np.ndarray, "components _"], ...]
    """U'X of each layer."""
    concatenated: bool = False
    """The last layer is all `columns` side by side."""
    run: Backend = HOST
    order: Order | None = None
    """Which rows of the columns the rows of the bases are; None: the same."""

    def relabeled(self, order: Order) -> "WeighedSubspaces":
        """Return the same had row i been row order[i]."""
        bases = self.run.in_order(self.bases.swapaxes(0, 1), order).swapaxes(0, 1)
        return replace(self, bases=bases, order=order if self.order is None else self.order[order])

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.counts)

    @staticmethod
    def joined(sides: "Sequence[WeighedSubspaces]") -> "WeighedSubspaces":
        """Return the layers of several models, under one labeling, as if they were one's.

        They are only compared: what intervals are made of is left behind.
        """
        run = sides[0].run
        return WeighedSubspaces(
            (),
            run.concatenate([side.bases for side in sides]),
            np.concatenate([side.counts for side in sides]),
            tuple(loading for side in sides for loading in side.loadings),
            run=run,
            order=sides[0].order,
        )

    def layer(self, at: int) -> Columns:
        """Bring one layer's columns back, its rows in this order."""
        parts = self.columns if at == len(self.columns) else self.columns[at : at + 1]
        own = np.hstack([self.run.features.host(part) for part in parts])
        return own if self.order is None else own[self.order]


def _prepare(layers: Layers | PreparedLayers, options: PrepareOptions) -> WeighedSubspaces:
    run, ready = backend(options.device), prepared(layers)
    keep = run.features
    columns: list[Any] = []
    spans: list[tuple[Any, int]] = []
    gram: Any = None
    for index, layer in enumerate(ready):
        rows = keep.put(layer.run.exact_rows(layer.raw, layer.divisors))
        wide = keep.centered_columns(rows, True)
        if not keep.norm(wide) > 0:
            raise DegenerateLayerError(f"layer {index} is constant: it spans nothing")
        spans.append(keep.leading(wide, COMPONENTS))
        columns.append(keep.narrow(wide))
        if options.concatenate:
            own = keep.exact_gram(wide)
            gram = own if gram is None else gram + own
    if gram is not None:
        spans.append(keep.leading_of_gram(gram, COMPONENTS))
    hosted = [keep.host(basis) for basis, _ in spans]
    loadings = [basis.T @ keep.host(part) for basis, part in zip(hosted, columns, strict=False)]
    if options.concatenate:
        loadings.append(np.hstack([hosted[-1].T @ keep.host(part) for part in columns]))
    return WeighedSubspaces(
        tuple(columns),
        run.concatenate([run.put(basis)[None] for basis, _ in spans]),
        np.array([count for _, count in spans]),
        tuple(loadings),
        options.concatenate,
        run,
    )


def pwcca(
    x: WeighedSubspaces, y: WeighedSubspaces, ks: Sequence[int]
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by projection-weighted CCA.

    The canonical correlations rho_i of both sides' ten leading left singular vectors, as SVCCA
    takes them, averaged with weights alpha_i = sum_j |<h_i, x_j>|: how much the canonical variate
    h_i of x tells of x's features x_j (Morcos, Raghu and Bengio 2018). Of all directions of two
    layers with together more than n features every correlation would be 1. Range [0, 1]; not
    symmetric, since x's features weigh.

    Args:
        x, y: prepared over the same n samples.
        ks: only its length matters.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    check_same_n(x.bases.shape[1], y.bases.shape[1])
    between = x.run.host(between_layers(x.bases, y.bases))
    left, correlations, _ = np.linalg.svd(between.astype(np.float64))
    table = np.empty(between.shape[:2])
    for a, loading in enumerate(x.loadings):
        weights = np.abs(left[a].swapaxes(1, 2) @ loading).sum(axis=2)
        few = np.minimum(x.counts[a], y.counts)
        weights[np.arange(weights.shape[1]) >= few[:, None]] = 0
        tied = (correlations[a, :, :-1] - correlations[a, :, 1:] < TIED).any(axis=1)
        for b in np.flatnonzero(tied):
            own = left[a, b, :, : few[b]].T @ loading
            weights[b, : few[b]] = _weights_of_tied(own, correlations[a, b, : few[b]])
        table[a] = (weights * correlations[a]).sum(axis=1) / weights.sum(axis=1)
    return np.stack([np.clip(table, 0.0, 1.0)] * max(1, len(ks)))


def _weights_of_tied(told: Any, correlations: Any) -> Any:
    """Return weights of directions of which any turn may be taken where correlations tie.

    They are turned to the principal axes of what they tell together.
    """
    bounds = np.flatnonzero(np.diff(correlations) <= -TIED) + 1
    weights = [
        np.abs(s[:, None] * axes).sum(axis=1)
        for part in np.split(told, bounds)
        for _, s, axes in [np.linalg.svd(part, full_matrices=False)]
    ]
    return np.concatenate(weights)


def _reversed(
    x: WeighedSubspaces, y: WeighedSubspaces, ks: Sequence[int]
) -> Float64[np.ndarray, "ks lx ly"]:
    return pwcca(y, x, ks).swapaxes(1, 2)


def _subset(columns: Columns, keep: NDArray[np.int64]) -> WeighedSubspaces:
    part = columns[keep].astype(np.float64)
    part -= part.mean(axis=0)
    basis, count = HOST.leading(part, COMPONENTS)
    return WeighedSubspaces((), basis[None], np.array([count]), (basis.T @ part,))


def _influences(
    compare: Any,
    x: WeighedSubspaces,
    y: WeighedSubspaces,
    pairs: Sequence[tuple[int, int]],
    k: int,
    seed: int,
) -> list[Influence]:
    """Score random subsets; the columns' scales are held fixed."""
    n = x.bases.shape[1]
    keeps = [np.arange(n), *random_subsets(n, seed)]

    def spaces(side: WeighedSubspaces, layers: set[int]) -> dict[int, list[WeighedSubspaces]]:
        whole = {at: side.layer(at) for at in layers}
        return {at: [_subset(part, keep) for keep in keeps] for at, part in whole.items()}

    left, right = spaces(x, {a for a, _ in pairs}), spaces(y, {b for _, b in pairs})
    influences: list[Influence] = []
    for a, b in pairs:
        sides = zip(left[a], right[b], strict=True)
        scores = [float(compare(one, other, [1])[0, 0, 0]) for one, other in sides]
        influences.append(subsampling(scores[0], np.array(scores[1:]), n))
    return influences


_register = partial(
    register,
    family=Family("leading subspaces, weighed", _prepare),
    rivals=12,
    interval_method=SUBSAMPLING,
    symmetric=False,
    uses_all_samples=True,
    ordinal=False,
    batchable=True,
    lowest=0.0,
    highest=1.0,
    uses_k=False,
    rotation_invariant=False,
    equation="Σ α_i ρ_i / Σ α_i, ρ_i: canonical correlations of SVCCA's directions, "
    "α_i = Σ_j |⟨h_i, x_j⟩|",
    citation="Morcos et al. 2018",
)
_register(
    name="pwcca",
    label="PWCCA, x's features weigh",
    compare=pwcca,
    influences=partial(_influences, pwcca),
    reverse="pwcca_reverse",
    direction="directions are weighed by what they tell of x's features",
)
_register(
    name="pwcca_reverse",
    label="PWCCA, y's features weigh",
    compare=_reversed,
    influences=partial(_influences, _reversed),
    reverse="pwcca",
    direction="directions are weighed by what they tell of y's features",
)
