"""What two models answer, sample by sample."""

from typing import Any

from pages.neighbors.statistics import Sharing
from pages.ui import findings


def find(
    pair: dict[str, Any], layers: dict[str, Any], sharing: Sharing, *, samples: int
) -> findings.Finding:
    """Say how many neighbors two models share, and how many samples share none.

    Args:
        pair: its row of `queries.inside_pairs`.
        layers: the row of `queries.inside_layers` that is shown.
        sharing: of these layers.
        samples: n.
    """
    return findings.sharing(
        first=f"{pair['label_x']} ({layers['layer_name_x']})",
        second=f"{pair['label_y']} ({layers['layer_name_y']})",
        k=pair["k"],
        mean=sharing.mean,
        chance=sharing.chance,
        none=sharing.none,
        chance_none=sharing.chance_none,
        half=sharing.half,
        q=pair["q_value"],
        best=layers["best"],
        trained=pair["trained"],
        samples=samples,
    )
