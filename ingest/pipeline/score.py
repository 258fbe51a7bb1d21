"""Features to rows: every missing pair of models, each model prepared once. No SQL here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from ingest.pipeline.refused import Refused
from ingest.progress import Progress
from ingest.store.features import (
    FeatureHeader,
    check_same_precision,
    check_same_rows,
    read_header,
    read_layers,
    unit_key,
)
from prh_core import calibration
from prh_core.calibration import PERMUTATIONS
from prh_core.curves import Fixed, check_n, first_samples, k_of
from prh_core.errors import DegenerateLayerError, NeighborCountError, PRHError
from prh_core.intervals import CHOICE_UNDONE
from prh_core.layers import best_pair, tied_shares
from prh_core.metrics import Metric, get_metric
from prh_core.metrics.registry import Family, PrepareOptions
from prh_core.prepare import constant_layers, normalize, truncate
from prh_core.prepared import PreparedLayers
from prh_core.types import LayerScores

SCORE_VERSION = 3
"""Raised when scoring would give other numbers for the same features; part of every unit's key."""
ALL_LAYERS = "all layers"
"""Name of the candidate made of all layers side by side."""
INTERVAL_LEVEL = 0.95
TruncationName = Literal["exact", "mean", "none"]


class FeatureFile(NamedTuple):
    """One side of a comparison."""

    path: Path
    header: FeatureHeader


@dataclass(frozen=True)
class Setting:
    """How two feature sets are compared."""

    metric: str
    k: int | None
    """None for metrics without neighbors."""
    truncation: TruncationName
    sigma: float | None = None
    """Bandwidth, for metrics with one; None takes the metric's own default."""
    permutations: int = PERMUTATIONS
    """Relabeled tables the score is calibrated against; 0 leaves it raw."""
    seed: int = 0
    """Of the permutations and of the interval's resampling."""
    n: int | None = None
    """The first n samples of one random order; None takes them all, in their own order."""
    interval: bool = True
    """Whether the best pair of layers gets a confidence interval, which may cost more than it."""


class Unit(NamedTuple):
    """One score to compute."""

    key: str
    x: FeatureFile
    y: FeatureFile
    setting: Setting


class Prepared(NamedTuple):
    """A feature set ready to be compared, with the layers that could not be."""

    ready: Any
    usable: np.ndarray
    """Positions in the full table of the layers `ready` holds, the concatenation last."""
    names: tuple[str, ...]


class KeptLayers:
    """Normalized layers that the next family of metrics will ask for again.

    Families ask for the same feature sets in the same order, so what fits stays, and what does not
    is made anew: dropping the oldest would drop each just before it is asked for.
    """

    def __init__(self, limit: int = 4 << 30) -> None:
        """Keep `limit` bytes at most."""
        self._left = limit
        self._found: dict[tuple[str, str, int | None], PreparedLayers] = {}

    def of(self, side: FeatureFile, truncation: str, n: int | None) -> PreparedLayers:
        """Read a feature set, truncate and l2-normalize it, or hand it out again.

        Raises
        ------
        DegenerateLayerError, DamagedFeatureFileError, NotFiniteError
        """
        key = (side.header.key, truncation, n)
        if key in self._found:
            return self._found[key]
        layers = read_layers(side.path)
        if n is not None:
            rows = first_samples(side.header.n, n)
            layers = [layer[rows] for layer in layers]
        layers = truncate(layers, None if truncation == "none" else truncation)
        ready = normalize(layers, side.header.model_id)
        size = sum(layer.nbytes for layer in ready)
        if size <= self._left:
            self._left -= size
            self._found[key] = ready
        return ready


class _Relabeling(NamedTuple):
    """What is calibrated against one drawing of relabeled tables, for one y."""

    permutations: int
    seed: int
    metrics: tuple[str, ...]
    ks: tuple[int | None, ...]


def settings_for(
    metrics: Iterable[str],
    ks: Iterable[int],
    truncations: Iterable[TruncationName],
    *,
    sigma: float | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    ns: Iterable[int] = (),
    total: int = 0,
    fixed: Fixed = "k",
) -> tuple[Setting, ...]:
    """Combine choices to settings, each once: a metric without k has one whatever the list of ks.

    `ns` adds numbers of samples; all `total` samples are always among them, and k is theirs: it
    shrinks with n where k/n is fixed.

    Raises
    ------
    UnknownMetricError
        A metric is not registered.
    """
    ks, truncations = list(ks), list(truncations)
    sizes: list[tuple[int | None, int]] = [(None, k) for k in ks]
    sizes += [(n, k_of(k, n, total, fixed)) for n in ns if n != total for k in ks]
    wanted = (
        _applicable(Setting(metric, k, truncation, sigma, permutations, seed, n))
        for metric in metrics
        for n, k in sizes
        for truncation in truncations
    )
    return tuple(dict.fromkeys(wanted))


def _applicable(setting: Setting) -> Setting:
    """Drop what the metric does not look at, so that it names no second unit of work."""
    metric = get_metric(setting.metric)
    return replace(
        setting,
        k=setting.k if metric.uses_k else None,
        sigma=setting.sigma if metric.uses_sigma else None,
    )


def open_features(path: Path) -> FeatureFile:
    """Read a feature file's header.

    Raises
    ------
    DamagedFeatureFileError
        Truncated, altered, or no feature file.
    """
    return FeatureFile(path, read_header(path))


def plan(
    xs: Iterable[FeatureFile], ys: Iterable[FeatureFile], settings: Iterable[Setting]
) -> list[Unit]:
    """List every score of `xs` against `ys`; symmetric metrics once per unordered pair.

    Raises
    ------
    RowOrderError
        Two files do not list the same samples in the same order.
    MixedPrecisionError
        Two files were computed in different precision.
    SampleCountError
        More samples are asked for than there are.
    NeighborCountError
        k is not in 1 ... n - 1, or is missing where the metric needs one.
    """
    # Names repeat across poolings; keys never do.
    units: dict[str, Unit] = {}
    ys, settings = list(ys), list(dict.fromkeys(_applicable(setting) for setting in settings))
    for x in xs:
        for y in ys:
            if x.header.key == y.header.key:
                continue
            check_same_rows(x.header, y.header)
            check_same_precision(x.header, y.header)
            for setting in settings:
                metric, n = get_metric(setting.metric), _n(x, setting)
                if metric.uses_k and (setting.k is None or not 1 <= setting.k <= n - 1):
                    raise NeighborCountError(
                        f"k must be between 1 and n - 1 = {n - 1} on {x.header.dataset_id} "
                        f"(n = {n}), got k = {setting.k}"
                    )
                if metric.symmetric and _key(y, x, setting) in units:
                    continue
                key = _key(x, y, setting)
                units[key] = Unit(key, x, y, setting)
    return list(units.values())


def score(
    units: Sequence[Unit],
    run_id: str,
    progress: Progress,
    refused: list[Refused],
    device: str | None = None,
) -> Iterator[pl.DataFrame]:
    """Compute units and yield their rows, a frame per feature set of y, truncation and family.

    One family of metrics is in memory at a time, beside 4 GiB of normalized layers that the next
    one asks for again. Each feature set is prepared once per truncation and family, at the largest
    k asked for, and compared with all its partners; the tables of y relabeled serve all partners
    at once. A set that cannot be prepared (NaN, no direction, nothing but constant layers, damaged)
    is added to `refused` and the others go on.

    Parameters
    ----------
    units
        From `plan`, less those already done.
    run_id
        The run the rows belong to.
    progress
        Told one step per unit, and one per permutation of every group of partners.
    refused
        Collects what was left out, with its reason.
    device
        Where to compute, e.g. "cuda"; None computes on the CPU with numpy and numba.

    Yields
    ------
    Rows for the table `scores`.
    """
    batches = _batches(units)
    total = len(units) + sum(
        group.permutations
        for batch in batches
        for chosen in _by_y(batch).values()
        for group in _groups(chosen)
    )
    progress.start("Scoring pairs of models", total)
    # Batches stand truncation by truncation; a single one leaves nothing to be asked for again.
    for _, same in groupby(batches, key=lambda batch: batch[0].setting.truncation):
        sharing = list(same)
        kept = KeptLayers() if len(sharing) > 1 else KeptLayers(0)
        for batch in sharing:
            yield from _score_batch(batch, run_id, progress, refused, device, kept)
    progress.done()


def _n(side: FeatureFile, setting: Setting) -> int:
    return side.header.n if setting.n is None else check_n(setting.n, side.header.n)


def _batches(units: Iterable[Unit]) -> list[list[Unit]]:
    """Group units that share their preparation: one n, truncation, family and bandwidth."""
    batches: dict[tuple[str, str, float | None, int | None], list[Unit]] = {}
    for unit in units:
        setting = unit.setting
        family = get_metric(setting.metric).family.name
        batches.setdefault((setting.truncation, family, setting.sigma, setting.n), []).append(unit)
    ordered = sorted(
        batches,
        key=lambda key: (key[0], key[1], key[2] is not None, key[2] or 0.0, key[3] or np.inf),
    )
    return [batches[key] for key in ordered]


def _by_y(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    chosen: dict[str, list[Unit]] = {}
    for unit in units:
        chosen.setdefault(unit.y.header.key, []).append(unit)
    return chosen


def _groups(units: Iterable[Unit]) -> dict[_Relabeling, list[FeatureFile]]:
    """Group the partners of one y by the metrics and ks they want: nothing else is computed."""
    wanted: dict[tuple[str, int, int], dict[str, list[int | None]]] = {}
    files: dict[str, FeatureFile] = {}
    for unit in units:
        files[unit.x.header.key] = unit.x
        slot = (unit.x.header.key, unit.setting.permutations, unit.setting.seed)
        wanted.setdefault(slot, {}).setdefault(unit.setting.metric, []).append(unit.setting.k)
    groups: dict[_Relabeling, list[FeatureFile]] = {}
    for (x_key, count, seed), by_metric in wanted.items():
        if not count:
            continue
        same: dict[tuple[int | None, ...], list[str]] = {}
        for metric, ks in by_metric.items():
            same.setdefault(tuple(sorted(ks, key=lambda k: k or 0)), []).append(metric)
        for ks, metrics in same.items():
            group = _Relabeling(count, seed, tuple(sorted(metrics)), ks)
            groups.setdefault(group, []).append(files[x_key])
    return groups


def _score_batch(
    batch: Sequence[Unit],
    run_id: str,
    progress: Progress,
    refused: list[Refused],
    device: str | None,
    kept: KeptLayers,
) -> Iterator[pl.DataFrame]:
    first = batch[0].setting
    family = get_metric(first.metric).family
    deepest = max(unit.setting.k or 1 for unit in batch)
    options = PrepareOptions(k=deepest, concatenate=True, sigma=first.sigma, device=device)
    ready: dict[str, Prepared | None] = {}
    for file in {f.header.key: f for unit in batch for f in (unit.x, unit.y)}.values():
        try:
            ready[file.header.key] = prepare(file, family, first.truncation, options, first.n, kept)
        except PRHError as error:
            refused.append(Refused(file.header.model_id, str(error)))
            ready[file.header.key] = None
    for y_key, chosen in _by_y(batch).items():
        y = ready[y_key]
        nulls = _relabeled(chosen, ready, y, deepest, progress)
        rows: list[dict[str, Any]] = []
        for by_metric in _same_pair_and_metric(chosen):
            x, metric = ready[by_metric[0].x.header.key], get_metric(by_metric[0].setting.metric)
            if x is not None and y is not None:
                ks = list(dict.fromkeys(unit.setting.k or deepest for unit in by_metric))
                tables = dict(zip(ks, metric.compare(x.ready, y.ready, ks), strict=True))
                rows += [
                    _row(unit, metric, (x, y), tables[unit.setting.k or deepest], deepest,
                         nulls.get(_null_key(unit.x.header.key, unit.setting)), run_id)
                    for unit in by_metric
                ]  # fmt: skip
            progress.advance(len(by_metric))
        if rows:
            yield _frame(rows)


def _same_pair_and_metric(units: Iterable[Unit]) -> list[list[Unit]]:
    pairs: dict[tuple[str, str], list[Unit]] = {}
    for unit in units:
        pairs.setdefault((unit.x.header.key, unit.setting.metric), []).append(unit)
    return list(pairs.values())


_NullKey = tuple[str, str, int | None, int, int]


def _null_key(x_key: str, setting: Setting) -> _NullKey:
    return (x_key, setting.metric, setting.k, setting.permutations, setting.seed)


def _relabeled(
    units: Sequence[Unit],
    ready: Mapping[str, Prepared | None],
    y: Prepared | None,
    deepest: int,
    progress: Progress,
) -> dict[_NullKey, np.ndarray]:
    """Return the best scores of the relabeled tables of one y with each of its partners."""
    found: dict[_NullKey, np.ndarray] = {}
    for group, files in _groups(units).items():
        partners = [(f.header.key, x) for f in files if (x := ready[f.header.key]) is not None]
        if y is None or not partners:
            progress.advance(group.permutations)
            continue
        null = calibration.null_best(
            [get_metric(name) for name in group.metrics],
            [x.ready for _, x in partners],
            y.ready,
            [k or deepest for k in group.ks],
            calibration.permutations(
                _n(files[0], units[0].setting), group.permutations, group.seed
            ),
            lambda: progress.advance(1),
        )
        for i, name in enumerate(group.metrics):
            for j, (x_key, _) in enumerate(partners):
                for at, k in enumerate(group.ks):
                    found[x_key, name, k, group.permutations, group.seed] = null[i, j, at]
    return found


def prepare(
    side: FeatureFile,
    family: Family,
    truncation: str,
    options: PrepareOptions,
    n: int | None = None,
    kept: KeptLayers | None = None,
) -> Prepared:
    """Read a feature set, truncate, l2-normalize, and prepare it for a family of metrics.

    `n` samples only, the first of one random order; truncation then looks at these alone.
    Constant layers (the embedding of a prompt's fixed last token) are set aside, not refused:
    their cells of the layer table stay empty.

    Raises
    ------
    DegenerateLayerError
        Every layer is constant, or a row has no direction.
    DamagedFeatureFileError, NotFiniteError
        The file cannot be trusted.
    """
    layers = (kept or KeptLayers(0)).of(side, truncation, n)
    usable = usable_layers(side.header, layers)
    prepared = family.prepare([layers[i] for i in usable], options)
    names = (*side.header.layer_names, ALL_LAYERS)
    return Prepared(prepared, np.append(usable, len(layers)), names)


def usable_layers(header: FeatureHeader, layers: PreparedLayers) -> np.ndarray:
    """Return the positions of the layers that are not constant.

    Raises
    ------
    DegenerateLayerError
        Every layer is.
    """
    usable = np.flatnonzero(~constant_layers(layers))
    if not usable.size:
        raise DegenerateLayerError(
            f"{header.model_id}: all {len(layers)} layers are constant on {header.dataset_id}, "
            "so nothing can be compared"
        )
    return usable


def _row(
    unit: Unit,
    metric: Metric,
    sides: tuple[Prepared, Prepared],
    compared: np.ndarray,
    deepest: int,
    null: np.ndarray | None,
    run_id: str,
) -> dict[str, Any]:
    x, y = sides
    table: LayerScores = np.full((len(x.names), len(y.names)), np.nan)
    table[np.ix_(x.usable, y.usable)] = compared
    best = best_pair(table, metric.higher_is_closer)
    single = best_pair(table[:-1, :-1], metric.higher_is_closer)
    assert best is not None and single is not None  # a side without usable layers was refused
    hx, hy, setting = unit.x.header, unit.y.header, unit.setting
    n = _n(unit.x, setting)
    pair = (
        int(np.searchsorted(x.usable, best.layer_x)),
        int(np.searchsorted(y.usable, best.layer_y)),
    )
    k = setting.k or deepest
    interval = (
        metric.best_interval(x.ready, y.ready, compared, k, INTERVAL_LEVEL, setting.seed)
        if setting.interval
        else None
    )
    tied = tied_shares(metric, x.ready, y.ready, pair, k) or (None, None)
    named = asdict(setting)
    del named["interval"]
    return {
        **sides_columns(unit.key, run_id, hx, hy),
        **named,
        "n": n,
        "normalized": True,
        "score": best.score,
        "layer_x": best.layer_x,
        "layer_y": best.layer_y,
        "single_layer_score": single.score,
        "single_layer_x": single.layer_x,
        "single_layer_y": single.layer_y,
        "layer_names_x": list(x.names),
        "layer_names_y": list(y.names),
        "layer_table": [[None if np.isnan(v) else float(v) for v in row] for row in table],
        "null_mean": metric.null(n, setting.k or deepest) if metric.null else None,
        **_calibrated(best.score, metric, null),
        "interval_low": _finite(interval.low) if interval else None,
        "interval_high": _finite(interval.high) if interval else None,
        "interval_level": INTERVAL_LEVEL if interval else None,
        "interval_method": f"{metric.interval_method}, {CHOICE_UNDONE}" if interval else None,
        "selection_free": _finite(interval.estimate) if interval else None,
        "tied_x": tied[0],
        "tied_y": tied[1],
        "score_version": SCORE_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }


def sides_columns(key: str, run_id: str, x: FeatureHeader, y: FeatureHeader) -> dict[str, Any]:
    """Return the columns that say what was compared, and in which unit of work and run."""
    return {
        "unit_key": key,
        "run_id": run_id,
        "features_x": x.key,
        "features_y": y.key,
        "model_x": x.model_id,
        "model_y": y.model_id,
        "dataset_id": _dataset(x, y),
        "row_order": x.row_order,
        "pooling_x": x.pooling,
        "prompt_x": x.prompt,
        "pooling_y": y.pooling,
        "prompt_y": y.prompt,
    }


def _dataset(x: FeatureHeader, y: FeatureHeader) -> str:
    """Return the dataset of a score: of a dataset and its variant (`id.variant`), the variant."""
    return y.dataset_id if y.dataset_id.startswith(f"{x.dataset_id}.") else x.dataset_id


def _calibrated(observed: float, metric: Metric, null: np.ndarray | None) -> dict[str, Any]:
    if null is None:
        return dict.fromkeys(("calibrated", "p_value", "null_threshold", "null_best_mean"))
    found = calibration.calibrate(
        observed,
        null,
        best=metric.best,
        higher_is_closer=metric.higher_is_closer,
    )
    return {
        # Without a best attainable score there is no scale from the threshold to it.
        "calibrated": _finite(found.score) if np.isfinite(metric.best) else None,
        "p_value": _finite(found.p_value),
        "null_threshold": _finite(found.threshold),
        "null_best_mean": _finite(found.null_mean),
    }


def _finite(value: Any) -> float | None:
    """Return a plain number; what is not finite is unknown, and NULL says so."""
    return float(value) if np.isfinite(value) else None


_NULLABLE = {
    "k": pl.Int64,
    "sigma": pl.Float64,
    "layer_table": pl.List(pl.List(pl.Float64)),
    "null_mean": pl.Float64,
    "calibrated": pl.Float64,
    "p_value": pl.Float64,
    "null_threshold": pl.Float64,
    "null_best_mean": pl.Float64,
    "interval_low": pl.Float64,
    "interval_high": pl.Float64,
    "interval_level": pl.Float64,
    "interval_method": pl.String,
    "selection_free": pl.Float64,
    "tied_x": pl.Float64,
    "tied_y": pl.Float64,
}
"""Types that a frame with nothing but NULL in a column would not know."""


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=_NULLABLE)


def _key(x: FeatureFile, y: FeatureFile, setting: Setting) -> str:
    named = asdict(setting)
    if setting.n is None:
        del named["n"]  # as before a part of the samples could be scored
    if setting.interval:
        del named["interval"]  # as before an interval could be left out
    return unit_key(
        {
            "x": x.header.key,
            "y": y.header.key,
            **named,
            "normalized": True,
            "version": SCORE_VERSION,
        }
    )
