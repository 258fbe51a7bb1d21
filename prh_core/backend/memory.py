"""What to do where a torch device runs out of memory."""

import importlib
import warnings
from collections.abc import Callable
from typing import Any

torch: Any = importlib.import_module("torch")


def out_of_memory(error: BaseException) -> bool:
    """Whether the failure is the device (or the host) running out of memory."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # The CPU and MPS allocators raise plain RuntimeErrors.
    text = str(error).lower()
    signs = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(sign in text for sign in signs)


def release_memory(device: Any) -> None:
    """Give cached blocks back after a failed allocation."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def in_tiles(n: int, rows: int, device: Any, do: Callable[[int, int], None]) -> None:
    """Call `do` with the bounds of tiles of 0 ... n; after running out of memory, of half as many.

    Args:
        n: rows there are.
        rows: rows of a tile at first.
        device: whose memory may run out.
        do: takes (start, stop); called again for the same start where it failed.
    """
    start = 0
    while start < n:
        stop = min(start + rows, n)
        try:
            do(start, stop)
            failed = False
        except (RuntimeError, MemoryError) as error:
            if stop - start == 1 or not out_of_memory(error):
                raise
            failed = True
        # Outside the handler: the traceback would keep the failed tile's tensors alive.
        if not failed:
            start = stop
            continue
        rows = (stop - start) // 2
        release_memory(device)
        warnings.warn(
            f"{device} ran out of memory; going on with {rows} samples at a time",
            RuntimeWarning,
            stacklevel=2,
        )
