"""Scores of a study: those that are missing, computed and stored model by model."""

from collections.abc import Sequence

from ingest.catalog import ModelRecord
from ingest.pipeline.run import Run
from ingest.pipeline.scores.engine import score
from ingest.pipeline.scores.plan import FeatureFile, Setting, Unit, plan
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
    """Score the units that are not stored yet; rows become durable model by model.

    Units that have a batch go to the table `batch_scores`, the others to `scores`. A feature set
    that cannot be scored is named, and the others go on.
    """
    for table, title, own in (
        ("scores", "Scoring pairs of models", [unit for unit in units if unit.batch is None]),
        ("batch_scores", "Scores over batches", [unit for unit in units if unit.batch]),
    ):
        missing = run.missing(table, own)
        if not missing:
            continue
        for rows in score(missing, run.run_id, progress, run.refused, device, title):
            keys = rows.get_column("unit_key").to_list()
            run.workspace.warehouse.append(table, unit_key({"units": sorted(keys)}), rows)
            run.done += len(keys)
