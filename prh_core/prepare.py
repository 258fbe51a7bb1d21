"""What happens to features before they are compared: truncate outliers, l2-normalize."""

from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool

from prh_core.backend import HOST, Backend
from prh_core.errors import DegenerateLayerError, FeatureShapeError
from prh_core.prepared import PreparedLayer, PreparedLayers
from prh_core.types import Layers

Truncation = Literal["exact", "mean"]
TRUNCATIONS: tuple[str, ...] = get_args(Truncation)
QUANTILE = 0.95
"""The paper clamps what lies above the 95th percentile of |x| (App. C.2)."""
_SMALLEST = float(np.finfo(np.float32).tiny)
"""Below it float32 is denormal."""
_ROUNDING = 3e-7
"""Rows that differ by less, relative to their elements, differ by float32's rounding."""


def truncate(
    layers: Layers | list[Any],
    how: str | None,
    quantile: float = QUANTILE,
    run: Backend = HOST,
) -> list[Any]:
    """Clamp outliers to a threshold t: x -> min(max(x, -t), t)  (paper, App. C.2).

    ``exact``: t is element int(0.95 * numel) of the sorted |x| of the whole feature tensor.
    ``mean``: t is the mean over samples of each sample's 0.95 quantile of |x| (linear
    interpolation) over its layers and dimensions; the released code's default.
    ``None``: nothing is clamped. Where layers differ in width, each has its own threshold.

    Args:
        layers: of one model, (n, d_l) float32 each, where the backend keeps them.
        how: which threshold.
        quantile: the percentile as a fraction in (0, 1].
        run: where the layers are, and stay.

    Returns:
        New layers of the same shapes; the input itself when ``how`` is None.

    Raises:
        FeatureShapeError: ``how`` is no known truncation, or the quantile is outside (0, 1].
    """
    if how is None:
        return layers
    if how not in TRUNCATIONS:
        raise FeatureShapeError(f"truncate: expected one of {TRUNCATIONS} or None, got {how!r}")
    if not 0 < quantile <= 1:
        raise FeatureShapeError(f"truncate: expected a quantile in (0, 1], got {quantile}")
    threshold = exact_threshold if how == "exact" else mean_threshold
    same_width = len({layer.shape[1] for layer in layers}) == 1
    groups = [layers] if same_width else [[layer] for layer in layers]
    clamped: list[Any] = []
    for group in groups:
        t = threshold(group, quantile, run)
        clamped.extend(run.clamp(layer, t) for layer in group)
    return clamped


def exact_threshold(
    layers: Layers | list[Any], quantile: float = QUANTILE, run: Backend = HOST
) -> np.float32:
    """Return element int(q * numel) of the sorted |x| over all layers, selected and not sorted."""
    total = sum(layer.shape[0] * layer.shape[1] for layer in layers)
    rank = min(int(quantile * total), total - 1)
    # Non-negative floats sort like their bit patterns: three histogram passes of 11 + 11 + 9
    # bits find the pattern of that rank exactly, reading the data three times and moving nothing.
    prefix, known = np.uint32(0), 0
    for width in (11, 11, 9):
        counts = run.magnitude_counts(layers, prefix, known, width)
        bucket = int(np.searchsorted(np.cumsum(counts), rank, side="right"))
        rank -= int(counts[:bucket].sum())
        prefix = np.uint32((int(prefix) << width) | bucket)
        known += width
    return np.float32(np.array([prefix], dtype=np.uint32).view(np.float32)[0])


def mean_threshold(
    layers: Layers | list[Any], quantile: float = QUANTILE, run: Backend = HOST
) -> np.float32:
    """Return the mean over samples of the quantile of |x| over that sample's layers and dims."""
    width = sum(layer.shape[1] for layer in layers)
    n = len(layers[0])
    position = quantile * (width - 1)
    low = int(position)
    # As in exact_threshold, with a histogram per sample.
    prefix = np.zeros(n, dtype=np.uint32)
    rank = np.full(n, low, dtype=np.int64)
    held = np.zeros(n, dtype=np.int64)
    known = 0
    for digits in (11, 11, 9):
        counts = run.row_magnitude_counts(layers, prefix, known, digits)
        running = np.cumsum(counts, axis=1)
        bucket = (running <= rank[:, None]).sum(axis=1)
        held = counts[np.arange(n), bucket]
        rank -= running[np.arange(n), bucket] - held
        prefix = (prefix << np.uint32(digits)) | bucket.astype(np.uint32)
        known += digits
    above = run.next_magnitudes(layers, prefix)
    # The next value in order is the same one again unless it was the last of its kind.
    last = rank == held - 1
    above = np.where(last & (low + 1 < width), above, prefix)
    here, there = (part.view(np.float32).astype(np.float64) for part in (prefix, above))
    return np.float32((here + (position - low) * (there - here)).mean())


def normalize(layers: Layers | list[Any], name: str = "X", run: Backend = HOST) -> PreparedLayers:
    """l2-normalize every row: x -> x / ||x||  (paper, App. C.2).

    Norms are found in float64 and nothing is rounded yet: each comparison rounds what it needs, so
    that rows of 1e-20 or 1e20 neither vanish nor overflow, and a common mean costs no precision.

    Raises:
        DegenerateLayerError: a row is all zeros and has no direction, or so small that float32
            keeps few of its digits; the message says which.
    """
    ready = [PreparedLayer.of(layer, unit=True, run=run) for layer in layers]
    for index, layer in enumerate(ready):
        for row in np.flatnonzero(layer.norms == 0):
            raise DegenerateLayerError(
                f"{name}: row {row} of layer {index} is all zeros, without a direction to "
                "normalize; where 95 % of the numbers are zero, compare without truncation"
            )
        for row in np.flatnonzero(layer.norms < _SMALLEST):
            raise _too_small(name, index, int(row), float(layer.norms[row]))
    return ready


def keep_rows(layers: Layers | list[Any], name: str = "X", run: Backend = HOST) -> PreparedLayers:
    """Take rows as they are, where inner products of all of them can be formed.

    Rows of zeros are fine here: their inner products are zero, and say so.

    Raises:
        DegenerateLayerError: a row is more than 1e18 times smaller than the layer's largest, or all
            are so small that float32 keeps few of their digits; the message says which.
    """
    ready = [PreparedLayer.of(layer, run=run) for layer in layers]
    for index, layer in enumerate(ready):
        norms = layer.norms
        largest = float(norms.max())
        small = np.flatnonzero((norms > 0) & (norms < 1e-18 * largest))
        if small.size:
            raise DegenerateLayerError(
                f"{name}: row {int(small[0])} of layer {index} is more than 1e18 times smaller "
                "than the layer's largest row, too small for float32 products; normalize rows"
            )
        if 0 < largest < _SMALLEST:
            raise _too_small(name, index, int(norms.argmax()), largest)
    return ready


def _too_small(name: str, index: int, row: int, norm: float) -> DegenerateLayerError:
    return DegenerateLayerError(
        f"{name}: row {row} of layer {index} has norm {norm:.0e}, where float32 holds fewer digits "
        "the smaller numbers are; scale features up before they are narrowed to float32"
    )


def constant_layers(layers: Layers | PreparedLayers) -> Bool[np.ndarray, " layers"]:
    """Say which layers are constant: every row the same up to float32's rounding.

    No sample is then nearer than another. This happens to real models: the embedding of the last
    token of a prompt that always ends in the same word.
    """
    ready = [PreparedLayer.of(layer) for layer in layers]
    return np.array([one.run.all_alike(one.raw, one.divisors, _ROUNDING) for one in ready])
