"""Each sample's nearest samples: ranked, told apart in float64, and relabeled with their ties."""

import numba
import numpy as np
from numpy.typing import NDArray

from prh_core.compiling import CACHED

_INSERTION_K = 128
"""Up to this k a sorted insertion beats sorting the row."""


@numba.njit(cache=CACHED, parallel=True)
def top_k(
    block: NDArray[np.float32],
    first: int,
    out: NDArray[np.int32],
    values: NDArray[np.float32],
) -> None:
    """Write each row's k largest columns, largest first, and their values to (rows, k) arrays.

    Row r of `block` (rows, n) belongs to sample `first` + r, which is left out of its own row.
    """
    rows, n = block.shape
    k = out.shape[1]
    for r in numba.prange(rows):
        itself = first + r
        if k <= _INSERTION_K:
            held = 0
            for j in range(n):
                value = block[r, j]
                # Strictly greater: an equal value of a later index never displaces.
                if (held == k and value <= values[r, k - 1]) or j == itself:
                    continue
                place = held if held < k else k - 1
                while place > 0 and values[r, place - 1] < value:
                    values[r, place] = values[r, place - 1]
                    out[r, place] = out[r, place - 1]
                    place -= 1
                values[r, place] = value
                out[r, place] = j
                if held < k:
                    held += 1
        else:
            order = np.argsort(-block[r], kind="mergesort")
            held = 0
            for j in order:
                if j != itself:
                    out[r, held] = j
                    values[r, held] = block[r, j]
                    held += 1
                    if held == k:
                        break


@numba.njit(cache=CACHED, parallel=True)
def count_beyond(
    block: NDArray[np.float32],
    itself: NDArray[np.int64],
    values: NDArray[np.float32],
    k: int,
    within: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Count, per row, what stands beyond the list but cannot be told from its k-th entry.

    `block` (rows, n) are similarities of the samples `itself`; `values` (rows, at least k) those
    of their lists, largest first; two that differ by at most `within` cannot be told apart.
    """
    rows, n = block.shape
    listed = values.shape[1]
    counts = np.zeros(rows, dtype=np.int64)
    for r in numba.prange(rows):
        if listed == k or values[r, k - 1] - values[r, k] > within[r]:
            continue
        floor = values[r, k - 1] - within[r]
        count = 0
        for j in range(n):
            if block[r, j] >= floor and j != itself[r]:
                count += 1
        # Those of the list that reach the floor were counted, too.
        for p in range(listed):
            if values[r, p] >= floor:
                count -= 1
        counts[r] = max(count, 0)
    return counts


@numba.njit(cache=CACHED, parallel=True)
def near_ties(
    block: NDArray[np.float32],
    itself: NDArray[np.int64],
    lists: NDArray[np.int32],
    values: NDArray[np.float32],
    k: int,
    within: NDArray[np.float64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    unsure: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
) -> None:
    """Lay out each row's list, then what stands beyond it but cannot be told from its k-th entry.

    Writes `members`, `unsure` (the place among neighboring entries is not certain) and `fresh`
    (the entry begins a run of which each is within rounding of the next).
    """
    rows, n = block.shape
    listed = lists.shape[1]
    for r in numba.prange(rows):
        at = starts[r]
        inside = np.zeros(n, dtype=np.bool_)
        for p in range(listed):
            members[at + p] = lists[r, p]
            inside[lists[r, p]] = True
            fresh[at + p] = p == 0 or values[r, p - 1] - values[r, p] > within[r]
            if not fresh[at + p]:
                unsure[at + p] = True
                unsure[at + p - 1] = True
        end = at + listed
        if starts[r + 1] > end:
            floor = values[r, k - 1] - within[r]
            for j in range(n):
                if block[r, j] >= floor and j != itself[r] and not inside[j]:
                    members[end] = j
                    unsure[end] = True
                    end += 1


@numba.njit(cache=CACHED, parallel=True)
def exact_similarities(
    layer: NDArray[np.float32],
    norms: NDArray[np.float64],
    unit: bool,
    rows: NDArray[np.int64],
    originals: NDArray[np.int64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    unsure: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, in float64, each unsure entry's similarity to its row, and the error it may carry.

    Of unit rows it is minus the squared distance, which loses nothing to a common mean; else the
    inner product. Every pair is summed in the same order wherever it stands.
    """
    n, d = layer.shape
    similarities = np.zeros(len(members))
    errors = np.zeros(len(members))
    sums = 2.2e-16 * (2.0 + 0.25 * np.sqrt(d))
    for r in numba.prange(len(rows)):
        i = rows[r]
        own = 1.0 / norms[i]
        # Where a row that this one repeats was looked at already.
        known = np.full(n, -1, dtype=np.int64)
        for e in range(starts[r], starts[r + 1]):
            if not unsure[e]:
                continue
            j = np.int64(members[e])
            if known[originals[j]] >= 0:
                similarities[e] = similarities[known[originals[j]]]
                errors[e] = errors[known[originals[j]]]
                continue
            total = 0.0
            if unit:
                other = 1.0 / norms[j]
                for c in range(d):
                    away = layer[i, c] * own - layer[j, c] * other
                    total += away * away
                similarities[e] = -total
                errors[e] = 1.2e-15 * np.sqrt(total) + sums * total
            else:
                for c in range(d):
                    total += np.float64(layer[i, c]) * np.float64(layer[j, c])
                similarities[e] = total
                errors[e] = sums * norms[i] * norms[j]
            known[originals[j]] = e
    return similarities, errors


@numba.njit(cache=CACHED, parallel=True)
def settle_ties(
    k: int,
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    unsure: NDArray[np.bool_],
    fresh: NDArray[np.bool_],
    totals: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sort every run by exact similarity; entries that are then equal are tied, by lower index.

    `members` and `fresh` are rewritten, `fresh` to say where a group of tied entries begins.
    Returns how many entries reach to the end of the group that holds the k-th, and which rows
    have a tie among these.
    """
    rows = len(starts) - 1
    lengths = np.zeros(rows, dtype=np.int64)
    tied = np.zeros(rows, dtype=np.bool_)
    for r in numba.prange(rows):
        first, stop = starts[r], starts[r + 1]
        at = first
        while at < stop:
            end = at + 1
            while end < stop and not fresh[end]:
                end += 1
            if end - at > 1:
                order = np.argsort(-totals[at:end], kind="mergesort")
                run = members[at:end][order]
                values = totals[at:end][order]
                slack = errors[at:end][order]
                begin = 0
                for p in range(1, len(run) + 1):
                    apart = p == len(run) or values[p - 1] - values[p] > slack[p - 1] + slack[p]
                    if apart:
                        members[at + begin : at + p] = np.sort(run[begin:p])
                        fresh[at + begin] = True
                        fresh[at + begin + 1 : at + p] = False
                        begin = p
            at = end
        end = first + k
        while end < stop and not fresh[end]:
            end += 1
        lengths[r] = end - first
        for e in range(first + 1, end):
            if not fresh[e]:
                tied[r] = True
                break
    return lengths, tied


@numba.njit(cache=CACHED, parallel=True)
def relist(
    served: NDArray[np.int64],
    originals: NDArray[np.int64],
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    fresh: NDArray[np.bool_],
    values: NDArray[np.float32],
    order: NDArray[np.int64],
    back: NDArray[np.int32],
    out: NDArray[np.int32],
    out_values: NDArray[np.float32],
) -> None:
    """Write anew the lists of rows with ties: groups as they are, inside by the new index.

    New row i is old row order[i], old row j is new row back[j]. Row i's groups are those of the
    row served[order[i]] names, itself put in the place of the sample that it repeats.
    """
    n, k = out.shape
    with_values = out_values.shape[1] > 0
    for i in numba.prange(n):
        old = order[i]
        row = served[old]
        if row < 0:
            continue
        original = np.int32(originals[old])
        at, stop, place = starts[row], starts[row + 1], 0
        while place < k:
            end = at + 1
            while end < stop and not fresh[end]:
                end += 1
            slots = min(k - place, end - at)
            held = 0
            for e in range(at, end):
                j = original if members[e] == old else members[e]
                new = back[j]
                if held == slots and new > out[i, place + slots - 1]:
                    continue
                p = place + (held if held < slots else slots - 1)
                while p > place and out[i, p - 1] > new:
                    out[i, p] = out[i, p - 1]
                    if with_values:
                        out_values[i, p] = out_values[i, p - 1]
                    p -= 1
                out[i, p] = new
                if with_values:
                    out_values[i, p] = values[e]
                if held < slots:
                    held += 1
            place += slots
            at = end


@numba.njit(cache=CACHED)
def places_by_order(
    served: NDArray[np.int64], starts: NDArray[np.int64], fresh: NDArray[np.bool_], k: int
) -> float:
    """Return the share of all samples' k places that go to one of several tied by index alone."""
    total = 0
    for row in served:
        if row < 0:
            continue
        at, stop, place = starts[row], starts[row + 1], 0
        while place < k:
            end = at + 1
            while end < stop and not fresh[end]:
                end += 1
            if end - at > k - place:
                total += k - place
            place += end - at
            at = end
    return np.float64(total) / (len(served) * k)
