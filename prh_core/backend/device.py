"""The same on a device of torch's, CUDA for one: imported when one is asked for."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prh_core.backend import lists, memory
from prh_core.backend.device_factors import DeviceFactors
from prh_core.backend.device_ranks import DeviceRanks
from prh_core.backend.device_rows import DeviceRows
from prh_core.backend.host import (
    HOST,
    PACKED_AT_ONCE,
    Backend,
    KeptKernels,
    Loaded,
)
from prh_core.backend.precision import full_precision, widest
from prh_core.compiled.sequences import LONGEST_BITWISE
from prh_core.errors import PRHError

torch: Any = importlib.import_module("torch")

PINNED = 2**20
"""Bytes from which a copy to a card is worth pinned memory."""


class Device(DeviceRows, DeviceFactors, DeviceRanks, Backend):
    """A torch device: `Any` stands for a tensor there, tables come back as numpy's."""

    def __init__(self, device: str) -> None:
        """Use a device by torch's name for it.

        Raises:
            PRHError: there is no such device here.
        """
        try:
            self._device = torch.device(device)
            torch.zeros(1, device=self._device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise PRHError(f"device {device!r} cannot be used here: {reason}") from error
        self._wide = widest(self._device)

    @property
    def features(self) -> Backend:
        """Return where features are kept and prepared: the host, for a device without float64."""
        return self if self._wide == torch.float64 else HOST

    def room(self) -> int:
        """Return half of what the card has free."""
        if self._device.type != "cuda":
            return super().room()
        return torch.cuda.mem_get_info(self._device)[0] // 2

    def out_of_memory(self, error: BaseException) -> bool:
        """Say whether something failed because memory ran out."""
        return not isinstance(error, PRHError) and memory.out_of_memory(error)

    def release(self) -> None:
        """Give the allocator's unused blocks back."""
        memory.release_memory(self._device)

    def in_tiles(self, n: int, rows: int, do: Callable[[int, int], None]) -> None:
        """Call `do` with the bounds of tiles, of half as many rows where memory runs out."""
        memory.in_tiles(n, rows, self._device, do)

    def load(self, layer: Any, bias: NDArray[np.float32] | None = None) -> Loaded:
        """Bring the layer to the device."""
        return Loaded(self.put(layer), None if bias is None else self.put(bias))

    def similarity(self, layer: Loaded, start: int, stop: int) -> Any:
        """Return a block of rows of the Gram matrix, on the device."""
        with full_precision():
            return super().similarity(layer, start, stop)

    def top_k(
        self, block: Any, start: int, k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Select; which of several tied stand in the list is settled by who asked."""
        ranked = block.clone()
        rows = torch.arange(block.shape[0], device=self._device)
        ranked[rows, rows + start] = -torch.inf
        values, order = torch.topk(ranked, k, dim=1)
        return order.to(torch.int32).cpu().numpy(), values.cpu().numpy()

    def rows(self, block: Any, which: NDArray[np.int64]) -> NDArray[np.float32]:
        """Copy some rows back."""
        return block[self.put(which)].cpu().numpy()

    def gather(self, block: Any, at: NDArray[np.int32]) -> NDArray[np.float32]:
        """Take values along each row."""
        return torch.gather(block, 1, self.put(at).long()).cpu().numpy()

    def exact_gram(self, rows: Any) -> Any:
        """Multiply on the device, or by numpy where it has no float64."""
        if self._wide == torch.float32:
            return self.put((rows @ rows.T).astype(np.float32))
        there = self.put(rows)
        return there @ there.T

    def put(self, array: Any) -> Any:
        """Copy an array to the device; float64 becomes float32 where there is none.

        What is large goes through memory that the card reads by itself, and is not waited for.
        """
        if isinstance(array, torch.Tensor):
            return array
        there = torch.tensor(np.ascontiguousarray(array))
        if there.dtype == torch.float64:
            there = there.to(self._wide)
        if self._device.type == "cuda" and there.nbytes >= PINNED:
            return there.pin_memory().to(self._device, non_blocking=True)
        return there.to(self._device)

    def host(self, array: Any) -> NDArray[Any]:
        """Copy an array back, where it is not the host's."""
        return array if isinstance(array, np.ndarray) else array.cpu().numpy()

    def wide(self, array: Any) -> Any:
        """Return a tensor in the widest type that the device has."""
        return array.to(self._wide)

    def narrow(self, array: Any) -> Any:
        """Return a tensor in float32."""
        return array.float()

    def copy(self, array: Any) -> Any:
        """Return a copy."""
        return array.clone()

    def concatenate(self, parts: Sequence[Any]) -> Any:
        """Return tensors one after the other along their first axis."""
        return torch.cat(list(parts))

    def column_sums(self, kernel: Any) -> Any:
        """Return the sum of every column, in float64."""
        return kernel.sum(dim=0, dtype=self._wide)

    def frobenius(self, kernel: Any) -> float:
        """Return the Frobenius norm."""
        return float(kernel.square().sum(dtype=self._wide).sqrt())

    def diagonal(self, kernel: Any) -> Any:
        """Return the diagonal."""
        return kernel.diagonal()

    def clear_diagonal(self, kernel: Any) -> None:
        """Set the diagonal to zero."""
        kernel.fill_diagonal_(0)

    def upper(self, kernel: Any) -> Any:
        """Return the entries above the diagonal."""
        rows, columns = self._triangle(len(kernel))
        return kernel[rows, columns]

    def symmetric(self, upper: Any, n: int) -> Any:
        """Return the symmetric kernel, float32, of these entries above the diagonal."""
        rows, columns = self._triangle(n)
        out = torch.zeros((n, n), device=self._device)
        out[rows, columns] = upper.float()
        return out + out.T

    def median_root(self, values: Any) -> float:
        """Return the median of the roots."""
        ordered = values.sort().values
        middle = ordered[[(len(values) - 1) // 2, len(values) // 2]]
        return float(middle.sqrt().mean())

    def exp(self, values: Any) -> Any:
        """Return the exponential, in float32."""
        return values.exp().float()

    def average_ranks(self, values: Any) -> Any:
        """Return ranks from 1 in float64, ties sharing their mean rank."""
        ordered, order = values.sort()
        _, group, counts = torch.unique_consecutive(
            ordered, return_inverse=True, return_counts=True
        )
        last = counts.cumsum(0)
        means = last.to(self._wide) - (counts.to(self._wide) - 1) / 2
        ranks = torch.empty(len(values), dtype=self._wide, device=self._device)
        ranks[order] = means[group]
        return ranks

    def rounded(self, values: Any, digits: int) -> Any:
        """Return values rounded to so many digits after the point."""
        return torch.round(values, decimals=digits)

    def empty_stack(self, count: int, n: int) -> Any:
        """Return room for kernels, (count, n, n) float32."""
        return torch.empty((count, n, n), device=self._device)

    def pack(self, stack: Any, order: NDArray[np.int64]) -> Any:
        """Return relabeled symmetric matrices as packed upper triangles."""
        n = stack.shape[1]
        rows, columns = self._triangle(n, diagonal=0)
        there = self.put(order)
        packed = stack.reshape(len(stack), -1).index_select(1, there[rows] * n + there[columns])
        return packed.mul_(torch.where(rows == columns, 1.0, 2.0**0.5))

    def packed_products(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Return the inner products of all rows of x and y: float32 in parts, summed in float64."""
        parts, rest = divmod(x.shape[1], PACKED_AT_ONCE)
        whole = parts * PACKED_AT_ONCE
        with full_precision():
            a, b = (
                side[:, :whole].unflatten(1, (parts, PACKED_AT_ONCE)).transpose(0, 1)
                for side in (x, y)
            )
            table = (a @ b.transpose(1, 2)).sum(dim=0, dtype=self._wide)
            if rest:
                table += x[:, whole:] @ y[:, whole:].T
        return lists.host_table(table)

    def in_order(self, rows: Any, order: NDArray[np.int64]) -> Any:
        """Return rows in another order."""
        return rows[self.put(order)]

    def row_products(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Return sum_j K_ij L_ij of two kernels, (n,), summed in float64."""
        return self.host((x * y).sum(dim=1, dtype=self._wide)).astype(np.float64)

    def squared_residuals(
        self, x: Any, y: Any, both: float, own: float, others: float
    ) -> tuple[float, float]:
        """Return `prh_core.compiled.residuals.squared_residuals` of two whole kernels."""
        norm = (own * others) ** 0.5
        half = both / norm / 2
        e = (x * y).mul_(1 / norm)
        e.addcmul_(x, x, value=-half / own).addcmul_(y, y, value=-half / others).fill_diagonal_(0)
        rows = e.sum(dim=1, dtype=self._wide)
        sums = torch.stack([rows.square().sum(), e.square_().sum(dtype=self._wide)])
        of_samples, of_pairs = self.host(sums).tolist()
        return of_samples, of_pairs

    def squares_by_place(self, values: Any) -> NDArray[np.float64]:
        """Return the sums over samples of squares, (layers, n, k) -> (layers, k)."""
        return self.host(values.square().sum(dim=1, dtype=self._wide))

    def by_sample(self, lists: Any, k: int) -> Any:
        """Return (layers, n, at least k) as (n, layers, k)."""
        return lists.transpose(0, 1)[:, :, :k].contiguous()

    def shared_neighbors(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Count the neighbors two stacks share."""
        return lists.shared_neighbors(x, y)

    def row_scores(self, x: Any, y: Any, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum value[neighbors shared] over samples."""
        return lists.row_scores(x, y, self.put(value))

    def cycles(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Count samples that come home, out by y's neighbors and back by x's."""
        return lists.cycles(x, y)

    def common_subsequences(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Sum the lengths of the longest common subsequences of lists; long ones on the host."""
        if x.shape[2] > LONGEST_BITWISE:
            return super().common_subsequences(self.host(x), self.host(y))
        return lists.common_subsequences(x, y)

    def edit_distances(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Sum the edit distances of lists; long ones on the host."""
        if x.shape[2] > LONGEST_BITWISE:
            return super().edit_distances(self.host(x), self.host(y))
        return lists.edit_distances(x, y)

    def shared_products(self, x: Any, y: Any, values_x: Any, values_y: Any) -> NDArray[np.float64]:
        """Sum value_x * value_y over shared neighbors."""
        return lists.shared_products(x, y, values_x, values_y)

    def keep_between_neighbors(self, nearest: Any, values: Any) -> KeptKernels:
        """Lay out kernels kept between neighbors, once for every partner."""
        n, layers, _ = nearest.shape
        kept = torch.where(lists.reciprocal(nearest), values, 0)
        columns = torch.zeros((layers, n), dtype=self._wide, device=self._device)
        columns.scatter_add_(
            1,
            nearest.transpose(0, 1).reshape(layers, -1).long(),
            values.transpose(0, 1).reshape(layers, -1).to(self._wide),
        )
        return KeptKernels(
            nearest,
            values,
            kept,
            self.host(values.sum(dim=2, dtype=self._wide)),
            self.host(columns),
            self.host(kept.square().sum(dim=(0, 2), dtype=self._wide)),
            None,
        )

    def kept_sums(self, x: KeptKernels, y: KeptKernels) -> tuple[Any, Any, Any, Any]:
        """Return, of kernels kept where both sides' lists agree: 1'(K*L')1, 1'K1, 1'L1, 1'KL1."""
        trace = self.shared_products(x.lists, y.lists, x.mutual, y.mutual)
        return trace, *lists.kept_marginals(x, y)

    def _triangle(self, n: int, diagonal: int = 1) -> Any:
        return torch.triu_indices(n, n, diagonal, device=self._device)
