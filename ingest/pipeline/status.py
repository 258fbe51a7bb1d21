"""What is done, what is missing, and what the missing part would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ingest.pipeline.features import Extraction
from ingest.pipeline.scores.plan import Unit
from ingest.store.workspace import Workspace


@dataclass(frozen=True)
class ModelStatus:
    """One model on one dataset."""

    model_id: str
    done: int
    missing: int
    seconds: float | None
    """Estimated cost of the missing feature sets; None when nothing comparable was measured."""
    measured: bool
    """Whether the estimate comes from this very model's speed, or from its size."""


@dataclass(frozen=True)
class Status:
    """The state of a panel on a dataset."""

    models: tuple[ModelStatus, ...]
    scores_done: int
    scores_missing: int
    scores_waiting: int
    """Scores that cannot be planned before their features exist."""


def status(
    workspace: Workspace,
    n: int,
    extractions: Sequence[Extraction],
    scores: Sequence[Unit],
    expected_scores: int,
) -> Status:
    """Compare a plan with what is stored.

    Args:
        workspace: the data folder.
        n: samples in the dataset.
        extractions: every feature set the panel needs.
        scores: every score that the stored feature sets allow.
        expected_scores: scores the whole panel will have.
    """
    speeds = _speeds(workspace)
    sizes = {
        unit.record.id: unit.record.parameters
        for unit in extractions
        if unit.record.parameters is not None
    }
    per_parameter = [speed * sizes[model] for model, speed in speeds.items() if model in sizes]
    rows = []
    for model_id in dict.fromkeys(unit.record.id for unit in extractions):
        units = [unit for unit in extractions if unit.record.id == model_id]
        missing = sum(not unit.path.exists() for unit in units)
        speed = speeds.get(model_id)
        guess = (
            median(per_parameter) / sizes[model_id] if per_parameter and model_id in sizes else None
        )
        rate = speed or guess
        seconds = missing * n / rate if missing and rate else None
        rows.append(
            ModelStatus(model_id, len(units) - missing, missing, seconds, speed is not None)
        )
    stored = workspace.warehouse.column("scores", "unit_key")
    done = sum(unit.key in stored for unit in scores)
    return Status(tuple(rows), done, len(scores) - done, expected_scores - len(scores))


def _speeds(workspace: Workspace) -> Mapping[str, float]:
    """Return items per second last measured for each model here."""
    rows = workspace.warehouse.rows("feature_sets")
    if rows is None:
        return {}
    known = rows.drop_nulls("items_per_second").sort("finished_at")
    return dict(zip(known["model_id"], known["items_per_second"], strict=True))
