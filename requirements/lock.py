"""Write the lock files: the exact versions pip resolves for each half of pyproject.toml.

Run by `make lock` inside any Python that has pip. CUDA libraries are left out: torch pins each of
them exactly by itself, and other platforms have none.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HALVES = {"app": "", "ingest": "[ingest]", "dev": "[ingest,sign-in,hdf5,dev]"}
PINNED_BY_TORCH = re.compile(r"^(nvidia-|cuda-|triton$)")


def resolve(extra: str) -> dict[str, str]:
    """Return name -> version of everything pip would install for one half."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
    command += ["--quiet", "--report", "-", f"{HERE.parent}{extra}"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    found = {
        item["metadata"]["name"].lower(): item["metadata"]["version"] for item in report["install"]
    }
    return {
        re.sub(r"[-_.]+", "-", name): version
        for name, version in found.items()
        if name != "prh-explorer" and not PINNED_BY_TORCH.match(name)
    }


def main() -> None:
    """Resolve each half and write what it adds to the ones before."""
    before: dict[str, str] = {}
    for name, extra in HALVES.items():
        resolved = resolve(extra)
        new = {k: v for k, v in resolved.items() if k not in before}
        moved = {k for k in before if resolved.get(k, before[k]) != before[k]}
        if moved:
            sys.exit(f"the halves disagree on {', '.join(sorted(moved))}")
        header = (
            f"# Exact versions of the `{name}` half, made by `make lock` from pyproject.toml.\n"
        )
        body = "".join(f"{k}=={v.split('+')[0]}\n" for k, v in sorted(new.items()))
        (HERE / f"{name}.txt").write_text(header + body, encoding="utf-8")
        before |= new


if __name__ == "__main__":
    main()
