"""All pairs of layers at once, and the best of them."""

from typing import Literal, NamedTuple

import numpy as np

from prh_core.errors import DegenerateLayerError, SampleCountError
from prh_core.metrics.registry import get_metric
from prh_core.prepare import constant_layers, normalize, truncate
from prh_core.types import Features, Layers, LayerScores, as_layers


class BestPair(NamedTuple):
    """The best score of a layer table, and where it stands."""

    score: float
    layer_x: int
    layer_y: int


class Alignment(NamedTuple):
    """How alike two models represent the same samples."""

    score: float
    """Best score over all pairs of layers."""
    layers: tuple[int, int]
    """Index of that pair's layer in X and in Y; an index one past the last layer stands for all
    layers concatenated."""
    table: LayerScores
    """(layers_x, layers_y), one more row and column with ``concatenate=True``."""


def best_pair(table: LayerScores, higher_is_closer: bool = True) -> BestPair | None:
    """Return the closest pair of layers; ties go to the shallower layer of X, then of Y.

    Works for scores of any sign. None when no pair of layers could be compared (all NaN).
    """
    if np.isnan(table).all():
        return None
    flat = np.nanargmax(table) if higher_is_closer else np.nanargmin(table)
    x, y = np.unravel_index(int(flat), table.shape)
    return BestPair(float(table[x, y]), int(x), int(y))


def prepare_layers(
    layers: Layers,
    *,
    truncation: Literal["exact", "mean"] | None,
    normalized: bool = True,
    name: str = "X",
) -> Layers:
    """Truncate outliers, then l2-normalise: the paper's order (App. C.2).

    Raises
    ------
    DegenerateLayerError
        A layer is constant, or a row is all zeros; the message says which layer.
    """
    ready = truncate(layers, truncation)
    if normalized:
        ready = normalize(ready, name)
    for index in np.flatnonzero(constant_layers(ready)):
        raise DegenerateLayerError(
            f"{name}: layer {index} is constant (all {ready[index].shape[0]} rows are the same), "
            "so it has no nearest neighbours"
        )
    return ready


def align(
    X: Features,  # noqa: N803
    Y: Features,  # noqa: N803
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    concatenate: bool = False,
) -> Alignment:
    """Score how alike X and Y represent the same n samples, over all pairs of layers.

    Parameters
    ----------
    X, Y
        One (n, d) array, a (layers, n, d) array, or a list of (n, d_l) arrays; numpy or torch.
        Row i of both sides is the same sample, or the two halves of pair i.
    metric
        A registered name, see `prh_core.metrics.all_metrics`.
    k
        Neighbours per sample, for metrics that use them.
    truncate
        Outlier truncation, see `prh_core.prepare.truncate`.
    normalize
        l2-normalise each row.
    concatenate
        Add all layers side by side as one more candidate on each side.

    Returns
    -------
    Alignment(score, layers, table)

    Raises
    ------
    FeatureShapeError, NotFiniteError, SampleCountError, NeighbourCountError,
    DegenerateLayerError, UnknownMetricError

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> align(X, 2 * X).score
    1.0
    """
    chosen = get_metric(metric)
    x, y = as_layers(X, "X"), as_layers(Y, "Y")
    if x[0].shape[0] != y[0].shape[0]:
        raise SampleCountError(
            f"X and Y must hold the same samples in the same order, got {x[0].shape[0]} rows "
            f"and {y[0].shape[0]} rows"
        )
    sides = [
        chosen.family.prepare(
            prepare_layers(side, truncation=truncate, normalized=normalize, name=name),
            k,
            concatenate,
        )
        for side, name in ((x, "X"), (y, "Y"))
    ]
    table = chosen.compare(sides[0], sides[1], [k])[0]
    best = best_pair(table, chosen.higher_is_closer)
    assert best is not None  # constant layers were refused above
    return Alignment(best.score, (best.layer_x, best.layer_y), table)
