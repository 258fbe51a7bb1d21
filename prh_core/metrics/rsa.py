"""Representational similarity analysis: the rank correlation of two kernels' entries."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from prh_core.backend import Backend
from prh_core.intervals import DELETE_GROUP, Influence, jackknife, leave_out_groups
from prh_core.metrics.kernels import (
    Matrices,
    as_repeated,
    inner_products,
    kernel_family,
    register_kernel_metric,
    unit_norm,
)
from prh_core.prepared import PreparedLayer


def rank_matrix(run: Backend, kernel: Any) -> Any:
    """Rank a kernel's off-diagonal entries, center, and scale: inner products are Spearman's r."""
    ranks = run.average_ranks(run.upper(kernel))
    ranks -= ranks.mean()
    return unit_norm(run, run.symmetric(ranks, len(kernel)))


def exact_kernel(run: Backend, layer: PreparedLayer) -> Any:
    """Return a kernel to rank: a difference in the last bit of float32 would be a whole rank.

    What differs by float64's rounding only is made equal, so that it shares a rank.
    """
    values, shares = layer.exact_centered()
    added = run.put(shares)
    return as_repeated(as_exact(run, run.exact_gram(values) + added + added[:, None]), layer)


def as_exact(run: Backend, kernel: Any) -> Any:
    """Round a float64 kernel to 12 digits of its largest entry."""
    largest = float(abs(kernel).max())
    return run.rounded(kernel / largest, 12) * largest if largest > 0 else kernel


def _delete_group(
    x: Matrices, y: Matrices, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Rank again without each group: ranks of ranks are the ranks of what was ranked."""
    if not pairs:
        return []
    n = len(x.order)
    groups = leave_out_groups(n, seed)
    group_of = np.empty(n, dtype=np.int64)
    for g, kept in enumerate(groups):
        group_of[np.setdiff1d(np.arange(n), kept)] = g
    scores = x.run.correlations_without_groups(x.stack, y.stack, pairs, group_of)
    return [_steadied(x, y, a, b, row) for (a, b), row in zip(pairs, scores, strict=True)]


def _steadied(
    x: Matrices, y: Matrices, a: int, b: int, left_out: Float64[np.ndarray, " groups"]
) -> Influence:
    """Return a rank correlation's influence with pairs of samples counted once.

    So few groups tell a variance within a third. Where layers are unrelated all of it comes of
    pairs, not of samples, and ranks held fixed tell it within a tenth; the share that comes of
    pairs is taken from there, the rest from the groups.
    """
    score = float(x.row_products(y, a, b)[0].sum())
    influence = jackknife(score, left_out)
    of_samples, of_pairs = x.squared_residuals(y, a, b, score, 1.0, 1.0)
    if of_samples == 0 or influence.error == 0:
        return influence
    fixed = 4 * of_samples - 2 * of_pairs
    # Two samples of one group are left out together: their part is counted once already.
    twice = (1 - 1 / len(left_out)) * of_pairs / (2 * of_samples)
    pairs = min(1.0, of_pairs / of_samples)
    variance = pairs * fixed + (1 - pairs) * (1 - twice) * influence.error**2
    return influence._replace(shares=influence.shares * (variance**0.5 / influence.error))


register_kernel_metric(
    name="rsa",
    label="RSA",
    family=kernel_family("ranked kernels", exact_kernel, rank_matrix),
    compare=inner_products,
    influences=_delete_group,
    rivals=6,
    interval_method=DELETE_GROUP,
    batchable=False,
    lowest=-1.0,
    null=lambda n, k: 0.0,
    equation="Spearman(K_ij, L_ij), i < j, K = XXᵀ, L = YYᵀ",
    citation="Kriegeskorte et al. 2008",
)
