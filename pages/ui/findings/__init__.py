"""The answer of a page in a sentence, with its doubt and what the paper has: numbers in, words out.

Templates only. A sentence says "rises" or "falls" where the interval of the slope excludes zero,
and "Yes" where the test that its doubt names does. Nothing here is escaped.
"""

from pages.ui.findings.captions import Contrast, density
from pages.ui.findings.color import Layout, colors
from pages.ui.findings.doubt import (
    Capacity,
    Held,
    Moved,
    calibration_claim,
    confounding,
    nulls_held,
)
from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.methods import Growth, locality, theory
from pages.ui.findings.metrics import (
    MetricReach,
    MetricTrend,
    metric_reach,
    metric_trends,
    metrics_agree,
)
from pages.ui.findings.pairs import layers, meeting
from pages.ui.findings.sharing import sharing
from pages.ui.findings.sizes import (
    Classed,
    Grown,
    Many,
    classes_carry,
    many_beside_one,
    sizes_matter,
)
from pages.ui.findings.skills import emergence
from pages.ui.findings.standing import standing
from pages.ui.findings.training import Change, training
from pages.ui.findings.trends import convergence, trend
from pages.ui.findings.unpaired import Matched, matched_without_pairs

__all__ = [
    "BADGES", "Capacity", "Change", "Classed", "Contrast", "Finding", "Grown", "Growth", "Held",
    "Layout", "Many", "Matched", "MetricReach", "MetricTrend", "Moved", "Verdict",
    "calibration_claim", "classes_carry", "colors", "confounding", "convergence", "density",
    "emergence", "layers", "locality", "many_beside_one", "matched_without_pairs", "meeting",
    "metric_reach", "metric_trends", "metrics_agree", "nulls_held", "sharing", "sizes_matter",
    "standing", "theory", "training", "trend",
]  # fmt: skip
