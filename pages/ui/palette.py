"""What a color means: the same thing on every page, told apart by color-blind readers too."""

from collections.abc import Sequence

FAMILY = (
    "#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#3B7DD8", "#999933", "#AA4499",
)  # fmt: skip
"""Okabe and Ito's palette without its black and its yellow, which vanish on one background or the
other; then Tol's. All stand on white and on near-black."""
UNTRAINED = "#8E8E93"
"""Randomly initialized controls, everywhere."""
MODALITY = {"language": "#8C6BB1", "vision": "#B08D1E", "untrained": UNTRAINED}
SEQUENTIAL = "viridis"
"""Heat maps: even steps in lightness, legible without color."""
DIVERGING = "purpleorange"
"""Correlations: two hues that color-blind readers tell apart, pale at zero."""
MISSING = "#8E8E93"
INK_ON_LIGHT = "#3D3F46"
INK_ON_DARK = "#D6D4CF"
CHANCE = "#8E8E93"


def families(names: Sequence[str]) -> dict[str, str]:
    """Give each family of the warehouse its color, by its place in the list of all families."""
    colors = {name: FAMILY[place % len(FAMILY)] for place, name in enumerate(names)}
    return {**colors, "untrained": UNTRAINED}
