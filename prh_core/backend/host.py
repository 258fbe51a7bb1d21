"""What the mathematics asks of a backend, done by numpy and numba on this machine's cores."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64
from numpy.typing import NDArray

from prh_core.backend.factors import Factors
from prh_core.backend.ranks import Ranks, upper_pairs
from prh_core.backend.rows import Rows
from prh_core.compiled.kernels import Listed, average_ranks, masked_marginals, pack, shared_products
from prh_core.compiled.neighbors import top_k
from prh_core.compiled.overlaps import (
    cycles,
    reciprocal,
    reversed_graph,
    row_scores,
    shared_neighbors,
)
from prh_core.compiled.residuals import row_products, squared_residuals
from prh_core.compiled.sequences import (
    LONGEST_BITWISE,
    common_subsequences,
    edit_distances,
    row_common_subsequence,
    row_edit_distance,
)
from prh_core.errors import PRHError

PACKED_AT_ONCE = 2**11
"""Entries of a packed kernel multiplied in float32 before the sum goes on in float64.

Few enough that both sides stay in the host's cache: 2,048 take 8 ms a pair where 65,536 take 13.
"""

Block = Float32[np.ndarray, "rows n"]
Table = Float64[np.ndarray, "lx ly"]
Sums = NDArray[Any]
"""(lx, ly) counts or sums, one of each pair of layers."""


class Loaded(NamedTuple):
    """A layer where its products run."""

    values: Any
    bias: Any
    """(n,): added to every product with that sample; None for nothing."""


class KeptKernels(NamedTuple):
    """Kernels of all layers kept between a sample and its neighbors, else zero."""

    lists: Any
    """(n, layers, k) neighbors."""
    values: Any
    """The kernel there."""
    mutual: Any
    """The kernel where sample and neighbor have each other, else 0."""
    rows: Float64[np.ndarray, "n layers"]
    """Sums over a sample's neighbors."""
    columns: Float64[np.ndarray, "layers n"]
    """Sums over who has the sample as a neighbor."""
    squares: Float64[np.ndarray, " layers"]
    """Sums of the squares of `mutual`."""
    reverse: Any
    """Who has whom as a neighbor, as the backend keeps it."""


class Backend(Rows, Factors, Ranks):
    """The host: arrays are numpy's, `Any` stands for an array where the backend keeps it."""

    @property
    def features(self) -> "Backend":
        """Return where features are kept and prepared: here, if sums can be made in float64."""
        return self

    # --- memory ---

    def room(self) -> int:
        """Return how many bytes of features may be kept for who asks for them again."""
        return 4 << 30

    def out_of_memory(self, error: BaseException) -> bool:
        """Say whether something failed because memory ran out."""
        return isinstance(error, MemoryError) and not isinstance(error, PRHError)

    def release(self) -> None:
        """Give back memory that nothing uses any more."""

    def in_tiles(self, n: int, rows: int, do: Callable[[int, int], None]) -> None:
        """Call `do` with the bounds of tiles of 0 ... n."""
        for start in range(0, n, rows):
            do(start, min(start + rows, n))

    # --- a layer's inner products, block by block ---

    def load(self, layer: Any, bias: Float32[np.ndarray, " n"] | None = None) -> Loaded:
        """Bring a layer to where the products run, and what is added to each of its columns."""
        return Loaded(layer, bias)

    def similarity(self, layer: Loaded, start: int, stop: int) -> Any:
        """Return <x_i, x_j> + bias_j for i in start ... stop, all j."""
        # The transpose of the very same array lets numpy compute one triangle only.
        block = layer.values[start:stop] @ layer.values.T
        if layer.bias is not None:
            block += layer.bias
        return block

    def top_k(
        self, block: Any, start: int, k: int
    ) -> tuple[Int32[np.ndarray, "rows k"], Float32[np.ndarray, "rows k"]]:
        """Return each row's k largest columns but its own, and their values, largest first."""
        indices = np.empty((block.shape[0], k), dtype=np.int32)
        values = np.empty((block.shape[0], k), dtype=np.float32)
        top_k(block, start, indices, values)
        return indices, values

    def rows(self, block: Any, which: Int64[np.ndarray, " some"]) -> Float32[np.ndarray, "some n"]:
        """Bring some rows of a block back."""
        return block[which]

    def gather(self, block: Any, at: Int32[np.ndarray, "rows k"]) -> Float32[np.ndarray, "rows k"]:
        """Return each row's values at those columns."""
        return np.take_along_axis(block, at, axis=1)

    def exact_gram(self, rows: Any) -> Any:
        """Return all inner products of rows, multiplied and summed in float64."""
        return rows @ rows.T

    # --- one kernel, (n, n) ---

    def put(self, array: NDArray[Any]) -> Any:
        """Bring an array to where arithmetic runs."""
        return array

    def host(self, array: Any) -> NDArray[Any]:
        """Bring an array back."""
        return array

    def wide(self, array: Any) -> Any:
        """Return an array in float64."""
        return array.astype(np.float64)

    def narrow(self, array: Any) -> Any:
        """Return an array in float32."""
        return array.astype(np.float32)

    def copy(self, array: Any) -> Any:
        """Return a copy."""
        return array.copy()

    def concatenate(self, parts: Sequence[Any]) -> Any:
        """Return arrays one after the other along their first axis."""
        return np.concatenate(parts)

    def column_sums(self, kernel: Any) -> Any:
        """Return the sum of every column, in float64."""
        return kernel.sum(axis=0, dtype=np.float64)

    def frobenius(self, kernel: Any) -> float:
        """Return the Frobenius norm."""
        return float(np.sqrt(np.einsum("ij,ij->i", kernel, kernel).sum(dtype=np.float64)))

    def diagonal(self, kernel: Any) -> Any:
        """Return the diagonal."""
        return np.diagonal(kernel)

    def clear_diagonal(self, kernel: Any) -> None:
        """Set the diagonal to zero."""
        np.fill_diagonal(kernel, 0)

    def upper(self, kernel: Any) -> Any:
        """Return the entries above the diagonal."""
        return kernel[upper_pairs(len(kernel))]

    def symmetric(self, upper: Any, n: int) -> Any:
        """Return the symmetric kernel, float32, of these entries above the diagonal."""
        out = np.zeros((n, n), dtype=np.float32)
        out[upper_pairs(n)] = upper
        out += out.T
        return out

    def median_root(self, values: Any) -> float:
        """Return the median of the roots."""
        middle = [(len(values) - 1) // 2, len(values) // 2]
        return float(np.sqrt(np.partition(values, middle)[middle]).mean())

    def exp(self, values: Any) -> Any:
        """Return the exponential, in float32."""
        return np.exp(values).astype(np.float32)

    def average_ranks(self, values: Any) -> Any:
        """Return ranks from 1 in float64, ties sharing their mean rank."""
        return average_ranks(values, np.argsort(values))

    def rounded(self, values: Any, digits: int) -> Any:
        """Return values rounded to so many digits after the point."""
        return np.round(values, digits)

    # --- kernels of all layers ---

    def empty_stack(self, count: int, n: int) -> Any:
        """Return room for kernels, (count, n, n) float32."""
        return np.empty((count, n, n), dtype=np.float32)

    def pack(self, stack: Any, order: Int64[np.ndarray, " n"]) -> Any:
        """Return relabeled symmetric matrices as packed upper triangles."""
        return pack(stack, order)

    def packed_products(self, x: Any, y: Any) -> Table:
        """Return the inner products of all rows of x and y: float32 in parts, summed in float64."""
        table = np.zeros((len(x), len(y)))
        for start in range(0, x.shape[1], PACKED_AT_ONCE):
            entries = slice(start, start + PACKED_AT_ONCE)
            table += x[:, entries] @ y[:, entries].T
        return table

    def row_products(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Return sum_j K_ij L_ij of two kernels, (n,), summed in float64."""
        return row_products(x, y)

    def squared_residuals(
        self, x: Any, y: Any, both: float, own: float, others: float
    ) -> tuple[float, float]:
        """Return `prh_core.compiled.residuals.squared_residuals` of two whole kernels."""
        return squared_residuals(x, y, np.arange(len(x)), both, own, others)

    def in_order(self, rows: Any, order: Int64[np.ndarray, " n"]) -> Any:
        """Return rows in another order."""
        return rows[order]

    # --- neighbor lists of all layers, (n, layers, k) ---

    def squares_by_place(self, values: Any) -> Float64[np.ndarray, "layers k"]:
        """Return the sums over samples of squares, (layers, n, k) -> (layers, k)."""
        return np.square(values, dtype=np.float64).sum(axis=1)

    def by_sample(self, lists: Any, k: int) -> Any:
        """Return (layers, n, at least k) as (n, layers, k): one sample's lists share cache lines.

        What a search returned stands like that already, so that nothing is copied at its own k.
        """
        return np.ascontiguousarray(lists.transpose(1, 0, 2)[:, :, :k])

    def shared_neighbors(self, x: Any, y: Any) -> Sums:
        """Count the neighbors two stacks share."""
        return shared_neighbors(x, y)

    def row_scores(self, x: Any, y: Any, value: Float64[np.ndarray, " shared"]) -> Sums:
        """Sum value[neighbors shared] over samples."""
        return row_scores(x, y, value)

    def cycles(self, x: Any, y: Any) -> Sums:
        """Count samples that come home, out by y's neighbors and back by x's."""
        starts, members, _ = reversed_graph(x)
        return cycles(starts, members, y)

    def common_subsequences(self, x: Any, y: Any) -> Sums:
        """Sum the lengths of the longest common subsequences of lists."""
        if x.shape[2] <= LONGEST_BITWISE:
            return common_subsequences(x, y)
        return _each_pair(row_common_subsequence, x, y)

    def edit_distances(self, x: Any, y: Any) -> Sums:
        """Sum the edit distances of lists."""
        if x.shape[2] <= LONGEST_BITWISE:
            return edit_distances(x, y)
        return _each_pair(row_edit_distance, x, y)

    def shared_products(self, x: Any, y: Any, values_x: Any, values_y: Any) -> Sums:
        """Sum value_x * value_y over shared neighbors."""
        return shared_products(x, y, values_x, values_y)

    def keep_between_neighbors(self, nearest: Any, values: Any) -> KeptKernels:
        """Lay out kernels kept between neighbors, once for every partner."""
        n, layers, _ = nearest.shape
        starts, members, places = reversed_graph(nearest)
        kept = np.where(reciprocal(nearest), values, np.float32(0))
        at = nearest + n * np.arange(layers)[:, None]
        columns = np.bincount(at.ravel(), values.ravel(), n * layers).reshape(layers, n)
        return KeptKernels(
            nearest,
            values,
            kept,
            values.sum(axis=2, dtype=np.float64),
            columns,
            np.square(kept, dtype=np.float64).sum(axis=(0, 2)),
            (starts, members, values.ravel()[places]),
        )

    def kept_sums(self, x: KeptKernels, y: KeptKernels) -> tuple[Sums, Sums, Sums, Sums]:
        """Return, of kernels kept where both sides' lists agree: 1'(K*L')1, 1'K1, 1'L1, 1'KL1."""
        trace = self.shared_products(x.lists, y.lists, x.mutual, y.mutual)
        listed = (Listed(side.lists, side.values, *side.reverse) for side in (x, y))
        return trace, *masked_marginals(*listed)


def _each_pair(one_pair: Any, x: NDArray[np.int32], y: NDArray[np.int32]) -> Sums:
    heads: Sequence[NDArray[np.int32]]
    heads = [np.ascontiguousarray(side.transpose(1, 0, 2)) for side in (x, y)]
    return np.array([[one_pair(a, b).sum() for b in heads[1]] for a in heads[0]], dtype=np.float64)


HOST = Backend()
