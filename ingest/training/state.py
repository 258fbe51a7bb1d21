"""A model in training is looked at, and left as it was."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ingest.training.random_state import restored_random_state

_AUTOCAST = ("cpu", "cuda", "mps", "xpu")


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run a model in eval mode meanwhile, and leave it and every random number as they were.

    Modes are set module by module, without calling `train()` or `eval()`, since modules may act on
    these (LoRA merges its weights). Gradients are neither computed nor touched; buffers that the
    forward pass writes or replaces get their values back; states of Python's, NumPy's and torch's
    random numbers, on the host and on devices in use, and torch's number of threads are restored;
    autocast is off inside and as it was outside. What a module keeps in plain attributes is its
    own.

    Args:
        model: whatever is run meanwhile; its device and dtype are not touched.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, name, buffer, buffer.detach().clone(), buffer._version)
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    with ExitStack() as outside:
        outside.enter_context(restored_random_state())
        outside.enter_context(kept_threads())
        # Inference mode would mark what a network keeps of a pass, and training could not use it.
        outside.enter_context(torch.no_grad())
        for kind in {p.device.type for p in model.parameters()} & set(_AUTOCAST):
            # Weights that autocast casts without gradients would be kept for training.
            outside.enter_context(torch.autocast(kind, enabled=False))
        try:
            for module, _ in modes:
                module.training = False
            yield
        finally:
            for module, training in modes:
                module.training = training
            for module, name, buffer, value, version in buffers:
                if buffer._version != version:
                    buffer.copy_(value)
                module._buffers[name] = buffer


@contextmanager
def kept_threads() -> Iterator[None]:
    """Keep torch's number of threads, which numba's first threads change, and with it sums."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


def plain_module(model: nn.Module) -> nn.Module:
    """Return the module inside what compiles it or spreads it over devices, which share weights."""
    inner: Any = model
    while True:
        if hasattr(inner, "_orig_mod"):  # torch.compile: another batch would compile it anew
            inner = inner._orig_mod
        elif isinstance(inner, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = inner.module
        else:
            return inner


def precision_of(model: nn.Module) -> str:
    """Return the name of the first floating parameter's dtype; "float32" of a model without one."""
    dtypes = (p.dtype for p in model.parameters() if p.is_floating_point())
    return str(next(dtypes, torch.float32)).removeprefix("torch.")


def device_of(model: nn.Module) -> torch.device:
    """Return where a model's first parameter lies; the host for a model without one."""
    first: Tensor | None = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device
