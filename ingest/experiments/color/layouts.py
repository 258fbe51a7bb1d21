"""Layouts of colors in three dimensions, brought onto human vision (paper, Fig. 8)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.spatial.distance import pdist, squareform

from prh_core.agreement import Agreement, distance_agreement
from prh_core.color_cooccurrence import PAIRS, RADIUS
from prh_core.mds import STARTS, metric_mds
from prh_core.procrustes import kabsch_umeyama

COLOR_VERSION = 2
"""Raised when the same input would give other layouts; part of every unit's key."""
TABLE = "color_layouts"
LEVEL = 0.95


class Choices(NamedTuple):
    """How layouts are made."""

    grid: int = 4
    """Cells of RGB per channel."""
    radius: int = RADIUS
    pairs: int = PAIRS
    minimum: int = 1
    """Times a pair must be seen, in either order; any other is as far apart as the farthest."""
    least: float = 0.002
    """Cells that take a smaller share of the pixels are left out."""
    starts: int = STARTS
    seed: int = 0


class Colors(NamedTuple):
    """What is laid out."""

    names: Sequence[str]
    lab: np.ndarray
    """(n, 3) CIELAB."""
    rgb: np.ndarray
    """(n, 3) sRGB, 0 to 1."""
    shares: np.ndarray | None = None
    """(n,) of the pixels; None for words."""


class Layout(NamedTuple):
    """Rows of one layout, by the tables they belong to."""

    row: dict[str, Any]
    points: list[dict[str, Any]]
    pairs: pl.DataFrame


def lay_out(
    about: Mapping[str, Any], colors: Colors, distance: np.ndarray, choices: Choices
) -> Layout:
    """Lay colors out by their distances, and bring the layout onto CIELAB.

    Args:
        about: columns of `color_layouts` that say what the distances are; `reading` among them.
        colors: of the n things.
        distance: (n, n).
        choices: starts and seed.

    Raises:
        LayoutError: the distances tell no color from another.
    """
    scaling = metric_mds(distance, 3, starts=choices.starts, seed=choices.seed)
    moved = kabsch_umeyama(scaling.places, colors.lab, mirror=True)
    human = distances(colors.lab)
    agreement = distance_agreement(distance, human, level=LEVEL, seed=choices.seed)
    reading = about["reading"]
    points = [
        {
            "reading": reading,
            "position": i,
            "name": name,
            "color": hex_color(colors.rgb[i]),
            "lightness": float(colors.lab[i, 0]),
            "a": float(colors.lab[i, 1]),
            "b": float(colors.lab[i, 2]),
            "x": float(moved.moved[i, 0]),
            "y": float(moved.moved[i, 1]),
            "z": float(moved.moved[i, 2]),
            "residual": float(moved.residuals[i]),
            "share": None if colors.shares is None else float(colors.shares[i]),
        }
        for i, name in enumerate(colors.names)
    ]
    first, second = np.triu_indices(len(colors.names), 1)
    pairs = pl.DataFrame(
        {
            "reading": reading,
            "first_position": first,
            "second_position": second,
            "distance": distance[first, second],
            "color_difference": human[first, second],
        }
    )
    row = {
        **about,
        "things": len(colors.names),
        "starts": choices.starts,
        "seed": choices.seed,
        "stress": scaling.stress,
        "steps": scaling.steps,
        "scale": moved.scale,
        "reflected": moved.reflected,
        "rmsd": moved.rmsd,
        "r_squared": moved.r_squared,
        **agreement_columns(agreement),
        "interval_level": LEVEL,
        "shuffles": agreement.shuffles,
        "color_version": COLOR_VERSION,
    }
    return Layout(row, points, pairs)


def rows_of(layouts: Sequence[Layout]) -> dict[str, Any]:
    """Return the rows of a unit's layouts by table, the one that says it is done last."""
    return {
        "color_points": [point for layout in layouts for point in layout.points],
        "color_pairs": pl.concat([layout.pairs for layout in layouts]),
        TABLE: [layout.row for layout in layouts],
    }


def distances(points: np.ndarray) -> np.ndarray:
    """Return the (n, n) Euclidean distances of n points."""
    return squareform(pdist(points))


def agreement_columns(agreement: Agreement) -> dict[str, Any]:
    """Return what tables hold of an agreement with CIELAB; a bound that is not finite is empty."""
    bounds = [
        float(bound) if np.isfinite(bound) else None for bound in (agreement.low, agreement.high)
    ]
    return {
        "rho": agreement.rho,
        "p_value": agreement.p_value,
        "interval_low": bounds[0],
        "interval_high": bounds[1],
    }


def hex_color(rgb: np.ndarray) -> str:
    """Return sRGB of 0 to 1 as #rrggbb."""
    red, green, blue = (round(float(value) * 255) for value in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"
