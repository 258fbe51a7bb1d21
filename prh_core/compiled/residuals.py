"""What samples and pairs of samples add to a score, for its interval."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED


@numba.njit(cache=CACHED)
def _place(lists: NDArray[np.int32], i: Any, wanted: Any) -> Any:
    """Return where sample i's list, in order of index, holds another; -1 where it does not."""
    low, high = 0, lists.shape[1]
    while low < high:
        middle = (low + high) // 2
        if lists[i, middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < lists.shape[1] and lists[i, low] == wanted else -1


@numba.njit(cache=CACHED)
def _listed(lists: NDArray[np.int32], i: Any, wanted: Any) -> bool:
    """Say whether sample i's list holds another."""
    return _place(lists, i, wanted) >= 0


@numba.njit(cache=CACHED, parallel=True)
def places_back(lists: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return where each sample stands in its neighbors' lists, -1 where it does not.

    `lists` (layers, n, k) in order of index.
    """
    places = np.empty_like(lists)
    layers, n, k = lists.shape
    for row in numba.prange(layers * n):
        layer, i = row // n, row % n
        for p in range(k):
            places[layer, i, p] = _place(lists[layer], lists[layer, i, p], i)
    return places


@numba.njit(cache=CACHED)
def _dyad_sums(
    x: NDArray[np.int32],
    back_x: NDArray[np.int32],
    own_x: NDArray[np.float64],
    share_x: NDArray[np.float64],
    y: NDArray[np.int32],
    back_y: NDArray[np.int32],
    own_y: NDArray[np.float64],
    share_y: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> Any:
    """Add row plus column sums of e to `sums`; return sum e_ij^2 + sum e_ij e_ji.

    e_ij is made of what stands at j's places in i's two lists: own_x + own_y, each where j is in
    that list, and share_x * share_y where it is in both.
    """
    n, k = x.shape
    twice = 0.0
    for i in range(n):
        p, q = 0, 0
        while p < k or q < k:
            in_x = q == k or (p < k and x[i, p] <= y[i, q])
            in_y = p == k or (q < k and y[i, q] <= x[i, p])
            j = x[i, p] if in_x else y[i, q]
            e, opposite = 0.0, 0.0
            here_x = back_x[i, p] if in_x else _place(x, j, i)
            here_y = back_y[i, q] if in_y else _place(y, j, i)
            if in_x:
                e += own_x[i, p]
            if in_y:
                e += own_y[i, q]
            if in_x and in_y:
                e += share_x[i, p] * share_y[i, q]
            if here_x >= 0:
                opposite += own_x[j, here_x]
            if here_y >= 0:
                opposite += own_y[j, here_y]
            if here_x >= 0 and here_y >= 0:
                opposite += share_x[j, here_x] * share_y[j, here_y]
            sums[i] += e
            sums[j] += e
            twice += e * (e + opposite)
            p += in_x
            q += in_y
    return twice


@numba.njit(cache=CACHED, parallel=True)
def credited_sums(
    x: NDArray[np.int32],
    back_x: NDArray[np.int32],
    y: NDArray[np.int32],
    back_y: NDArray[np.int32],
    pairs: NDArray[np.int64],
    rows: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spread samples' scores over the neighbors they share; return what intervals need of it.

    `x`, `y` (layers, n, k) lists in order of index, with their `places_back`; `rows` (pairs, n) the
    scores of each pair of layers. e_ij = rows_i / shared_i where j is shared, less the mean score
    times the share of i's two lists that j is. Returned are row plus column sums of e, (pairs, n),
    and sum e_ij^2 + sum e_ij e_ji.
    """
    n, k = x.shape[1:]
    sums = np.zeros((len(pairs), n))
    twice = np.zeros(len(pairs))
    for pair in numba.prange(len(pairs)):
        a, b = pairs[pair]
        own = np.full((n, k), -rows[pair].mean() / (2 * k))
        credit, whole = np.empty((n, k)), np.ones((n, k))
        for i in range(n):
            shared, q = 0, 0
            for p in range(k):
                while q < k and y[b, i, q] < x[a, i, p]:
                    q += 1
                shared += q < k and y[b, i, q] == x[a, i, p]
            credit[i] = rows[pair, i] / max(shared, 1)
        twice[pair] = _dyad_sums(
            x[a], back_x[a], own, credit, y[b], back_y[b], own, whole, sums[pair]
        )
    return sums, twice


@numba.njit(cache=CACHED, parallel=True)
def aligned_sums(
    x: NDArray[np.int32],
    back_x: NDArray[np.int32],
    kernel_x: NDArray[np.float64],
    y: NDArray[np.int32],
    back_y: NDArray[np.int32],
    kernel_y: NDArray[np.float64],
    pairs: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Do the same for kernels K, L between neighbors; return also their alignments.

    s = <K, L> / (|K| |L|) over shared neighbors; e_ij = n (K_ij L_ij / (|K| |L|) - s (K_ij^2 /
    |K|^2 + L_ij^2 / |L|^2) / 2).
    """
    n, k = x.shape[1:]
    scores = np.zeros(len(pairs))
    sums = np.zeros((len(pairs), n))
    twice = np.zeros(len(pairs))
    for pair in numba.prange(len(pairs)):
        a, b = pairs[pair]
        both = 0.0
        for i in range(n):
            q = 0
            for p in range(k):
                while q < k and y[b, i, q] < x[a, i, p]:
                    q += 1
                if q < k and y[b, i, q] == x[a, i, p]:
                    both += kernel_x[a, i, p] * kernel_y[b, i, q]
        squares_x, squares_y = kernel_x[a] ** 2, kernel_y[b] ** 2
        total_x, total_y = squares_x.sum(), squares_y.sum()
        norm = (total_x * total_y) ** 0.5
        scores[pair] = both / norm
        half = n * scores[pair] / 2
        twice[pair] = _dyad_sums(
            x[a],
            back_x[a],
            squares_x * (-half / total_x),
            kernel_x[a] * (n / norm),
            y[b],
            back_y[b],
            squares_y * (-half / total_y),
            kernel_y[b],
            sums[pair],
        )
    return scores, sums, twice


@numba.njit(cache=CACHED, parallel=True)
def cycle_sums(
    x: NDArray[np.int32], y: NDArray[np.int32], pairs: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Do the same for walks out by y's lists and home by x's; return also who comes home.

    e_ij = 1 where j alone leads i home, less what the places of (i, j) among i's steps out and the
    steps home to i let expect. What coming home by several ways adds to i counts with i alone.
    """
    rows = np.zeros((len(pairs), x.shape[1]))
    sums = np.zeros((len(pairs), x.shape[1]))
    twice = np.zeros(len(pairs))
    for pair in numba.prange(len(pairs)):
        a, b = pairs[pair]
        twice[pair] = _cycle_sums(x[a], y[b], rows[pair], sums[pair])
    return rows, sums, twice


@numba.njit(cache=CACHED)
def _cycle_sums(
    x: NDArray[np.int32],
    y: NDArray[np.int32],
    rows: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> Any:
    n, k = x.shape
    ways = np.zeros(n)
    single = 0.0
    for i in range(n):
        for p in range(k):
            ways[i] += np.float64(_listed(x, y[i, p], i))
        single += np.float64(ways[i] == 1)
    rows[:] = np.minimum(ways, 1.0)
    part = single / n / (2 * k)
    sums[:] = rows - rows.mean()
    twice = 0.0
    for i in range(n):
        for side in range(2):
            for p in range(k):
                # Out from a to b by y, or home to a from b by x.
                a = i if side == 0 else np.int64(x[i, p])
                b = np.int64(y[i, p]) if side == 0 else i
                other = _listed(x, b, a) if side == 0 else _listed(y, a, b)
                if side == 1 and other:
                    continue
                e = np.float64(ways[a] == 1) - 2 * part if other else -part
                sums[b] += e
                twice += e * e
                out, home = _listed(y, b, a), _listed(x, a, b)
                back = np.float64(ways[b] == 1) if out and home else 0.0
                twice += e * (back - part * (np.float64(out) + np.float64(home)))
    return twice


@numba.njit(cache=CACHED, parallel=True, fastmath={"reassoc", "contract"})
def row_products(
    kernel_x: NDArray[np.float32], kernel_y: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return sum_j K_ij L_ij of two kernels, (rows, n), summed in float64."""
    sums = np.empty(len(kernel_x))
    for i in numba.prange(len(kernel_x)):
        total = 0.0
        for j in range(kernel_x.shape[1]):
            total += np.float64(kernel_x[i, j]) * np.float64(kernel_y[i, j])
        sums[i] = total
    return sums


@numba.njit(cache=CACHED, parallel=True, fastmath={"reassoc", "contract"})
def squared_residuals(
    kernel_x: NDArray[np.float32],
    kernel_y: NDArray[np.float32],
    rows: NDArray[np.int64],
    both: float,
    own: float,
    others: float,
) -> tuple[float, float]:
    """Sum the squares of what samples, and pairs, add to an alignment of kernels beyond their due.

    `kernel_x`, `kernel_y` (rows, n) are rows of two kernels K, L; `both` <K, L>, `own` <K, K>,
    `others` <L, L>. With s = <K, L> / (|K| |L|), e_ij = K_ij L_ij / (|K| |L|) - s (K_ij^2 / |K|^2 +
    L_ij^2 / |L|^2) / 2 over pairs i != j. Returned are sum_i (sum_j e_ij)^2 and sum_ij e_ij^2.
    """
    norm = (own * others) ** 0.5
    half = both / norm / 2
    per_norm, per_own, per_other = 1 / norm, half / own, half / others
    of_samples, of_pairs = 0.0, 0.0
    for r in numba.prange(len(rows)):
        row, squares, diagonal = 0.0, 0.0, 0.0
        for j in range(kernel_x.shape[1]):
            k, m = np.float64(kernel_x[r, j]), np.float64(kernel_y[r, j])
            e = k * m * per_norm - (k * k * per_own + m * m * per_other)
            row += e
            squares += e * e
        k, m = np.float64(kernel_x[r, rows[r]]), np.float64(kernel_y[r, rows[r]])
        diagonal = k * m * per_norm - (k * k * per_own + m * m * per_other)
        of_samples += (row - diagonal) ** 2
        of_pairs += squares - diagonal * diagonal
    return of_samples, of_pairs
