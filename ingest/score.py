"""Features to rows: every missing pair of models, each model prepared once. No SQL here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from ingest.feature_store import (
    FeatureHeader,
    check_same_rows,
    read_header,
    read_layers,
    unit_key,
)
from ingest.progress import Progress
from prh_core.errors import DegenerateLayerError, NeighbourCountError, PRHError
from prh_core.layers import best_pair
from prh_core.metrics import Metric, get_metric
from prh_core.prepare import constant_layers, normalize, truncate
from prh_core.types import LayerScores

SCORE_VERSION = 1
"""Raised when scoring would give other numbers for the same features; part of every unit's key."""
ALL_LAYERS = "all layers"
"""Name of the candidate made of all layers side by side."""
TruncationName = Literal["exact", "mean", "none"]


class FeatureFile(NamedTuple):
    """One side of a comparison."""

    path: Path
    header: FeatureHeader


@dataclass(frozen=True)
class Setting:
    """How two feature sets are compared."""

    metric: str
    k: int
    truncation: TruncationName


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


class Refused(NamedTuple):
    """A feature set that could not be scored, and why."""

    model_id: str
    reason: str


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
    NeighbourCountError
        k is not in 1 ... n - 1.
    """
    # Names repeat across poolings; keys never do.
    units: dict[str, Unit] = {}
    ys, settings = list(ys), list(settings)
    for x in xs:
        for y in ys:
            if x.header.key == y.header.key:
                continue
            check_same_rows(x.header, y.header)
            for setting in settings:
                n = x.header.n
                if not 1 <= setting.k <= n - 1:
                    raise NeighbourCountError(
                        f"k must be between 1 and n - 1 = {n - 1} on {x.header.dataset_id} "
                        f"(n = {n}), got k = {setting.k}"
                    )
                symmetric = get_metric(setting.metric).symmetric
                if symmetric and _key(y, x, setting) in units:
                    continue
                key = _key(x, y, setting)
                units[key] = Unit(key, x, y, setting)
    return list(units.values())


def score(
    units: Sequence[Unit], run_id: str, progress: Progress, refused: list[Refused]
) -> Iterator[pl.DataFrame]:
    """Compute units and yield their rows, a frame per feature set of x and truncation.

    Each feature set is read and prepared once per truncation, at the largest k asked for, and
    compared with all its partners. A set that cannot be prepared (NaN, no direction, nothing but
    constant layers, damaged) is added to `refused` and the others go on.

    Parameters
    ----------
    units
        From `plan`, less those already done.
    run_id
        The run the rows belong to.
    progress
        Told one step per unit.
    refused
        Collects what was left out, with its reason.

    Yields
    ------
    Rows for the table `scores`.
    """
    progress.start("Scoring pairs of models", len(units))
    for truncation in sorted({unit.setting.truncation for unit in units}):
        chosen = [unit for unit in units if unit.setting.truncation == truncation]
        ready: dict[tuple[str, str], Prepared | None] = {}
        k = max(unit.setting.k for unit in chosen)
        for x_key in dict.fromkeys(unit.x.header.key for unit in chosen):
            rows = []
            for unit in (u for u in chosen if u.x.header.key == x_key):
                metric = get_metric(unit.setting.metric)
                sides = [
                    _prepared(ready, side, metric, truncation, k, refused)
                    for side in (unit.x, unit.y)
                ]
                progress.advance(1)
                if sides[0] is not None and sides[1] is not None:
                    rows.append(_row(unit, metric, sides[0], sides[1], run_id))
            if rows:
                yield _frame(rows)
    progress.done()


def _prepared(
    ready: dict[tuple[str, str], Prepared | None],
    side: FeatureFile,
    metric: Metric,
    truncation: str,
    k: int,
    refused: list[Refused],
) -> Prepared | None:
    slot = (side.header.key, metric.family.name)
    if slot not in ready:
        try:
            ready[slot] = prepare(side, metric, truncation, k)
        except PRHError as error:
            refused.append(Refused(side.header.model_id, str(error)))
            ready[slot] = None
    return ready[slot]


def prepare(side: FeatureFile, metric: Metric, truncation: str, k: int) -> Prepared:
    """Read a feature set, truncate, l2-normalise, and prepare it for its metric's family.

    Constant layers (the embedding of a prompt's fixed last token) are set aside, not refused:
    their cells of the layer table stay empty.

    Raises
    ------
    DegenerateLayerError
        Every layer is constant, or a row has no direction.
    DamagedFeatureFileError, NotFiniteError
        The file cannot be trusted.
    """
    header = side.header
    layers = read_layers(side.path)
    layers = truncate(layers, None if truncation == "none" else truncation)
    layers = normalize(layers, header.model_id)
    usable = np.flatnonzero(~constant_layers(layers))
    if not usable.size:
        raise DegenerateLayerError(
            f"{header.model_id}: all {len(layers)} layers are constant on {header.dataset_id}, "
            "so nothing can be compared"
        )
    prepared = metric.family.prepare([layers[i] for i in usable], k, True)
    return Prepared(prepared, np.append(usable, len(layers)), (*header.layer_names, ALL_LAYERS))


def _row(unit: Unit, metric: Metric, x: Prepared, y: Prepared, run_id: str) -> dict[str, Any]:
    compared = metric.compare(x.ready, y.ready, [unit.setting.k])[0]
    table: LayerScores = np.full((len(x.names), len(y.names)), np.nan)
    table[np.ix_(x.usable, y.usable)] = compared
    best = best_pair(table, metric.higher_is_closer)
    single = best_pair(table[:-1, :-1], metric.higher_is_closer)
    assert best is not None and single is not None  # a side without usable layers was refused
    hx, hy, setting = unit.x.header, unit.y.header, unit.setting
    return {
        "unit_key": unit.key,
        "run_id": run_id,
        "features_x": hx.key,
        "features_y": hy.key,
        "model_x": hx.model_id,
        "model_y": hy.model_id,
        "dataset_id": hx.dataset_id,
        "row_order": hx.row_order,
        "pooling_x": hx.pooling,
        "prompt_x": hx.prompt,
        "pooling_y": hy.pooling,
        "prompt_y": hy.prompt,
        **asdict(setting),
        "n": hx.n,
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
        "null_mean": metric.null(hx.n, setting.k) if metric.null else None,
        "score_version": SCORE_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    nested = pl.List(pl.List(pl.Float64))
    return pl.DataFrame(rows, schema_overrides={"layer_table": nested, "null_mean": pl.Float64})


def _key(x: FeatureFile, y: FeatureFile, setting: Setting) -> str:
    return unit_key(
        {
            "x": x.header.key,
            "y": y.header.key,
            **asdict(setting),
            "normalized": True,
            "version": SCORE_VERSION,
        }
    )
