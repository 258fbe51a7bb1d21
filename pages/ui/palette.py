"""What a color means: the same thing on every page, told apart by color-blind readers too."""

from collections.abc import Sequence

FAMILY = (
    "#C98600", "#2C9AD4", "#00936A", "#E066B2", "#B53C00", "#3A66D6", "#7E7E2A", "#A4409A",
)  # fmt: skip
"""Near the hues of Okabe and Ito, then of Tol, each moved in lightness until it stands out 3 : 1
from white and near-black, and from the others when red and green look alike."""
SHAPES = (
    "circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right",
    "triangle-left",
)  # fmt: skip
"""Markers, one for each color: no family is known by its color alone."""
SAW_NOTHING = "M-1,-0.6L-0.6,-1L0,-0.4L0.6,-1L1,-0.6L0.4,0L1,0.6L0.6,1L0,0.4L-0.6,1L-1,0.6L-0.4,0Z"
"""An X, the marker of randomly initialized controls."""
UNTRAINED = "#8E8E93"
"""Randomly initialized controls, everywhere."""
MODALITY = {"language": "#8C6BB1", "vision": "#B08D1E", "untrained": UNTRAINED}
SIDES = (MODALITY["language"], MODALITY["vision"])
"""The first and the second of two models."""
SEQUENTIAL = "viridis"
"""Heat maps: even steps in lightness, legible without color."""
SEQUENTIAL_ON_LIGHT, SEQUENTIAL_ON_DARK = (0.0, 0.59), (0.35, 1.0)
"""The part of it whose points and lines stand out 3 : 1 from the background."""
SEQUENTIAL_LIGHT_FROM = 0.43
"""Up to here white words are read best on it, from here on black ones: 4.5 : 1 or more."""
DIVERGING = "purpleorange"
"""Correlations: two hues that color-blind readers tell apart, pale at zero."""
DIVERGING_PALE = (-0.675, 0.87)
"""Between these, of -1 to 1, black words are read best on it; beyond, white ones."""
MISSING = "#8E8E93"
ON_LIGHT, ON_DARK = "#FFFFFF", "#171614"
"""Streamlit's backgrounds."""
INK_ON_LIGHT = "#3D3F46"
INK_ON_DARK = "#D6D4CF"
CHANCE = "#8E8E93"
"""Lines that scores are held against. Too pale for words: `finish` writes those in ink."""


def families(names: Sequence[str]) -> dict[str, str]:
    """Give each family of the warehouse its color, by its place in the list of all families."""
    colors = {name: FAMILY[place % len(FAMILY)] for place, name in enumerate(names)}
    return {**colors, "untrained": UNTRAINED}


def modalities(names: Sequence[str]) -> dict[str, str]:
    """Give each modality its color; those beside language and vision take families' in turn."""
    others = [name for name in names if name not in MODALITY]
    return {
        **{name: color for name, color in MODALITY.items() if name in names},
        **{name: FAMILY[(place + 1) % len(FAMILY)] for place, name in enumerate(sorted(others))},
    }


def markers(names: Sequence[str]) -> dict[str, str]:
    """Give each name its marker, by its place; where colors begin anew, markers are others."""
    shown = [name for name in names if name != "untrained"]
    found = {
        name: SHAPES[(place + place // len(FAMILY)) % len(SHAPES)]
        for place, name in enumerate(shown)
    }
    return {**found, "untrained": SAW_NOTHING}
