"""One typed function per figure's query; the SQL stands in the file of the same name.

Each docstring lists the columns of its answer, one a line, with units.
"""

from pages.queries.alignments import (
    alignment,
    local,
    measured,
    self_agreement,
    settings,
    skill,
    skills,
    text_of,
    texts,
)
from pages.queries.among import (
    map_of_models,
    metric_pairs,
    model_measured,
    model_pairs,
    model_settings,
)
from pages.queries.answers import Answer, Setting, load
from pages.queries.captions import (
    CaptionStudy,
    caption_density,
    caption_examples,
    caption_gains,
    caption_means,
    caption_overall,
    caption_pictures,
    caption_sets,
    caption_studies,
)
from pages.queries.color import (
    Layouts,
    color_agreement,
    color_layers,
    color_pairs,
    color_points,
)
from pages.queries.comparison import metric_scores, metric_trends, metrics
from pages.queries.inside import depth, layers
from pages.queries.inventory import coverage, datasets, families, models, runs
from pages.queries.theory import (
    Scene,
    theory_kernels,
    theory_lost,
    theory_measured,
    theory_metrics,
    theory_simulations,
    theory_training,
)

__all__ = [
    "Answer",
    "CaptionStudy",
    "Layouts",
    "Scene",
    "Setting",
    "alignment",
    "caption_density",
    "caption_examples",
    "caption_gains",
    "caption_means",
    "caption_overall",
    "caption_pictures",
    "caption_sets",
    "caption_studies",
    "color_agreement",
    "color_layers",
    "color_pairs",
    "color_points",
    "coverage",
    "datasets",
    "depth",
    "families",
    "layers",
    "load",
    "local",
    "map_of_models",
    "measured",
    "metric_pairs",
    "metric_scores",
    "metric_trends",
    "metrics",
    "model_measured",
    "model_pairs",
    "model_settings",
    "models",
    "runs",
    "self_agreement",
    "settings",
    "skill",
    "skills",
    "text_of",
    "texts",
    "theory_kernels",
    "theory_lost",
    "theory_measured",
    "theory_metrics",
    "theory_simulations",
    "theory_training",
]
