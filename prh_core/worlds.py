"""Small worlds of discrete events, how they occur together, and what observers see (App. F).

A world is a random walk over N events: an event is followed by one like it, the likelier the more
alike they are. Two observers who see every event, under names of their own, meet the same
co-occurrences; one who confuses events, or sees them badly, does not.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from prh_core.errors import WorldError
from prh_core.pmi import pmi

_SMALL = 1e-9
"""Eigenvalues below this share of the largest are rounding."""


class World(NamedTuple):
    """A reversible random walk over events."""

    structure: str
    transition: Float64[np.ndarray, "n n"]
    """[a, b]: how often b follows a; rows sum to 1."""
    stationary: Float64[np.ndarray, " n"]
    """How often each event occurs in the long run."""


def make_world(
    structure: str, events: float | int, smoothness: float | int = 2.0, seed: float | int = 0
) -> World:
    """Return a world: b follows a in proportion to exp(smoothness * k(a, b)).

    k, at most 1, is: ring, the cosine of the angle between; grid, the mean cosine along both sides
    of a torus as square as N allows; tree, exp(-path / 2) in a binary tree; field,
    exp(-|x - y|^2 / (2 * 0.2^2)) of random places in a square. All four are positive definite, so
    log-weights are a kernel. Weights are symmetric, so the walk is reversible.

    Args:
        structure: one of `STRUCTURES`.
        events: N, four or more.
        smoothness: above zero; near zero all events follow each other alike.
        seed: of the field's places.

    Raises:
        WorldError: there is no such world.
    """
    if structure not in _SIMILARITIES:
        raise WorldError(f"expected one of {', '.join(STRUCTURES)}, got {structure!r}")
    if events < 4 or not 0 < smoothness <= 50:
        raise WorldError(
            f"expected 4 events or more and a smoothness above 0, 50 at most; got {events} and "
            f"{smoothness}"
        )
    weights = np.exp(smoothness * _SIMILARITIES[structure](int(events), int(seed)))
    degrees = weights.sum(axis=1)
    return World(structure, weights / degrees[:, None], degrees / degrees.sum())


def _ring(n: int, seed: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n) / n
    return np.cos(angle[:, None] - angle)


def _grid(n: int, seed: int) -> np.ndarray:
    rows = max(d for d in range(1, int(np.sqrt(n)) + 1) if n % d == 0)
    if rows == 1:
        raise WorldError(f"{n} events make no grid: take a number that is no prime")
    y, x = np.divmod(np.arange(n), n // rows)
    down, across = 2 * np.pi * y / rows, 2 * np.pi * x / (n // rows)
    return (np.cos(down[:, None] - down) + np.cos(across[:, None] - across)) / 2


def _tree(n: int, seed: int) -> np.ndarray:
    # Event i's parent is (i - 1) // 2: the way up from both until they meet.
    path = np.zeros((n, n))
    for a in range(n):
        for b in range(n):
            first, second, steps = a, b, 0
            while first != second:
                first, second = (
                    (first, (second - 1) // 2) if second > first else ((first - 1) // 2, second)
                )
                steps += 1
            path[a, b] = steps
    return np.exp(-path / 2)


def _field(n: int, seed: int) -> np.ndarray:
    places = np.random.default_rng(seed).uniform(size=(n, 2))
    apart = np.square(places[:, None] - places).sum(axis=2)
    return np.exp(-apart / (2 * 0.2**2))


_SIMILARITIES: dict[str, Callable[[int, int], np.ndarray]] = {
    "ring": _ring,
    "grid": _grid,
    "tree": _tree,
    "field": _field,
}
STRUCTURES = tuple(_SIMILARITIES)


def cooccurrence(world: World, window: float | int) -> Float64[np.ndarray, "n n"]:
    """Return P_coor exactly: how often events stand at most `window` steps apart.

    P_coor(a, b) is proportional to sum over |t - t'| <= T of P(X_t = a, X_t' = b)  (paper, Sec. 4),
    t = t' among them; in a reversible world it is the mean of diag(p) P^|s| over |s| <= T.
    Symmetric; sums to 1.

    Raises:
        WorldError: the window is below 1.
    """
    _check_window(window)
    step = np.diag(world.stationary)
    total = step.copy()
    for _ in range(int(window)):
        step = step @ world.transition
        total += 2 * step
    total = (total + total.T) / 2
    return total / total.sum()


def walks(
    world: World, length: float | int, seed: float | int = 0, walkers: float | int = 256
) -> Int64[np.ndarray, "w t"]:
    """Return walks of `length` steps together, a row per walker, begun in the long run's shares."""
    steps = max(2, int(length) // int(walkers))
    rng = np.random.default_rng(int(seed))
    ladder = np.cumsum(world.transition, axis=1)
    ladder[:, -1] = 1.0
    events = np.empty((int(walkers), steps), np.int64)
    events[:, 0] = rng.choice(len(ladder), size=int(walkers), p=world.stationary)
    for t in range(1, steps):
        drawn = rng.uniform(size=int(walkers))
        events[:, t] = (ladder[events[:, t - 1]] <= drawn[:, None]).sum(axis=1)
    return events


def counted(
    sequences: Int64[np.ndarray, "w t"], events: float | int, window: float | int
) -> Float64[np.ndarray, "n n"]:
    """Return P_coor by counting pairs at most `window` apart within each sequence.

    Raises:
        WorldError: the window is below 1, or longer than the sequences.
    """
    _check_window(window)
    n = int(events)
    if sequences.shape[1] <= window:
        raise WorldError(f"sequences of {sequences.shape[1]} hold no window of {window}")
    total = np.zeros((n, n))
    for apart in range(int(window) + 1):
        first, second = sequences[:, : sequences.shape[1] - apart], sequences[:, apart:]
        pairs = np.bincount((first * n + second).ravel(), minlength=n * n).reshape(n, n)
        total += pairs if apart == 0 else pairs + pairs.T
    return total / total.sum()


def _check_window(window: float | int) -> None:
    if window < 1:
        raise WorldError(f"expected a window of one step or more, got {window}")


def pointwise(joint: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n n"]:
    """Return K_PMI = log p(a, b) / (p(a) p(b)) of exact shares, natural logarithm.

    Raises:
        LayoutError: an event never occurs.
    """
    return pmi(joint, minimum=float(np.finfo(np.float64).tiny)).values


def similarity_logits(
    embeddings: Float64[np.ndarray, "n d"], temperature: float | int = 1.0
) -> Float64[np.ndarray, "n n"]:
    """Return <f(a), f(b)> / tau, what a contrastive loss sees of embeddings.

    Its optimum is K_PMI(a, b) + c (paper, App. F, where tau is 1), so that inner products
    themselves end at tau (K_PMI + c).

    Args:
        embeddings: a row per event.
        temperature: tau, above zero.

    Raises:
        WorldError: the temperature is not above zero and finite.
    """
    check_temperature(temperature)
    return embeddings @ embeddings.T / float(temperature)


def check_temperature(temperature: float | int) -> None:
    """Refuse what is no temperature.

    Raises:
        WorldError: it is not above zero and finite.
    """
    if not 0 < temperature < np.inf:
        raise WorldError(f"expected a finite temperature above 0, got {temperature}")


class Definite(NamedTuple):
    """Whether a kernel can be one of inner products, once a constant is added (Prop. F.1)."""

    smallest: float
    """Least C for which K + C 1 1' is positive semi-definite; NaN where there is none."""
    least_eigenvalue: float
    """Of K itself."""
    low: float
    """log rho: the least entry off the diagonal."""
    delta: float
    """The largest off the diagonal less the least."""
    sufficient: bool
    """Whether K_zz >= N delta + log rho for all z, which Prop. F.1 asks for; it need not."""


def definite(kernel: Float64[np.ndarray, "n n"]) -> Definite:
    """Return the least constant that makes a symmetric kernel positive semi-definite.

    With u = 1 / sqrt(N) and Q the rest of a basis, K + C 1 1' has the blocks u'Ku + C N, u'KQ and
    Q'KQ: it is semi-definite when Q'KQ is and the Schur complement
    u'Ku + C N - u'KQ (Q'KQ)^+ Q'Ku is not negative.

    Raises:
        WorldError: the kernel is not symmetric and finite.
    """
    k = np.asarray(kernel, np.float64)
    if k.ndim != 2 or k.shape[0] != k.shape[1] or len(k) < 2:
        raise WorldError(f"expected a kernel (n, n), got {k.shape}")
    if not np.isfinite(k).all() or not np.allclose(k, k.T):
        raise WorldError("expected a finite symmetric kernel")
    n = len(k)
    off = k[~np.eye(n, dtype=bool)]
    low, delta = float(off.min()), float(np.ptp(off))
    sufficient = bool((np.diagonal(k) >= n * delta + low).all())
    u = np.full(n, 1 / np.sqrt(n))
    rest = np.linalg.svd(u[None])[2][1:].T
    values, vectors = np.linalg.eigh(rest.T @ k @ rest)
    tolerance = _SMALL * max(1.0, float(np.abs(k).max())) * n
    against = vectors.T @ (rest.T @ (k @ u))
    flat = np.abs(values) <= tolerance
    smallest = float("nan")
    if values[0] >= -tolerance and not (np.abs(against[flat]) > np.sqrt(tolerance)).any():
        bent = float(np.sum(against[~flat] ** 2 / values[~flat]))
        smallest = (bent - float(u @ k @ u)) / n
    least = float(np.linalg.eigvalsh(k)[0])
    return Definite(smallest, least, low, delta, sufficient)


class Observation(NamedTuple):
    """What an observer makes of events."""

    channel: Float64[np.ndarray, "n s"]
    """[z, s]: how often event z is seen as symbol s; rows sum to 1."""
    lost: float
    """Share of an event's information that the symbol does not tell: 1 - I(Z; S) / H(Z)."""


def bijective(stationary: Float64[np.ndarray, " n"], seed: float | int = 0) -> Observation:
    """Return an observer who sees every event, under names in an order of its own."""
    n = len(stationary)
    order = np.random.default_rng(int(seed)).permutation(n)
    return Observation(np.eye(n)[order], 0.0)


def lossy(
    stationary: Float64[np.ndarray, " n"], share: float | int, seed: float | int = 0
) -> Observation:
    """Return an observer who takes different events for one, until `share` of H(Z) is lost.

    Two symbols drawn at random become one, again and again; of one seed, who loses more has merged
    what who loses less has merged, and more.

    Raises:
        WorldError: the share is not in [0, 1).
    """
    if not 0 <= share < 1:
        raise WorldError(f"expected a share of information in [0, 1), got {share}")
    rng = np.random.default_rng(int(seed))
    symbols = np.arange(len(stationary))
    information = whole = _entropy(stationary)
    while (whole - information) / whole < share:
        kept = np.unique(symbols)
        first, second = rng.choice(kept, size=2, replace=False)
        symbols = np.where(symbols == second, first, symbols)
        information = _entropy(np.bincount(symbols, stationary))
    _, place = np.unique(symbols, return_inverse=True)
    return Observation(np.eye(int(place.max()) + 1)[place], float((whole - information) / whole))


def noisy(stationary: Float64[np.ndarray, " n"], share: float | int) -> Observation:
    """Return an observer who, in `share` of the cases, sees any event at random.

    Raises:
        WorldError: the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise WorldError(f"expected a share of noise in [0, 1], got {share}")
    n = len(stationary)
    channel = (1 - share) * np.eye(n) + share / n
    joint = stationary[:, None] * channel
    seen = joint.sum(axis=0)
    information = _entropy(stationary) + _entropy(seen) - _entropy(joint.ravel())
    return Observation(channel, float(1 - information / _entropy(stationary)))


def observed(
    joint: Float64[np.ndarray, "n n"], observation: Observation
) -> Float64[np.ndarray, "s s"]:
    """Return how often symbols occur together, each event of a pair observed by itself."""
    return observation.channel.T @ joint @ observation.channel


def _entropy(shares: np.ndarray) -> float:
    """Entropy in bits."""
    known = shares[shares > 0]
    return float(-(known * np.log2(known)).sum())
