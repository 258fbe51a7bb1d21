"""Crops of images in 8 bits, kept in memory for the models that come after."""

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 2 << 30
"""Most bytes kept: the four crops of the paper's 78 models, 1,000 images each, are 1.3 GB."""


class CropKey(NamedTuple):
    """What determines the pixels of a crop."""

    images: str
    """`Dataset.image_hash`: the contents of all images in order."""
    row: int
    """Which of them."""
    crop: str
    """`CropThenScale.key`."""


class CropCache:
    """The first crops that fit a limit of bytes; may be asked from several threads.

    Nothing makes room for another: models go over the same rows in turn, so what was used longest
    ago is what is wanted next.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Keep up to `limit` bytes of pixels."""
        self._kept: dict[CropKey, Tensor] = {}
        self._room = limit
        self._lock = threading.Lock()

    def get(self, key: CropKey) -> "Tensor | None":
        """Return the crop, (3, H, W) uint8, not to be written to; None where it is not kept."""
        return self._kept.get(key)

    def put(self, key: CropKey, pixels: "Tensor") -> None:
        """Keep a crop, (3, H, W) uint8, while there is room."""
        with self._lock:
            if key not in self._kept and pixels.nbytes <= self._room:
                self._kept[key] = pixels
                self._room -= pixels.nbytes
