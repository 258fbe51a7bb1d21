"""Slow, independent definitions: loops and float64, written from the paper's text."""

import numpy as np


def neighbours(features: np.ndarray, k: int) -> list[list[int]]:
    """The k nearest other rows by inner product, ties to the lower index."""
    found = []
    for i, row in enumerate(features):
        others = [
            (-float(np.dot(row.astype(np.float64), other.astype(np.float64))), j)
            for j, other in enumerate(features)
            if j != i
        ]
        found.append([j for _, j in sorted(others)[:k]])
    return found


def mutual_knn(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """mean_i |S_x(i) & S_y(i)| / k."""
    pairs = zip(neighbours(x, k), neighbours(y, k), strict=True)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in pairs]))
