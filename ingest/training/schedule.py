"""When a model in training is probed: every so many steps, within a share of the time."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from ingest.training.probe import Probe, Probed
from prh_core.errors import PRHError

EVERY = 100
"""Steps from one probe to the next by default."""
BUDGET = 0.05
"""Share of the training's time that probes may take by default."""


def probe_after_step(
    probe: Probe,
    model: nn.Module,
    step: int,
    *,
    every_n_steps: int = EVERY,
    budget: float | None = BUDGET,
    **measures: Any,
) -> Probed | None:
    """Probe a model where a probe is due after a step; call it after every step of any loop.

    A probe that finds nothing is told and the training goes on.

    Args:
        probe: see `Probe`.
        model: as it is trained.
        step: steps trained so far; 0 before the first.
        every_n_steps: a probe is due at multiples of this.
        budget: one that is due waits for the next multiple while probes, this one at the cost of
            the last among them, would have taken more than this share of the time since the
            training was first seen; None never waits.
        measures: numbers of this step, e.g. loss=loss; a tensor is read only where a probe is due.

    Returns:
        What was found; None where no probe was due, or it found nothing.

    Raises:
        PRHError: `every_n_steps` is not at least 1, or `budget` not between 0 and 1.
    """
    if every_n_steps < 1:
        raise PRHError(f"expected every_n_steps of at least 1, got {every_n_steps}")
    if budget is not None and not 0 < budget < 1:
        raise PRHError(f"expected a budget between 0 and 1, or None, got {budget}")
    probe.begin()
    if step % every_n_steps or not _affordable(probe, budget):
        return None
    return attempt(probe, model, step, measures)


def probe_at_end(probe: Probe, model: nn.Module, step: int, **measures: Any) -> Probed | None:
    """Probe a trained model unless this step was probed, and end the run in the data folder.

    Args:
        probe: see `Probe`.
        model: as it was trained.
        step: steps trained.
        measures: numbers of this step.

    Returns:
        What was found; None where the step was probed already, or it found nothing.
    """
    seen = probe.last is not None and probe.last.step == step
    found = None if seen else attempt(probe, model, step, measures)
    probe.close()
    return found


def attempt(
    probe: Probe, model: nn.Module, step: int, measures: Mapping[str, Any]
) -> Probed | None:
    """Probe a model; what has a name here is told, and nothing is returned."""
    try:
        return probe(model, step, **measures)
    except PRHError as error:
        probe.refused(step, error)
        return None


def _affordable(probe: Probe, budget: float | None) -> bool:
    if budget is None or probe.began is None:
        return True
    elapsed = probe.clock() - probe.began
    return probe.spent + probe.cost <= budget * (elapsed + probe.cost)
