"""Tests."""

import os
import platform

import numba
import numpy as np


def machine() -> str:
    """Say on what a figure was measured."""
    return (
        f"{platform.machine()}, {os.cpu_count()} CPU cores, Python {platform.python_version()}, "
        f"numpy {np.__version__}, numba {numba.__version__}"
    )
