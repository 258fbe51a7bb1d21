"""Inner products of samples: by numpy on this machine's cores, or by torch on a device.

float32 products everywhere; bfloat16 and TF32 would tie neighbors that are not tied.
"""

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from prh_core.compiled.neighbors import top_k
from prh_core.compiled.rows import row_hashes
from prh_core.errors import MissingLibraryError, PRHError
from prh_core.types import Layer

Block = Float32[np.ndarray, "rows n"]


class _Loaded(NamedTuple):
    """A layer where its products run."""

    values: Any
    bias: Any
    """(n,): added to every product with that sample; None for nothing."""


def repeated_rows(
    layer: Layer,
) -> tuple[Int64[np.ndarray, " repeats"], Int64[np.ndarray, " repeats"]]:
    """Return the rows that equal an earlier row, and the first row each equals; -0.0 equals 0.0.

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


class Products:
    """Where similarities are computed, ranked and gathered: by numpy and numba, on the host."""

    def load(self, layer: Layer, bias: Float32[np.ndarray, " n"] | None = None) -> _Loaded:
        """Bring a layer to where the products run, and what is added to each of its columns."""
        return _Loaded(layer, bias)

    def similarity(self, layer: _Loaded, start: int, stop: int) -> Any:
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

    def host(self, block: Any) -> Block:
        """Bring a block back."""
        return block

    def exact_gram(self, rows: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n n"]:
        """Return all inner products of rows, multiplied and summed in float64."""
        return rows @ rows.T


class TorchProducts(Products):
    """The same on a torch device, CUDA for one."""

    def __init__(self, device: str) -> None:
        """Use a device by torch's name for it.

        Raises:
            MissingLibraryError: torch is not installed.
            PRHError: there is no such device here.
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

    def load(self, layer: Layer, bias: Float32[np.ndarray, " n"] | None = None) -> _Loaded:
        """Copy the layer to the device."""
        there = [
            None if part is None else self._torch.tensor(part, device=self._device)
            for part in (layer, bias)
        ]
        return _Loaded(*there)

    def similarity(self, layer: _Loaded, start: int, stop: int) -> Any:
        """Return a block of rows of the Gram matrix, on the device."""
        with self._full_precision():
            block = layer.values[start:stop] @ layer.values.T
        if layer.bias is not None:
            block += layer.bias
        return block

    def top_k(
        self, block: Any, start: int, k: int
    ) -> tuple[Int32[np.ndarray, "rows k"], Float32[np.ndarray, "rows k"]]:
        """Select; which of several tied stand in the list is settled by who asked."""
        ranked = block.clone()
        rows = self._torch.arange(block.shape[0], device=self._device)
        ranked[rows, rows + start] = -self._torch.inf
        values, order = self._torch.topk(ranked, k, dim=1)
        return order.to(self._torch.int32).cpu().numpy(), values.cpu().numpy()

    def rows(self, block: Any, which: Int64[np.ndarray, " some"]) -> Float32[np.ndarray, "some n"]:
        """Copy some rows back."""
        return block[self._torch.tensor(which, device=self._device)].cpu().numpy()

    def gather(self, block: Any, at: Int32[np.ndarray, "rows k"]) -> Float32[np.ndarray, "rows k"]:
        """Take values along each row."""
        index = self._torch.tensor(at, device=self._device).long()
        return self._torch.gather(block, 1, index).cpu().numpy()

    def host(self, block: Any) -> Block:
        """Copy a block back."""
        return block.cpu().numpy()

    def exact_gram(self, rows: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n n"]:
        """Multiply on the device, or by numpy where it has no float64."""
        if self._device.type == "mps":
            return rows @ rows.T
        there = self._torch.tensor(rows, device=self._device)
        return (there @ there.T).cpu().numpy()

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
    return Products() if device is None else TorchProducts(device)
