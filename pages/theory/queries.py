"""Simulated worlds, two observers of each, and what contrastive learners make of them."""

from dataclasses import asdict, dataclass
from typing import Any

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class Scene(Parameters):
    """A simulated world, and what counts as together in it."""

    world: str
    events: int
    window: int
    smoothness: float
    temperature: float | None = None
    """Of InfoNCE; None counts as 1."""

    def values(self) -> dict[str, Any]:
        """Return the fields, the window under a name that is no reserved word of SQL."""
        fields = asdict(self)
        return {**fields, "within_steps": fields["window"]}


def theory_simulations() -> Answer:
    """Return the simulations there are, the newest of each.

    Columns:
        world: ring, grid, tree or field
        events: N
        window: T, steps apart that count as together
        smoothness: log-weights of steps are likeness times this
        loss: nce or infonce
        temperature: tau of infonce; null for nce
        observer: how the second sees: bijective, lossy or noisy
        share: of information asked to be lost, or of cases seen at random
        lost: share of an event's information that the second's symbol does not tell
        simulation: id
    """
    return _answer("theory_simulations")


def theory_measured(simulation: str, *, metric: str) -> Answer:
    """Return what stands behind one simulation.

    Columns:
        world: ring, grid, tree or field
        events: N
        window: T, steps apart that count as together
        smoothness: log-weights of steps are likeness times this
        loss: nce or infonce
        temperature: tau of infonce; null for nce
        observer: how the second sees: bijective, lossy or noisy
        share: of information asked to be lost, or of cases seen at random
        lost: share of an event's information that the second's symbol does not tell
        entropy: of an event, bits
        symbols: that the second tells apart
        p_positive: share of pairs that occurred together; null for infonce
        steps: of training
        batch: pairs a step
        seed: of world, observers and learners
        walked: steps of a walk whose pairs were counted
        counted_correlation: of K_PMI so counted with the exact one; null where an event was missed
        correlation_a: of A's kernel with K_PMI, pairs of different events
        correlation_b: of B's; null where constant
        own_correlation_b: of B's kernel with the PMI of the symbols it sees; null where constant
        offset_a: c of A
        offset_b: c of B
        error_a: what is left, as a share of the PMI's standard deviation
        error_b: likewise, of the PMI of the symbols B sees
        expected_offset: log(p_positive / (1 - p_positive)); null for infonce
        smallest_constant: least C that makes K_PMI + C semi-definite; null where none does
        least_eigenvalue: of K_PMI
        log_rho: least PMI of different events
        delta: largest less least
        sufficient: whether the condition of Prop. F.1 holds
        reachable: whether inner products can be what theory says
        k: neighbors of metrics that use them
        metric_label: name for readers
        score: of A and B at the end; null where the metric cannot be computed
        note: why it cannot
        chance: expected score of unrelated embeddings; null where unknown
        higher_is_closer: whether a larger score means closer
        run: id
        measured_at: UTC
    """
    return _answer("theory_measured", simulation=simulation, metric=metric)


def theory_kernels(simulation: str) -> Answer:
    """K_PMI and both learned kernels, a row per pair of events.

    Columns:
        place: 0 K_PMI, 1 A, 2 B
        kernel: whose
        one: event, from 1, in the world's order
        other: event
        value: nats, a learned kernel less its constant
        constant: that was taken away
    """
    return _answer("theory_kernels", simulation=simulation)


def theory_training(simulation: str, *, metric: str) -> Answer:
    """How near the kernels come to K_PMI and the observers to each other, a row per look.

    Columns:
        step: of training
        line: what is compared
        place: 0 and 1 kernels of A and B, 2 the two with each other
        value: correlation over pairs of different events, or the metric's score; null where none
        loss_value: of that step's batch, nats a pair; null for the two with each other
    """
    return _answer("theory_training", simulation=simulation, metric=metric)


def theory_metrics(simulation: str) -> Answer:
    """How alike the observers embed the events by every metric, a row per metric and look.

    Columns:
        metric_label: name for readers
        step: of training
        score: raw; null where the metric cannot be computed
        k: neighbors; null without
        higher_is_closer: whether a larger score means closer
        note: why it cannot
        metric: name
    """
    return _answer("theory_metrics", simulation=simulation)


def theory_lost(scene: Scene, *, metric: str) -> Answer:
    """Agreement of the observers by what the second does not see, a row per simulation.

    Columns:
        loss: nce or infonce
        observer: bijective, lossy or noisy
        lost: share of an event's information
        share: asked for, or of cases seen at random
        score: at the end of training; null where the metric cannot be computed
        correlation_b: of the second's kernel with K_PMI; null where constant
        own_correlation_b: of it with the PMI of the symbols it sees; null where constant
        symbols: that it tells apart
        chance: expected score of unrelated embeddings; null where unknown
        metric_label: name for readers
        higher_is_closer: whether a larger score means closer
        simulation: id
    """
    return _answer("theory_lost", scene, metric=metric)
