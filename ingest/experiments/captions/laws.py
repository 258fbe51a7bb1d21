"""Laws of saturation over stored scores of averaged features: by pair of models, and their mean."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import Setting
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.errors import SaturationError
from prh_core.saturation import Saturation, fit_saturation

TABLE = "saturation_laws"
LAW_VERSION = 1
"""Raised when the same scores would give another law; part of every unit's key."""
LEAST = 3
"""Different counts that an exponent takes."""


class Series(NamedTuple):
    """Scores under one setting, over growing numbers of captions and pictures an item."""

    base_id: str
    row_order: str
    n: int
    setting: Setting
    precision: str
    made_of: tuple[tuple[str, ...], tuple[str, ...]]
    """What is averaged, by side, in order."""
    units: tuple[str, ...]
    """Keys of the scores."""
    trained: frozenset[str]
    """Ids of trained models."""

    @property
    def key(self) -> str:
        """Hash of everything that determines the laws."""
        return unit_key({"units": sorted(self.units), "version": LAW_VERSION})

    @property
    def name(self) -> str:
        """What a reader knows it by."""
        return f"{self.base_id}, {self.setting.metric}"


def fit_laws(run: Run, series: list[Series], progress: Progress) -> None:
    """Fit the laws that are not stored, to scores that are."""

    @cache
    def stored() -> pl.DataFrame:  # the table is read only where a law is missing
        rows = run.workspace.warehouse.rows("averaged_scores")
        assert rows is not None  # they were scored before laws are fitted
        columns = ("unit_key", "model_x", "model_y", "samples_x", "samples_y", "score")
        return rows.select(columns).unique("unit_key").sort(columns[1:])

    run.each(
        TABLE,
        [one for one in series if max(map(len, one.made_of)) >= LEAST],
        lambda one: _rows(one, stored().filter(pl.col("unit_key").is_in(one.units))),
        progress,
        "Fitting laws of saturation",
        derived=True,
    )


def _rows(series: Series, scores: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the laws of the mean over trained models, then of every pair."""
    points = len(series.made_of[0]) * len(series.made_of[1])
    pairs = {
        (str(x), str(y)): {(a, b): s for a, b, s in own.select(
            "samples_x", "samples_y", "score").iter_rows()}
        for (x, y), own in scores.group_by("model_x", "model_y", maintain_order=True)
        if own.height == points
    }  # fmt: skip
    trained = [pair for pair in sorted(pairs) if set(pair) <= series.trained]
    rows: list[dict[str, Any]] = []
    if trained:
        grid = {
            place: float(np.mean([pairs[pair][place] for pair in trained]))
            for place in pairs[trained[0]]
        }
        rows += [
            _row(series, grid, law, models=(None, None), counted=_counted(trained))
            for law in _laws(grid)
        ]
    for pair in sorted(pairs):
        rows += [
            _row(series, pairs[pair], law, models=pair, counted=(1, 1))
            for law in _laws(pairs[pair])
        ]
    return rows


def _counted(pairs: list[tuple[str, str]]) -> tuple[int, int]:
    return len({x for x, _ in pairs}), len({y for _, y in pairs})


class _Law(NamedTuple):
    """A law along one side, the other held at a count, or along both."""

    along: str
    held: int | None
    law: Saturation


def _laws(grid: Mapping[tuple[int, int], float]) -> Iterator[_Law]:
    """Yield the laws that a grid of scores determines: along both sides, then along each."""
    counts = [sorted({place[side] for place in grid}) for side in (0, 1)]
    wanted: list[tuple[str, int | None]] = []
    if min(map(len, counts)) >= LEAST:
        wanted.append(("both", None))
    for side, along in ((0, "x"), (1, "y")):
        if len(counts[side]) >= LEAST:
            wanted += [(along, held) for held in counts[1 - side]]
    for along, held in wanted:
        places = [p for p in grid if held is None or p[1 if along == "x" else 0] == held]
        try:
            yield _Law(along, held, fit_saturation(places, [grid[place] for place in places]))
        except SaturationError:  # all scores equal
            continue


def _row(
    series: Series,
    grid: Mapping[tuple[int, int], float],
    found: _Law,
    models: tuple[str | None, str | None],
    counted: tuple[int, int],
) -> dict[str, Any]:
    law, setting = found.law, series.setting
    (lack_x, lack_y), (power_x, power_y) = law.coefficients, law.exponents
    first, last = min(grid), max(grid)
    if found.held is not None:
        at = 1 if found.along == "x" else 0
        own = sorted(place for place in grid if place[at] == found.held)
        first, last = own[0], own[-1]
    return {
        "base_id": series.base_id,
        "row_order": series.row_order,
        "n": series.n,
        "metric": setting.metric,
        "k": setting.k,
        "truncation": setting.truncation,
        "precision": series.precision,
        "made_of_x": list(series.made_of[0]),
        "made_of_y": list(series.made_of[1]),
        "model_x": models[0],
        "model_y": models[1],
        "models_x": counted[0],
        "models_y": counted[1],
        "along": found.along,
        "held": found.held,
        "score_first": grid[first],
        "score_last": grid[last],
        "limit_score": law.limit,
        "limit_low": _finite(law.limit_low),
        "limit_high": _finite(law.limit_high),
        "coefficient_x": _finite(lack_x),
        "exponent_x": _finite(power_x),
        "coefficient_y": _finite(lack_y),
        "exponent_y": _finite(power_y),
        "r_squared": law.r_squared,
        "points": law.points,
        "free": law.free,
        "held_out_error": _finite(law.held_out),
        "held_out_last": _finite(law.held_out_last),
        "determined": law.determined,
        "verdict": law.verdict,
        "law_version": LAW_VERSION,
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
