"""What each metric costs beside linear CKA: `python -m tests.bench.metrics`.

Three models of twelve layers, n = 1,024, 384 to 1,024 wide, prepared and compared pair by pair; one
thread, so that other work on the machine is no part of the ratio, which is of processor time.
"""

import argparse
import sys
import time

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from prh_core import all_metrics, get_metric
from prh_core.layers import prepare_layers
from prh_core.metrics import PrepareOptions
from prh_core.types import as_layers

N, LAYERS, WIDTHS = 1024, 12, (384, 768, 1024)


def seconds(metric: str, models: list, repeats: int) -> float:
    """Return the least processor time of preparing all models and comparing all pairs."""
    chosen, found = get_metric(metric), []
    for _ in range(repeats):
        started = time.process_time()
        ready = [chosen.family.prepare(model, PrepareOptions(10)) for model in models]
        for at, x in enumerate(ready):
            for y in ready[:at]:
                chosen.compare(x, y, [10])
        found.append(time.process_time() - started)
    return min(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metric", action="append")
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    # Variance falls along directions, as it does in networks.
    models = [
        prepare_layers(
            as_layers(
                [
                    rng.normal(size=(N, width)) * np.arange(1, width + 1) ** -0.5
                    for _ in range(LAYERS)
                ]
            ),
            truncation=None,
        )
        for width in WIDTHS
    ]
    numba.set_num_threads(1)
    with threadpool_limits(1):
        seconds("cka", models[:1], 1)
        whole = seconds("cka", models, asked.repeats)
        sys.stdout.write(
            f"cka: {whole:.2f} s of {len(models)} models of {LAYERS} layers, n = {N:,}" + "\n"
        )
        for name in asked.metric or [metric.name for metric in all_metrics()]:
            took = seconds(name, models, asked.repeats)
            sys.stdout.write(f"{name}: {took:.2f} s, {took / whole:.1f} times" + "\n")


if __name__ == "__main__":
    main()
