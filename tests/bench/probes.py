"""Sweep linear probes as scikit-learn does and as we do, on real features of real tasks.

`python -m tests.bench.probes` runs it (about ten minutes on two cores; the flowers, the X-rays and
the networks do not ship) and writes docs/probes.md. Both ways choose the regularizer by the same
inner split and fit again on all training samples.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ingest.catalog import Catalog, load_catalog
from ingest.cli.console import err
from ingest.datasets.tasks.openers import open_task
from ingest.datasets.tasks.task import Task
from ingest.extract import extract, variants_for
from ingest.progress import Silent
from prh_core.probes import REGULARIZERS, inner_split, linear_probe, mean_per_class
from tests.bench import machine
from tests.shared import shared_catalog

PAGE = Path(__file__).resolve().parents[2] / "docs" / "probes.md"
MODELS = ("mobilenetv1-0.25", "mobilenetv1-0.5", "mobilenetv1-0.75", "mobilenetv2-1.0",
          "cifar-resnet56")  # fmt: skip
TASKS = ("digits", "flowers", "pneumonia")
WAYS = {"as it comes": (1e-4, 2_000), "converged": (1e-7, 50_000)}
"""Tolerance and most steps of scikit-learn's solver: its own, and what the optimum takes."""


def features(catalog: Catalog, model: str, task: Task) -> np.ndarray:
    """Return the last layer of a model on a task's pictures, (n, d)."""
    record = catalog.model(model)
    (variant,) = variants_for(record)
    found = extract(
        record, task.dataset, [variant], device="cpu", dtype="float32", batch_size=None,
        progress=Silent(),
    )  # fmt: skip
    return np.asarray(list(found[variant].layers.values())[-1], np.float32)


def their_way(
    x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, way: str
) -> float:
    """Return the accuracy on test of scikit-learn's probe, its regularizer by the inner split."""

    def fitted(rows: np.ndarray, c: float) -> tuple[StandardScaler, LogisticRegression]:
        scaler = StandardScaler().fit(x[rows])
        return scaler, LogisticRegression(C=c, tol=WAYS[way][0], max_iter=WAYS[way][1]).fit(
            scaler.transform(x[rows]), y[rows]
        )

    kept, held = inner_split(y)
    scores: dict[float, float] = {}
    for c in REGULARIZERS:
        scaler, model = fitted(kept, c)
        scores[c] = mean_per_class(y[held], np.asarray(model.predict(scaler.transform(x[held]))))
    chosen = min(scores, key=lambda c: (-scores[c], c))
    scaler, model = fitted(np.arange(len(y)), chosen)
    return float(np.mean(np.asarray(model.predict(scaler.transform(x_test))) == y_test))


def _told(times: list[float]) -> str:
    ours, quick, exact = times
    return f"{ours:.1f} | {quick:.1f} | {quick / ours:.1f} | {exact:.1f} | {exact / ours:.1f}"


def main() -> None:
    """Measure, print, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = load_catalog([shared_catalog(Path(folder))])
        tasks = [open_task(catalog.task(name)) for name in TASKS]
        lines, total = [], [0.0, 0.0, 0.0]
        for task in tasks:
            at, y = task.training, task.labels
            times, worst, best = [0.0, 0.0, 0.0], 0.0, 0.0
            for name in track(MODELS, task.record.title, console=err):
                x = features(catalog, name, task)
                sides = (x[:at], y[:at], x[at:], y[at:])
                started = time.perf_counter()
                ours = linear_probe(*sides).accuracy
                times[0] += time.perf_counter() - started
                theirs = 0.0
                for place, way in enumerate(WAYS, start=1):
                    started = time.perf_counter()
                    theirs = their_way(*sides, way)
                    times[place] += time.perf_counter() - started
                worst, best = max(worst, abs(ours - theirs)), max(best, ours)
            total = [a + b for a, b in zip(total, times, strict=True)]
            lines.append(
                f"| {task.record.title} | {at:,} + {len(y) - at:,} | {len(task.classes)} | "
                f"{_told(times)} | {100 * worst:.2f} | {best:.3f} |"
            )
            err.print(lines[-1])
    page = [
        "# Linear probes: how fast, how like scikit-learn's",
        "",
        f"{len(REGULARIZERS)} regularizers and a last fit, {len(MODELS)} networks "
        f"({', '.join(MODELS)}), features of their last layer; extraction apart. Measured on "
        f"{machine()}. Made by `python -m tests.bench.probes`, one run.",
        "",
        "| task | samples, training + test | classes | ours, s | scikit-learn as it comes, s | "
        "ratio | scikit-learn converged, s | ratio | largest difference in accuracy, points | "
        "best accuracy |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *lines,
        f"| all | | | {_told(total)} | | |",
        "",
        "scikit-learn: `LogisticRegression` on standardized features, one fit after the other, on "
        "as many threads as it takes; as it comes with tol 1e-4, converged with 1e-7. Both choose "
        "the regularizer by the same inner split. The difference is to the converged fits: as it "
        "comes, weakly regularized ones stop before the optimum.",
        "",
    ]
    PAGE.write_text("\n".join(page), encoding="utf-8")
    err.print(f"Wrote {PAGE}", highlight=False)


if __name__ == "__main__":
    main()
