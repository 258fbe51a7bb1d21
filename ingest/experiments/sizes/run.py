"""Curves over the number of samples, made and stored, a pair of feature sets at a time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ingest.experiments.sizes.plan import AHEAD, CURVE_VERSION, CurveUnit
from ingest.pipeline.run import Run
from ingest.pipeline.scores.sides import KeptLayers, usable_layers
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.errors import CurveError, DegenerateLayerError
from prh_core.metrics import PrepareOptions
from prh_core.prepared import PreparedLayer
from prh_core.scoring import best_pair
from prh_core.sizes import Ahead, SizeScore, change, extrapolate, score_classes, score_sizes

CURVES, CLASSES = "size_curves", "class_scores"


class _Pair(NamedTuple):
    """The best pair of single layers of two models on all samples."""

    x: PreparedLayer
    y: PreparedLayer
    layer_x: int
    layer_y: int


class _Pairs:
    """Best pairs of layers, found once for all curves of two feature sets by a metric."""

    def __init__(self, device: str | None) -> None:
        self._device = device
        self._kept = KeptLayers(None, device)
        self._found: tuple[tuple[Any, ...], _Pair] | None = None

    def of(self, unit: CurveUnit, n: int) -> _Pair:
        k = unit.k_at(n) if unit.fixed != "share" else unit.choices.k
        asked = (unit.x.header.key, unit.y.header.key, unit.metric.name, k)
        if self._found is None or self._found[0] != asked:
            sides = [
                usable_layers(file, self._kept.of(file, unit.choices.truncation, None))
                for file in (unit.x, unit.y)
            ]
            options = PrepareOptions(k or 1, device=self._device)
            a, b = (unit.metric.family.prepare(layers, options) for layers, _ in sides)
            table = unit.metric.compare(a, b, [k or 1])[0]
            best = best_pair(table, unit.metric.higher_is_closer)
            if best is None:
                raise DegenerateLayerError(f"{unit.name}: no pair of layers can be compared")
            (xs, at_x), (ys, at_y) = sides
            pair = _Pair(
                xs[best.layer_x], ys[best.layer_y], int(at_x[best.layer_x]),
                int(at_y[best.layer_y]),
            )  # fmt: skip
            self._found = asked, pair
        return self._found[1]


def draw_curves(
    run: Run, units: Sequence[CurveUnit], progress: Progress, device: str | None = None
) -> None:
    """Make the curves that are not stored; a pair that fails is named, and the others go on.

    Layers are the best single pair on all samples, at k for both ways of fixing neighbors.

    Args:
        run: the run.
        units: done or not.
        progress: told about every curve.
        device: where to compute, as in `prh_core.align`.
    """
    pairs = _Pairs(device)
    run.each(CURVES, units, lambda unit: [_curve(unit, pairs)], progress, "Curves over n")


def score_in_classes(
    run: Run,
    units: Sequence[CurveUnit],
    classes: Sequence[str],
    source: str,
    progress: Progress,
    device: str | None = None,
) -> None:
    """Score the same pairs within classes and between them, at a fixed share of neighbors.

    Args:
        run: the run.
        units: those at a fixed share, or without neighbors, count.
        classes: (n,) of the samples in order.
        source: who said so: captions, or a file's name.
        progress: told about every pair.
        device: where to compute.
    """
    pairs = _Pairs(device)
    asked = [
        unit._replace(key=unit_key({"classes": list(classes), "of": unit.key}))
        for unit in units
        if unit.fixed != "k"
    ]
    run.each(
        CLASSES, asked, lambda unit: [_in_classes(unit, pairs, classes, source)], progress,
        "Within classes and between",
    )  # fmt: skip


def _curve(unit: CurveUnit, pairs: _Pairs) -> dict[str, Any]:
    total = unit.x.header.n
    pair = pairs.of(unit, total)
    points = score_sizes(
        unit.metric, pair.x, pair.y, unit.sizes, unit.k_at, orders=unit.choices.orders,
        seed=unit.choices.seed,
    )  # fmt: skip
    ahead = _ahead(unit, points)
    known = points[0].influence is not None
    moved = change(points[0], points[-1])[1] if known else None
    null = unit.metric.null
    return {
        **_described(unit, pair),
        "fixed": unit.fixed,
        "k": unit.k_at(total),
        "share": unit.choices.share if unit.fixed == "share" else None,
        "orders": unit.choices.orders,
        "sizes": [point.n for point in points],
        "ks": [point.k for point in points],
        "scores": [point.score for point in points],
        "lows": [_known(point.low) for point in points],
        "highs": [_known(point.high) for point in points],
        "spreads": [_known(point.spread) for point in points],
        "subsets": [point.subsets for point in points],
        "chances": [None if null is None else null(p.n, p.k or 1) for p in points],
        "change": points[-1].score - points[0].score,
        "change_low": moved and moved.low,
        "change_high": moved and moved.high,
        "ahead_sizes": [one.n for one in ahead],
        "ahead_scores": [one.score for one in ahead],
        "ahead_lows": [one.low for one in ahead],
        "ahead_highs": [one.high for one in ahead],
        "exponent": ahead[0].exponent if ahead else None,
    }


def _ahead(unit: CurveUnit, points: Sequence[SizeScore]) -> list[Ahead]:
    """Take a curve at fixed k on; one at a fixed share is its own forecast."""
    if unit.fixed != "k" or not unit.metric.higher_is_closer:
        return []
    try:
        return [extrapolate(points, times * points[-1].n) for times in AHEAD]
    except CurveError:
        return []  # too few sizes, or no error by samples: then nothing is told ahead


def _in_classes(
    unit: CurveUnit, pairs: _Pairs, classes: Sequence[str], source: str
) -> dict[str, Any]:
    pair = pairs.of(unit, unit.x.header.n)
    found = score_classes(unit.metric, pair.x, pair.y, classes, unit.k_at)
    row: dict[str, Any] = {
        **_described(unit, pair),
        "share": unit.choices.share if unit.fixed == "share" else None,
        "source": source,
        "classes": found.classes,
        "left_out": found.left_out,
    }
    for name, part, chance in (
        ("within", found.within, found.within_chance),
        ("between", found.between, found.between_chance),
    ):
        row |= {
            f"{name}_n": part.n,
            f"{name}_k": part.k,
            f"{name}_score": part.score,
            f"{name}_low": _known(part.low),
            f"{name}_high": _known(part.high),
            f"{name}_chance": chance,
        }
    return row


def _described(unit: CurveUnit, pair: _Pair) -> dict[str, Any]:
    header = unit.x.header
    return {
        "features_x": header.key,
        "features_y": unit.y.header.key,
        "model_x": header.model_id,
        "model_y": unit.y.header.model_id,
        "dataset_id": header.dataset_id,
        "row_order": header.row_order,
        "metric": unit.metric.name,
        "truncation": unit.choices.truncation,
        "layer_x": pair.layer_x,
        "layer_name_x": header.layer_names[pair.layer_x],
        "layer_y": pair.layer_y,
        "layer_name_y": unit.y.header.layer_names[pair.layer_y],
        "n": header.n,
        "seed": unit.choices.seed,
        "curve_version": CURVE_VERSION,
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
