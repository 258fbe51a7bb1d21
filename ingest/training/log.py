"""Scores to where a training is watched: W&B, Trackio, TensorBoard."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest.training.compare import ReferenceScore

Sink = Callable[[Mapping[str, float], int], None]
"""Takes numbers by name, and the step."""


def log_scores(
    metric: str,
    scores: Mapping[str, ReferenceScore],
    step: int,
    sinks: Sequence[Sink],
    find_running: bool,
) -> None:
    """Tell scores as `prh/METRIC/REFERENCE`.

    Args:
        metric: its name.
        scores: by reference.
        step: steps trained.
        sinks: are told.
        find_running: whether W&B and Trackio are told, too, where the training began a run.
    """
    numbers = {f"prh/{metric}/{name}": score.score for name, score in scores.items()}
    for sink in (*sinks, *(_running() if find_running else ())):
        sink(numbers, step)


def to_tensorboard(writer: Any) -> Sink:
    """Return a sink that writes scalars by a SummaryWriter of torch.utils.tensorboard."""

    def sink(numbers: Mapping[str, float], step: int) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    return sink


def to_lightning(loggers: Sequence[Any]) -> Sink:
    """Return a sink that tells Lightning's loggers."""

    def sink(numbers: Mapping[str, float], step: int) -> None:
        for logger in loggers:
            logger.log_metrics(dict(numbers), step=step)

    return sink


def _running() -> list[Sink]:
    """Return sinks for what the training itself has imported and begun a run of."""
    found: list[Sink] = []
    wandb: Any = sys.modules.get("wandb")
    if wandb is not None and getattr(wandb, "run", None) is not None:
        found.append(_to_wandb(wandb.run))
    trackio: Any = sys.modules.get("trackio")
    current: Any = getattr(getattr(trackio, "context_vars", None), "current_run", None)
    if current is not None and current.get() is not None:
        found.append(lambda numbers, step: trackio.log({**numbers, "prh/step": step}))
    return found


def _to_wandb(run: Any) -> Sink:
    def sink(numbers: Mapping[str, float], step: int) -> None:
        # W&B drops what is logged with a step below one that it has seen: the step is a number.
        run.define_metric("prh/*", step_metric="prh/step")
        run.log({**numbers, "prh/step": step})

    return sink
