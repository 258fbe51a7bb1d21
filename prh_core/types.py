"""Array aliases with shapes, and the one door through which features enter."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, cast, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64

from prh_core.errors import (
    FeatureShapeError,
    NeighborCountError,
    NotFiniteError,
    PRHError,
    SampleCountError,
)

Layer = Float32[np.ndarray, "n _"]
"""One layer's features: n samples, d dimensions."""
Layers = list[Layer]
"""A model's layers in depth order; n is shared, widths may differ."""
Neighbors = Int32[np.ndarray, "_ _ _"]
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
Layout = Literal["auto", "lnd", "nld"]
"""What the axes of a three-axis array are: (layers, n, d), or (n, layers, d)."""


def as_layers(features: Features, name: str = "X", layout: Layout = "auto") -> Layers:
    """Check features once, at the boundary, and return them as float32 layers.

    Args:
        features: one (n, d) array, a (layers, n, d) array, or a sequence of (n, d_l) arrays; numpy
            arrays or torch tensors of any float or integer type. float16 is widened; float64 is
            narrowed.
        name: what an error message calls this side.
        layout: axes of an array of three: ``"lnd"`` is (layers, n, d); ``"nld"`` is (n, layers, d),
            as the paper's released code saves features; ``"auto"`` takes (layers, n, d) and refuses
            more layers than samples, which is how the other one looks. ``"lnd"`` lets those pass,
            of a sequence, too; ``"nld"`` is of arrays only.

    Returns:
        A list of C-contiguous float32 arrays (n, d_l), which alias the input where it was so.

    Raises:
        FeatureShapeError: another number of axes, no layer, or an empty one; more layers than
            samples; masked entries; what is no dense array of real numbers.
        SampleCountError: layers with different n.
        NotFiniteError: NaN, infinity, or a value beyond float32's range; the message says in which
            layer and row.
    """
    if layout not in ("auto", "lnd", "nld"):
        raise FeatureShapeError(f'layout should be "auto", "lnd" or "nld", got {layout!r}')
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
        if whole.ndim == 3 and layout == "nld":
            whole = whole.swapaxes(0, 1)
            layout = "lnd"
        parts = [whole] if whole.ndim == 2 else list(whole)
    if layout != "lnd":
        _check_layout(parts, name)
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

    Raises:
        SampleCountError: they are different.
    """
    if x != y:
        raise SampleCountError(
            f"X and {name} must hold the same samples in the same order, got {x} rows and {y} rows"
        )


def check_same_n(x: int, y: int) -> None:
    """Refuse two prepared sides over different numbers of samples.

    Raises:
        SampleCountError: they are different.
    """
    if x != y:
        raise SampleCountError(f"both sides must hold the same samples, got n = {x} and n = {y}")


def check_k(k: int, n: int) -> None:
    """Refuse a k that is no whole number, or that n samples cannot have.

    Raises:
        NeighborCountError: it is such a k.
    """
    check_whole_k(k)
    if not 1 <= k <= n - 1:
        raise NeighborCountError(
            f"k must be between 1 and n - 1 = {n - 1} for {n} samples, got k = {k}"
        )


def check_whole_k(k: object) -> None:
    """Refuse a k that is no whole number, such as 10.0 or True.

    Raises:
        NeighborCountError: it is such a k.
    """
    if not _whole(k):
        raise NeighborCountError(f"k should be a whole number, got {k!r}")


def check_whole(**numbers: object) -> None:
    """Refuse what should be a whole number and is none; an error calls it by its keyword.

    Raises:
        PRHError: one is no whole number.
    """
    for name, number in numbers.items():
        if not _whole(number):
            raise PRHError(f"{name} should be a whole number, got {number!r}")


def check_real(**numbers: object) -> None:
    """Refuse what should be a number, or None, and is neither.

    Raises:
        PRHError: one is neither.
    """
    for name, number in numbers.items():
        if number is not None and not isinstance(number, int | float | np.number):
            raise PRHError(f"{name} should be a number, got {number!r}")


def check_four(n: int) -> None:
    """Refuse fewer samples than the unbiased HSIC is defined for.

    Raises:
        SampleCountError: n < 4.
    """
    if n < 4:
        raise SampleCountError(f"the unbiased HSIC needs at least 4 samples, got n = {n}")


def _whole(number: object) -> bool:
    return not isinstance(number, bool) and isinstance(number, int | np.integer)


def _check_layout(parts: Sequence[np.ndarray], name: str) -> None:
    """Refuse more layers than samples: samples were taken for layers."""
    if not parts or parts[0].ndim != 2 or not len(parts) > len(parts[0]) > 0:
        return
    shape = f"({len(parts)}, {', '.join(map(str, parts[0].shape))})"
    raise FeatureShapeError(
        f"{name}: {shape} would be {len(parts)} layers of only {len(parts[0])} samples; say "
        'layout="nld" if the array is (n, layers, d), as the paper\'s code saves it, or '
        'layout="lnd" if it is (layers, n, d) indeed'
    )


def _as_array(part: Any, name: str) -> np.ndarray:
    _refuse_masked(part, name)
    kind = str(getattr(part, "dtype", type(part).__name__))
    try:
        if isinstance(part, SupportsNumpy):
            part = part.detach().cpu()
            # numpy has no bfloat16: torch widens it first.
            if kind == "torch.bfloat16":
                part = part.float()
            part = part.numpy()
        array = np.asarray(part)
    except (TypeError, ValueError, RuntimeError) as error:
        # Sparse, quantized, 8-bit, lazy and ragged ones, each library in its own words.
        layout = getattr(part, "layout", "")
        form = kind if layout in ("", "torch.strided") else f"{kind}, {layout}"
        raise FeatureShapeError(
            f"{name}: expected a dense array of real numbers, got one that numpy cannot take "
            f"({form}: {_first_line(error)})"
        ) from error
    if array.dtype.kind not in "fiu":
        raise FeatureShapeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array


def _refuse_masked(part: Any, name: str) -> None:
    """Refuse masked entries, which numpy would hand out as if they were values."""
    rows = cast(Sequence[Any], part) if isinstance(part, (list, tuple)) else [part]
    for row in rows:
        mask = cast(Any, np.ma.getmask(row))  # nomask where there can be none
        masked = int(np.count_nonzero(mask)) if mask is not np.ma.nomask else 0
        if masked:
            raise FeatureShapeError(
                f"{name}: {masked} entries are masked; leave their samples out of both sides, or "
                "fill them"
            )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


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
