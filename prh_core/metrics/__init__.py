"""Alignment metrics: a registry, and one file per family, which registers its metrics."""

from prh_core.metrics.neighbours import MUTUAL_KNN
from prh_core.metrics.registry import Family, Metric, all_metrics, get_metric, register

__all__ = ["MUTUAL_KNN", "Family", "Metric", "all_metrics", "get_metric", "register"]
