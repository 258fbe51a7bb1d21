"""What samples and pairs of samples add to a score, for its interval."""
# pyright: basic

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED


@numba.njit(cache=CACHED)
def _listed(lists: NDArray[np.int32], i: Any, wanted: Any) -> bool:
    """Say whether sample i's list, in order of index, holds another."""
    low, high = 0, lists.shape[1]
    while low < high:
        middle = (low + high) // 2
        if lists[i, middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < lists.shape[1] and lists[i, low] == wanted


@numba.njit(cache=CACHED, parallel=True)
def sorted_rows(x: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return each sample's list in order of index: (n, k) -> (n, k)."""
    out = np.empty_like(x)
    for i in numba.prange(len(x)):
        out[i] = np.sort(x[i])
    return out


@numba.njit(cache=CACHED, nogil=True)
def credited_sums(
    x: NDArray[np.int32], y: NDArray[np.int32], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Spread samples' scores over the neighbors they share; return what intervals need of it.

    `x`, `y` (n, k) lists in order of index; e_ij = rows_i / shared_i where j is shared, less the
    mean score times the share of i's two lists that j is. Returned are row plus column sums of e,
    and sum e_ij^2 + sum e_ij e_ji.
    """
    n, k = x.shape
    mean = rows.mean()
    part = mean / (2 * k)
    credit = np.zeros(n)
    for i in range(n):
        shared = 0
        for p in range(k):
            shared += _listed(y, i, x[i, p])
        credit[i] = rows[i] / max(shared, 1)
    sums = np.zeros(n)
    twice = 0.0
    for i in range(n):
        for side in range(2):
            for p in range(k):
                j = x[i, p] if side == 0 else y[i, p]
                other = _listed(y, i, j) if side == 0 else _listed(x, i, j)
                if side == 1 and other:
                    continue
                e = credit[i] - 2 * part if other else -part
                sums[i] += e
                sums[j] += e
                twice += e * e
                in_x, in_y = _listed(x, j, i), _listed(y, j, i)
                back = credit[j] if in_x and in_y else 0.0
                twice += e * (back - part * (np.float64(in_x) + np.float64(in_y)))
    return sums, twice


@numba.njit(cache=CACHED, nogil=True)
def cycle_sums(
    x: NDArray[np.int32], y: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Do the same for walks out by y's lists and home by x's; return also who comes home.

    e_ij = 1 where j alone leads i home, less what the places of (i, j) among i's steps out and the
    steps home to i let expect. What coming home by several ways adds to i counts with i alone.
    """
    n, k = x.shape
    ways = np.zeros(n)
    single = 0.0
    for i in range(n):
        for p in range(k):
            ways[i] += np.float64(_listed(x, y[i, p], i))
        single += np.float64(ways[i] == 1)
    rows = np.minimum(ways, 1.0)
    part = single / n / (2 * k)
    sums = rows - rows.mean()
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
    return rows, sums, twice


@numba.njit(cache=CACHED, nogil=True)
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
    of_samples, of_pairs = 0.0, 0.0
    for r in range(len(rows)):
        row = 0.0
        for j in range(kernel_x.shape[1]):
            k, m = np.float64(kernel_x[r, j]), np.float64(kernel_y[r, j])
            e = k * m / norm - half * (k * k / own + m * m / others)
            if j != rows[r]:
                row += e
                of_pairs += e * e
        of_samples += row * row
    return of_samples, of_pairs
