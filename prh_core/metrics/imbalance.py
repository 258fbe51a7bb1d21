"""Information imbalance: where one model's nearest neighbors rank among the other's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray
from scipy import sparse

from prh_core.backend import HOST, Backend, backend
from prh_core.errors import SampleCountError
from prh_core.intervals import DYAD_ROBUST, Influence, dyad_sums, of_dyads
from prh_core.metrics.kernels import check_room, each_kernel
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.metrics.rsa import as_exact, exact_kernel
from prh_core.prepared import PreparedLayers, prepared
from prh_core.types import Layers, Order, check_same_n


class Nearest(NamedTuple):
    """Every sample's nearest neighbor; all of those that are equally near, with equal weights."""

    queries: NDArray[np.int64]
    neighbors: NDArray[np.int64]
    weights: Float64[np.ndarray, " pairs"]


@dataclass(frozen=True)
class Ranks:
    """The ranks of all neighbors of every sample, layer by layer, under one labeling."""

    stack: Any
    """(layers, n, n) float32, where the backend keeps it; the nearest other sample has rank 1."""
    nearest: tuple[Nearest, ...]
    order: Order
    run: Backend = HOST

    def relabeled(self, order: Order) -> "Ranks":
        """Return the same had row i been row order[i]; only looked up when compared."""
        return replace(self, order=self.order[order])

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.nearest)

    @staticmethod
    def joined(sides: "Sequence[Ranks]") -> "Ranks":
        """Return the layers of several models, under one labeling, as if they were one's."""
        run = sides[0].run
        return Ranks(
            run.concatenate([side.stack for side in sides]),
            tuple(near for side in sides for near in side.nearest),
            sides[0].order,
            run,
        )


def _prepare(layers: Layers | PreparedLayers, options: PrepareOptions) -> Ranks:
    ready = prepared(layers)
    n, count = len(ready[0]), len(ready) + options.concatenate
    check_room(n, count)
    if n < 3:
        raise SampleCountError(f"ranks of neighbors need 3 samples at least, got {n}")
    run = backend(options.device)
    stack = run.empty_stack(count, n)
    kernels = each_kernel(ready, options.concatenate, lambda layer: exact_kernel(run, layer))
    for index, kernel in enumerate(kernels):
        stack[index] = run.neighbor_ranks(kernel if index < len(ready) else as_exact(run, kernel))
    return Ranks(stack, tuple(map(_nearest, run.host(stack))), np.arange(n), run)


def _nearest(ranks: NDArray[np.float32]) -> Nearest:
    away = ranks.copy()
    np.fill_diagonal(away, np.inf)
    queries, neighbors = np.nonzero(away == away.min(axis=1, keepdims=True))
    return Nearest(queries, neighbors, 1 / np.bincount(queries)[queries])


def information_imbalance(x: Ranks, y: Ranks, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Measure all pairs of layers by how far y's neighborhoods are from x's: lower is closer.

    Delta(x -> y) = 2 / (n - 2) (mean_i rank_y(i, nearest_x(i)) - 1): the rank in y of each sample's
    nearest neighbor in x (Glielmo et al. 2022, eq. 1, whose 2 mean / n has ends that move with n).
    0 where x's nearest neighbors are y's, 1 where x tells nothing of y, 2 where they are y's
    farthest. Neighbors that tie in x count alike; those that tie in y share their mean rank.

    Args:
        x, y: prepared over the same n samples.
        ks: only its length matters: it is always the nearest neighbor.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
    """
    n = len(x.order)
    check_same_n(n, len(y.order))
    flat = y.stack.reshape(len(y), -1)
    table = np.empty((len(x), len(y)))
    places = y.order[np.argsort(x.order)]
    for a, (queries, neighbors, weights) in enumerate(x.nearest):
        at = places[queries] * n + places[neighbors]
        table[a] = y.run.host(flat[:, y.run.put(at)]) @ weights / n
    return np.stack([2 / (n - 2) * (table - 1)] * max(1, len(ks)))


def _reversed(x: Ranks, y: Ranks, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    return information_imbalance(y, x, ks).swapaxes(1, 2)


def _of_pair(near: Nearest, ranks: NDArray[np.float32]) -> Influence:
    """Return what samples contribute: asked, as the nearest neighbor, and by lying nearer.

    The first two are dyads (`prh_core.intervals.dyad_robust`); each sample that lies between one
    and its neighbor raises a rank, which its own count less the mean adds.
    """
    n = len(ranks)
    queries, neighbors, weights = near
    found = ranks[queries, neighbors].astype(np.float64)
    mean = float(weights @ found) / n
    scale = 2 / (n - 2)
    residuals = sparse.csr_array((scale * weights * (found - mean), (queries, neighbors)), (n, n))
    own = ranks[queries]
    nearer = (own < found[:, None]).astype(np.float64) + 0.5 * (own == found[:, None])
    nearer[np.arange(len(queries)), neighbors] = nearer[np.arange(len(queries)), queries] = 0
    between = scale * (weights @ nearer)
    sums, twice = dyad_sums(residuals)
    return of_dyads(scale * (mean - 1), sums + between - between.mean(), twice)


def _influences(
    turned: bool, x: Ranks, y: Ranks, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    if turned:
        return _influences(False, y, x, [(b, a) for a, b in pairs], k, seed)
    return [_of_pair(x.nearest[a], y.run.host(y.stack[b])) for a, b in pairs]


_register = partial(
    register,
    family=Family("ranks of all neighbors", _prepare),
    interval_method=f"{DYAD_ROBUST}, ranks not",
    symmetric=False,
    uses_all_samples=False,
    ordinal=True,
    batchable=False,
    lowest=0.0,
    highest=2.0,
    null=lambda n, k: 1.0,
    uses_k=False,
    higher_is_closer=False,
    citation="Glielmo et al. 2022",
)
_register(
    name="information_imbalance",
    label="information imbalance, x → y",
    compare=information_imbalance,
    influences=partial(_influences, False),
    reverse="information_imbalance_reverse",
    direction="nearest neighbors in x, ranked in y",
    equation="2 / (n - 2) · (mean_i rank_y(i, nearest_x(i)) - 1)",
)
_register(
    name="information_imbalance_reverse",
    label="information imbalance, y → x",
    compare=_reversed,
    influences=partial(_influences, True),
    reverse="information_imbalance",
    direction="nearest neighbors in y, ranked in x",
    equation="2 / (n - 2) · (mean_i rank_x(i, nearest_y(i)) - 1)",
)
