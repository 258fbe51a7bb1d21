"""Choose device and precision."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch

from ingest.errors import CatalogError
from ingest.extract.loaded import Placement
from ingest.store.precision import named_precision
from prh_core.backend.memory import out_of_memory as out_of_memory
from prh_core.backend.memory import release_memory as release_memory

T = TypeVar("T")
_CORES = torch.get_num_threads()
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def place(device: str, dtype: str) -> Placement:
    """Return the device and dtype meant by the two names.

    Raises:
        CatalogError: a name is unknown, or the device is absent on this machine.
    """
    chosen = torch.device(_best_device()) if device == "auto" else _device(device)
    named = named_precision(dtype)
    return Placement(chosen, _best_dtype(chosen) if named is None else _DTYPES[named])


def cards() -> tuple[str, ...]:
    """Return the CUDA devices of this machine that are visible."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return tuple(f"cuda:{index}" for index in range(count))


def take_cores(workers: int) -> None:
    """Have torch compute on this process's share of the cores, one of so many workers."""
    torch.set_num_threads(max(1, _CORES // workers))


@contextlib.contextmanager
def exact_float32() -> Iterator[None]:
    """Have float32 mean float32: no TF32 or bfloat16 in convolutions or products meanwhile.

    cuDNN takes TF32 (10 bits of mantissa instead of 23) for float32 convolutions unless told
    otherwise. What was allowed before is allowed again afterwards.
    """
    backends: Any = torch.backends
    switches = [
        backends.cuda.matmul,
        *(getattr(library, name) for library in (backends.cudnn, backends.mkldnn)
          for name in ("conv", "rnn", "matmul") if hasattr(library, name)),
    ]  # fmt: skip
    before = [switch.fp32_precision for switch in switches]
    # Torch has two generations of these switches and complains when they disagree: both are set.
    allowed = _readable(lambda: backends.cudnn.allow_tf32)
    products = _readable(torch.get_float32_matmul_precision)
    backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    for switch in switches:
        switch.fp32_precision = "ieee"
    try:
        yield
    finally:
        backends.cudnn.allow_tf32 = True if allowed is None else allowed  # True: torch's default
        if products is not None:
            torch.set_float32_matmul_precision(products)
        for switch, value in zip(switches, before, strict=True):
            switch.fp32_precision = value


def _readable(switch: Callable[[], T]) -> T | None:
    """Read a switch of the older generation, None where the newer one has contradicted it."""
    try:
        return switch()
    except RuntimeError:
        return None


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
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present.get(device.type, True):
        raise CatalogError(f"This machine has no {device.type} device; use auto or cpu.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count() > 0:
        raise CatalogError(f"This machine has the CUDA devices {', '.join(cards())}; got {name}.")
    return device
