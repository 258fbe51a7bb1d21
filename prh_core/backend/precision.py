"""How exactly torch computes on a device."""

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

torch: Any = importlib.import_module("torch")


@contextmanager
def full_precision() -> Generator[None]:
    """Multiply float32 as float32, not as TF32, while the block runs."""
    matmul = torch.backends.cuda.matmul
    allowed = matmul.allow_tf32
    matmul.allow_tf32 = False
    try:
        yield
    finally:
        matmul.allow_tf32 = allowed


def widest(device: Any) -> Any:
    """Return the widest type that sums are made in there: Apple's devices have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64
