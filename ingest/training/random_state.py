"""The states of random numbers that a training draws from."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def restored_random_state() -> Iterator[None]:
    """Restore Python's, NumPy's and torch's random states, devices in use among these."""
    python, numpy, host = random.getstate(), np.random.get_state(), torch.get_rng_state()
    # A device that nobody used yet has no state, and asking for it would claim memory there.
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(host)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        if mps is not None:
            torch.mps.set_rng_state(mps)
