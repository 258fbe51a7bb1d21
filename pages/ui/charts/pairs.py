"""What charts of pairs of models share: names of the sides, and what a click or a hover tells."""

import altair as alt
import polars as pl

from pages.ui.answers import Sides

PICKED = "picked"
"""Name of the selection of a pair of models."""


def pair_picked() -> alt.Parameter:
    """Return a selection of a pair of models: a click gives both labels."""
    return alt.selection_point(name=PICKED, fields=["label_x", "label_y"])


def side_names(frame: pl.DataFrame) -> tuple[str, str]:
    """Return what to call the models of either side, as a title begins: "Language", "Vision".

    Args:
        frame: with the columns modality_x and modality_y.
    """
    first = frame.select("modality_x", "modality_y").row(0, named=True)
    one, other = Sides.of(first).names
    return one.capitalize(), other.capitalize()


def pair_tooltip(frame: pl.DataFrame, measure: str) -> list[alt.Tooltip]:
    """Tell all that is known of a pair; what was not computed for any pair is left out."""
    one, other = side_names(frame)
    names = {
        "label_x": f"{one} model",
        "layer_x": "… its best layer",
        "label_y": f"{other} model",
        "layer_y": "… its best layer",
    }
    numbers = {
        "alignment": (measure, ".4f"),
        "selection_free": ("… its choice undone", ".4f"),
        "interval_low": ("… interval of that from", ".4f"),
        "interval_high": ("… to", ".4f"),
        "tied_x": (f"… {one.lower()} neighbors chosen by row order", ".0%"),
        "tied_y": (f"… {other.lower()} neighbors chosen by row order", ".0%"),
        "chance": ("Chance, one pair of layers", ".4f"),
        "null_best_mean": ("Permutation null, mean of the best", ".4f"),
        "null_threshold": ("… threshold, which 5 % exceed", ".4f"),
        "calibrated": ("Calibrated", ".3f"),
        "p_value": ("p", ".3g"),
        "q_value": ("q, over all pairs here", ".3g"),
    }
    known = {name for name in frame.columns if frame[name].is_not_null().any()}
    return [
        *(
            alt.Tooltip(f"{name}:N", title=labeled)
            for name, labeled in names.items()
            if name in known
        ),
        *(
            alt.Tooltip(f"{name}:Q", title=title, format=form)
            for name, (title, form) in numbers.items()
            if name in known
        ),
    ]
