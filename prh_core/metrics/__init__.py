"""Alignment metrics: a registry, and one file per family, which registers its metrics."""

# Metrics are listed in the order in which their files register them.
# isort: off
from prh_core.metrics import neighbors
from prh_core.metrics import cknna
from prh_core.metrics import cka
from prh_core.metrics import rsa
from prh_core.metrics import subspaces

# isort: on
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
    "cka",
    "cknna",
    "neighbors",
    "register",
    "rsa",
    "subspaces",
]
