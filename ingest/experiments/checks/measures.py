"""How well scores say what is known: two groups told apart, two orders alike, an order kept."""

import numpy as np
import scipy
from jaxtyping import Bool, Float64


def average_precision(
    closeness: Float64[np.ndarray, " pairs"], alike: Bool[np.ndarray, " pairs"]
) -> float:
    """Return the area under precision over recall of finding alike pairs by their closeness.

    The sum over distinct closeness, from the closest, of the precision there times the recall it
    adds; equally close pairs are found together. By chance it is the share of alike pairs.

    Args:
        closeness: of every pair, higher is closer.
        alike: which are.
    """
    order = np.argsort(-closeness, kind="stable")
    found = np.cumsum(alike[order])
    ends = np.append(np.flatnonzero(np.diff(closeness[order])), len(order) - 1)
    recall = found[ends] / found[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * found[ends] / (ends + 1)))


def spearman(one: Float64[np.ndarray, " pairs"], other: Float64[np.ndarray, " pairs"]) -> float:
    """Return the rank correlation; 0 where one side says the same of all, and so nothing."""
    a, b = (scipy.stats.rankdata(side) - (len(side) + 1) / 2 for side in (one, other))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def conformity(closeness: Float64[np.ndarray, "layers layers"]) -> float:
    """Return how often nearer layers of a network are closer than those further apart.

    Over all layers i < j < k: closeness of (i, j) and of (j, k) is at least that of (i, k), both
    ways round where the two differ.
    """
    layers = len(closeness)
    kept = [
        pair[a, b] >= pair[i, k]
        for pair in (closeness, closeness.T)
        for i in range(layers)
        for j in range(i + 1, layers)
        for k in range(j + 1, layers)
        for a, b in ((i, j), (j, k))
    ]
    return float(np.mean(kept))
