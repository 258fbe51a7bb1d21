"""Frames in, charts out. No Streamlit; numbers come from SQL, only positions are made here."""

from pages.ui.charts.alignment import heat_map, lines
from pages.ui.charts.captions import AMOUNTS, density, gains
from pages.ui.charts.color import color_layers, color_pairs, color_views
from pages.ui.charts.coverage import coverage
from pages.ui.charts.finish import on_screen, titled
from pages.ui.charts.layers import depth_curve, layer_map
from pages.ui.charts.metrics import metric_dots
from pages.ui.charts.models import bins, metric_agreement, model_map
from pages.ui.charts.parts import Chart, Drawn
from pages.ui.charts.pictures import PICKED, picture_sheet
from pages.ui.charts.skills import by_neighbors, growth, skill
from pages.ui.charts.theory import kernels, theory_lost, theory_metrics, theory_training
from pages.ui.charts.trends import Axes, against, family_panels, panel

__all__ = [
    "AMOUNTS",
    "Axes",
    "Chart",
    "Drawn",
    "PICKED",
    "against",
    "bins",
    "by_neighbors",
    "color_layers",
    "color_pairs",
    "color_views",
    "coverage",
    "density",
    "depth_curve",
    "family_panels",
    "gains",
    "growth",
    "heat_map",
    "kernels",
    "layer_map",
    "lines",
    "metric_agreement",
    "metric_dots",
    "model_map",
    "on_screen",
    "panel",
    "picture_sheet",
    "skill",
    "theory_lost",
    "theory_metrics",
    "theory_training",
    "titled",
]
