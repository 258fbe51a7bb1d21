"""Alignment metrics: a registry, and one file per family, which registers its metrics."""

from prh_core.metrics import cknna, kernels, neighbors, subspaces
from prh_core.metrics.registry import (
    Family,
    Metric,
    PrepareOptions,
    all_metrics,
    get_metric,
    register,
)

__all__ = [
    "Family",
    "Metric",
    "PrepareOptions",
    "all_metrics",
    "get_metric",
    "cknna",
    "kernels",
    "neighbors",
    "register",
    "subspaces",
]
