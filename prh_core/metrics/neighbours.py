"""The k-nearest-neighbour family: neighbours found once per layer, compared in stacks."""
# pyright: basic

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import hypergeom

from prh_core.approximate import approximate_neighbours
from prh_core.errors import NeighbourCountError, PRHError
from prh_core.intervals import DYAD_ROBUST, Interval, dyad_robust
from prh_core.kernels import (
    LONGEST_BITWISE,
    common_subsequences,
    cycles,
    edit_distances,
    reversed_graph,
    row_common_subsequence,
    row_edit_distance,
    row_scores,
    row_shared,
    shared_neighbours,
)
from prh_core.metrics.registry import Family, Metric, Need, register
from prh_core.prepare import centre
from prh_core.products import products, scaled, weights_of_sum
from prh_core.types import Layers, Neighbours, Order, check_k, check_same_n

BLOCK_BYTES = 64 * 2**20
"""Similarities held at once while searching: rows of a block times n, in float32."""
LEAST_ROWS = 512
"""Rows of a block at least: with fewer, a product reads the whole layer for too little work."""


def nearest(
    layers: Layers, k: int, concatenate: bool = False, device: str | None = None
) -> Neighbours:
    """Find each sample's k nearest other samples by inner product, in every layer.

    S(i) = the k samples j != i with the largest <x_i, x_j>; ties go to the lower index
    (paper, App. A). Similarities are float32 products; nothing of size n x n is kept: memory is
    O(n k) per layer plus one block of rows.

    Parameters
    ----------
    layers
        Prepared layers, (n, d_l) float32 each, widths may differ.
    k
        Neighbours per sample, 1 <= k <= n - 1.
    concatenate
        Append one more candidate: all layers side by side. Its inner product is the sum of the
        layers' inner products, so it costs an addition and no further product.
    device
        Where the products run: None for numpy, else a torch device.

    Returns
    -------
    (layers [+ 1], n, k) int32, nearest first.

    Raises
    ------
    NeighbourCountError
        k is not in 1 ... n - 1.
    """
    return search(layers, Need(k, concatenate, device=device))[0]


def search(
    layers: Layers, need: Need, kernel: Literal["raw", "centred"] | None = None
) -> tuple[Neighbours, Float32[np.ndarray, "_ _ _"]]:
    """Find neighbours as `nearest` does, and look up a kernel between them and the sample.

    Parameters
    ----------
    layers
        Prepared layers, (n, d_l) float32 each.
    need
        k, the concatenated candidate and the device.
    kernel
        <x_i, x_j> as it is, or of centred features; None looks nothing up.

    Returns
    -------
    Neighbours and the kernel's values there, (layers [+ 1], n, k) each; no values for None. In
    memory a sample's lists of all layers stand together, as comparisons read them.

    Raises
    ------
    NeighbourCountError
        k is not in 1 ... n - 1.
    """
    n = len(layers[0])
    check_k(need.k, n)
    run = products(need.device)
    layers, powers = scaled(layers)
    weights = weights_of_sum(powers)
    # HKH = (HX)(HX)': centring the features first loses nothing to cancellation.
    loaded = [
        (run.load(layer), run.load(centre(layer)) if kernel == "centred" else None)
        for layer in layers
    ]
    entries = len(layers) + need.concatenate
    found = np.empty((n, entries, need.k), dtype=np.int32).transpose(1, 0, 2)
    values = np.empty((n, entries, need.k if kernel else 0), dtype=np.float32).transpose(1, 0, 2)
    rows = min(n, max(LEAST_ROWS, BLOCK_BYTES // (4 * n)))
    # Products and ranking run on two sets of threads; each, when idle, spins for a while on the
    # cores the other needs. So they take turns a group of layers at a time.
    group = max(1, BLOCK_BYTES // (4 * n * rows))

    def rank(entry: int, start: int, similarity: Any, looked_up: Any) -> None:
        block = slice(start, start + len(similarity))
        found[entry, block] = run.top_k(similarity, start, need.k)
        if kernel:
            values[entry, block] = run.gather(looked_up, found[entry, block])

    for start in range(0, n, rows):
        stop = min(start + rows, n)
        sums: list[Any] = [None, None]
        for first in range(0, len(loaded), group):
            blocks: list[tuple[int, Any, Any]] = []
            for entry, (layer, other) in enumerate(loaded[first : first + group], first):
                similarity = run.similarity(layer, start, stop)
                looked_up = similarity if other is None else run.similarity(other, start, stop)
                blocks.append((entry, similarity, looked_up))
            for entry, similarity, looked_up in blocks:
                rank(entry, start, similarity, looked_up)
                if need.concatenate:
                    sums[0] = _plus(sums[0], similarity, weights[entry])
                    if looked_up is not similarity:
                        sums[1] = _plus(sums[1], looked_up, weights[entry])
        if need.concatenate:
            rank(-1, start, sums[0], sums[0] if sums[1] is None else sums[1])
    return found, values


def _plus(total: Any, block: Any, weight: np.float32) -> Any:
    """Add a weighted block to a sum that may take the first one over."""
    share = block if weight == 1 else block * weight
    if total is None:
        return share
    total += share
    return total


def check_sides(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> None:
    """Refuse sides over different samples, and a k beyond the neighbours at hand.

    Raises
    ------
    SampleCountError, NeighbourCountError
    """
    check_same_n(x.shape[1], y.shape[1])
    deepest = min(x.shape[2], y.shape[2])
    for k in ks:
        if not 1 <= k <= deepest:
            raise NeighbourCountError(f"k must be between 1 and {deepest} here, got k = {k}")


def by_sample(side: NDArray, k: int) -> NDArray:
    """Return (n, layers, k): one sample's neighbours in all layers share cache lines.

    What `search` returned stands like that already, so that nothing is copied at its own k.
    """
    return np.ascontiguousarray(side.transpose(1, 0, 2)[:, :, :k])


def relabel(x: Neighbours, order: Order) -> Neighbours:
    """Return the neighbours had row i of every layer been row order[i]; nothing is searched.

    S'(i) = order^-1(S(order(i))). Where similarities are tied the order among them may differ
    from a fresh search's, which would go by the new indices.
    """
    back = np.empty(len(order), dtype=np.int32)
    back[order] = np.arange(len(order), dtype=np.int32)
    return back[x.transpose(1, 0, 2)[order]].transpose(1, 0, 2)


def mutual_knn(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by mutual k-NN, for several k in one pass.

    m(x, y) = mean_i |S_x(i) & S_y(i)| / k  (paper, eq. 11). Range [0, 1]; unrelated features
    score k / (n - 1) in expectation; symmetric.

    Parameters
    ----------
    x, y
        Neighbours of both sides over the same n samples, nearest first, at the same largest k.
    ks
        The k wanted, each at most the k the neighbours were searched with.

    Returns
    -------
    (len(ks), layers_x, layers_y) float64.

    Raises
    ------
    SampleCountError
        The sides hold different n.
    NeighbourCountError
        A k beyond the neighbours at hand.

    Notes
    -----
    Row by row, x's neighbours are stamped into an array with one byte per layer of x, eight
    layers to a word; each neighbour of y then finds out about eight layers of x in one addition.
    Neighbours are searched once, at the largest k; every smaller k uses a prefix.
    """
    check_sides(x, y, ks)
    return np.stack(
        [shared_neighbours(by_sample(x, k), by_sample(y, k)) / (x.shape[1] * k) for k in ks]
    )


def jaccard_knn(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the Jaccard index of their neighbourhoods.

    m(x, y) = mean_i |S_x(i) & S_y(i)| / |S_x(i) | S_y(i)|. Range [0, 1]; symmetric. Parameters,
    shapes and errors as in `mutual_knn`. Source: Jaccard 1912, as used for neighbourhoods by
    Hryniowski and Wong 2020.
    """
    check_sides(x, y, ks)
    tables = [row_scores(by_sample(x, k), by_sample(y, k), _jaccard(k)) for k in ks]
    return np.stack(tables) / x.shape[1]


def _jaccard(k: int) -> NDArray[np.float64]:
    shared = np.arange(k + 1)
    return shared / (2 * k - shared)


def lcs_knn(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the longest common subsequence of their neighbour lists.

    m(x, y) = mean_i LCS(S_x(i), S_y(i)) / k, lists nearest first (paper, App. A; the released
    code does not divide by k). Range [0, 1]; symmetric. Bit-parallel for k <= 63. Parameters,
    shapes and errors as in `mutual_knn`.
    """
    return _listwise(x, y, ks, common_subsequences, row_common_subsequence)


def edit_knn(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the edit distance of their neighbour lists.

    m(x, y) = 1 - mean_i Levenshtein(S_x(i), S_y(i)) / k, lists nearest first (paper, App. A).
    Range [0, 1]; symmetric. Bit-parallel for k <= 63. Parameters, shapes and errors as in
    `mutual_knn`.
    """
    return 1 - _listwise(x, y, ks, edit_distances, row_edit_distance)


def _listwise(
    x: Neighbours,
    y: Neighbours,
    ks: Sequence[int],
    together: Callable[..., NDArray[np.int64]],
    one_pair: Callable[..., NDArray[np.int64]],
) -> Float64[np.ndarray, "ks lx ly"]:
    check_sides(x, y, ks)
    tables = []
    for k in ks:
        if k <= LONGEST_BITWISE:
            sums = together(by_sample(x, k), by_sample(y, k))
        else:
            heads = [np.ascontiguousarray(side[:, :, :k]) for side in (x, y)]
            sums = np.array([[one_pair(a, b).sum() for b in heads[1]] for a in heads[0]])
        tables.append(sums / (x.shape[1] * k))
    return np.stack(tables)


def cycle_knn(x: Neighbours, y: Neighbours, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by cycle k-NN: out by y's neighbours, back by x's.

    m(x, y) = share of i for which some j in S_y(i) has i in S_x(j)  (paper, App. A). Range
    [0, 1]; not symmetric: `cycle_knn_reverse` walks out by x and back by y. Unrelated features
    score about 1 - (1 - k/(n-1))^k, which is near k^2/n. Parameters, shapes and errors as in
    `mutual_knn`.
    """
    check_sides(x, y, ks)
    tables = []
    for k in ks:
        starts, members, _ = reversed_graph(by_sample(x, k))
        tables.append(cycles(starts, members, by_sample(y, k)))
    return np.stack(tables) / x.shape[1]


def cycle_knn_reverse(
    x: Neighbours, y: Neighbours, ks: Sequence[int]
) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by cycle k-NN the other way: out by x's neighbours, back by y's.

    m(x, y) = share of i for which some j in S_x(i) has i in S_y(j). As `cycle_knn` otherwise.
    """
    return np.ascontiguousarray(cycle_knn(y, x, ks).transpose(0, 2, 1))


def edges(lists: NDArray[np.int32], values: NDArray[Any] | None = None) -> sparse.csr_array:
    """Return one layer's lists (n, k) as an (n, n) matrix: the value of every neighbour, or 1."""
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


class _Rows(NamedTuple):
    """Per-query scores of two lists, for intervals."""

    score: Callable[[NDArray[np.int32], NDArray[np.int32], int], NDArray[np.float64]]

    def interval(
        self,
        x: Neighbours,
        y: Neighbours,
        layers: tuple[int, int],
        k: int,
        level: float,
        seed: int,
    ) -> Interval:
        """Credit every query's score to the neighbours it shares, in equal parts."""
        score, residuals = self.residuals(x, y, layers, k)
        return dyad_robust(score, residuals, 0.0, 1.0, level)

    def residuals(
        self, x: Neighbours, y: Neighbours, layers: tuple[int, int], k: int
    ) -> tuple[float, sparse.csr_array]:
        """Return the score, and what each pair (query, neighbour) adds to n times it."""
        a, b = (
            np.ascontiguousarray(side[at][:, :k]) for side, at in zip((x, y), layers, strict=True)
        )
        rows = np.asarray(self.score(a, b, k), dtype=np.float64)
        one, other = edges(a), edges(b)
        residuals = _credited(rows, one.multiply(other).tocsr(), (one + other) / (2 * k))
        return float(rows.mean()), residuals


_MUTUAL = _Rows(lambda a, b, k: row_shared(a, b) / k)


def mutual_residuals(
    x: Neighbours, y: Neighbours, layers: tuple[int, int], k: int
) -> tuple[float, sparse.csr_array]:
    """Return the mutual k-NN score of one pair of layers, and its residuals for `dyad_robust`.

    Parameters
    ----------
    x, y
        Neighbours of both sides over the same n samples, (layers, n, at least k).
    layers
        Which layer of each.
    k
        Neighbours.

    Returns
    -------
    The score, and (n, n) what every pair (query, neighbour) adds to n times the score beyond what
    its place in the lists lets expect.
    """
    return _MUTUAL.residuals(x, y, layers, k)


def _cycle_interval(
    x: Neighbours, y: Neighbours, layers: tuple[int, int], k: int, level: float, seed: int
) -> Interval:
    """Credit every walk that comes home to the neighbours it came home from."""
    back, out = edges(x[layers[0]][:, :k]), edges(y[layers[1]][:, :k])
    home = out.multiply(back.T).tocsr()
    rows = (np.asarray(home.sum(axis=1)) > 0).astype(np.float64)
    return dyad_robust(
        float(rows.mean()), _credited(rows, home, (out + back.T) / (2 * k)), 0.0, 1.0, level
    )


def _cycle_reverse_interval(
    x: Neighbours, y: Neighbours, layers: tuple[int, int], k: int, level: float, seed: int
) -> Interval:
    return _cycle_interval(y, x, (layers[1], layers[0]), k, level, seed)


def _prepare(layers: Layers, need: Need) -> Neighbours:
    if need.recall is None:
        return search(layers, need)[0]
    if need.concatenate:
        raise PRHError(
            "an approximate index has no concatenated candidate: recall=None, or without"
        )
    return approximate_neighbours(scaled(layers)[0], need.k, need.recall)


NEIGHBOURS = Family(name="neighbours", prepare=_prepare, relabel=relabel, approximate=True)


def _cycle_null(n: int, k: int) -> float:
    return 1 - (1 - k / (n - 1)) ** k


def _jaccard_null(n: int, k: int) -> float:
    shared = np.arange(k + 1)
    return float(hypergeom(n - 1, k, k).pmf(shared) @ _jaccard(k))


_neighbour_metric = partial(
    Metric,
    family=NEIGHBOURS,
    interval_method=DYAD_ROBUST,
    uses_all_samples=False,
    batchable=False,
    lowest=0.0,
    highest=1.0,
)

MUTUAL_KNN = register(
    _neighbour_metric(
        name="mutual_knn",
        label="mutual k-NN",
        compare=mutual_knn,
        interval=_MUTUAL.interval,
        symmetric=True,
        ordinal=False,
        null=lambda n, k: k / (n - 1),
        equation="mean_i |S_x(i) ∩ S_y(i)| / k",
        citation="Huh et al. 2024, App. A, eq. 11",
    )
)
CYCLE_KNN = register(
    _neighbour_metric(
        name="cycle_knn",
        label="cycle k-NN",
        compare=cycle_knn,
        interval=_cycle_interval,
        symmetric=False,
        ordinal=False,
        null=_cycle_null,
        reverse="cycle_knn_reverse",
        direction="out by Y's neighbours, back by X's",
        equation="mean_i [∃ j ∈ S_y(i): i ∈ S_x(j)]",
        citation="Huh et al. 2024, App. A",
    )
)
CYCLE_KNN_REVERSE = register(
    _neighbour_metric(
        name="cycle_knn_reverse",
        label="cycle k-NN, reverse",
        compare=cycle_knn_reverse,
        interval=_cycle_reverse_interval,
        symmetric=False,
        ordinal=False,
        null=_cycle_null,
        reverse="cycle_knn",
        direction="out by X's neighbours, back by Y's",
        equation="mean_i [∃ j ∈ S_x(i): i ∈ S_y(j)]",
        citation="Huh et al. 2024, App. A",
    )
)
LCS_KNN = register(
    _neighbour_metric(
        name="lcs_knn",
        label="LCS k-NN",
        compare=lcs_knn,
        interval=_Rows(lambda a, b, k: row_common_subsequence(a, b) / k).interval,
        symmetric=True,
        ordinal=True,
        global_at_full_k=True,
        equation="mean_i LCS(S_x(i), S_y(i)) / k",
        citation="Huh et al. 2024, App. A",
    )
)
EDIT_KNN = register(
    _neighbour_metric(
        name="edit_knn",
        label="edit-distance k-NN",
        compare=edit_knn,
        interval=_Rows(lambda a, b, k: 1 - row_edit_distance(a, b) / k).interval,
        symmetric=True,
        ordinal=True,
        global_at_full_k=True,
        equation="1 - mean_i Levenshtein(S_x(i), S_y(i)) / k",
        citation="Huh et al. 2024, App. A",
    )
)
JACCARD_KNN = register(
    _neighbour_metric(
        name="jaccard_knn",
        label="Jaccard k-NN",
        compare=jaccard_knn,
        interval=_Rows(lambda a, b, k: _jaccard(k)[row_shared(a, b)]).interval,
        symmetric=True,
        ordinal=False,
        null=_jaccard_null,
        equation="mean_i |S_x(i) ∩ S_y(i)| / |S_x(i) ∪ S_y(i)|",
        citation="Jaccard 1912; Hryniowski and Wong 2020",
    )
)
