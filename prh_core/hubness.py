"""Hubs and density of one space: who is whose neighbor how often, and how near neighbors are.

In many dimensions some samples become neighbors of very many others, and many of none (hubs and
antihubs; Radovanovic, Nanopoulos and Ivanovic 2010, JMLR 11).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int32, Int64

from prh_core.errors import LayoutError


def occurrences(lists: Int32[np.ndarray, "n k"]) -> Int64[np.ndarray, " n"]:
    """Return N_k: in how many of the n lists each sample stands; the mean is k."""
    return np.bincount(lists.ravel(), minlength=len(lists)).astype(np.int64)


class Hubness(NamedTuple):
    """How unevenly samples are neighbors of others."""

    skewness: float
    """E (N_k - k)^3 / sd^3. Of random lists about 1 / sqrt(k); 0 where all occur alike."""
    gini: float
    """Mean absolute difference of two N_k by twice their mean: 0 all alike, 1 - 1/n one hub."""
    antihubs: float
    """Share of samples that are nobody's neighbor."""
    most: int
    """Lists that the greatest hub stands in."""


def hubness(lists: Int32[np.ndarray, "n k"]) -> Hubness:
    """Return how unevenly samples occur in the lists of k neighbors."""
    counts = np.sort(occurrences(lists)).astype(np.float64)
    n, away = len(counts), counts - counts.mean()
    variance = float(np.square(away).mean())
    skewness = float((away**3).mean()) / variance**1.5 if variance > 0 else 0.0
    places = 2 * np.arange(1, n + 1) - n - 1
    gini = float(places @ counts) / (n * counts.sum())
    return Hubness(skewness, float(gini), float((counts == 0).mean()), int(counts[-1]))


class Density(NamedTuple):
    """How near the neighbors are, on rows of unit length."""

    nearest: float
    """Mean cosine similarity to the nearest neighbor."""
    farthest: float
    """Mean cosine similarity to the k-th."""
    dimension: float
    """Intrinsic dimension by TwoNN; NaN where fewer than two samples tell."""


def density(similarities: Float32[np.ndarray, "n k"]) -> Density:
    """Return how dense a space is about its samples.

    TwoNN (Facco et al. 2017): where density is constant as far as the second neighbor,
    mu = r_2 / r_1 is Pareto with the intrinsic dimension as its exponent; (m - 1) / sum log mu is
    its unbiased estimate from m samples. Samples with a double (r_1 = 0) do not tell.

    Args:
        similarities: cosines to the neighbors, nearest first.

    Raises:
        LayoutError: fewer than two neighbors, or not nearest first.
    """
    if similarities.shape[1] < 2:
        raise LayoutError(f"density needs 2 neighbors a sample, got {similarities.shape[1]}")
    near = similarities.astype(np.float64)
    if (np.diff(near, axis=1) > 1e-6).any():
        raise LayoutError("expected similarities from the nearest neighbor on, got others")
    # Unit rows: |a - b|^2 = 2 - 2 cos; below 1e-6 it is float32's rounding of a double.
    first, second = (np.maximum(2 - 2 * near[:, at], 0) for at in (0, 1))
    told = first > 1e-6
    logs = np.log(second[told] / first[told]) / 2
    total = float(np.maximum(logs, 0).sum())
    dimension = (int(told.sum()) - 1) / total if told.sum() > 1 and total > 0 else float("nan")
    return Density(float(near[:, 0].mean()), float(near[:, -1].mean()), dimension)
