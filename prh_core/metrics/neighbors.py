"""The k-nearest-neighbor family: neighbors found once per layer, compared in stacks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import scipy
from jaxtyping import Float64
from numpy.typing import NDArray
from scipy import sparse

from prh_core.backend import HOST, Backend
from prh_core.compiled.overlaps import row_shared
from prh_core.compiled.residuals import credited_sums, cycle_sums
from prh_core.compiled.sequences import row_common_subsequence, row_edit_distance
from prh_core.errors import NeighborCountError, PRHError
from prh_core.intervals import DYAD_ROBUST, Influence, of_dyads
from prh_core.metrics.approximate import approximate_neighbors
from prh_core.metrics.neighbor_lists import NeighborLists
from prh_core.metrics.registry import Family, PrepareOptions, register
from prh_core.metrics.search import nearest as nearest
from prh_core.metrics.search import search
from prh_core.prepared import PreparedLayers
from prh_core.types import Layers, Neighbors, check_same_n

Lists = Neighbors | Any
"""(layers, n, k) neighbors of one side, nearest first: int32, or what a backend keeps of them."""


def check_sides(x: Lists, y: Lists, ks: Sequence[int]) -> None:
    """Refuse sides over different samples, and a k beyond the neighbors at hand.

    Raises:
        SampleCountError, NeighborCountError: they are such.
    """
    check_same_n(x.shape[1], y.shape[1])
    deepest = min(x.shape[2], y.shape[2])
    for k in ks:
        if not 1 <= k <= deepest:
            raise NeighborCountError(f"k must be between 1 and {deepest} here, got k = {k}")


def mutual_knn(
    x: Lists, y: Lists, ks: Sequence[int], run: Backend = HOST
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by mutual k-NN, for several k in one pass.

    m(x, y) = mean_i |S_x(i) & S_y(i)| / k  (paper, eq. 11). Range [0, 1]; unrelated features
    score k / (n - 1) in expectation; symmetric.

    Args:
        x, y: neighbors of both sides over the same n samples, nearest first, at the same largest k.
        ks: the k wanted, each at most the k the neighbors were searched with.
        run: where the neighbors are, and are compared.

    Returns:
        (len(ks), layers_x, layers_y) float64.

    Raises:
        SampleCountError: the sides hold different n.
        NeighborCountError: a k beyond the neighbors at hand.

    Note:
        Row by row, x's neighbors are stamped into an array with one byte per layer of x, eight
        layers to a word; each neighbor of y then finds out about eight layers of x in one addition.
        Neighbors are searched once, at the largest k; every smaller k uses a prefix.
    """
    return _listwise(run.shared_neighbors, x, y, ks, run)


def _each_k(
    compare: Callable[..., Any], x: Lists, y: Lists, ks: Sequence[int], run: Backend
) -> list[NDArray[Any]]:
    return [compare(run.by_sample(x, k), run.by_sample(y, k)) for k in ks]


def jaccard_knn(
    x: Lists, y: Lists, ks: Sequence[int], run: Backend = HOST
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the Jaccard index of their neighborhoods.

    m(x, y) = mean_i |S_x(i) & S_y(i)| / |S_x(i) | S_y(i)|. Range [0, 1]; symmetric. Parameters,
    shapes and errors as in `mutual_knn`. Source: Jaccard 1912, as used for neighborhoods by
    Hryniowski and Wong 2020.
    """
    check_sides(x, y, ks)
    tables = [run.row_scores(run.by_sample(x, k), run.by_sample(y, k), _jaccard(k)) for k in ks]
    return np.stack(tables) / x.shape[1]


def _jaccard(k: int) -> NDArray[np.float64]:
    shared = np.arange(k + 1)
    return shared / (2 * k - shared)


def lcs_knn(
    x: Lists, y: Lists, ks: Sequence[int], run: Backend = HOST
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the longest common subsequence of their neighbor lists.

    m(x, y) = mean_i LCS(S_x(i), S_y(i)) / k, lists nearest first (paper, App. A; the released
    code does not divide by k). Range [0, 1]; symmetric. Bit-parallel for k <= 63. Parameters,
    shapes and errors as in `mutual_knn`.
    """
    return _listwise(run.common_subsequences, x, y, ks, run)


def edit_knn(
    x: Lists, y: Lists, ks: Sequence[int], run: Backend = HOST
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the edit distance of their neighbor lists.

    m(x, y) = 1 - mean_i Levenshtein(S_x(i), S_y(i)) / k, lists nearest first (paper, App. A).
    Range [0, 1]; symmetric. Bit-parallel for k <= 63. Parameters, shapes and errors as in
    `mutual_knn`.
    """
    return 1 - _listwise(run.edit_distances, x, y, ks, run)


def _listwise(
    compare: Callable[..., Any], x: Lists, y: Lists, ks: Sequence[int], run: Backend
) -> Float64[np.ndarray, "ks lx ly"]:
    check_sides(x, y, ks)
    sums = _each_k(compare, x, y, ks, run)
    return np.stack([total / (x.shape[1] * k) for total, k in zip(sums, ks, strict=True)])


def cycle_knn(
    x: Lists, y: Lists, ks: Sequence[int], run: Backend = HOST
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by cycle k-NN: out by y's neighbors, back by x's.

    m(x, y) = share of i for which some j in S_y(i) has i in S_x(j)  (paper, App. A). Range
    [0, 1]; not symmetric: `cycle_knn_reverse` walks out by x and back by y. Unrelated features
    score about 1 - (1 - k/(n-1))^k, which is near k^2/n. Parameters, shapes and errors as in
    `mutual_knn`.
    """
    check_sides(x, y, ks)
    return np.stack(_each_k(run.cycles, x, y, ks, run)) / x.shape[1]


def cycle_knn_reverse(
    x: Lists, y: Lists, ks: Sequence[int], run: Backend = HOST
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by cycle k-NN the other way: out by x's neighbors, back by y's.

    m(x, y) = share of i for which some j in S_x(i) has i in S_y(j). As `cycle_knn` otherwise.
    """
    return np.ascontiguousarray(cycle_knn(y, x, ks, run).transpose(0, 2, 1))


def edges(lists: NDArray[np.int32], values: NDArray[Any] | None = None) -> sparse.csr_array:
    """Return one layer's lists (n, k) as an (n, n) matrix: the value of every neighbor, or 1."""
    n, k = lists.shape
    filled = np.ones(n * k) if values is None else values.astype(np.float64).ravel()
    starts = np.arange(0, n * k + 1, k)
    return sparse.csr_array((filled, lists.ravel(), starts), shape=(n, n))


def _credited(
    rows: NDArray[np.float64], shared: sparse.csr_array, expected: Any
) -> sparse.csr_array:
    """Return residuals: a query's score spread over what earned it, less what lists let expect."""
    held = np.asarray(shared.sum(axis=1))
    share = sparse.diags_array(rows / np.maximum(held, 1))
    return (share @ shared - rows.mean() * expected).tocsr()


def mutual_residuals(
    x: NeighborLists, y: NeighborLists, layers: tuple[int, int], k: int
) -> tuple[float, sparse.csr_array]:
    """Return the mutual k-NN score of one pair of layers, and its residuals for `dyad_robust`.

    Args:
        x, y: neighbors of both sides over the same n samples, (layers, n, at least k).
        layers: which layer of each.
        k: neighbors.

    Returns:
        The score, and (n, n) what every pair (query, neighbor) adds to n times the score beyond
        what its place in the lists lets expect.
    """
    a, b = (
        np.ascontiguousarray(side.indices[at][:, :k])
        for side, at in zip((x, y), layers, strict=True)
    )
    rows = row_shared(a, b) / k
    edges_x, edges_y = edges(a), edges(b)
    residuals = _credited(rows, edges_x.multiply(edges_y).tocsr(), (edges_x + edges_y) / (2 * k))
    return float(rows.mean()), residuals


RowScores = Callable[[NDArray[np.int32], NDArray[np.int32], int], NDArray[np.float64]]
"""(lists x, lists y, k) -> each sample's score."""


def _influences(rows: RowScores, step: Callable[[int], float]) -> Callable[..., list[Influence]]:
    """Credit every sample's score to the neighbors it shares, in equal parts."""

    def influences(
        x: NeighborLists, y: NeighborLists, pairs: Sequence[tuple[int, int]], k: int, seed: int
    ) -> list[Influence]:
        layers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        heads = [side.indices[:, :, :k] for side in (x, y)]
        scores = np.empty((len(layers), x.indices.shape[1]))
        for at, (a, b) in enumerate(layers):
            one, other = map(np.ascontiguousarray, (heads[0][a], heads[1][b]))
            scores[at] = rows(one, other, k)
        sums, twice = credited_sums(*x.by_index(k), *y.by_index(k), layers, scores)
        grain = step(k) / scores.shape[1]
        return [
            of_dyads(float(each.mean()), total, float(double), grain)
            for each, total, double in zip(scores, sums, twice, strict=True)
        ]

    return influences


def _cycle_influences(
    x: NeighborLists, y: NeighborLists, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Credit a walk that comes home to the neighbor it came home from, where no other led home.

    What a score would lose without a neighbor, that is: a sample with two ways home loses nothing.
    """
    layers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    rows, sums, twice = cycle_sums(x.by_index(k).lists, y.by_index(k).lists, layers)
    return [
        of_dyads(float(each.mean()), total, float(double), 1 / rows.shape[1])
        for each, total, double in zip(rows, sums, twice, strict=True)
    ]


def _cycle_reverse_influences(
    x: NeighborLists, y: NeighborLists, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    return _cycle_influences(y, x, [(b, a) for a, b in pairs], k, seed)


def _prepare(layers: Layers | PreparedLayers, options: PrepareOptions) -> NeighborLists:
    if options.recall is None:
        return search(layers, options)
    if options.concatenate:
        raise PRHError(
            "an approximate index has no concatenated candidate: recall=None, or without"
        )
    neighbors = approximate_neighbors(layers, options.k, options.recall)
    return NeighborLists(neighbors, np.empty((*neighbors.shape[:2], 0), np.float32))


NEIGHBORS = Family(
    name="neighbors", prepare=_prepare, approximate=True, tied=NeighborLists.tied_share
)


def _of_lists(compare: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of two stacks of neighbors one of what the family prepares."""
    return lambda x, y, ks: compare(x.listed, y.listed, ks, x.run)


def _cycle_null(n: int, k: int) -> float:
    return 1 - (1 - k / (n - 1)) ** k


def _jaccard_null(n: int, k: int) -> float:
    shared = np.arange(k + 1)
    return float(scipy.stats.hypergeom(n - 1, k, k).pmf(shared) @ _jaccard(k))


def _jaccard_step(k: int) -> float:
    """Two samples that share one neighbor each, instead of one that shares two, move it so far."""
    return 1 / ((k - 1) * (2 * k - 1)) if k > 1 else 1.0


_register = partial(
    register,
    family=NEIGHBORS,
    interval_method=DYAD_ROBUST,
    is_share=True,
    uses_all_samples=False,
    batchable=False,
    lowest=0.0,
    highest=1.0,
)

_register(
    name="mutual_knn",
    label="mutual k-NN",
    compare=_of_lists(mutual_knn),
    influences=_influences(lambda a, b, k: row_shared(a, b) / k, lambda k: 1 / k),
    symmetric=True,
    ordinal=False,
    null=lambda n, k: k / (n - 1),
    equation="mean_i |S_x(i) ∩ S_y(i)| / k",
    citation="Huh et al. 2024, App. A, eq. 11",
)
_register(
    name="cycle_knn",
    label="cycle k-NN",
    compare=_of_lists(cycle_knn),
    influences=_cycle_influences,
    counts_samples=True,
    symmetric=False,
    ordinal=False,
    null=_cycle_null,
    reverse="cycle_knn_reverse",
    direction="out by Y's neighbors, back by X's",
    equation="mean_i [∃ j ∈ S_y(i): i ∈ S_x(j)]",
    citation="Huh et al. 2024, App. A",
)
_register(
    name="cycle_knn_reverse",
    label="cycle k-NN, reverse",
    compare=_of_lists(cycle_knn_reverse),
    influences=_cycle_reverse_influences,
    counts_samples=True,
    symmetric=False,
    ordinal=False,
    null=_cycle_null,
    reverse="cycle_knn",
    direction="out by X's neighbors, back by Y's",
    equation="mean_i [∃ j ∈ S_x(i): i ∈ S_y(j)]",
    citation="Huh et al. 2024, App. A",
)
_register(
    name="lcs_knn",
    label="LCS k-NN",
    compare=_of_lists(lcs_knn),
    influences=_influences(lambda a, b, k: row_common_subsequence(a, b) / k, lambda k: 1 / k),
    symmetric=True,
    ordinal=True,
    global_at_full_k=True,
    equation="mean_i LCS(S_x(i), S_y(i)) / k",
    citation="Huh et al. 2024, App. A",
)
_register(
    name="edit_knn",
    label="edit-distance k-NN",
    compare=_of_lists(edit_knn),
    influences=_influences(lambda a, b, k: 1 - row_edit_distance(a, b) / k, lambda k: 1 / k),
    symmetric=True,
    ordinal=True,
    global_at_full_k=True,
    equation="1 - mean_i Levenshtein(S_x(i), S_y(i)) / k",
    citation="Huh et al. 2024, App. A",
)
_register(
    name="jaccard_knn",
    label="Jaccard k-NN",
    compare=_of_lists(jaccard_knn),
    influences=_influences(lambda a, b, k: _jaccard(k)[row_shared(a, b)], _jaccard_step),
    symmetric=True,
    ordinal=False,
    null=_jaccard_null,
    equation="mean_i |S_x(i) ∩ S_y(i)| / |S_x(i) ∪ S_y(i)|",
    citation="Jaccard 1912; Hryniowski and Wong 2020",
)
