"""What width and depth alone score: best of two models of unrelated Gaussian features."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ingest.experiments.nulls.plan import NULL_VERSION
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core import all_metrics
from prh_core.layers import prepare_layers
from prh_core.metrics import Metric, PrepareOptions, get_metric
from prh_core.scoring import best_pair
from prh_core.types import check_whole

TABLE = "simulated_nulls"
SAMPLES = 256
NEIGHBORS = 10
RATIOS = (0.0625, 0.25, 1.0, 4.0)
"""Widths over samples."""
DEPTHS = (1, 3, 9)
"""Layers of either model: tables of 1, 9 and 81 pairs."""
DRAWS = 10


class ConfoundUnit(NamedTuple):
    """One metric at one width and depth."""

    key: str
    metric: str
    k: int
    n: int
    width: int
    layers: int
    draws: int
    seed: int

    @property
    def name(self) -> str:
        """The metric with its width and depth."""
        return f"{self.metric}, d = {self.width}, {self.layers} layers"


def plan_confounds(
    metrics: Sequence[str] = (),
    *,
    n: int = SAMPLES,
    k: int = NEIGHBORS,
    ratios: Sequence[float] = RATIOS,
    depths: Sequence[int] = DEPTHS,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[ConfoundUnit]:
    """List every metric at every width and depth, done or not.

    Args:
        metrics: by name; none means all that are registered.
        n: samples.
        k: neighbors per sample.
        ratios: widths over samples.
        depths: layers of either model.
        draws: pairs of models.
        seed: of the drawing.

    Raises:
        PRHError: a metric is not registered, or a number is not above zero.
    """
    check_whole(n=n, k=k, draws=draws, seed=seed)
    chosen = [get_metric(name) for name in metrics] or all_metrics()
    units: list[ConfoundUnit] = []
    for metric in chosen:
        for layers in depths:
            for width in dict.fromkeys(max(2, round(ratio * n)) for ratio in ratios):
                numbers = {"n": n, "width": width, "layers": layers, "draws": draws, "seed": seed}
                key = unit_key(
                    {"simulated": metric.name, "k": k if metric.uses_k else None, **numbers,
                     "version": NULL_VERSION}
                )  # fmt: skip
                units.append(ConfoundUnit(key, metric.name, k, **numbers))
    return units


def simulate_confounds(run: Run, units: Sequence[ConfoundUnit], progress: Progress) -> None:
    """Simulate what is not stored; each unit is durable when finished."""
    run.each(TABLE, units, _simulate, progress, "Simulating unrelated models")


def _simulate(unit: ConfoundUnit) -> list[dict[str, Any]]:
    metric = get_metric(unit.metric)
    rng = np.random.default_rng([unit.seed, unit.n, unit.width, unit.layers])
    scores = [_best(metric, unit, rng) for _ in range(unit.draws)]
    return [
        {
            "source": "simulated",
            "metric": metric.name,
            "k": unit.k if metric.uses_k else None,
            "n": unit.n,
            "width": unit.width,
            "layers": unit.layers,
            "scores": scores,
            "score_mean": float(np.mean(scores)),
            "score_low": min(scores),
            "score_high": max(scores),
            "seed": unit.seed,
            "null_version": NULL_VERSION,
        }
    ]


def _best(metric: Metric, unit: ConfoundUnit, rng: np.random.Generator) -> float:
    """Score two models of unrelated layers, best pair of single layers."""
    x, y = (
        metric.family.prepare(
            prepare_layers(
                [rng.standard_normal((unit.n, unit.width), np.float32)
                 for _ in range(unit.layers)],
                truncation=None,
            ),
            PrepareOptions(unit.k),
        )
        for _ in "xy"
    )  # fmt: skip
    best = best_pair(metric.compare(x, y, [unit.k])[0], metric.higher_is_closer)
    assert best is not None  # Gaussian features are not constant
    return float(best.score)
