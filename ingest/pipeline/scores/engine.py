"""Feature sets to rows: every set prepared once, all pairs compared, relabeled tables shared."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, groupby
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.errors import Refused
from ingest.pipeline.scores.plan import Unit
from ingest.pipeline.scores.rows import batch_row, score_row
from ingest.pipeline.scores.sides import KeptLayers, Prepared, prepare_unit
from ingest.progress import Progress
from prh_core import calibration
from prh_core.batches import batch_tables
from prh_core.errors import PRHError
from prh_core.metrics import PrepareOptions
from prh_core.warehouse.schema import column_types


class _Relabeling(NamedTuple):
    """What is calibrated against one drawing of relabeled tables, for one y."""

    permutations: int
    seed: int
    metrics: tuple[str, ...]
    ks: tuple[int | None, ...]


def score(
    units: Sequence[Unit],
    run_id: str,
    progress: Progress,
    refused: list[Refused],
    device: str | None = None,
    title: str = "Scoring pairs of models",
) -> Iterator[pl.DataFrame]:
    """Compute units and yield their rows, a frame per feature set of y, truncation and family.

    One family of metrics is in memory at a time, beside 4 GiB of normalized layers that the next
    one asks for again. Each feature set is prepared once per truncation and family, at the largest
    k asked for, and compared with all its partners; the tables of y relabeled serve all partners
    at once. A set that cannot be prepared (NaN, no direction, nothing but constant layers, damaged)
    is added to `refused` and the others go on, and so it is with a pair that has no score.

    Args:
        units: planned scores of one table, less those already done.
        run_id: the run the rows belong to.
        progress: told one step per unit, and one per permutation of every group of partners.
        refused: collects what was left out, with its reason.
        device: where to compute, e.g. "cuda"; None computes on the CPU with numpy and numba.
        title: of the progress.

    Yields:
        Rows for the table `scores`, or `batch_scores` for units that have a batch.
    """
    groups = [list(group) for _, group in groupby(sorted(units, key=_preparation), _preparation)]
    relabelings = chain.from_iterable(_relabelings(ys) for g in groups for ys in _by_y(g))
    progress.start(title, len(units) + sum(drawing.permutations for drawing in relabelings))
    # Groups stand truncation by truncation; a single one leaves nothing to be asked for again.
    for _, same in groupby(groups, key=lambda group: group[0].setting.truncation):
        sharing = list(same)
        kept = KeptLayers() if len(sharing) > 1 else KeptLayers(0)
        for group in sharing:
            yield from _score_group(group, run_id, progress, refused, device, kept)
    progress.done()


def _preparation(unit: Unit) -> tuple[Any, ...]:
    """Return what units that share their preparation have in common, truncation first."""
    setting = unit.setting
    return (
        setting.truncation,
        setting.definition.family.name,
        setting.sigma is not None,
        setting.sigma or 0.0,
        setting.n or np.inf,
        unit.batch or 0,
        setting.seed if unit.batch else 0,  # of the batches
    )


def _by_y(units: Iterable[Unit]) -> list[list[Unit]]:
    groups: dict[str, list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit.y.header.key, []).append(unit)
    return list(groups.values())


def _by_pair_and_metric(units: Iterable[Unit]) -> list[list[Unit]]:
    groups: dict[tuple[str, str], list[Unit]] = {}
    for unit in units:
        groups.setdefault((unit.x.header.key, unit.setting.metric), []).append(unit)
    return list(groups.values())


def _score_group(
    group: Sequence[Unit],
    run_id: str,
    progress: Progress,
    refused: list[Refused],
    device: str | None,
    kept: KeptLayers,
) -> Iterator[pl.DataFrame]:
    """Score units that share their preparation."""
    deepest = max(unit.setting.k or 1 for unit in group)
    options = PrepareOptions(deepest, True, group[0].setting.sigma, device)
    sides: dict[str, Prepared] = {}
    for file in {f.header.key: f for unit in group for f in (unit.x, unit.y)}.values():
        try:
            sides[file.header.key] = prepare_unit(file, group[0], options, kept)
        except PRHError as error:
            refused.append(Refused(file.header.model_id, str(error)))
    for same_y in _by_y(group):
        nulls = _relabeled(same_y, sides, deepest, progress)
        rows: list[dict[str, Any]] = []
        for same in _by_pair_and_metric(same_y):
            try:
                rows += _rows(same, sides, nulls, deepest, run_id)
            except PRHError as error:
                x, y = same[0].x.header.model_id, same[0].y.header.model_id
                refused.append(Refused(x, f"{x} with {y}: {error}"))
            progress.advance(len(same))
        if rows:
            table = "scores" if group[0].batch is None else "batch_scores"
            yield pl.DataFrame(rows, schema=column_types(table))


def _rows(
    units: Sequence[Unit],
    sides: Mapping[str, Prepared],
    nulls: Mapping[str, np.ndarray],
    deepest: int,
    run_id: str,
) -> list[dict[str, Any]]:
    """Return the rows of one pair under one metric, none where a side was refused."""
    x, y = (sides.get(file.header.key) for file in units[0][1:3])
    if x is None or y is None:
        return []
    metric, batched = units[0].setting.definition, units[0].batch is not None
    compare = partial(batch_tables, metric) if batched else metric.compare
    ks = list(dict.fromkeys(unit.setting.k or deepest for unit in units))
    tables = dict(zip(ks, compare(x.ready, y.ready, ks), strict=True))
    rows: list[dict[str, Any]] = []
    for unit in units:
        k = unit.setting.k or deepest
        rows.append(
            batch_row(unit, x, y, tables[k], run_id)
            if batched
            else score_row(unit, x, y, tables[k], k, nulls.get(unit.key), run_id)
        )
    return rows


def _relabelings(units: Iterable[Unit]) -> dict[_Relabeling, list[Unit]]:
    """Group units of one y by the metrics and ks their pair is calibrated under: no more is made.

    Means over batches are not relabeled.
    """
    drawings: dict[tuple[str, int, int], dict[str, list[Unit]]] = {}
    for unit in units:
        setting = unit.setting
        if setting.permutations and unit.batch is None:
            drawing = (unit.x.header.key, setting.permutations, setting.seed)
            drawings.setdefault(drawing, {}).setdefault(setting.metric, []).append(unit)
    groups: dict[_Relabeling, list[Unit]] = {}
    for (_, count, seed), by_metric in drawings.items():
        by_ks: dict[tuple[int | None, ...], dict[str, list[Unit]]] = {}
        for metric, same in by_metric.items():
            ks = tuple(sorted({unit.setting.k for unit in same}, key=lambda k: k or 0))
            by_ks.setdefault(ks, {})[metric] = same
        for ks, metrics in by_ks.items():
            relabeling = _Relabeling(count, seed, tuple(sorted(metrics)), ks)
            groups.setdefault(relabeling, []).extend(chain.from_iterable(metrics.values()))
    return groups


def _relabeled(
    units: Sequence[Unit], sides: Mapping[str, Prepared], deepest: int, progress: Progress
) -> dict[str, np.ndarray]:
    """Return, by unit, the best scores of the relabeled tables of one y with its partner."""
    nulls: dict[str, np.ndarray] = {}
    y = sides.get(units[0].y.header.key)
    for drawing, same in _relabelings(units).items():
        partners = list(dict.fromkeys(u.x.header.key for u in same if u.x.header.key in sides))
        if y is None or not partners:
            progress.advance(drawing.permutations)
            continue
        definitions = {unit.setting.metric: unit.setting.definition for unit in same}
        null = calibration.null_best(
            [definitions[name] for name in drawing.metrics],
            [sides[key].ready for key in partners],
            y.ready,
            [k or deepest for k in drawing.ks],
            calibration.permutations(
                same[0].setting.samples(same[0].x), drawing.permutations, drawing.seed
            ),
            lambda: progress.advance(1),
        )
        for unit in same:
            if unit.x.header.key in sides:
                place = (
                    drawing.metrics.index(unit.setting.metric),
                    partners.index(unit.x.header.key),
                    drawing.ks.index(unit.setting.k),
                )
                nulls[unit.key] = null[place]
    return nulls
