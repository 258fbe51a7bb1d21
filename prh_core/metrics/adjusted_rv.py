"""The adjusted RV coefficient: linear CKA beyond what relabeled samples give.

The RV coefficient of centered features (Robert and Escoufier 1976) is linear CKA (Kornblith et al.
2019): both are <K, L> / (|K| |L|). So only the adjusted one is a metric of its own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from prh_core.intervals import DELETE_ONE, Influence, jackknife, once
from prh_core.metrics.cka import LINEAR, without_each_centered
from prh_core.metrics.kernels import register_kernel_metric

NO_ROOM = 1e-6
"""Where chance leaves less than this to 1, all pairs of samples are equally far in both layers."""

Vector = Float64[np.ndarray, " n"]


def adjusted_rv(x: Any, y: Any, ks: Sequence[int]) -> Float64[np.ndarray, "ks lx ly"]:
    """Score all pairs of layers by the adjusted RV coefficient.

    Over all relabelings of n samples the RV coefficient is E = tr K tr L / ((n - 1) |K| |L|) on
    average (Kazi-Aoual et al. 1995); adjusted it is (RV - E) / (1 - E) (El Ghaziri and Qannari
    2015). Unrelated layers score 0 on average whatever their widths, equal ones 1. Range [-1, 1]:
    with K = aH + K0, tr K0 = 0, and L alike, RV - E = <K0, L0> / |K| |L| is at least -(1 - E).

    Args:
        x, y: prepared by linear CKA's family over the same n samples.
        ks: only its length matters.

    Returns:
        (len(ks), layers_x, layers_y) float64; NaN where every pair of samples is equally far apart
        in both layers, so that chance explains all.

    Raises:
        SampleCountError: the sides hold different n.
    """
    rv = np.clip(x.inner(y), -1.0, 1.0)
    chance = np.outer(x.traces, y.traces) / (len(x.order) - 1)
    room = np.where(1 - chance > NO_ROOM, 1 - chance, np.nan)
    table = np.clip((rv - chance) / room, -1.0, 1.0)
    return np.stack([table] * max(1, len(ks)))


def _influences(
    x: Any, y: Any, pairs: Sequence[tuple[int, int]], k: int, seed: int
) -> list[Influence]:
    """Adjust anew without each sample: traces shrink by K_ii n / (n - 1)."""
    own_x = {a: x.row_products(x, a, a) for a in {a for a, _ in pairs}}
    own_y = {b: y.row_products(y, b, b) for b in {b for _, b in pairs}}
    n = len(x.order)
    influences: list[Influence] = []
    for a, b in pairs:
        both, own, others = x.row_products(y, a, b), own_x[a], own_y[b]
        norms = float(own[0].sum()), float(others[0].sum())
        # Kernels are positive, so their diagonals are the roots of the squared ones.
        diagonals = [np.sqrt(own[1]), np.sqrt(others[1])]
        traces = [float(diagonal.sum()) for diagonal in diagonals]
        whole = float(both[0].sum()), (norms[0] * norms[1]) ** 0.5
        chance = traces[0] * traces[1] / (n - 1)
        score = (whole[0] - chance) / (whole[1] - chance)
        left = [t - d * n / (n - 1) for t, d in zip(traces, diagonals, strict=True)]
        less: Vector = left[0] * left[1] / (n - 2)
        norm = np.sqrt(without_each_centered(*own) * without_each_centered(*others))
        left_out = (without_each_centered(*both) - less) / (norm - less)
        influence = jackknife(float(np.clip(score, -1.0, 1.0)), left_out)
        _, of_pairs = x.squared_residuals(y, a, b, score * whole[1], *norms)
        influences.append(once(influence, 2 * of_pairs / (1 - chance / whole[1]) ** 2))
    return influences


register_kernel_metric(
    name="adjusted_rv",
    label="adjusted RV",
    family=LINEAR,
    compare=adjusted_rv,
    influences=_influences,
    interval_method=DELETE_ONE,
    batchable=True,
    lowest=-1.0,
    null=lambda n, k: 0.0,
    equation="(RV - E) / (1 - E), RV = linear CKA, E = tr K tr L / ((n - 1) ‖K‖ ‖L‖), K and L "
    "centered",
    citation="El Ghaziri & Qannari 2015; Kazi-Aoual et al. 1995",
)
