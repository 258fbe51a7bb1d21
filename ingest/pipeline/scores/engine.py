"""Feature sets to rows: every set prepared once, all pairs compared, relabeled tables shared."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.errors import Refused
from ingest.pipeline.scores.plan import Unit
from ingest.pipeline.scores.rows import batch_row, score_row
from ingest.pipeline.scores.sides import KeptLayers, Prepared, prepare_unit
from ingest.progress import Progress
from prh_core import calibration
from prh_core.backend import backend
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
    progress.start(title, sum(map(_steps, groups)))
    # Groups stand truncation by truncation; a single one leaves nothing to be asked for again.
    for _, same in groupby(groups, key=lambda group: group[0].setting.truncation):
        sharing = list(same)
        kept = KeptLayers(None if len(sharing) > 1 else 0, device)
        for group in sharing:
            steps = _Steps(progress, _steps(group))
            yield from _score_group(group, run_id, steps, refused, device, kept)
    progress.done()


class _Steps:
    """Progress of one group, whose work may be begun again in parts: no step is told twice."""

    def __init__(self, progress: Progress, steps: int) -> None:
        """Expect so many steps."""
        self._progress, self._left = progress, steps

    def advance(self, steps: int) -> None:
        """Tell of steps, as far as they were expected."""
        told = min(steps, self._left)
        self._left -= told
        self._progress.advance(told)

    def note(self, message: str) -> None:
        """Tell what happened."""
        self._progress.note(message)


def _steps(units: Sequence[Unit]) -> int:
    """Return one step per unit, and one per permutation of every group of partners."""
    relabelings = chain.from_iterable(_relabelings(same_y) for same_y in _by_y(units))
    return len(units) + sum(drawing.permutations for drawing in relabelings)


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
    progress: _Steps,
    refused: list[Refused],
    device: str | None,
    kept: KeptLayers,
) -> Iterator[pl.DataFrame]:
    """Score units that share their preparation, in parts where memory does not hold them all."""
    waiting = [list(group)]
    while waiting:
        part = waiting.pop(0)
        scored, failure = set[str](), None
        try:
            for rows in _score_together(part, run_id, progress, refused, device, kept):
                scored.update(rows.get_column("unit_key"))
                yield rows
        except (RuntimeError, MemoryError) as error:
            if not backend(device).out_of_memory(error):
                raise
            failure = str(error).splitlines()[0] if str(error) else type(error).__name__
        # Outside the handler: the traceback would keep what was prepared alive.
        if failure is None:
            continue
        kept.clear()
        backend(device).release()
        left = [unit for unit in part if unit.key not in scored]
        parts = _halves(left)
        where = f"memory of {device or 'this machine'}"
        if len(parts) == 1:
            x, y = left[0].x.header.model_id, left[0].y.header.model_id
            what = left[0].setting.definition.family.name
            _refuse(refused, x, f"{x} and {y}: the {where} does not hold their {what} ({failure})")
            progress.advance(_steps(left))
            continue
        progress.note(
            f"The {where} does not hold all features at once; going on with half of the models"
        )
        waiting = parts + waiting


def _halves(units: Sequence[Unit]) -> list[list[Unit]]:
    """Part units by the models of the side that has more; one part where a pair is all there is."""
    xs, ys = ([side(unit).header.key for unit in units] for side in (_x, _y))
    side, keys = (_x, xs) if len(set(xs)) > len(set(ys)) else (_y, ys)
    order = list(dict.fromkeys(keys))
    first = set(order[: len(order) // 2])
    parts = [[u for u in units if (side(u).header.key in first) is own] for own in (True, False)]
    return [part for part in parts if part]


_x, _y = attrgetter("x"), attrgetter("y")


def _score_together(
    group: Sequence[Unit],
    run_id: str,
    progress: _Steps,
    refused: list[Refused],
    device: str | None,
    kept: KeptLayers,
) -> Iterator[pl.DataFrame]:
    """Score units that share their preparation."""
    deepest = max(unit.setting.k or 1 for unit in group)
    options = PrepareOptions(deepest, True, group[0].setting.sigma, device)
    sides: dict[str, Prepared] = {}
    files = {f.header.key: f for unit in group for f in (unit.x, unit.y)}.values()
    kept.expect(list(files))
    for file in files:
        try:
            sides[file.header.key] = prepare_unit(file, group[0], options, kept)
        except PRHError as error:
            _refuse(refused, file.header.model_id, str(error))
    for same_y in _by_y(group):
        nulls = _relabeled(same_y, sides, deepest, progress)
        rows: list[dict[str, Any]] = []
        for same in _by_pair_and_metric(same_y):
            try:
                rows += _rows(same, sides, nulls, deepest, run_id)
            except PRHError as error:
                x, y = same[0].x.header.model_id, same[0].y.header.model_id
                _refuse(refused, x, f"{x} with {y}: {error}")
            progress.advance(len(same))
        if rows:
            table = "scores" if group[0].batch is None else "batch_scores"
            yield pl.DataFrame(rows, schema=column_types(table))


def _refuse(refused: list[Refused], name: str, reason: str) -> None:
    """Note what was left out, once: a group in parts prepares a model more than once."""
    if Refused(name, reason) not in refused:
        refused.append(Refused(name, reason))


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
    units: Sequence[Unit], sides: Mapping[str, Prepared], deepest: int, progress: _Steps
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
