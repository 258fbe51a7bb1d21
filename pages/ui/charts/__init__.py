"""Frames in, charts out. No Streamlit; numbers come from SQL, only positions are made here."""

from pages.ui.charts.alignment import against_bits, heat_map, lines
from pages.ui.charts.coverage import coverage
from pages.ui.charts.finish import on_screen, titled
from pages.ui.charts.layers import depth_curve, layer_map
from pages.ui.charts.metrics import metric_dots
from pages.ui.charts.parts import Chart

__all__ = [
    "Chart",
    "against_bits",
    "coverage",
    "depth_curve",
    "heat_map",
    "layer_map",
    "lines",
    "metric_dots",
    "on_screen",
    "titled",
]
