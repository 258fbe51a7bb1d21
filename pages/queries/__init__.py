"""One typed function per figure's query; the SQL stands in the file of the same name.

Each docstring lists the columns of its answer, one a line, with units.
"""

from pages.queries.alignments import alignment, ceilings, measured, settings, texts
from pages.queries.answers import Answer, Setting, load
from pages.queries.comparison import metric_scores, metrics
from pages.queries.inside import depth, layers
from pages.queries.inventory import coverage, datasets, families, models, runs

__all__ = [
    "Answer",
    "Setting",
    "alignment",
    "ceilings",
    "coverage",
    "datasets",
    "depth",
    "families",
    "layers",
    "load",
    "measured",
    "metric_scores",
    "metrics",
    "models",
    "runs",
    "settings",
    "texts",
]
