"""Score 100,000 samples of width 1,024, and say how much memory it took; write the docs page.

`python -m tests.bench.large` runs it (about ten minutes on two cores). Each part runs in a
process of its own, so that its peak memory is its own; the features themselves are part of it.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ingest.cli.console import err
from prh_core import align
from tests.bench import machine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-large.md"
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "mutual_knn": ("mutual k-NN, exact, k = 10", {}),
    "approximate": ("mutual k-NN, approximate, asked for a recall of .95", {"recall": 0.95}),
    "cka": ("linear CKA", {}),
}


def features(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two views, (n, d) float32, of one latent of 64 dimensions."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((n, 64), dtype=np.float32)
    x, y = (
        latent @ rng.standard_normal((64, d), dtype=np.float32)
        + 2 * rng.standard_normal((n, d), dtype=np.float32)
        for _ in range(2)
    )
    return x, y


def part(name: str, n: int, d: int) -> str:
    """Run one part here; return its row of the table."""
    label, options = PARTS[name]
    x, y = features(n, d)
    started = time.perf_counter()
    metric = "cka" if name == "cka" else "mutual_knn"
    found = align(x, y, metric=metric, **options)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    recall = "" if found.recall is None else f", measured recall {found.recall:.3f}"
    return f"| {label} | {seconds:.0f} s | {peak:.1f} GiB | {found.score:.4f}{recall} |"


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--d", type=int, default=1024)
    parser.add_argument("--part", choices=PARTS, help="run this part only and print its row")
    parser.add_argument("--print-only", action="store_true", help="do not write docs/how-large.md")
    given = parser.parse_args()
    if given.part:
        sys.stdout.write(part(given.part, given.n, given.d) + "\n")
        return
    rows: list[str] = []
    for name in PARTS:
        with err.status(f"{PARTS[name][0]} of {given.n:,} samples"):
            command = [sys.executable, "-m", "tests.bench.large", "--part", name]
            command += ["--n", str(given.n), "--d", str(given.d)]
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(ran.stdout.strip())
        err.print(rows[-1], highlight=False)
    page = "\n".join(
        [
            "# How large",
            "",
            f"Two views of {given.n:,} samples, {given.d:,} wide, float32 (synthetic: one latent "
            "of 64 dimensions seen through two random maps, plus noise). Nothing of size n × n is "
            "kept. Written by `python -m tests.bench.large`; each row is a process of its own, "
            "and its peak memory counts the features and the libraries too.",
            "",
            f"Measured on: {machine()}.",
            "",
            "| what | time | peak memory | score |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
    if not given.print_only:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
