"""Array aliases with shapes, and the one door through which features enter."""

from collections.abc import Sequence
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64

from prh_core.errors import (
    FeatureShapeError,
    NeighbourCountError,
    NotFiniteError,
    SampleCountError,
)

Layer = Float32[np.ndarray, "n _"]
"""One layer's features: n samples, d dimensions."""
Layers = list[Layer]
"""A model's layers in depth order; n is shared, widths may differ."""
Neighbours = Int32[np.ndarray, "_ _ _"]
"""(layers, n, k): indices of the k nearest other samples, nearest first."""
Order = Int64[np.ndarray, " n"]
"""A permutation of the samples."""
LayerScores = Float[np.ndarray, "layers_x layers_y"]
"""One score per pair of layers; NaN where a layer cannot be compared."""


@runtime_checkable
class SupportsNumpy(Protocol):
    """A torch tensor, seen without importing torch."""

    def detach(self) -> Any:
        """Leave the autograd graph."""
        ...

    def cpu(self) -> Any:
        """Come to the host's memory."""
        ...


Features = Any
"""(n, d), (layers, n, d), or a sequence of (n, d_l); numpy or torch, any float type."""


def as_layers(features: Features, name: str = "X") -> Layers:
    """Check features once, at the boundary, and return them as float32 layers.

    Parameters
    ----------
    features
        One (n, d) array, a (layers, n, d) array, or a sequence of (n, d_l) arrays; numpy arrays
        or torch tensors of any float or integer type. float16 is widened; float64 is narrowed.
    name
        What an error message calls this side.

    Returns
    -------
    A list of C-contiguous float32 arrays (n, d_l), which alias the input where it already was so.

    Raises
    ------
    FeatureShapeError
        Another number of axes, no layer, or an empty one.
    SampleCountError
        Layers with different n.
    NotFiniteError
        NaN, infinity, or a value beyond float32's range; the message says in which layer and row.
    """
    if isinstance(features, Sequence) and not isinstance(features, str):
        several = cast(Sequence[Any], features)
        parts = [_as_array(part, name) for part in several]
        if parts and all(part.ndim == 1 for part in parts):
            raise FeatureShapeError(
                f"{name}: expected (n, d), (layers, n, d) or a list of (n, d) arrays, "
                f"got a list of {len(parts)} vectors"
            )
    else:
        whole = _as_array(features, name)
        if whole.ndim not in (2, 3):
            raise FeatureShapeError(
                f"{name}: expected (n, d), (layers, n, d) or a list of (n, d) arrays, "
                f"got shape {whole.shape}"
            )
        parts = [whole] if whole.ndim == 2 else list(whole)
    if not parts:
        raise FeatureShapeError(f"{name}: expected at least one layer, got none")
    layers: Layers = []
    for index, part in enumerate(parts):
        if part.ndim != 2 or 0 in part.shape:
            raise FeatureShapeError(
                f"{name}: layer {index} should be (n, d) with n and d at least 1, "
                f"got shape {part.shape}"
            )
        if part.shape[0] != parts[0].shape[0]:
            raise SampleCountError(
                f"{name}: layer {index} holds {part.shape[0]} samples, layer 0 holds "
                f"{parts[0].shape[0]}"
            )
        with np.errstate(over="ignore"):
            layer = np.ascontiguousarray(part, dtype=np.float32)
        # A sum is finite unless an element is not (or it overflows, which the slow check clears).
        if not np.isfinite(layer.sum(dtype=np.float64)):
            _refuse_non_finite(part, layer, name, index)
        layers.append(layer)
    return layers


def check_paired(x: int, y: int, name: str = "Y") -> None:
    """Refuse two models' features over different numbers of samples.

    Raises
    ------
    SampleCountError
    """
    if x != y:
        raise SampleCountError(
            f"X and {name} must hold the same samples in the same order, got {x} rows and {y} rows"
        )


def check_same_n(x: int, y: int) -> None:
    """Refuse two prepared sides over different numbers of samples.

    Raises
    ------
    SampleCountError
    """
    if x != y:
        raise SampleCountError(f"both sides must hold the same samples, got n = {x} and n = {y}")


def check_k(k: int, n: int) -> None:
    """Refuse a k that n samples cannot have.

    Raises
    ------
    NeighbourCountError
    """
    if not 1 <= k <= n - 1:
        raise NeighbourCountError(
            f"k must be between 1 and n - 1 = {n - 1} for {n} samples, got k = {k}"
        )


def check_four(n: int) -> None:
    """Refuse fewer samples than the unbiased HSIC is defined for.

    Raises
    ------
    SampleCountError
    """
    if n < 4:
        raise SampleCountError(f"the unbiased HSIC needs at least 4 samples, got n = {n}")


def _as_array(part: Any, name: str) -> np.ndarray:
    if isinstance(part, SupportsNumpy):
        part = part.detach().cpu()
        # numpy has no bfloat16: torch widens it first.
        if str(getattr(part, "dtype", "")) == "torch.bfloat16":
            part = part.float()
        part = part.numpy()
    array = np.asarray(part)
    if array.dtype.kind not in "fiu":
        raise FeatureShapeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array


def _refuse_non_finite(part: np.ndarray, layer: np.ndarray, name: str, index: int) -> None:
    bad = ~np.isfinite(layer)
    if not bad.any():
        return
    row, column = (int(v) for v in np.argwhere(bad)[0])
    value = part[row, column]
    what = f"{value} is beyond float32's range" if np.isfinite(value) else f"{value}"
    raise NotFiniteError(
        f"{name}: layer {index} holds {int(bad.sum())} values that are not finite, "
        f"the first in row {row}, column {column}: {what}"
    )
