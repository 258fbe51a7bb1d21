"""Six tests of every metric, after ReSi (Klabunde et al. 2024): networks trained, pairs scored.

Of each test the answer is known beforehand: which of two pairs of layers ought to be closer.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ingest.experiments.checks.measures import average_precision, conformity, spearman
from ingest.experiments.checks.networks import SHOWN, Recipe, Trained, train
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core import all_metrics, get_metric
from prh_core.layers import prepare_layers
from prh_core.metrics import PrepareOptions
from prh_core.types import as_layers

CHECKS_VERSION = 1
"""Raised when the same choices would give other numbers; part of every unit's key."""
REPEATS = 5
K = 10
GROUPS: dict[str, tuple[Recipe, ...]] = {
    "label randomization": tuple(Recipe(random_labels=share) for share in (0.0, 0.5, 1.0)),
    "shortcut": tuple(Recipe(leaked=share) for share in (0.0, 0.7, 1.0)),
    "augmentation": tuple(Recipe(noise=size) for size in (0.0, 0.3, 1.0)),
}
"""Tests whose networks are alike in how they were trained, or not: groups of `MEMBERS` each."""
MEMBERS = 4
SHALLOW, DEEP = 3, 6
MONOTONE = Recipe(depth=6)
ACCURACY = tuple(
    Recipe(epochs=epochs, pictures=pictures)
    for pictures in (60, 200, 1200)
    for epochs in (2, 5, 10, 20)
)
TESTS = ("layer monotonicity", *GROUPS, "depth", "accuracy")


class CheckUnit(NamedTuple):
    """One test of one metric with one set of networks."""

    key: str
    test: str
    metric: str
    repeat: int

    @property
    def name(self) -> str:
        """The metric and the test."""
        return f"{self.metric}, {self.test}"


def plan_checks(
    metrics: Sequence[str] = (), tests: Sequence[str] = (), repeats: int = REPEATS
) -> list[CheckUnit]:
    """List every test of every metric, done or not, those of the same networks together.

    Raises:
        UnknownMetricError: no metric has that name.
    """
    names = [get_metric(name).name for name in metrics] or [m.name for m in all_metrics()]
    return [
        CheckUnit(
            unit_key({"test": t, "metric": m, "repeat": r, "k": K, "version": CHECKS_VERSION}),
            t, m, r,
        )
        for r in range(repeats)
        for t in TESTS
        if t in (tests or TESTS)
        for m in names
    ]  # fmt: skip


def check(run: Run, units: Sequence[CheckUnit], progress: Progress) -> None:
    """Run what is missing; a metric that cannot be computed is named and the others finish.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    ready: dict[str, Any] = {}
    trained: dict[tuple[str, int], list[Trained]] = {}

    def compute(unit: CheckUnit) -> list[dict[str, Any]]:
        place = unit.test, unit.repeat
        if place not in trained:
            trained.clear()
            ready.clear()
            trained[place] = networks(*place)
        family = get_metric(unit.metric).family.name
        if family not in ready:
            ready[family] = _prepared(unit, trained[place])
        return [_row(unit, trained[place], ready[family])]

    run.each("metric_checks", units, compute, progress, "Checking metrics")


def networks(test: str, repeat: int) -> list[Trained]:
    """Train the networks of a test, its groups one after the other."""
    if test in GROUPS:
        recipes = [recipe for recipe in GROUPS[test] for _ in range(MEMBERS)]
    elif test == "depth":
        recipes = [Recipe(depth=SHALLOW), Recipe(depth=DEEP)]
    else:
        recipes = list(ACCURACY) if test == "accuracy" else [MONOTONE]
    return [train(recipe, repeat, seed) for seed, recipe in enumerate(recipes)]


def _prepared(unit: CheckUnit, found: list[Trained]) -> Any:
    """Prepare the layers that are compared: all of them, or each network's last."""
    whole = unit.test in ("layer monotonicity", "depth")
    layers = [x for one in found for x in (one.layers if whole else one.layers[-1:])]
    options = PrepareOptions(K)
    return get_metric(unit.metric).family.prepare(
        prepare_layers(as_layers(layers), truncation=None), options
    )


def _row(unit: CheckUnit, found: list[Trained], ready: Any) -> dict[str, Any]:
    metric = get_metric(unit.metric)
    table = metric.compare(ready, ready, [K])[0]
    closeness = np.nan_to_num(table if metric.higher_is_closer else -table, nan=-np.inf)
    apart = ~np.eye(len(table), dtype=bool)
    if unit.test in GROUPS:
        group = np.repeat(np.arange(len(GROUPS[unit.test])), MEMBERS)
        alike = np.equal.outer(group, group)[apart]
        measure, chance = "average precision", float(alike.mean())
        score = average_precision(closeness[apart], alike)
    elif unit.test == "layer monotonicity":
        measure, chance, score = "conformity", 0.5, conformity(closeness)
    elif unit.test == "depth":
        places = [(np.arange(depth) + 1) / depth for depth in (SHALLOW, DEEP)]
        near = -np.abs(np.subtract.outer(*places))
        both = closeness[:SHALLOW, SHALLOW:]
        measure, chance, score = "Spearman", 0.0, spearman(both.ravel(), near.ravel())
    else:
        accuracy = np.array([one.accuracy for one in found])
        near = -np.abs(np.subtract.outer(accuracy, accuracy))
        measure, chance = "Spearman", 0.0
        score = spearman(closeness[apart], near[apart])
    return {
        "test": unit.test,
        "metric": unit.metric,
        "k": K if metric.uses_k else None,
        "repeat": unit.repeat,
        "measure": measure,
        "score": score,
        "chance": chance,
        "networks": len(found),
        "n": SHOWN,
        "accuracy": float(np.mean([one.accuracy for one in found])),
        "checks_version": CHECKS_VERSION,
    }
