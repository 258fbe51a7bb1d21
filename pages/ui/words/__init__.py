"""Measurements in words, the same on every page."""

from pages.ui.words.models import (
    agreed,
    agreeing,
    converged,
    mapped,
    paired,
    solved_first,
    too_few_pairs,
)
from pages.ui.words.scores import (
    alone,
    ceilings,
    compared,
    fits,
    ks,
    measured,
    nobody_can,
    predicted,
    rising,
    shaped,
    skilled,
    slopes,
    trended,
    without,
)
from pages.ui.words.settings import measure

__all__ = [
    "agreed",
    "agreeing",
    "alone",
    "ceilings",
    "compared",
    "converged",
    "fits",
    "ks",
    "mapped",
    "measure",
    "measured",
    "nobody_can",
    "paired",
    "predicted",
    "rising",
    "shaped",
    "skilled",
    "slopes",
    "solved_first",
    "too_few_pairs",
    "trended",
    "without",
]
