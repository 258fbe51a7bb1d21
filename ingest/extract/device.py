"""Choose device and precision; tell running out of memory from other failures."""

import torch

from ingest.errors import CatalogError
from ingest.extract.loaded import Placement

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def place(device: str, dtype: str) -> Placement:
    """Return the device and dtype meant by the two names.

    Raises:
        CatalogError: a name is unknown, or the device is absent on this machine.
    """
    chosen = torch.device(_best_device()) if device == "auto" else _device(device)
    if dtype == "auto":
        return Placement(chosen, _best_dtype(chosen))
    if dtype not in _DTYPES:
        raise CatalogError(f"dtype should be auto, {', '.join(_DTYPES)}; got {dtype!r}.")
    return Placement(chosen, _DTYPES[dtype])


def out_of_memory(error: BaseException) -> bool:
    """Whether the failure is the device (or the host) running out of memory."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # The CPU and MPS allocators raise plain RuntimeErrors.
    text = str(error).lower()
    signs = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(sign in text for sign in signs)


def release_memory(device: torch.device) -> None:
    """Give cached blocks back after a failed allocation."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _best_dtype(device: torch.device) -> torch.dtype:
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise CatalogError(f"{name!r} is no device torch knows; try auto, cpu or cuda.") from error
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(device.type, True):
        raise CatalogError(f"This machine has no {device.type} device; use auto or cpu.")
    return device
