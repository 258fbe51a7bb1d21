"""Alignment metrics: a registry, and one file per family, which registers its metrics."""

# Metrics are listed in the order in which their files register them.
# isort: off
from prh_core.metrics import neighbors
from prh_core.metrics import cknna
from prh_core.metrics import cka
from prh_core.metrics import rsa
from prh_core.metrics import subspaces
from prh_core.metrics import predictivity
from prh_core.metrics import pwcca
from prh_core.metrics import adjusted_rv
from prh_core.metrics import corrected_cka
from prh_core.metrics import gulp
from prh_core.metrics import imbalance

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
    "adjusted_rv",
    "cka",
    "cknna",
    "corrected_cka",
    "gulp",
    "imbalance",
    "neighbors",
    "predictivity",
    "pwcca",
    "register",
    "rsa",
    "subspaces",
]
