"""How alike the samples of one space are, made comparable with another space's."""

from typing import Literal, get_args

import numpy as np
import scipy
from jaxtyping import Float64

from prh_core.errors import DegenerateLayerError

Similarity = Literal["cosine", "ranks", "local"]
SIMILARITIES: tuple[str, ...] = get_args(Similarity)
TEMPERATURE = 0.2
"""Of `local`: a cosine higher by so much weighs e times as much."""
_FLAT = 1e-6
"""Spread of the similarities, as a share of one, below which it is float32's rounding."""


def centered_rows(layer: np.ndarray, title: str = "X") -> Float64[np.ndarray, "n d"]:
    """Return rows less their mean, of length one.

    Raises:
        DegenerateLayerError: a row is the mean, to rounding, so it has no direction.
    """
    rows = np.asarray(layer, np.float64)
    rows = rows - rows.mean(axis=0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = lengths[:, 0] <= _FLAT * max(float(np.abs(layer).max()), np.finfo(np.float64).tiny)
    if flat.any():
        raise DegenerateLayerError(
            f"{title}: row {int(np.argmax(flat))} equals the mean of all rows, so it has no "
            "direction to be matched by"
        )
    return rows / lengths


def similarity_matrix(
    layer: np.ndarray, similarity: Similarity = "cosine", title: str = "X"
) -> Float64[np.ndarray, "n n"]:
    """Return similarities of all pairs of samples, standardized over the pairs.

    ``cosine``: of rows less their mean, then double-centered, as CKA centers a kernel, so that no
    sample is alike to all. ``ranks``: the ranks of the cosines, ties by mean rank. ``local``:
    exp(cosine / 0.2), so that near neighbors outweigh the many that are far. Off the diagonal the
    mean is 0 and the sum of squares 1, so the inner product of two such matrices is Pearson's (or
    Spearman's) correlation over pairs of samples; the diagonal is 0.

    Args:
        layer: (n, d) features.
        similarity: which.
        title: what an error calls them.

    Raises:
        DegenerateLayerError: all pairs are equally alike, or a row has no direction.
    """
    rows = centered_rows(layer, title)
    table = rows @ rows.T
    n = len(table)
    if similarity == "cosine":
        mean = table.mean(axis=0)
        table = table - mean - mean[:, None] + mean.mean()
    elif similarity == "local":
        table = np.exp(table / TEMPERATURE)
    upper = np.triu_indices(n, 1)
    values = np.asarray(
        scipy.stats.rankdata(table[upper]) / len(upper[0])
        if similarity == "ranks"
        else table[upper],
        np.float64,
    )
    values = values - values.mean()
    if not np.abs(values).max() > _FLAT:
        raise DegenerateLayerError(
            f"{title}: all pairs of the {n} samples are equally alike, so nothing tells them apart"
        )
    values /= np.sqrt(2 * values @ values)
    found = np.zeros((n, n))
    found[upper] = values
    return found + found.T
