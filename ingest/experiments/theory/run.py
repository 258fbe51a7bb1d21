"""Simulated worlds, observed twice, learned and compared: a durable row each (paper, Section 4)."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from ingest.experiments.theory.learn import BATCH, LOSSES, Learned, Loss, looks, train
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core import align, all_metrics
from prh_core.errors import PRHError, WorldError
from prh_core.worlds import (
    Observation,
    World,
    bijective,
    check_temperature,
    cooccurrence,
    counted,
    definite,
    lossy,
    make_world,
    noisy,
    observed,
    pointwise,
    similarity_logits,
    walks,
)

THEORY_VERSION = 1
"""Raised when the same choices would give other numbers; part of every unit's key."""
STEPS = 1000
P_POSITIVE = 0.8
LOST = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75)
NOISE = (0.5, 0.9)
_WALKED = 400
"""Steps of the walk that is counted, times N squared: so many a pair of events."""
_LONGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """A world, how two observe it, and how they learn."""

    world: str
    events: int
    window: int
    smoothness: float
    loss: Loss
    observer: str
    """How the second sees: bijective, lossy or noisy. The first always sees everything."""
    share: float
    """Of information the lossy one should lose, or of cases in which the noisy one errs."""
    p_positive: float = P_POSITIVE
    steps: int = STEPS
    batch: int = BATCH
    seed: int = 0
    temperature: float = 1.0


class TheoryUnit(NamedTuple):
    """One simulation to run."""

    key: str
    simulation: Simulation

    @property
    def name(self) -> str:
        """The world and its size."""
        return f"{self.simulation.world} of {self.simulation.events} events"


class _Scene(NamedTuple):
    """A world and what is known of it exactly."""

    world: World
    joint: np.ndarray
    kernel: np.ndarray
    """K_PMI."""
    walked: int
    counted: float | None
    """Correlation of K_PMI as counted on a walk with the exact one."""


def plan_theory(
    worlds: Sequence[str],
    events: Sequence[int],
    windows: Sequence[int],
    smoothness: Sequence[float],
    losses: Sequence[str],
    lost: Sequence[float],
    noise: Sequence[float],
    *,
    p_positive: float = P_POSITIVE,
    steps: int = STEPS,
    batch: int = BATCH,
    seed: int = 0,
    temperature: float = 1.0,
) -> list[TheoryUnit]:
    """List every simulation of these choices, done or not; each world is tried before any is run.

    Raises:
        WorldError: a choice is none of those there are.
    """
    if not 0 < p_positive < 1:
        raise WorldError(f"expected a share of positives in (0, 1), got {p_positive}")
    check_temperature(temperature)
    observers = [("lossy" if share else "bijective", share) for share in lost]
    observers += [("noisy", share) for share in noise]
    units: list[TheoryUnit] = []
    for name in losses:
        loss: Loss | None = next((known for known in LOSSES if known == name), None)
        if loss is None:
            raise WorldError(f"expected a loss of {', '.join(LOSSES)}, got {name!r}")
        for world in worlds:
            for n in events:
                for smooth in smoothness:
                    made = make_world(world, n, smooth, seed)
                    for kind, share in observers:
                        _observe(kind, made.stationary, share, seed)
                    for window in windows:
                        cooccurrence(made, window)
                        for kind, share in observers:
                            simulation = Simulation(
                                world, n, window, smooth, loss, kind, share,
                                p_positive, steps, batch, seed, temperature,
                            )  # fmt: skip
                            units.append(TheoryUnit(_key(simulation), simulation))
    return list(dict.fromkeys(units))


def _key(simulation: Simulation) -> str:
    choices = asdict(simulation)
    # Binary NCE has no temperature, InfoNCE no share of positives.
    del choices["temperature" if simulation.loss == "nce" else "p_positive"]
    return unit_key({**choices, "version": THEORY_VERSION})


def simulate(run: Run, units: Sequence[TheoryUnit], progress: Progress) -> None:
    """Run what is missing; a simulation that fails is noted and the others finish.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    scenes: dict[tuple[Any, ...], _Scene] = {}
    learned: dict[tuple[Any, ...], list[Learned]] = {}

    def compute(unit: TheoryUnit) -> dict[str, list[dict[str, Any]]]:
        chosen = unit.simulation
        place = (chosen.world, chosen.events, chosen.window, chosen.smoothness, chosen.seed)
        learner = (
            *place, chosen.loss, chosen.p_positive, chosen.steps, chosen.batch, chosen.temperature,
        )  # fmt: skip
        if place not in scenes:
            scenes[place] = _scene(chosen)
        scene = scenes[place]
        views = (
            bijective(scene.world.stationary, chosen.seed),
            _observe(chosen.observer, scene.world.stationary, chosen.share, chosen.seed),
        )
        if learner not in learned:
            learned[learner] = _learn(chosen, scene, views[0], 2 * chosen.seed)
        second = _learn(chosen, scene, views[1], 2 * chosen.seed + 1)
        return _rows(chosen, scene, views, (learned[learner], second))

    run.each("theory_runs", units, compute, progress, "Simulating worlds")


def _observe(kind: str, shares: np.ndarray, share: float, seed: int) -> Observation:
    """Return how the second observer sees; its names are in another order than the first's."""
    if kind == "bijective":
        return bijective(shares, seed + 1)
    return lossy(shares, share, seed + 1) if kind == "lossy" else noisy(shares, share)


def _scene(simulation: Simulation) -> _Scene:
    world = make_world(simulation.world, simulation.events, simulation.smoothness, simulation.seed)
    joint = cooccurrence(world, simulation.window)
    kernel = pointwise(joint)
    walked = min(_WALKED * simulation.events**2, _LONGEST)
    walk = walks(world, walked, simulation.seed)
    try:
        estimate = pointwise(counted(walk, simulation.events, simulation.window))
        correlation = _correlation(estimate, kernel, _apart(len(kernel)))
    except PRHError:  # an event that the walk never met
        correlation = None
    return _Scene(world, joint, kernel, walked, correlation)


def _learn(simulation: Simulation, scene: _Scene, seen: Observation, seed: int) -> list[Learned]:
    return train(
        observed(scene.joint, seen),
        simulation.loss,
        looks(simulation.steps),
        p_positive=simulation.p_positive,
        batch=simulation.batch,
        temperature=simulation.temperature,
        seed=seed,
    )


def neighbors(events: int) -> int:
    """Return the k of neighbor metrics: an eighth of N and even, since a ring's come in pairs."""
    return 2 * max(1, events // 16)


def _rows(
    simulation: Simulation,
    scene: _Scene,
    views: tuple[Observation, Observation],
    learned: tuple[list[Learned], list[Learned]],
) -> dict[str, list[dict[str, Any]]]:
    """Measure both learners at every look; the rows by table, the unit's own last."""
    tau = simulation.temperature if simulation.loss == "infonce" else 1.0
    steps: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    places = [
        [view.channel @ look.embeddings for look in looks_of_one]
        for view, looks_of_one in zip(views, learned, strict=True)
    ]
    for i in range(len(learned[0])):
        for at, side in enumerate("AB"):
            steps.append(
                {
                    "step": learned[at][i].step,
                    "side": side,
                    "loss_value": learned[at][i].loss,
                    **_against(scene, views[at], learned[at][i], places[at][i], tau),
                }
            )
        scores += [
            {"step": learned[0][i].step, **row} for row in _alignments(places[0][i], places[1][i])
        ]
    condition = definite(scene.kernel)
    shares = scene.world.stationary
    positive = simulation.p_positive if simulation.loss == "nce" else None
    odds = None if positive is None else math.log(positive / (1 - positive))
    row = {
        **asdict(simulation),
        "p_positive": positive,
        "temperature": tau if simulation.loss == "infonce" else None,
        "symbols": views[1].channel.shape[1],
        "entropy": float(-(shares * np.log2(shares)).sum()),
        "lost": abs(views[1].lost),
        "walked": scene.walked,
        "counted_correlation": scene.counted,
        "expected_offset": odds,
        "smallest_constant": condition.smallest if math.isfinite(condition.smallest) else None,
        "least_eigenvalue": condition.least_eigenvalue,
        "log_rho": condition.low,
        "delta": condition.delta,
        "sufficient": condition.sufficient,
        "k": neighbors(simulation.events),
        "k_pmi": scene.kernel.tolist(),
        "kernel_a": similarity_logits(places[0][-1], tau).tolist(),
        "kernel_b": similarity_logits(places[1][-1], tau).tolist(),
        "theory_version": THEORY_VERSION,
    }
    return {"theory_scores": scores, "theory_steps": steps, "theory_runs": [row]}


def _against(
    scene: _Scene, seen: Observation, learned: Learned, places: np.ndarray, tau: float
) -> dict[str, float | None]:
    """Hold a learned kernel against the world's K_PMI and against that of what was seen."""
    apart = _apart(len(scene.kernel))
    correlation = _correlation(similarity_logits(places, tau), scene.kernel, apart)
    own = pointwise(observed(scene.joint, seen))
    kernel = similarity_logits(learned.embeddings, tau)
    apart = _apart(len(own))
    if not apart.any():
        return {"correlation": correlation} | dict.fromkeys(("own_correlation", "offset", "error"))
    left = (kernel - own)[apart]
    spread = float(own[apart].std())
    return {
        "correlation": correlation,
        "own_correlation": _correlation(kernel, own, apart),
        "offset": float(left.mean()),
        "error": float(left.std()) / spread if spread > 1e-12 else None,
    }


def _apart(n: int) -> np.ndarray:
    """Mark pairs of different events."""
    return ~np.eye(n, dtype=bool)


def _correlation(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float | None:
    """Return Pearson's correlation over the places marked; None where one side is constant."""
    x, y = one[where], other[where]
    if len(x) < 3 or x.std() < 1e-12 or y.std() < 1e-12:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _alignments(one: np.ndarray, other: np.ndarray) -> list[dict[str, Any]]:
    """Compare the embeddings of events by every metric; say why one cannot.

    Events are shuffled first, for both alike: among events that one observer takes for the same,
    the first count as nearest, and in a world's own order these would be near in truth.
    """
    k = neighbors(len(one))
    order = np.random.default_rng(0).permutation(len(one))
    one, other = one[order], other[order]
    rows: list[dict[str, Any]] = []
    for metric in all_metrics():
        score, note = None, None
        try:
            score = align(one, other, metric=metric.name, k=k).score
        except PRHError as error:
            note = str(error)
        if score is not None and not math.isfinite(score):
            score, note = None, "not defined for these embeddings"
        rows.append(
            {
                "metric": metric.name,
                "k": k if metric.uses_k else None,
                "score": score,
                "note": note,
            }
        )
    return rows


def demo_units() -> list[TheoryUnit]:
    """List the demo's simulations: a ring, a ring with a longer window, a field; both losses."""
    some = (0.0, 0.2, 0.5)
    return [
        *plan_theory(["ring"], [32], [1], [2.0], LOSSES, LOST, NOISE),
        *plan_theory(["ring"], [32], [4], [2.0], LOSSES, some, ()),
        *plan_theory(["field"], [32], [1], [2.0], LOSSES, some, ()),
    ]


def demo_theory(run: Run, progress: Progress) -> None:
    """Run the demo's simulations where they are missing."""
    simulate(run, demo_units(), progress)
