"""Scores of a study: those that are missing, computed and stored model by model."""

from collections.abc import Sequence

from ingest.catalog import ModelRecord
from ingest.pipeline.run import Run
from ingest.pipeline.score import FeatureFile, Setting, Unit, plan, score
from ingest.progress import Progress
from ingest.store.features import unit_key


def plan_scores(
    files: dict[str, list[FeatureFile]],
    xs: Sequence[ModelRecord],
    ys: Sequence[ModelRecord],
    settings: Sequence[Setting],
) -> list[Unit]:
    """List every score of the models `xs` against `ys` under these settings, done or not."""
    sides = [[file for m in models for file in files.get(m.id, [])] for models in (xs, ys)]
    return plan(sides[0], sides[1], settings)


def score_missing(
    run: Run, units: Sequence[Unit], progress: Progress, device: str | None = None
) -> None:
    """Score the units that are not stored yet; rows become durable model by model."""
    warehouse = run.workspace.warehouse
    missing = run.missing("scores", units)
    if not missing:
        return
    for rows in score(missing, run.run_id, progress, run.refused, device):
        keys = rows.get_column("unit_key").to_list()
        warehouse.append("scores", unit_key({"units": sorted(keys)}), rows)
        run.done += len(keys)
