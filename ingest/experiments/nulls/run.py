"""Nulls drawn and stored: groups of scores that share a relabeled side, each durable when done."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ingest.experiments.nulls.plan import NULL_VERSION, NullUnit, labels_of
from ingest.pipeline.run import Run
from ingest.pipeline.scores.sides import KeptLayers, Prepared, prepare
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.calibration import calibrate, drawn_best, permutations
from prh_core.curves import first_samples
from prh_core.errors import PRHError
from prh_core.metrics import PrepareOptions, get_metric
from prh_core.nulls import (
    as_blocks,
    clusters,
    movable,
    permutations_within,
    rotated,
    rotations,
)
from prh_core.prepare import normalize
from prh_core.prepared import PreparedLayers

TABLE = "null_scores"
FEWEST = 19
"""Draws of which 5 % is one."""


def draw_nulls(
    run: Run,
    units: Sequence[NullUnit],
    progress: Progress,
    classes: Sequence[str] | None = None,
    device: str | None = None,
) -> None:
    """Draw what is not stored; the rows of one relabeled side are durable when it is finished.

    Feature sets are prepared once per family of metrics, and a draw of one side serves all its
    partners. A side that cannot be prepared is named, and the others go on.

    Args:
        run: the run.
        units: done or not.
        progress: told a step per unit.
        classes: (n,) class of every sample, for nulls within classes.
        device: where to compute, as in `prh_core.align`.
    """
    missing = run.missing(TABLE, units)
    if not missing:
        return
    progress.start("Drawing nulls", len(missing))
    kept = KeptLayers(None, device)
    for _, family in groupby(sorted(missing, key=_preparation), _preparation):
        together = list(family)
        sides: dict[str, Prepared] = {}
        for _, same in groupby(sorted(together, key=_drawing), _drawing):
            group = list(same)
            try:
                rows = _rows(group, together, sides, kept, classes, device)
            except PRHError as error:
                run.leave_out(group[0].name, error, progress)
            else:
                for unit, row in rows:
                    row["unit_key"] = unit.key
                run.append(TABLE, unit_key({"units": sorted(u.key for u in group)}),
                           [row for _, row in rows])  # fmt: skip
                run.done += len(rows)
            progress.advance(len(group))
    progress.done()


def _preparation(unit: NullUnit) -> tuple[Any, ...]:
    """Return what units that share their preparation have in common."""
    setting = unit.setting
    return (
        setting.truncation, setting.definition.family.name, setting.sigma or 0.0, setting.n or 0,
    )  # fmt: skip


def _drawing(unit: NullUnit) -> tuple[Any, ...]:
    """Return what units have in common that share their draws."""
    return (
        unit.y.header.key, unit.null.name, unit.setting.permutations, unit.setting.seed,
        unit.blocks,
    )  # fmt: skip


def _rows(
    group: Sequence[NullUnit],
    family: Sequence[NullUnit],
    sides: dict[str, Prepared],
    kept: KeptLayers,
    classes: Sequence[str] | None,
    device: str | None,
) -> list[tuple[NullUnit, dict[str, Any]]]:
    """Draw one side for all its partners."""
    first = group[0]
    if first.null.name == "untrained":
        return [(unit, _row(unit, np.array(unit.controls), None, unit.drawn_from))
                for unit in group]  # fmt: skip
    setting = first.setting
    deepest = max(unit.setting.k or 1 for unit in family)
    options = PrepareOptions(deepest, True, setting.sigma, device)
    for unit in group:
        for side in (unit.x, unit.y):
            if side.header.key not in sides:
                sides[side.header.key] = prepare(
                    side, setting.definition.family, setting.truncation, options, setting.n, kept
                )
    y, n = sides[first.y.header.key], setting.samples(first.y)
    layers = _comparable(kept.of(first.y, setting.truncation, setting.n), y)
    ys, share, said = _draws(first, y, layers, options, n, classes)
    partners = list({unit.x.header.key: unit.x for unit in group})
    names = sorted({unit.setting.metric for unit in group})
    ks = sorted({unit.setting.k or deepest for unit in group})
    found = drawn_best(
        [get_metric(name) for name in names],
        [sides[key].ready for key in partners],
        ys,
        setting.permutations,
        ks,
    )
    made: list[tuple[NullUnit, dict[str, Any]]] = []
    for unit in group:
        place = (
            names.index(unit.setting.metric),
            partners.index(unit.x.header.key),
            ks.index(unit.setting.k or deepest),
        )
        made.append((unit, _row(unit, found[place], share, said)))
    return made


def _comparable(layers: PreparedLayers, side: Prepared) -> PreparedLayers:
    """Return the layers that are compared: those that are constant are set aside."""
    return [layers[int(at)] for at in side.usable[:-1]]


def _draws(
    unit: NullUnit,
    y: Prepared,
    layers: PreparedLayers,
    options: PrepareOptions,
    n: int,
    classes: Sequence[str] | None,
) -> tuple[Iterable[Any], float | None, str]:
    """Return the drawn sides, what share of samples moves, and of what it was drawn."""
    setting, family = unit.setting, unit.setting.definition.family
    count, seed = setting.permutations, setting.seed
    if unit.null.name == "spectrum":
        rows = [layer.exact() for layer in layers]

        def turned() -> Iterator[Any]:
            for turn in rotations(n, count, seed):
                drawn = [layers[0].run.put(rotated(row, turn)) for row in rows]
                yield family.prepare(normalize(drawn, "draw", layers[0].run), options)

        return turned(), None, ""
    if unit.null.name == "relabeled":
        orders, share, said = permutations(n, count, seed), None, ""
    else:
        if unit.null.name == "within-class":
            assert classes is not None  # planned so
            of = None if setting.n is None else first_samples(unit.y.header.n, setting.n)
            blocks, kind = as_blocks(labels_of(classes, of)), "classes"
        else:
            blocks, kind = clusters(layers[-1].exact(), unit.blocks, seed), "clusters"
        orders, share = permutations_within(blocks, count, seed), movable(blocks)
        said = f"{int(blocks.max()) + 1:,} {kind}"
    return (family.relabel(y.ready, order) for order in orders), share, said


def _row(unit: NullUnit, null: np.ndarray, share: float | None, drawn_from: str) -> dict[str, Any]:
    metric = unit.setting.definition
    found = calibrate(unit.score, null, best=metric.best, higher_is_closer=metric.higher_is_closer)
    # Of fewer the threshold would be the score itself.
    enough = len(null) >= FEWEST
    return {
        "score_key": unit.score_key,
        "null_kind": unit.null.name,
        "null_label": unit.null.label,
        "holds": unit.null.holds,
        "drawn_from": drawn_from,
        "dataset_id": unit.x.header.dataset_id,
        "model_x": unit.x.header.model_id,
        "model_y": unit.y.header.model_id,
        "metric": metric.name,
        "score": unit.score,
        "draws": null.tolist(),
        "seed": None if unit.controls else unit.setting.seed,
        "movable": share,
        "null_best_mean": found.null_mean,
        "null_threshold": found.threshold if enough else None,
        "p_value": found.p_value,
        "calibrated": found.score if enough and np.isfinite(metric.best) else None,
        "null_version": NULL_VERSION,
    }
