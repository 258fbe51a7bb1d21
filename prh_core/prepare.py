"""What happens to features before they are compared: truncate outliers, l2-normalise."""

from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool

from prh_core.errors import DegenerateLayerError, FeatureShapeError
from prh_core.kernels import magnitude_histogram, unit_rows
from prh_core.types import Layer, Layers

Truncation = Literal["exact", "mean"]
TRUNCATIONS: tuple[str, ...] = get_args(Truncation)
QUANTILE = 0.95
"""The paper clamps what lies above the 95th percentile of |x| (App. C.2)."""


def truncate(layers: Layers, how: str | None, quantile: float = QUANTILE) -> Layers:
    """Clamp outliers to a threshold t: x -> min(max(x, -t), t)  (paper, App. C.2).

    ``exact``: t is element int(0.95 * numel) of the sorted |x| of the whole feature tensor.
    ``mean``: t is the mean over samples of each sample's 0.95 quantile of |x| (linear
    interpolation) over its layers and dimensions; the released code's default.
    ``None``: nothing is clamped. Where layers differ in width, each has its own threshold.

    Parameters
    ----------
    layers
        Layers of one model, (n, d_l) float32 each.
    how
        Which threshold.
    quantile
        The percentile as a fraction in (0, 1].

    Returns
    -------
    New layers of the same shapes; the input itself when ``how`` is None.

    Raises
    ------
    FeatureShapeError
        ``how`` is no known truncation, or the quantile is outside (0, 1].
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
    clamped: Layers = []
    for group in groups:
        t = threshold(group, quantile)
        clamped.extend(np.clip(layer, -t, t) for layer in group)
    return clamped


def exact_threshold(layers: Layers, quantile: float = QUANTILE) -> np.float32:
    """Return element int(q * numel) of the sorted |x| over all layers, selected and not sorted."""
    total = sum(layer.size for layer in layers)
    rank = min(int(quantile * total), total - 1)
    # Non-negative floats sort like their bit patterns: three histogram passes of 11 + 11 + 9
    # bits find the pattern of that rank exactly, reading the data three times and moving nothing.
    prefix, known = np.uint32(0), 0
    for width in (11, 11, 9):
        shift = 31 - known - width
        counts = np.zeros(1 << width, dtype=np.int64)
        for layer in layers:
            counts += magnitude_histogram(
                layer.ravel().view(np.uint32), prefix, known, shift, width
            )
        bucket = int(np.searchsorted(np.cumsum(counts), rank, side="right"))
        rank -= int(counts[:bucket].sum())
        prefix = np.uint32((int(prefix) << width) | bucket)
        known += width
    return np.float32(np.array([prefix], dtype=np.uint32).view(np.float32)[0])


def mean_threshold(layers: Layers, quantile: float = QUANTILE) -> np.float32:
    """Return the mean over samples of the quantile of |x| over that sample's layers and dims."""
    rows = np.concatenate([np.abs(layer) for layer in layers], axis=1)
    position = quantile * (rows.shape[1] - 1)
    low = int(position)
    high = min(low + 1, rows.shape[1] - 1)
    rows.partition((low, high), axis=1)
    below = rows[:, low].astype(np.float64)
    above = rows[:, high].astype(np.float64)
    return np.float32((below + (position - low) * (above - below)).mean())


def normalize(layers: Layers, name: str = "X") -> Layers:
    """l2-normalise every row: x -> x / ||x||  (paper, App. C.2).

    Rows are scaled by their largest element first, so rows of 1e-20 or 1e20 neither vanish nor
    overflow.

    Raises
    ------
    DegenerateLayerError
        A row is all zeros and has no direction; the message says which.
    """
    return [_normalize_layer(layer, name, index) for index, layer in enumerate(layers)]


def constant_layers(layers: Layers) -> Bool[np.ndarray, " layers"]:
    """Say which layers are constant: every row the same, so no sample is nearer than another.

    This happens to real models: the embedding of the last token of a prompt that always ends
    in the same word.
    """
    return np.array([bool((layer == layer[:1]).all()) for layer in layers])


def _normalize_layer(layer: Layer, name: str, index: int) -> Layer:
    out, dead = unit_rows(layer)
    if dead >= 0:
        raise DegenerateLayerError(
            f"{name}: row {dead} of layer {index} is all zeros and has no direction to normalise"
        )
    return out
