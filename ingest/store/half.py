"""Layers in half the space: scaled by a power of two, then rounded to float16.

float16 ends at 65,504 and loses digits below 6e-5; networks have activations of thousands beside
activations of hundredths. With the largest of a layer between 2^14 and 2^15, nothing overflows, and
what is a hundred-millionth of it still has all eleven bits.
"""

import math

import numpy as np

HALF = "float16"
"""The number format."""
_LARGEST = 15
"""Exponent of the power of two just beyond a layer's largest value."""
_RANGE = 126
"""Scales are 2^-126 to 2^126: they and their inverses are normal numbers of float32."""


def to_half(layer: np.ndarray) -> tuple[np.ndarray, float]:
    """Round a layer to float16.

    Args:
        layer: (n, d), finite.

    Returns:
        (n, d) float16, and the power of two that the layer was multiplied by before.
    """
    largest = float(np.abs(layer).max(initial=0.0))
    exponent = _LARGEST - math.frexp(largest)[1] if largest else 0
    scale = math.ldexp(1.0, min(exponent, _RANGE))
    return (layer.astype(np.float32, copy=False) * np.float32(scale)).astype(np.float16), scale


def from_half(layer: np.ndarray, scale: float) -> np.ndarray:
    """Undo the scaling, exactly.

    Args:
        layer: (n, d) float16.
        scale: of `to_half`.

    Returns:
        (n, d) float32.
    """
    whole = layer.astype(np.float32)
    whole *= np.float32(1 / scale)
    return whole


def is_scale(value: object) -> bool:
    """Tell whether `to_half` could have returned that scale."""
    if not isinstance(value, float) or not 2.0**-_RANGE <= value <= 2.0**_RANGE:
        return False
    return math.frexp(value)[0] == 0.5
