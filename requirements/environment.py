"""Make the environment `make` uses, once per lock file, and tie this clone to it.

Standard library only, because nothing else is installed yet. The packages (about 7 GB, nearly all
of it torch) live outside the clone in a folder named by the hash of the lock files, so a second
clone is ready in seconds. The clone's own `.venv` sees them and adds the `prh` command.
"""

import errno
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
LOCKS = ("app.txt", "ingest.txt", "dev.txt")
NEEDED_GB = 9
NO_NETWORK = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "(from versions: none)",
    "Connection refused",
    "ProxyError",
)


def fail(sentence: str) -> None:
    """Stop with one sentence."""
    sys.exit(f"Error: {sentence}")


def say(sentence: str) -> None:
    """Tell what is happening."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def lock_hash() -> str:
    """Name the environment: the lock files and the Python it is for."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {platform.platform()}".encode())
    for name in (*LOCKS, "demo.txt"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:12]


def root() -> Path:
    """Return the folder that holds environments."""
    chosen = os.environ.get("PRH_ENV_ROOT")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(cache) / "prh-explorer" / "env"


def pip(python: Path, *arguments: str) -> None:
    """Run pip, showing what it does, and turn its usual failures into a sentence."""
    shown = sys.stderr.isatty()
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--progress-bar", "on" if shown else "off", *([] if shown else ["--quiet"])]
    done = subprocess.run(
        [*command, *arguments], stdout=sys.stderr, stderr=subprocess.PIPE, text=True
    )
    if done.returncode == 0:
        return
    if "No space left on device" in done.stderr:
        fail(f"the disk is full; the environment needs about {NEEDED_GB} GB in {root()}")
    if any(sign in done.stderr for sign in NO_NETWORK):
        fail(
            "the package index did not answer; check the network connection (or pip's index "
            "setting) and run the same command again"
        )
    last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    fail(f"pip could not install the environment: {''.join(last)}")


def make_venv(folder: Path, *options: str) -> None:
    """Create a virtual environment, or say what is missing for it."""
    done = subprocess.run(
        [sys.executable, "-m", "venv", *options, str(folder)], capture_output=True, text=True
    )
    if done.returncode != 0:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        reason = done.stderr.strip() or done.stdout.strip()
        fail(
            f"Python {version} cannot make a virtual environment ({reason}); "
            f"on Debian or Ubuntu install python{version}-venv"
        )


def site_packages(venv: Path) -> Path:
    """Return where a virtual environment keeps its packages."""
    return next((venv / "lib").glob("python*")) / "site-packages"


def shared_environment() -> Path:
    """Return the environment of these lock files, made if need be."""
    target = root() / lock_hash()
    complete = target / ".complete"
    if complete.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second clone waits instead of building it twice
        if complete.exists():
            return target
        free = shutil.disk_usage(target.parent).free / 1e9
        if free < NEEDED_GB:
            fail(
                f"the environment needs about {NEEDED_GB} GB and {target.parent} has {free:.1f} GB "
                "free; free some space, or set PRH_ENV_ROOT to a folder on another disk"
            )
        say(f"Installing packages into {target} (about 7 GB, once per lock file; minutes).")
        shutil.rmtree(target, ignore_errors=True)
        make_venv(target)
        python = target / "bin" / "python"
        pip(python, *(argument for name in LOCKS for argument in ("-r", str(HERE / name))))
        pip(python, "--no-deps", "-r", str(HERE / "demo.txt"))
        complete.touch()
    return target


def tie_clone(environment: Path) -> None:
    """Give this clone a `.venv` that sees the environment and holds the `prh` command."""
    venv = PROJECT / ".venv"
    tied = venv / ".tied"
    wanted = (
        environment.name + hashlib.sha256((PROJECT / "pyproject.toml").read_bytes()).hexdigest()
    )
    wanted += str(PROJECT)
    if tied.exists() and tied.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(venv, ignore_errors=True)
    make_venv(venv, "--without-pip")
    (site_packages(venv) / "prh-environment.pth").write_text(
        f"{site_packages(environment)}\n", encoding="utf-8"
    )
    python = environment / "bin" / "python"
    done = subprocess.run(
        [str(python), "-m", "pip", "--python", str(venv / "bin" / "python"), "install", "--quiet"]
        + ["--disable-pip-version-check", "--no-deps", "--no-build-isolation", "-e", str(PROJECT)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        fail(f"the project itself could not be installed: {done.stderr.strip()}")
    # Binaries that `python -m` looks for right here: a wrapper would call itself.
    for tool in ("ruff", "pyrefly"):
        (venv / "bin" / tool).symlink_to(environment / "bin" / tool)
    for tool in ("streamlit", "pytest"):
        script = venv / "bin" / tool
        script.write_text(f'#!/bin/sh\nexec "{venv}/bin/python" -m {tool} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    tied.write_text(wanted, encoding="utf-8")


def main() -> None:
    """Check Python, make the environment, tie the clone."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = ".".join(map(str, sys.version_info[:2]))
        fail(
            f"PRH Explorer needs Python 3.11, 3.12 or 3.13, and {sys.executable} is {found}; "
            "name another: `make run PYTHON=python3.12`"
        )
    try:
        tie_clone(shared_environment())
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fail(f"the disk is full; the environment needs about {NEEDED_GB} GB in {root()}")


if __name__ == "__main__":
    main()
