"""Alignment metrics: a registry, and one file per family, which registers its metrics."""

from prh_core.metrics import local, matrices, neighbours, subspaces
from prh_core.metrics.registry import (
    Family,
    Metric,
    Need,
    all_metrics,
    get_metric,
    register,
)

__all__ = [
    "Family",
    "Metric",
    "Need",
    "all_metrics",
    "get_metric",
    "local",
    "matrices",
    "neighbours",
    "register",
    "subspaces",
]
