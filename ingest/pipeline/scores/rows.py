"""Rows of the tables `scores` and `batch_scores`."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ingest.pipeline.scores.plan import SCORE_VERSION, Unit
from ingest.pipeline.scores.sides import Prepared
from ingest.store.features import FeatureHeader
from prh_core.errors import DegenerateLayerError
from prh_core.intervals import CHOICE_UNDONE
from prh_core.scoring import BestPair, best_pair, score_best_pair
from prh_core.types import LayerScores

INTERVAL_LEVEL = 0.95


def score_row(
    unit: Unit,
    x: Prepared,
    y: Prepared,
    compared: LayerScores,
    k: int,
    null: np.ndarray | None,
    run_id: str,
) -> dict[str, Any]:
    """Return the row of one score over all samples.

    Args:
        unit: what was scored.
        x: prepared side.
        y: prepared side.
        compared: scores of the layers that can be compared, all layers side by side last.
        k: neighbors; any for a metric without.
        null: best scores of relabeled tables.
        run_id: the run the row belongs to.

    Raises:
        DegenerateLayerError: the metric is not defined for any pair of layers.
    """
    setting, metric = unit.setting, unit.setting.definition
    scored = score_best_pair(
        metric, x.ready, y.ready, compared, k,
        null=null, confidence=INTERVAL_LEVEL if setting.interval else None, seed=setting.seed,
    )  # fmt: skip
    single = best_pair(compared[:-1, :-1], metric.higher_is_closer)
    assert single is not None  # all layers side by side are comparable only where one of them is
    table: LayerScores = np.full((len(x.names), len(y.names)), np.nan)
    table[np.ix_(x.usable, y.usable)] = compared
    layer_x, layer_y = _layers(scored.best, x, y)
    single_x, single_y = _layers(single, x, y)
    n, interval, calibration = setting.samples(unit.x), scored.interval, scored.calibration
    named = asdict(setting)
    del named["interval"]
    return {
        **_sides(unit, run_id),
        **named,
        "n": n,
        "normalized": True,
        "score": scored.best.score,
        "layer_x": layer_x,
        "layer_y": layer_y,
        "single_layer_score": single.score,
        "single_layer_x": single_x,
        "single_layer_y": single_y,
        "layer_names_x": list(x.names),
        "layer_names_y": list(y.names),
        "layer_table": [[None if np.isnan(v) else float(v) for v in row] for row in table],
        "null_mean": metric.null(n, k) if metric.null else None,
        # Without a best attainable score there is no scale from the threshold to it.
        "calibrated": _finite(calibration and calibration.score)
        if np.isfinite(metric.best)
        else None,
        "p_value": _finite(calibration and calibration.p_value),
        "null_threshold": _finite(calibration and calibration.threshold),
        "null_best_mean": _finite(calibration and calibration.null_mean),
        "interval_low": _finite(interval and interval.low),
        "interval_high": _finite(interval and interval.high),
        "interval_level": INTERVAL_LEVEL if interval else None,
        "interval_method": f"{metric.interval_method}, {CHOICE_UNDONE}" if interval else None,
        "selection_free": _finite(interval and interval.estimate),
        "tied_x": scored.tied and scored.tied[0],
        "tied_y": scored.tied and scored.tied[1],
        "score_version": SCORE_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }


def batch_row(
    unit: Unit, x: Prepared, y: Prepared, compared: LayerScores, run_id: str
) -> dict[str, Any]:
    """Return the row of one mean over batches.

    Args:
        unit: what was scored.
        x: prepared side.
        y: prepared side.
        compared: mean scores, from `prh_core.batches.batch_tables`.
        run_id: the run the row belongs to.

    Raises:
        DegenerateLayerError: no pair of layers has a score in every batch.
    """
    setting = unit.setting
    best = best_pair(compared, setting.definition.higher_is_closer)
    if best is None:
        raise DegenerateLayerError(
            f"{setting.metric} is not defined for any pair of layers in all batches of {unit.batch}"
        )
    layer_x, layer_y = _layers(best, x, y)
    return {
        **_sides(unit, run_id),
        "metric": setting.metric,
        "k": setting.k,
        "sigma": setting.sigma,
        "truncation": setting.truncation,
        "normalized": True,
        "n": unit.x.header.n,
        "batch": unit.batch,
        "batches": len(x.ready.ready),
        "seed": setting.seed,
        "score": best.score,
        "layer_x": layer_x,
        "layer_y": layer_y,
        "layer_name_x": x.names[layer_x],
        "layer_name_y": y.names[layer_y],
        "score_version": SCORE_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }


def _sides(unit: Unit, run_id: str) -> dict[str, Any]:
    """Return the columns that say what was compared, and in which unit of work and run."""
    x, y = unit.x.header, unit.y.header
    return {
        "unit_key": unit.key,
        "run_id": run_id,
        **compared_sets(x, y),
        "pooling_x": x.pooling,
        "prompt_x": x.prompt,
        "pooling_y": y.pooling,
        "prompt_y": y.prompt,
    }


def compared_sets(x: FeatureHeader, y: FeatureHeader) -> dict[str, str]:
    """Return the columns that name two feature sets, their models, and the samples they share."""
    return {
        "features_x": x.key,
        "features_y": y.key,
        "model_x": x.model_id,
        "model_y": y.model_id,
        "dataset_id": _dataset(x, y),
        "row_order": x.row_order,
    }


def _dataset(x: FeatureHeader, y: FeatureHeader) -> str:
    """Return the dataset of a score: of a dataset and its variant (`id.variant`), the variant."""
    return y.dataset_id if y.dataset_id.startswith(f"{x.dataset_id}.") else x.dataset_id


def _layers(best: BestPair, x: Prepared, y: Prepared) -> tuple[int, int]:
    """Return where the best pair stands among all layers, those set aside counted."""
    return int(x.usable[best.layer_x]), int(y.usable[best.layer_y])


def _finite(value: Any) -> float | None:
    """Return a plain number; what is not finite is unknown, and NULL says so."""
    return float(value) if value is not None and np.isfinite(value) else None
