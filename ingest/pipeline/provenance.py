"""What made the numbers: library versions, machine, accelerator, command."""

import importlib.metadata
import os
import platform
import re
import shlex
import sys
from pathlib import Path

_VERSIONED = ("prh-explorer", "numpy", "numba", "duckdb", "polars", "torch", "timm", "transformers")

DRIVER = Path("/proc/driver/nvidia/version")
"""Where Linux tells the version of the NVIDIA driver."""


def versions() -> dict[str, str]:
    """Return the versions of the libraries that make the numbers, of those installed."""
    installed = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def accelerators() -> str | None:
    """Name the CUDA devices of this machine and their driver, as far as torch is loaded.

    Torch takes seconds to import, so a command that runs no network does not ask for it.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    driver = _driver(DRIVER)
    return ", ".join(names) + (f" (driver {driver})" if driver else "")


def _driver(file: Path) -> str | None:
    """Return the version of the NVIDIA driver; None where the system does not say."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return None
    version = re.search(r"\s(\d+(?:\.\d+)+)\s", text)
    return version[1] if version else None


def machine() -> str:
    """Describe the system and its processor cores."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores"


_FOLDERS = re.compile(r"(?<![\w.:/~-])(?:~|[A-Za-z]:)?(?:[/\\]+[^\s/\\'\"`,;:()\[\]]+)+[/\\]")


def without_folders(text: str) -> str:
    """Return a text with the absolute paths in it cut down to their last name.

    A warehouse is sent to colleagues; where files lay is nobody's business.
    """
    return _FOLDERS.sub("", text)


def command() -> str:
    """Return the command as typed, without folders: a warehouse is sent to colleagues.

    What the module of the command line is told, as `prh app --demo` tells it, reads as `prh` too.
    """
    program, *words = [Path(word).name if "/" in word else word for word in sys.argv]
    return shlex.join(["prh" if program in ("main.py", "-m") else program, *words])
