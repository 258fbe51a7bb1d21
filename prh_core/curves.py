"""How a score depends on the number of samples."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int64

from prh_core.errors import NeighborCountError, PRHError, SampleCountError
from prh_core.layers import align
from prh_core.metrics import get_metric
from prh_core.types import Features, Layout, as_layers, check_paired, check_whole, check_whole_k

Fixed = Literal["k", "k/n"]
"""What stays as the number of samples changes."""


class CurvePoint(NamedTuple):
    """A score at one number of samples."""

    n: int
    k: int
    score: float
    layers: tuple[int, int]


def check_n(n: int, total: int) -> int:
    """Return n, a number of samples that `total` samples have.

    Raises:
        SampleCountError: n is not in 2 ... total.
    """
    check_whole(n=n)
    if not 2 <= n <= total:
        raise SampleCountError(f"n must be between 2 and {total}, got n = {n}")
    return n


def first_samples(total: int, n: int, seed: int = 0) -> Int64[np.ndarray, " n"]:
    """Return the first n of one random order of all samples, the same for every n.

    Raises:
        SampleCountError: n is not in 2 ... total.
    """
    return np.random.default_rng(seed).permutation(total)[: check_n(n, total)]


def k_of(k: int, n: int, total: int, fixed: Fixed) -> int:
    """Return the k for n of `total` samples: the same, or the same share of them (at least 1).

    Raises:
        PRHError: `fixed` is neither.
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
    layout: Layout = "auto",
) -> list[CurvePoint]:
    """Score growing prefixes of one random order of the samples.

    Mutual k-NN falls as n grows at a fixed k, and hardly at a fixed k/n: never compare scores
    across n without saying which was fixed.

    Args:
        X, Y: as in `prh_core.align`.
        ns: numbers of samples, each at most n.
        metric, truncate, normalize, device, layout: as in `prh_core.align`; truncation looks at
            each prefix alone.
        k: neighbors at all samples.
        fixed: ``"k"``: the same k at every n; ``"k/n"``: k n' / n, rounded, at least 1.
        seed: of the random order.

    Returns:
        One CurvePoint per n, in the order given.

    Raises:
        SampleCountError: an n beyond the samples there are, or below 2.
        NeighborCountError: k does not fit an n; the message says which.
    """
    x, y = as_layers(X, "X", layout), as_layers(Y, "Y", layout)
    total = len(x[0])
    check_paired(total, len(y[0]))
    check_whole_k(k)
    points: list[CurvePoint] = []
    for n in ns:
        rows = first_samples(total, n, seed)
        here = k_of(k, n, total, fixed)
        if get_metric(metric).uses_k and here >= n:
            raise NeighborCountError(f"k must be between 1 and n - 1 = {n - 1}, got k = {here}")
        aligned = align(
            [layer[rows] for layer in x],
            [layer[rows] for layer in y],
            metric=metric,
            k=here,
            truncate=truncate,
            normalize=normalize,
            device=device,
            layout="lnd",  # a prefix may well be shorter than the network is deep
        )
        points.append(CurvePoint(n, here, aligned.score, aligned.layers))
    return points
