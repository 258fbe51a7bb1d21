"""Metric multidimensional scaling from many starts at once (paper, Fig. 8)."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from jaxtyping import Float64

from prh_core.errors import LayoutError

STARTS = 1_000
STEPS = 300
TOLERANCE = 1e-6
"""A start is done when a step lowers its stress by less than this share of the largest there is."""
_TOGETHER = 1 << 19
"""Bytes of distances that starts take together: what a core's cache holds.

1,000 starts of 20 points: 0.7 s in parts of 128, 1.3 s in one, 0.5 s in parts on two cores.
"""


class Scaling(NamedTuple):
    """The layout of least stress."""

    places: Float64[np.ndarray, "n d"]
    """Centered."""
    stress: float
    """sqrt(sum (distance - dissimilarity)^2 / sum dissimilarity^2) over pairs: 0 is exact."""
    steps: int
    """Steps the best start took."""
    classical: bool
    """Whether the best one began from classical scaling rather than at random."""
    stresses: Float64[np.ndarray, " s"]
    """Of every start, the classical one last."""


def metric_mds(
    dissimilarities: Float64[np.ndarray, "n n"],
    dimensions: int = 3,
    *,
    starts: int = STARTS,
    steps: int = STEPS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Scaling:
    """Lay n things out so that distances are like dissimilarities: the best of many starts.

    SMACOF (de Leeuw 1977): each step is the Guttman transform X' = B(X) X / n, which never raises
    the stress sum_{i<j} (|x_i - x_j| - delta_ij)^2. All starts step together, and a start that is
    done drops out. One start besides the random ones is classical scaling.

    Args:
        dissimilarities: symmetric, finite, none below zero, 0 on the diagonal.
        dimensions: of the layout.
        starts: random layouts to begin from, points uniform in a cube.
        steps: most per start.
        tolerance: see `TOLERANCE`.
        seed: of the starts.

    Raises:
        LayoutError: fewer points than dimensions + 1, no dissimilarity above zero, or no
            dissimilarities at all.
    """
    delta = _checked(dissimilarities, dimensions)
    n = len(delta)
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(size=(starts, n, dimensions))
    return _best(delta, np.concatenate([drawn, classical_scaling(delta, dimensions)[None]]),
                 steps, tolerance)  # fmt: skip


def scale_from(
    dissimilarities: Float64[np.ndarray, "n n"],
    start: Float64[np.ndarray, "n d"],
    *,
    steps: int = STEPS,
    tolerance: float = TOLERANCE,
) -> Scaling:
    """Scale from one start of one's own; see `metric_mds`.

    Raises:
        LayoutError: as there, or a start that does not fit.
    """
    delta = _checked(dissimilarities, start.shape[1])
    if len(start) != len(delta):
        raise LayoutError(f"expected a start of {len(delta)} points, got {len(start)}")
    return _best(delta, np.asarray(start, np.float64)[None], steps, tolerance)


def classical_scaling(
    dissimilarities: Float64[np.ndarray, "n n"], dimensions: int
) -> Float64[np.ndarray, "n d"]:
    """Return principal coordinates (Torgerson 1952), axes by falling variance, of fixed sign."""
    d = np.asarray(dissimilarities, np.float64)
    center = np.eye(len(d)) - 1 / len(d)
    values, vectors = np.linalg.eigh(-0.5 * center @ (d**2) @ center)
    places = vectors[:, ::-1][:, :dimensions] * np.sqrt(np.maximum(values[::-1][:dimensions], 0))
    largest = np.abs(places).argmax(axis=0)
    return places * np.where(places[largest, np.arange(places.shape[1])] < 0, -1.0, 1.0)


def _best(delta: np.ndarray, begun: np.ndarray, steps: int, tolerance: float) -> Scaling:
    n = len(delta)
    together = max(1, _TOGETHER // (n * n * 8))
    chosen = [begun[first : first + together] for first in range(0, len(begun), together)]

    def run(part: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return _smacof(delta, part, steps, tolerance)

    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        parts = list(pool.map(run, chosen))
    places, stresses, taken = (np.concatenate([part[i] for part in parts]) for i in range(3))
    best = int(stresses.argmin())
    found = places[best] - places[best].mean(axis=0)
    last = best == len(begun) - 1
    return Scaling(found, float(stresses[best]), int(taken[best]), last, stresses)


def _smacof(
    delta: np.ndarray, begun: np.ndarray, steps: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return layouts, normalized stresses and steps taken, a row per start."""
    x = begun.copy()
    n = len(delta)
    whole = float(np.sum(delta**2))  # over ordered pairs, as the residuals below
    results, finals = x.copy(), np.zeros(len(x))
    taken = np.zeros(len(x), np.int64)
    active = np.arange(len(x))
    distances = _distances(x)
    stress = _residual(distances, delta)
    for step in range(1, steps + 1):
        ratio = np.divide(delta, distances, out=np.zeros_like(distances), where=distances > 0)
        x = (x * ratio.sum(axis=2)[:, :, None] - ratio @ x) / n
        distances = _distances(x)
        fresh = _residual(distances, delta)
        done = (stress - fresh) / whole < tolerance
        stress = fresh
        if step == steps:
            done[:] = True
        if done.any():
            at = active[done]
            results[at], finals[at], taken[at] = x[done], fresh[done], step
            left = ~done
            active, x, distances, stress = active[left], x[left], distances[left], stress[left]
            if not len(active):
                break
    return results, np.sqrt(finals / whole), taken


def _distances(x: np.ndarray) -> np.ndarray:
    total = np.zeros((len(x), x.shape[1], x.shape[1]))
    for axis in range(x.shape[2]):
        apart = x[:, :, None, axis] - x[:, None, :, axis]
        total += apart * apart
    return np.sqrt(total, out=total)


def _residual(distances: np.ndarray, delta: np.ndarray) -> np.ndarray:
    apart = distances - delta
    return np.einsum("sij,sij->s", apart, apart)


def _checked(dissimilarities: np.ndarray, dimensions: int) -> np.ndarray:
    delta = np.asarray(dissimilarities, np.float64)
    n = len(delta)
    if delta.shape != (n, n):
        raise LayoutError(f"expected dissimilarities (n, n), got {delta.shape}")
    if not np.isfinite(delta).all() or (delta < 0).any() or not np.allclose(delta, delta.T):
        raise LayoutError("expected finite symmetric dissimilarities, none below zero")
    if np.diagonal(delta).any():
        raise LayoutError("expected dissimilarities of 0 on the diagonal")
    if n < dimensions + 1:
        raise LayoutError(f"{dimensions} dimensions need {dimensions + 1} points, got {n}")
    if not delta.any():
        raise LayoutError("all points are the same: no dissimilarity is above zero")
    return (delta + delta.T) / 2
