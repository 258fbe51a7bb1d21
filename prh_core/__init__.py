"""The mathematics of representational alignment: arrays in, numbers out.

>>> import numpy as np, prh_core
>>> X = np.random.default_rng(0).normal(size=(200, 16))
>>> prh_core.align(X, X @ np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))[0]).score
1.0
"""

from prh_core.batches import BatchAverage, batch_average
from prh_core.ceilings import NoiseCeiling, SplitHalf, noise_ceiling, split_half_agreement
from prh_core.curves import CurvePoint, n_curve
from prh_core.emergence import Emergence, emergence_test
from prh_core.errors import PRHError
from prh_core.intervals import Interval
from prh_core.layers import Alignment, PanelAlignment, align, align_panel
from prh_core.metrics import all_metrics, get_metric
from prh_core.saturation import Saturation, fit_saturation
from prh_core.scoring import BestPair, best_pair
from prh_core.trends import (
    FamilyTrend,
    Trend,
    leave_one_family_out,
    linear_trend,
    within_families,
)

__all__ = [
    "Alignment",
    "BatchAverage",
    "BestPair",
    "CurvePoint",
    "Emergence",
    "FamilyTrend",
    "Interval",
    "NoiseCeiling",
    "PRHError",
    "PanelAlignment",
    "Saturation",
    "SplitHalf",
    "Trend",
    "align",
    "align_panel",
    "all_metrics",
    "batch_average",
    "best_pair",
    "emergence_test",
    "fit_saturation",
    "get_metric",
    "leave_one_family_out",
    "linear_trend",
    "n_curve",
    "noise_ceiling",
    "split_half_agreement",
    "within_families",
]
