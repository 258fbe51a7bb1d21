"""Who is near whom: neighbors of every sample in every layer, ties and all.

Similarities are float32 products. Where these cannot tell two candidates apart, float64 does, and
what float64 cannot tell apart either is tied. Ties go to the lower index (paper, App. A), in the
data as they are and in every relabeling of them: a group of tied candidates is kept whole, so that
a relabeled row chooses by its new indices, as a fresh search would.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from prh_core.backend import Backend, backend
from prh_core.compiled.neighbors import (
    count_beyond,
    near_ties,
    relist,
    settle_ties,
)
from prh_core.errors import TooManySamplesError
from prh_core.metrics.neighbor_lists import NeighborLists, Ties
from prh_core.metrics.registry import PrepareOptions
from prh_core.prepared import PreparedLayer, PreparedLayers, prepared, weights_of_sum
from prh_core.types import Layers, Neighbors, check_k

BLOCK_BYTES = 64 * 2**20
"""Similarities held at once while searching: rows of a block times n, in float32."""
LEAST_ROWS = 512
"""Rows of a block at least: with fewer, a product reads the whole layer for too little work."""
MOST_TIED = 2**28
"""Candidates that may be held because they are tied, over all rows of a layer."""
_FLOAT32 = 2.0**-24
"""Half the distance from 1 to the next float32: the largest relative error of one rounding."""

Kernel = Literal["raw", "centered"]


def nearest(
    layers: Layers | PreparedLayers, k: int, concatenate: bool = False, device: str | None = None
) -> Neighbors:
    """Find each sample's k nearest other samples by inner product, in every layer.

    S(i) = the k samples j != i with the largest <x_i, x_j>; ties go to the lower index
    (paper, App. A). Unit rows are ranked by their distance, which is the same order and loses
    nothing to a common mean. Nothing of size n x n is kept: memory is O(n k) per layer, one block
    of rows, and what is tied.

    Args:
        layers: plain or prepared, (n, d_l) each, widths may differ.
        k: neighbors per sample, 1 <= k <= n - 1.
        concatenate: append one more candidate: all layers side by side. Its inner product is the
            sum of the layers' inner products, so it costs an addition and no further product.
        device: where the products run: None for numpy, else a torch device.

    Returns:
        (layers [+ 1], n, k) int32, nearest first.

    Raises:
        NeighborCountError: k is not in 1 ... n - 1.
        TooManySamplesError: so many candidates are tied that they cannot be held.
    """
    return search(layers, PrepareOptions(k, concatenate, device=device)).indices


def search(
    layers: Layers | PreparedLayers, options: PrepareOptions, kernel: Kernel | None = None
) -> NeighborLists:
    """Find neighbors as `nearest` does, and look up a kernel between them and the sample.

    Args:
        layers: plain or prepared, (n, d_l) each.
        options: k, the concatenated candidate and the device.
        kernel: <x_i, x_j> as it is, or of centered features; None looks nothing up.

    Returns:
        The lists, (layers [+ 1], n, k). In memory a sample's lists of all layers stand together, as
        comparisons read them.

    Raises:
        NeighborCountError, TooManySamplesError: as in `nearest`.
    """
    ready = prepared(layers)
    n, k = len(ready[0]), options.k
    check_k(k, n)
    run = backend(options.device)
    loaded = [_Loaded.of(run, layer, kernel) for layer in ready]
    weights = [float(w) for w in weights_of_sum([layer.power for layer in ready])]
    entries = [_Entry.of([part], [1.0], k, kernel) for part in loaded]
    if options.concatenate:
        entries.append(_Entry.of(loaded, weights, k, kernel))
    indices = np.empty((n, len(entries), k), dtype=np.int32).transpose(1, 0, 2)
    values = np.empty((n, len(entries), k if kernel else 0), np.float32).transpose(1, 0, 2)
    rows = min(n, max(LEAST_ROWS, BLOCK_BYTES // (4 * n)))
    # Products and ranking run on two sets of threads; each, when idle, spins for a while on the
    # cores the other needs. So they take turns a group of layers at a time.
    group = max(1, BLOCK_BYTES // (4 * n * rows))

    def list_block(start: int, stop: int) -> None:
        for entry in entries:
            entry.begin(start)
        whole, whole_kernel = None, None
        for first in range(0, len(loaded), group):
            blocks: list[tuple[Any, Any]] = []
            for part in loaded[first : first + group]:
                similarity = run.similarity(part.ranked, start, stop)
                other = part.looked_up
                blocks.append((similarity, other and run.similarity(other, start, stop)))
            for at, (similarity, looked_up) in enumerate(blocks, first):
                entries[at].rank(run, similarity, looked_up, start, indices[at], values[at])
                if options.concatenate:
                    if kernel == "centered":
                        share = similarity if looked_up is None else looked_up
                        whole_kernel = _plus(whole_kernel, share * np.float32(weights[at]))
                    whole = _plus(whole, similarity * np.float32(weights[at]))
        if options.concatenate:
            entries[-1].rank(run, whole, whole_kernel, start, indices[-1], values[-1])

    run.in_tiles(n, rows, list_block)
    ties = tuple(
        entry.finish(lists, looked_up)
        for entry, lists, looked_up in zip(entries, indices, values, strict=True)
    )
    return NeighborLists(indices, values, ties, run)


def _plus(total: Any, block: Any) -> Any:
    if total is None:
        return block
    total += block
    return total


class _Loaded(NamedTuple):
    """A layer where products run."""

    layer: PreparedLayer
    ranked: Any
    """What is multiplied to rank by."""
    looked_up: Any
    """What is multiplied to look up the kernel; None where `ranked` gives it, once corrected."""
    row: Float64[np.ndarray, " n"] | float
    """What the kernel has, in each row, beyond the product that is ranked."""
    column: Float64[np.ndarray, " n"] | float
    """The same in each column."""
    reach: Float64[np.ndarray, " n"]
    """At most this much can a product of each row be."""
    within: Float64[np.ndarray, " n"]
    """Products of a row that differ by no more may be in the wrong order."""

    @classmethod
    def of(cls, run: Backend, layer: PreparedLayer, kernel: Kernel | None) -> "_Loaded":
        """Round a layer and bring it to where products run."""
        rounded = layer.rounded()
        values, shares, bias = rounded.values, rounded.shares, rounded.bias
        lengths = layer.run.row_norms(values)
        reach = lengths * lengths.max()
        steps = 2 + np.sqrt(values.shape[1]) / 2
        looked_up, row, column = None, 0.0, 0.0
        if shares is None or bias is None:
            ranked = run.load(values)
            within = 2 * _FLOAT32 * steps * reach
            if kernel == "centered":
                looked_up = run.load(layer.centered())
        else:
            ranked = run.load(values, bias.astype(np.float32))
            largest = float(np.abs(bias).max())
            within = 2 * _FLOAT32 * (steps * reach + 2 * largest)
            reach = reach + largest
            row, column = (0.0, -bias) if kernel == "centered" else (shares + shares.mean(), 0.0)
        return cls(layer, ranked, looked_up, row, column, reach, within)


class _SettledRows(NamedTuple):
    """Rows of one block whose lists float64 had to settle."""

    rows: NDArray[np.int64]
    lengths: NDArray[np.int64]
    members: NDArray[np.int32]
    fresh: NDArray[np.bool_]
    values: NDArray[np.float32]


@dataclass
class _Entry:
    """A layer, or all layers side by side, while its neighbors are searched."""

    layers: list[PreparedLayer]
    k: int
    originals: NDArray[np.int64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    within: NDArray[np.float64]
    lookup: bool
    settled: list[_SettledRows] = field(default_factory=list)

    @classmethod
    def of(
        cls, loaded: Sequence[_Loaded], weights: Sequence[float], k: int, kernel: Kernel | None
    ) -> "_Entry":
        """Put together what the sum of these layers' products needs."""
        n = len(loaded[0].layer)
        zero = np.zeros(n)
        pairs = list(zip(loaded, weights, strict=True))
        additions = 2 * _FLOAT32 * (len(pairs) - 1)
        return cls(
            [part.layer for part in loaded],
            k,
            _common_originals([part.layer.originals for part in loaded]),
            zero + sum(w * part.row for part, w in pairs),
            zero + sum(w * part.column for part, w in pairs),
            zero + sum(w * (part.within + additions * part.reach) for part, w in pairs),
            kernel is not None,
        )

    def begin(self, start: int) -> None:
        """Forget what was settled from this row on: its block ran out of memory."""
        while self.settled and self.settled[-1].rows[-1] >= start:
            self.settled.pop()

    def rank(
        self, run: Backend, similarity: Any, looked_up: Any, start: int, lists: Any, values: Any
    ) -> None:
        """List the neighbors of a block's rows, and look up the kernel between them."""
        kernel = similarity if looked_up is None else looked_up
        n = len(self.originals)
        top, ranked = run.top_k(similarity, start, min(self.k + 1, n - 1))
        rows = np.arange(start, start + len(top))
        unsure = (ranked[:, :-1] - ranked[:, 1:] <= self.within[rows, None]).any(axis=1)
        # A row that repeats another takes over its list when all are found.
        unsure &= self.originals[rows] == rows
        lists[rows] = top[:, : self.k]
        if unsure.any():
            at = np.flatnonzero(unsure)
            self._settle(run, similarity, kernel, at, rows[at], top[at], ranked[at], lists)
        if self.lookup:
            own = run.gather(kernel, lists[rows])
            values[rows] = own + (self.row[rows, None] + self.column[lists[rows]])

    def _settle(
        self,
        run: Backend,
        similarity: Any,
        kernel: Any,
        at: NDArray[np.int64],
        rows: NDArray[np.int64],
        top: NDArray[np.int32],
        ranked: NDArray[np.float32],
        lists: Any,
    ) -> None:
        """Rank in float64 what float32 cannot tell apart; keep the rows that have ties."""
        block = run.rows(similarity, at)
        within = self.within[rows]
        beyond = count_beyond(block, rows, ranked, self.k, within)
        starts = np.append(0, np.cumsum(top.shape[1] + beyond))
        held = sum(len(part.members) for part in self.settled)
        if held + starts[-1] > MOST_TIED:
            raise TooManySamplesError(
                f"more than {MOST_TIED:,} pairs of samples are equally near, too many to hold: "
                "take fewer samples, or drop those that repeat"
            )
        members = np.empty(starts[-1], dtype=np.int32)
        unsure, fresh = np.zeros(starts[-1], dtype=np.bool_), np.zeros(starts[-1], dtype=np.bool_)
        near_ties(block, rows, top, ranked, self.k, within, starts, members, unsure, fresh)
        totals, errors = np.zeros(starts[-1]), np.zeros(starts[-1])
        for layer in self.layers:
            parts = layer.exact_similarities(rows, starts, members, unsure)
            totals += parts[0]
            errors += parts[1]
        lengths, tied = settle_ties(self.k, starts, members, unsure, fresh, totals, errors)
        heads = starts[:-1, None] + np.arange(self.k)
        lists[rows] = members[heads]
        if not tied.any():
            return
        kept = _ranges(starts[:-1][tied], lengths[tied])
        values = np.empty(0, np.float32)
        if self.lookup:
            whole = run.rows(kernel, at[tied])
            own = np.repeat(np.arange(len(whole)), lengths[tied])
            corrections = self.row[rows[tied]][own] + self.column[members[kept]]
            values = (whole[own, members[kept]] + corrections).astype(np.float32)
        self.settled.append(
            _SettledRows(rows[tied], lengths[tied], members[kept], fresh[kept], values)
        )

    def finish(self, lists: Any, values: Any) -> Ties | None:
        """Give repeated rows the list of the row they repeat; return what is tied."""
        n = len(self.originals)
        repeats = np.flatnonzero(self.originals != np.arange(n))
        if repeats.size:
            source = self.originals[repeats]
            taken = lists[source]
            lists[repeats] = np.where(taken == repeats[:, None], source[:, None], taken)
            values[repeats] = values[source]
        if not self.settled:
            return None
        rows = np.concatenate([part.rows for part in self.settled])
        lengths = np.concatenate([part.lengths for part in self.settled])
        served = np.full(n, -1, dtype=np.int64)
        served[rows] = np.arange(len(rows))
        tied = Ties(
            served[self.originals],
            self.originals,
            np.append(0, np.cumsum(lengths)),
            np.concatenate([part.members for part in self.settled]),
            np.concatenate([part.fresh for part in self.settled]),
            np.concatenate([part.values for part in self.settled]),
        )
        same = np.arange(n)
        relist(*tied, same, same.astype(np.int32), lists, values)
        self.settled.clear()
        return tied


def _common_originals(originals: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return, per row, the first row equal to it in every layer."""
    if len(originals) == 1:
        return originals[0]
    _, first, which = np.unique(
        np.stack(originals, axis=1), axis=0, return_index=True, return_inverse=True
    )
    return first[which].astype(np.int64)


def _ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions starts[i] ... starts[i] + lengths[i] - 1, one range after another."""
    offsets = np.repeat(starts - np.append(0, np.cumsum(lengths)[:-1]), lengths)
    return np.arange(lengths.sum()) + offsets
