"""Subspaces compared: SVCCA and the orthogonal Procrustes distance.

Both see a layer through a factor F with FF' = the centered kernel, never wider than n.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import HOST, Backend, backend
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import (
    DELETE_GROUP,
    SUBSAMPLING,
    Influence,
    jackknife,
    leave_out_groups,
    random_subsets,
    subsampling,
)
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared
from prh_core.types import Layers, Order, check_same_n

COMPONENTS = 10
"""Left singular vectors that SVCCA keeps (paper, App. A)."""

Factor = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Factors:
    """One factor per layer, (n, at most n), columns centered, unit Frobenius norm."""

    layers: tuple[Any, ...]
    """Where the backend keeps them."""
    run: Backend = HOST

    def relabeled(self, order: Order) -> "Factors":
        """Return the same had row i been row order[i]."""
        return Factors(tuple(self.run.in_order(part, order) for part in self.layers), self.run)

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.layers)

    @staticmethod
    def joined(sides: "Sequence[Factors]") -> "Factors":
        """Return the layers of several models as if they were one's."""
        return Factors(tuple(part for side in sides for part in side.layers), sides[0].run)

    def factor(self, layer: int) -> Factor:
        """Bring one layer's factor back."""
        return self.run.host(self.layers[layer])


@dataclass(frozen=True, eq=False)
class Subspaces:
    """The span of each layer's leading left singular vectors, beside the factors they are from."""

    factors: tuple[Any, ...]
    """(n, at most n) each, where features are kept."""
    bases: Any
    """(layers, n, components) float64, where the backend keeps them: orthonormal columns; zero
    beyond `counts`."""
    counts: NDArray[np.int64]
    run: Backend = HOST
    order: Order | None = None
    """Which rows of the factors the rows of the bases are; None: the same."""
    _subsets: dict[tuple[int, int], tuple[Any, NDArray[np.int64]]] = field(
        default_factory=dict[tuple[int, int], tuple[Any, NDArray[np.int64]]], init=False, repr=False
    )

    def relabeled(self, order: Order) -> "Subspaces":
        """Return the same had row i been row order[i]."""
        bases = self.run.in_order(self.bases.swapaxes(0, 1), order).swapaxes(0, 1)
        return replace(self, bases=bases, order=order if self.order is None else self.order[order])

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.counts)

    @staticmethod
    def joined(sides: "Sequence[Subspaces]") -> "Subspaces":
        """Return the layers of several models, under one labeling, as if they were one's."""
        run = sides[0].run
        return Subspaces(
            tuple(factor for side in sides for factor in side.factors),
            run.concatenate([side.bases for side in sides]),
            np.concatenate([side.counts for side in sides]),
            run,
            sides[0].order,
        )

    def subsets(self, layer: int, seed: int) -> tuple[Any, NDArray[np.int64]]:
        """Return the spans of a layer's random subsets, found once for every partner."""
        if (layer, seed) not in self._subsets:
            keeps = random_subsets(self.bases.shape[1], seed)
            rows = keeps if self.order is None else [self.order[keep] for keep in keeps]
            run, basis = self.run.features, self.run.host(self.bases[layer])
            if self.order is not None:
                basis = basis[np.argsort(self.order)]
            spans, counts = run.leading_of_subsets(self.factors[layer], run.put(basis), rows)
            kept = spans if run is self.run else self.run.put(run.host(spans))
            self._subsets[layer, seed] = kept, counts
        return self._subsets[layer, seed]


def _factors(
    layers: Layers | PreparedLayers, options: PrepareOptions, standardize: bool
) -> tuple[Any, ...]:
    run, ready = backend(options.device).features, prepared(layers)
    powers = [layer.power for layer in ready]
    # Standardized columns are free of scale; else each layer weighs as its features do.
    parts = [run.narrowed(_columns(run, layer, standardize)) for layer in ready]
    if options.concatenate:
        shares = [1.0 if standardize else min(powers) / power for power in powers]
        scaled_parts = [s * f for s, f in zip(shares, parts, strict=True)]
        # The smallest singular values, which the square loses, are of no account to SVCCA.
        if standardize and sum(part.shape[1] for part in parts) > len(ready[0]):
            parts.append(run.root_of_sum(scaled_parts))
        else:
            parts.append(run.narrowed(run.side_by_side(scaled_parts)))
    scaled: list[Any] = []
    for index, factor in enumerate(parts):
        norm = run.norm(factor)
        if not norm > 0:
            raise DegenerateLayerError(f"layer {index} is constant: it spans nothing")
        scaled.append(factor / norm)
    return tuple(scaled)


def _columns(run: Backend, layer: PreparedLayer, standardize: bool) -> Any:
    rows = layer.run.exact_rows(layer.raw, layer.divisors)
    return run.centered_columns(run.put(rows), standardize)


def _prepare_factors(layers: Layers | PreparedLayers, options: PrepareOptions) -> Factors:
    run = backend(options.device)
    return Factors(tuple(map(run.put, _factors(layers, options, standardize=False))), run)


def _prepare_svcca(layers: Layers | PreparedLayers, options: PrepareOptions) -> Subspaces:
    run = backend(options.device)
    factors = _factors(layers, options, standardize=True)
    spans = [run.features.leading(factor, COMPONENTS) for factor in factors]
    bases = run.concatenate([run.put(basis)[None] for basis, _ in spans])
    return Subspaces(factors, bases, np.array([count for _, count in spans]), run)


def svcca(x: Subspaces, y: Subspaces, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by SVCCA.

    Columns centered and scaled, U = the top 10 left singular vectors of each side;
    m(x, y) = mean singular value of U_x' U_y  (paper, App. A; exact SVD). Where a layer has fewer
    than 10 directions the mean is over the smaller number. Range [0, 1]; symmetric.

    Args:
        x, y: subspaces of both sides over the same n samples.
        ks: only its length matters.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    check_same_n(x.bases.shape[1], y.bases.shape[1])
    correlations = x.run.correlations(x.bases, y.bases)
    table = correlations / np.minimum.outer(x.counts, y.counts)
    return np.stack([table] * max(1, len(ks)))


def procrustes(x: Factors, y: Factors, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Measure all pairs of layers by the orthogonal Procrustes distance: lower is closer.

    d(x, y) = min_Q |X/|X| - YQ/|Y||^2 = 2 - 2 |X'Y|_* / (|X| |Y|), columns centered, |.|_* the
    sum of singular values, Q orthogonal, the narrower side padded (Ding et al. 2021). Range
    [0, 2]; symmetric. Parameters, shapes and errors as in `svcca`.
    """
    check_same_n(len(x.layers[0]), len(y.layers[0]))
    sums = np.stack([x.run.nuclear_norms(a, y.layers) for a in x.layers])
    return np.stack([np.maximum(0.0, 2 - 2 * sums)] * max(1, len(ks)))


def _svcca_influences(
    x: Subspaces, y: Subspaces, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Score random subsets; the columns' scales are held fixed."""
    n = x.bases.shape[1]
    influences: list[Influence] = []
    for a, b in pairs:
        (left, few), (right, other) = x.subsets(a, seed), y.subsets(b, seed)
        scores = x.run.paired_correlations(left, right) / np.minimum(few, other)
        whole = x.run.paired_correlations(x.bases[a, None], y.bases[b, None])
        score = float(whole[0]) / min(x.counts[a], y.counts[b])
        influences.append(subsampling(score, scores, n))
    return influences


def _procrustes_influences(
    x: Factors, y: Factors, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    run, groups = x.run, leave_out_groups(len(x.layers[0]), seed)
    scores = np.empty((len(pairs), len(groups) + 1))
    for g, keep in enumerate([np.arange(len(x.layers[0])), *groups]):
        for side_x in sorted({a for a, _ in pairs}):
            those = [(at, b) for at, (a, b) in enumerate(pairs) if a == side_x]
            others = [_kept(run, y.layers[b], keep) for _, b in those]
            sums = run.nuclear_norms(_kept(run, x.layers[side_x], keep), others)
            scores[[at for at, _ in those], g] = np.maximum(0.0, 2 - 2 * sums)
    return [jackknife(float(row[0]), row[1:]) for row in scores]


def _kept(run: Backend, factor: Any, keep: NDArray[np.int64]) -> Any:
    part = run.in_order(factor, keep)
    part = part - run.column_sums(part) / len(keep)
    return part / run.norm(part)


register(
    name="svcca",
    label="SVCCA",
    family=Family("leading subspaces", _prepare_svcca),
    compare=svcca,
    influences=_svcca_influences,
    rivals=12,
    interval_method=SUBSAMPLING,
    symmetric=True,
    uses_all_samples=True,
    ordinal=False,
    batchable=True,
    lowest=0.0,
    highest=1.0,
    uses_k=False,
    rotation_invariant=False,
    equation="mean singular value of U_xᵀU_y, U: top 10 left singular vectors",
    citation="Raghu et al. 2017; Huh et al. 2024, App. A",
)
register(
    name="procrustes",
    label="Procrustes distance",
    family=Family(
        "factors",
        _prepare_factors,
    ),
    compare=procrustes,
    influences=_procrustes_influences,
    rivals=4,
    interval_method=DELETE_GROUP,
    symmetric=True,
    uses_all_samples=True,
    ordinal=False,
    batchable=False,
    lowest=0.0,
    highest=2.0,
    uses_k=False,
    higher_is_closer=False,
    equation="2 - 2 ‖XᵀY‖_* / (‖X‖ ‖Y‖), columns centered",
    citation="Ding et al. 2021; Schönemann 1966",
)
