"""Where arithmetic runs: numpy and numba on this machine's cores, or torch on a device.

Each metric is defined once, in what a backend offers; what it prepares stays where it was prepared,
and tables come back. float32 products everywhere; bfloat16 and TF32 would tie neighbors that are
not tied.
"""

import importlib

from prh_core.backend.host import HOST, Backend
from prh_core.errors import MissingLibraryError

__all__ = ["HOST", "Backend", "backend"]


def backend(device: str | None) -> Backend:
    """Return the host for None, else torch on the device of that name.

    Raises:
        MissingLibraryError: torch is not installed.
        PRHError: there is no such device here.
    """
    if device is None:
        return HOST
    try:
        # By name: the core does without torch until a device is handed over.
        importlib.import_module("torch")
    except ImportError:
        raise MissingLibraryError(
            f"device={device!r} needs torch, which is not installed; device=None runs without"
        ) from None
    return importlib.import_module("prh_core.backend.device").Device(device)
