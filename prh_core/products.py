"""Inner products of samples: by numpy on this machine's cores, or by torch on a device.

float32 products everywhere; bfloat16 and TF32 would tie neighbours that are not tied.
"""

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int32

from prh_core.errors import MissingLibraryError, PRHError
from prh_core.kernels import row_hashes, row_largest, top_k
from prh_core.types import Layer, Layers

Block = Float32[np.ndarray, "rows n"]


@runtime_checkable
class Products(Protocol):
    """Where similarities are computed, ranked and gathered."""

    def load(self, layer: Layer) -> Any:
        """Bring a layer to where the products run."""
        ...

    def similarity(self, layer: Any, start: int, stop: int) -> Any:
        """Return <x_i, x_j> for i in start ... stop, all j, equal samples exactly tied."""
        ...

    def top_k(self, block: Any, start: int, k: int) -> Int32[np.ndarray, "rows k"]:
        """Return each row's k largest columns but its own, ties to the lower index."""
        ...

    def gather(self, block: Any, at: Int32[np.ndarray, "rows k"]) -> Float32[np.ndarray, "rows k"]:
        """Return each row's values at those columns."""
        ...

    def host(self, block: Any) -> Block:
        """Bring a block back."""
        ...


class _Loaded:
    """A layer where its products run, and its samples that repeat an earlier one."""

    def __init__(self, values: Any, layer: Layer) -> None:
        self.values = values
        self.repeats, self.originals = repeated_rows(layer)


def repeated_rows(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that equal an earlier row, and the first row each equals.

    A matrix product may round equal rows differently, depending on where they stand; the ties of
    duplicates would then break by chance and not by index.
    """
    hashes = row_hashes(layer.view(np.uint32))
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    originals = first[which]
    repeats = np.flatnonzero(originals != np.arange(len(layer)))
    same = [bool(np.array_equal(layer[r], layer[originals[r]])) for r in repeats]
    repeats = repeats[np.array(same, dtype=bool)]
    return repeats, originals[repeats]


class HostProducts:
    """numpy's float32 products, ranked by numba."""

    def load(self, layer: Layer) -> _Loaded:
        """Keep the layer where it is."""
        return _Loaded(layer, layer)

    def similarity(self, layer: _Loaded, start: int, stop: int) -> Block:
        """Return a block of rows of the Gram matrix."""
        # The transpose of the very same array lets numpy compute one triangle only.
        block = layer.values[start:stop] @ layer.values.T
        block[:, layer.repeats] = block[:, layer.originals]
        return block

    def top_k(self, block: Block, start: int, k: int) -> Int32[np.ndarray, "rows k"]:
        """Rank by insertion, in parallel over rows."""
        found = np.empty((block.shape[0], k), dtype=np.int32)
        top_k(block, start, found)
        return found

    def gather(
        self, block: Block, at: Int32[np.ndarray, "rows k"]
    ) -> Float32[np.ndarray, "rows k"]:
        """Take values along each row."""
        return np.take_along_axis(block, at, axis=1)

    def host(self, block: Block) -> Block:
        """Nothing to bring back."""
        return block


class TorchProducts:
    """The same on a torch device, CUDA for one."""

    def __init__(self, device: str) -> None:
        """Use a device by torch's name for it.

        Raises
        ------
        MissingLibraryError
            torch is not installed.
        PRHError
            There is no such device here.
        """
        try:
            # By name: the core does without torch until a device is handed over.
            torch: Any = importlib.import_module("torch")
        except ImportError:
            raise MissingLibraryError(
                f"device={device!r} needs torch, which is not installed; device=None runs without"
            ) from None
        self._torch = torch
        try:
            self._device = torch.device(device)
            torch.zeros(1, device=self._device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise PRHError(f"device {device!r} cannot be used here: {reason}") from error

    def load(self, layer: Layer) -> _Loaded:
        """Copy the layer to the device."""
        return _Loaded(self._torch.tensor(layer, device=self._device), layer)

    def similarity(self, layer: _Loaded, start: int, stop: int) -> Any:
        """Return a block of rows of the Gram matrix, on the device."""
        with self._full_precision():
            block = layer.values[start:stop] @ layer.values.T
        if layer.repeats.size:
            block[:, layer.repeats] = block[:, layer.originals]
        return block

    def top_k(self, block: Any, start: int, k: int) -> Int32[np.ndarray, "rows k"]:
        """Rank by a stable sort: torch.topk promises no order among ties."""
        ranked = block.clone()
        rows = self._torch.arange(block.shape[0], device=self._device)
        ranked[rows, rows + start] = -self._torch.inf
        order = self._torch.sort(ranked, dim=1, descending=True, stable=True).indices[:, :k]
        return order.to(self._torch.int32).cpu().numpy()

    def gather(self, block: Any, at: Int32[np.ndarray, "rows k"]) -> Float32[np.ndarray, "rows k"]:
        """Take values along each row."""
        index = self._torch.tensor(at, device=self._device).long()
        return self._torch.gather(block, 1, index).cpu().numpy()

    def host(self, block: Any) -> Block:
        """Copy a block back."""
        return block.cpu().numpy()

    @contextmanager
    def _full_precision(self) -> Generator[None]:
        matmul = self._torch.backends.cuda.matmul
        allowed = matmul.allow_tf32
        matmul.allow_tf32 = False
        try:
            yield
        finally:
            matmul.allow_tf32 = allowed


def products(device: str | None) -> Products:
    """Return numpy's products for None, torch's on a named device otherwise."""
    return HostProducts() if device is None else TorchProducts(device)


def scaled(layers: Layers) -> tuple[Layers, list[float]]:
    """Bring every layer's largest |x| near 1 by a power of two; return the layers and the powers.

    Inner products of 1e-20 or 1e20 would vanish or overflow in float32; a power of two is exact.
    Layers of ordinary size are returned as they are.
    """
    powers: list[float] = []
    for layer in layers:
        largest = float(row_largest(layer).max())
        ordinary = largest == 0 or 1e-3 < largest < 1e3
        powers.append(1.0 if ordinary else float(2.0 ** -np.floor(np.log2(largest))))
    ready = [
        layer if power == 1 else layer * np.float32(power)
        for layer, power in zip(layers, powers, strict=True)
    ]
    return ready, powers


def weights_of_sum(powers: list[float]) -> list[np.float32]:
    """Return what each scaled layer's inner products count in the sum over layers."""
    least = min(powers)
    return [np.float32((least / power) ** 2) for power in powers]
