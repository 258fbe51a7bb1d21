"""Time the interval of a best score, metric by metric: `python -m tests.bench.intervals`.

Two models of 16 layers each, 1,024 samples that share a latent of 32 dimensions. The first interval
of a model makes what later partners use again, so both are told. With `--device` layers are
prepared there. Compare rows of one run, or of two states of the code run in turn.
"""

import argparse
import time
from typing import Any

import numpy as np

from ingest.cli.console import err
from prh_core import all_metrics, get_metric
from prh_core.metrics import PrepareOptions
from prh_core.prepare import normalize
from tests.bench import machine

N, K, LAYERS, WIDTHS = 1024, 10, 16, (768, 512)
RUNS = 3


def features(seed: int, width: int) -> list[np.ndarray]:
    """Return layers, (N, width) float32 each, of one latent and their own noise."""
    latent = np.random.default_rng(0).normal(size=(N, 32))
    rng = np.random.default_rng(seed)
    return [
        (latent @ rng.normal(size=(32, width)) + 4 * rng.normal(size=(N, width))).astype(np.float32)
        for _ in range(LAYERS)
    ]


def seconds(name: str, sides: list[Any], options: PrepareOptions) -> tuple[float, float]:
    """Return what the first interval takes, and the fastest of some later ones."""
    metric = get_metric(name)
    x, y = (metric.family.prepare(side, options) for side in sides)
    table = metric.compare(x, y, [K])[0]
    times: list[float] = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        metric.best_interval(x, y, table, K)
        times.append(time.perf_counter() - started)
    return times[0], min(times[1:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", help="a torch device (default: numpy and numba)")
    parser.add_argument("--metric", action="append", help="only these (default: all)")
    given = parser.parse_args()
    sides = [normalize(features(seed, width)) for seed, width in enumerate(WIDTHS, 1)]
    err.print(f"{machine()}; layers on {given.device or 'the host'}", markup=False)
    for name in given.metric or [metric.name for metric in all_metrics()]:
        options = PrepareOptions(K, device=given.device)
        seconds(name, [side[:2] for side in sides], options)  # compiles
        first, later = seconds(name, sides, options)
        err.print(f"{name}: {first * 1e3:,.0f} ms, then {later * 1e3:,.0f} ms", markup=False)


if __name__ == "__main__":
    main()
