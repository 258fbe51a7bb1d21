"""Curves over the number of samples, made and stored, a pair of feature sets at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ingest.experiments.sizes.pairs import Pairs, described
from ingest.experiments.sizes.plan import AHEAD, CurveUnit
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.errors import CurveError
from prh_core.sizes import Ahead, SizeScore, change, extrapolate, score_classes, score_sizes

CURVES, CLASSES = "size_curves", "class_scores"


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
    pairs = Pairs(device)
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
    pairs = Pairs(device)
    asked = [
        unit._replace(key=unit_key({"classes": list(classes), "of": unit.key}))
        for unit in units
        if unit.fixed != "k"
    ]
    run.each(
        CLASSES, asked, lambda unit: [_in_classes(unit, pairs, classes, source)], progress,
        "Within classes and between",
    )  # fmt: skip


def _curve(unit: CurveUnit, pairs: Pairs) -> dict[str, Any]:
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
        **described(unit, pair),
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
    unit: CurveUnit, pairs: Pairs, classes: Sequence[str], source: str
) -> dict[str, Any]:
    pair = pairs.of(unit, unit.x.header.n)
    found = score_classes(unit.metric, pair.x, pair.y, classes, unit.k_at)
    row: dict[str, Any] = {
        **described(unit, pair),
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


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
