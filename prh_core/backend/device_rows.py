"""The rows of layers on a device of torch's that has float64."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

torch: Any = importlib.import_module("torch")

AT_ONCE = 2**26
"""Values that are widened to float64 at once."""
_MAGNITUDE = 0x7FFFFFFF


class DeviceRows:
    """`prh_core.backend.rows.Rows` by torch: what is of a layer's size stays there."""

    put: Callable[..., Any]
    """Brings an array to the device."""

    def put_rows(self, rows: NDArray[Any], scale: float | None = None) -> Any:
        """Copy a layer as it was stored, and widen it there: half the bytes go over."""
        there = self.put(rows).float()
        return there if scale is None else there * (1 / scale)

    def row_norms(self, rows: Any) -> NDArray[np.float64]:
        """Square and sum in float64."""
        return torch.linalg.vector_norm(rows, dim=1, dtype=torch.float64).cpu().numpy()

    def largest(self, rows: Any) -> float:
        """Return the largest |x|."""
        return max(float(part.abs().max()) for part in rows.split(_height(rows)))

    def column_means(self, rows: Any, divisors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum rows / divisors block by block, in float64."""
        sums = torch.zeros(rows.shape[1], dtype=torch.float64, device=rows.device)
        for _, part in self._divided(rows, divisors):
            sums += part.sum(dim=0)
        return (sums / len(rows)).cpu().numpy()

    def shifted_rows(
        self, rows: Any, divisors: NDArray[np.float64], mean: NDArray[np.float64]
    ) -> Any:
        """Return rows / divisors - mean, found in float64 and rounded to float32 once."""
        shift, out = self.put(mean), torch.empty_like(rows)
        for at, part in self._divided(rows, divisors):
            out[at] = part.sub_(shift)
        return out

    def exact_rows(self, rows: Any, divisors: NDArray[np.float64]) -> Any:
        """Return rows / divisors in float64."""
        return rows.double() / self.put(divisors)[:, None]

    def squared_lengths(self, rows: Any) -> NDArray[np.float64]:
        """Return each row's squared norm, of rows in float64."""
        return rows.square().sum(dim=1).cpu().numpy()

    def products_with(self, rows: Any, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """Multiply rows with a vector block by block, in float64."""
        there = self.put(vector)
        parts = [part.double() @ there for part in rows.split(_height(rows))]
        return torch.cat(parts).cpu().numpy()

    def some_rows(self, rows: Any, which: NDArray[np.int64]) -> Any:
        """Return those rows."""
        return rows[self.put(which)]

    def row_hashes(self, rows: Any) -> NDArray[np.int64]:
        """Sum bit patterns times odd numbers drawn once, modulo 2^64."""
        drawn = np.random.default_rng(0).integers(-(2**63), 2**63, rows.shape[1]) | 1
        factors = self.put(drawn)
        # -0.0 + 0.0 is 0.0.
        parts = [
            ((part + 0.0).view(torch.int32).long() * factors).sum(dim=1)
            for part in rows.split(_height(rows))
        ]
        return torch.cat(parts).cpu().numpy()

    def equal_rows(
        self, rows: Any, these: NDArray[np.int64], those: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Say which of these rows equal those, one by one."""
        if not these.size:
            return np.zeros(0, dtype=np.bool_)
        return (rows[self.put(these)] == rows[self.put(those)]).all(dim=1).cpu().numpy()

    def all_alike(self, rows: Any, divisors: NDArray[np.float64], relative: float) -> bool:
        """Say whether rows / divisors all equal the first but for so small a share of it."""
        first = rows[0].double() / float(divisors[0])
        near = (relative * first).square().sum()
        for few in (64, len(rows)):
            for _, part in self._divided(rows[:few], divisors[:few]):
                if bool((part.sub_(first).square_().sum(dim=1) > near).any()):
                    return False
        return True

    def clamp(self, rows: Any, limit: np.float32) -> Any:
        """Return rows with every x brought into -limit ... limit."""
        return rows.clamp(-float(limit), float(limit))

    def magnitude_counts(
        self, layers: Sequence[Any], prefix: np.uint32, known: int, width: int
    ) -> NDArray[np.int64]:
        """Count the next `width` bits of |x| among values whose first `known` equal `prefix`."""
        counts = torch.zeros(1 << width, dtype=torch.int64, device=layers[0].device)
        for layer in layers:
            for part in layer.split(_height(layer)):
                bits = part.contiguous().view(torch.int32).flatten() & _MAGNITUDE
                if known:
                    bits = bits[bits >> (31 - known) == int(prefix)]
                counts += torch.bincount(_next(bits, known, width), minlength=1 << width)
        return counts.cpu().numpy()

    def row_magnitude_counts(
        self, layers: Sequence[Any], prefix: NDArray[np.uint32], known: int, width: int
    ) -> NDArray[np.int64]:
        """Count the same in each row over all layers, under its own prefix: (n, buckets)."""
        n, wanted = len(prefix), self.put(prefix.astype(np.int32))[:, None]
        counts = torch.zeros(n << width, dtype=torch.int64, device=layers[0].device)
        first = torch.arange(n, device=layers[0].device)[:, None] << width
        for layer in layers:
            bits = layer.contiguous().view(torch.int32) & _MAGNITUDE
            places = first + _next(bits, known, width)
            if known:
                places = places[bits >> (31 - known) == wanted]
            counts += torch.bincount(places.flatten(), minlength=n << width)
        return counts.view(n, 1 << width).cpu().numpy()

    def next_magnitudes(
        self, layers: Sequence[Any], above: NDArray[np.uint32]
    ) -> NDArray[np.uint32]:
        """Return each row's least bit pattern of |x| beyond its own; float32's largest for none."""
        own = self.put(above.astype(np.int32))[:, None]
        least = torch.full_like(own[:, 0], 0x7F7FFFFF)
        for layer in layers:
            bits = layer.contiguous().view(torch.int32) & _MAGNITUDE
            beyond = torch.where(bits > own, bits, 0x7F7FFFFF)
            least = torch.minimum(least, beyond.amin(dim=1))
        return least.cpu().numpy().astype(np.uint32)

    def _divided(self, rows: Any, divisors: NDArray[np.float64]) -> Iterator[tuple[slice, Any]]:
        """Yield blocks of rows / divisors in float64, each with its place."""
        there, height = self.put(divisors)[:, None], _height(rows)
        for start in range(0, len(rows), height):
            at = slice(start, start + height)
            yield at, rows[at].double().div_(there[at])


def _height(rows: Any) -> int:
    return max(1, AT_ONCE // max(1, rows.shape[1]))


def _next(bits: Any, known: int, width: int) -> Any:
    return (bits >> (31 - known - width)) & ((1 << width) - 1)
