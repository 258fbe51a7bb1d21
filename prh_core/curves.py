"""How a score depends on what was fixed: the number of samples, and a model's own agreement."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int64

from prh_core import prepare
from prh_core.errors import NeighbourCountError, PRHError, SampleCountError
from prh_core.layers import align
from prh_core.metrics import get_metric
from prh_core.types import Features, as_layers, check_paired

Fixed = Literal["k", "k/n"]
"""What stays as the number of samples changes."""


class CurvePoint(NamedTuple):
    """A score at one number of samples."""

    n: int
    k: int
    score: float
    layers: tuple[int, int]


class NoiseCeiling(NamedTuple):
    """What a model scores against another look at itself."""

    score: float
    """Mean over the splits, or the score of the two views."""
    scores: tuple[float, ...]
    method: str


def check_n(n: int, total: int) -> int:
    """Return n, a number of samples that `total` samples have.

    Raises
    ------
    SampleCountError
        n is not in 2 ... total.
    """
    if not 2 <= n <= total:
        raise SampleCountError(f"n must be between 2 and {total}, got n = {n}")
    return n


def first_samples(total: int, n: int, seed: int = 0) -> Int64[np.ndarray, " n"]:
    """Return the first n of one random order of all samples, the same for every n.

    Raises
    ------
    SampleCountError
        n is not in 2 ... total.
    """
    return np.random.default_rng(seed).permutation(total)[: check_n(n, total)]


def k_of(k: int, n: int, total: int, fixed: Fixed) -> int:
    """Return the k for n of `total` samples: the same, or the same share of them (at least 1).

    Raises
    ------
    PRHError
        `fixed` is neither.
    """
    if fixed not in ("k", "k/n"):
        raise PRHError(f'fixed should be "k" or "k/n", got {fixed!r}')
    return k if fixed == "k" else max(1, round(k * n / total))


def n_curve(
    X: Features,  # noqa: N803
    Y: Features,  # noqa: N803
    ns: Sequence[int],
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    fixed: Fixed = "k",
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    seed: int = 0,
    device: str | None = None,
) -> list[CurvePoint]:
    """Score growing prefixes of one random order of the samples.

    Mutual k-NN falls as n grows at a fixed k, and hardly at a fixed k/n: never compare scores
    across n without saying which was fixed.

    Parameters
    ----------
    X, Y
        As in `prh_core.align`.
    ns
        Numbers of samples, each at most n.
    metric, truncate, normalize, device
        As in `prh_core.align`; truncation looks at each prefix alone.
    k
        Neighbours at all samples.
    fixed
        ``"k"``: the same k at every n; ``"k/n"``: k n' / n, rounded, at least 1.
    seed
        Of the random order.

    Returns
    -------
    One CurvePoint per n, in the order given.

    Raises
    ------
    SampleCountError
        An n beyond the samples there are, or below 2.
    NeighbourCountError
        k does not fit an n; the message says which.
    """
    x, y = as_layers(X, "X"), as_layers(Y, "Y")
    total = len(x[0])
    check_paired(total, len(y[0]))
    points: list[CurvePoint] = []
    for n in ns:
        rows = first_samples(total, n, seed)
        here = k_of(k, n, total, fixed)
        if get_metric(metric).uses_k and here >= n:
            raise NeighbourCountError(f"k must be between 1 and n - 1 = {n - 1}, got k = {here}")
        found = align(
            [layer[rows] for layer in x],
            [layer[rows] for layer in y],
            metric=metric,
            k=here,
            truncate=truncate,
            normalize=normalize,
            device=device,
        )
        points.append(CurvePoint(n, here, found.score, found.layers))
    return points


def noise_ceiling(
    X: Features,  # noqa: N803
    second: Features | None = None,
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    splits: int = 10,
    seed: int = 0,
    device: str | None = None,
) -> NoiseCeiling:
    """Bound what another model could score with X by what X scores with itself, seen again.

    With `second`, the same model's features of another look at the same samples (a second
    caption of every image): the best over their layer pairs. Without it, split half: every
    layer's dimensions are dealt into two random halves, and layer l's first half is scored
    against layer l's second half; the best layer of each split, averaged over the splits.

    Parameters
    ----------
    X
        Features of one model, as in `prh_core.align`.
    second
        Features of the second look, or None.
    metric, k, truncate, normalize, device
        As in `prh_core.align`.
    splits
        Number of random splits.
    seed
        Of the splits.

    Returns
    -------
    NoiseCeiling(score, scores, method)

    Raises
    ------
    PRHError
        No split was asked for, or every layer has a single dimension.
    """
    chosen = get_metric(metric)

    def score(x: Features, y: Features, how: Literal["exact", "mean"] | None = None) -> float:
        return align(
            x, y, metric=metric, k=k, truncate=how, normalize=normalize, device=device
        ).score

    if second is not None:
        only = score(X, second, truncate)
        return NoiseCeiling(only, (only,), "second view")
    # Truncation looks at the whole model, as when models are compared; then it is halved.
    whole = prepare.truncate(as_layers(X, "X"), truncate)
    layers = [layer for layer in whole if layer.shape[1] > 1]
    if splits < 1 or not layers:
        raise PRHError("split half needs at least one split and a layer of two dimensions")
    rng = np.random.default_rng(seed)
    best = max if chosen.higher_is_closer else min
    scores: list[float] = []
    for _ in range(splits):
        halves: list[float] = []
        for layer in layers:
            columns = rng.permutation(layer.shape[1])
            middle = len(columns) // 2
            halves.append(score(layer[:, columns[:middle]], layer[:, columns[middle:]]))
        scores.append(best(halves))
    return NoiseCeiling(float(np.mean(scores)), tuple(scores), f"split half, {splits} splits")
