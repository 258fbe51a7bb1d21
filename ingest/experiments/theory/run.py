"""Simulated worlds, observed twice, learned and compared: a durable row each (paper, Section 4)."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.experiments.theory.learn import BATCH, LOSSES, Learned, Loss, looks, train
from ingest.pipeline.run import Run
from ingest.pipeline.score import Refused
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
    asked: Simulation


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
                            asked = Simulation(
                                world, n, window, smooth, loss, kind, share,
                                p_positive, steps, batch, seed, temperature,
                            )  # fmt: skip
                            units.append(TheoryUnit(_key(asked), asked))
    return list(dict.fromkeys(units))


def _key(asked: Simulation) -> str:
    told = asdict(asked)
    if asked.loss != "nce":
        del told["p_positive"]  # InfoNCE has none
    if asked.loss == "nce" or asked.temperature == 1:
        del told["temperature"]  # binary NCE has none, and keys are older than it
    return unit_key({**told, "version": THEORY_VERSION})


def simulate_missing(run: Run, units: Sequence[TheoryUnit], progress: Progress) -> None:
    """Run what is missing; a simulation that fails is noted and the others finish.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    missing = run.missing("theory_runs", units)
    if not missing:
        return
    scenes: dict[tuple[Any, ...], _Scene] = {}
    first: dict[tuple[Any, ...], list[Learned]] = {}
    progress.start("Simulating worlds", len(missing))
    for unit in missing:
        asked = unit.asked
        place = (asked.world, asked.events, asked.window, asked.smoothness, asked.seed)
        learner = (
            *place, asked.loss, asked.p_positive, asked.steps, asked.batch, asked.temperature,
        )  # fmt: skip
        try:
            if place not in scenes:
                scenes[place] = _scene(asked)
            scene = scenes[place]
            seen = (
                bijective(scene.world.stationary, asked.seed),
                _observe(asked.observer, scene.world.stationary, asked.share, asked.seed),
            )
            if learner not in first:
                first[learner] = _learn(asked, scene, seen[0], 2 * asked.seed)
            second = _learn(asked, scene, seen[1], 2 * asked.seed + 1)
            _keep(run, unit, scene, seen, (first[learner], second))
            run.done += 1
        except WorldError as error:
            run.refused.append(Refused(f"{asked.world}, {asked.events} events", str(error)))
            progress.note(f"{asked.world} of {asked.events} events left out: {error}")
        progress.advance(1)
    progress.done()


def _observe(kind: str, shares: np.ndarray, share: float, seed: int) -> Observation:
    """Return how the second observer sees; its names are in another order than the first's."""
    if kind == "bijective":
        return bijective(shares, seed + 1)
    return lossy(shares, share, seed + 1) if kind == "lossy" else noisy(shares, share)


def _scene(asked: Simulation) -> _Scene:
    world = make_world(asked.world, asked.events, asked.smoothness, asked.seed)
    joint = cooccurrence(world, asked.window)
    kernel = pointwise(joint)
    walked = min(_WALKED * asked.events**2, _LONGEST)
    try:
        found = pointwise(counted(walks(world, walked, asked.seed), asked.events, asked.window))
        near = _correlation(found, kernel, _apart(len(kernel)))
    except PRHError:  # an event that the walk never met
        near = None
    return _Scene(world, joint, kernel, walked, near)


def _learn(asked: Simulation, scene: _Scene, seen: Observation, seed: int) -> list[Learned]:
    return train(
        observed(scene.joint, seen),
        asked.loss,
        looks(asked.steps),
        p_positive=asked.p_positive,
        batch=asked.batch,
        temperature=asked.temperature,
        seed=seed,
    )


def neighbors(events: int) -> int:
    """Return the k of neighbor metrics: an eighth of N and even, since a ring's come in pairs."""
    return 2 * max(1, events // 16)


def _keep(
    run: Run,
    unit: TheoryUnit,
    scene: _Scene,
    seen: tuple[Observation, Observation],
    learned: tuple[list[Learned], list[Learned]],
) -> None:
    """Measure both learners at every look and leave the rows; the unit's own last."""
    asked, warehouse = unit.asked, run.workspace.warehouse
    tau = asked.temperature if asked.loss == "infonce" else 1.0
    steps: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    places = [
        [sees.channel @ at.embeddings for at in look]
        for sees, look in zip(seen, learned, strict=True)
    ]
    for i in range(len(learned[0])):
        for view, side in enumerate("AB"):
            steps.append(
                {
                    "unit_key": unit.key,
                    "step": learned[view][i].step,
                    "side": side,
                    "loss_value": learned[view][i].loss,
                    **_against(scene, seen[view], learned[view][i], places[view][i], tau),
                }
            )
        scores += [
            {"unit_key": unit.key, "step": learned[0][i].step, **row}
            for row in _alignments(places[0][i], places[1][i])
        ]
    prop = definite(scene.kernel)
    told = scene.world.stationary
    odds = math.log(asked.p_positive / (1 - asked.p_positive)) if asked.loss == "nce" else None
    row = {
        "unit_key": unit.key,
        "run_id": run.run_id,
        **asdict(asked),
        "p_positive": asked.p_positive if asked.loss == "nce" else None,
        "temperature": tau if asked.loss == "infonce" else None,
        "symbols": seen[1].channel.shape[1],
        "entropy": float(-(told * np.log2(told)).sum()),
        "lost": abs(seen[1].lost),
        "walked": scene.walked,
        "counted_correlation": scene.counted,
        "expected_offset": odds,
        "smallest_constant": prop.smallest if math.isfinite(prop.smallest) else None,
        "least_eigenvalue": prop.least_eigenvalue,
        "log_rho": prop.low,
        "delta": prop.delta,
        "sufficient": prop.sufficient,
        "k": neighbors(asked.events),
        "k_pmi": scene.kernel.tolist(),
        "kernel_a": similarity_logits(places[0][-1], tau).tolist(),
        "kernel_b": similarity_logits(places[1][-1], tau).tolist(),
        "theory_version": THEORY_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }
    warehouse.append("theory_scores", unit.key, pl.DataFrame(scores, schema_overrides=_SCORES))
    warehouse.append("theory_steps", unit.key, pl.DataFrame(steps, schema_overrides=_STEPS))
    warehouse.append("theory_runs", unit.key, pl.DataFrame([row], schema_overrides=_RUNS))


_SCORES = {"k": pl.Int64, "score": pl.Float64, "note": pl.String}
_STEPS: dict[str, Any] = dict.fromkeys(
    ("correlation", "own_correlation", "offset", "error"), pl.Float64
)
_RUNS: dict[str, Any] = dict.fromkeys(
    ("p_positive", "temperature", "counted_correlation", "expected_offset", "smallest_constant"),
    pl.Float64,
)
"""Columns that may be empty in every row of a part."""


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
    simulate_missing(run, demo_units(), progress)
