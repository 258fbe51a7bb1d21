"""Colors of pictures laid out by which stand near each other (paper, Fig. 8)."""

from typing import Any, NamedTuple

import numpy as np

from ingest.experiments.color.layouts import (
    COLOR_VERSION,
    TABLE,
    Choices,
    Colors,
    hex_color,
    lay_out,
    rows_of,
)
from ingest.experiments.color.pictures import Pictures
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.color_cooccurrence import frequent, srgb_to_lab, together
from prh_core.pmi import dissimilarity, pmi

CO_OCCURRENCE = "co-occurrence in pictures"


class PictureUnit(NamedTuple):
    """Pictures to lay colors out by."""

    key: str
    pictures: Pictures

    @property
    def name(self) -> str:
        """Title of the pictures."""
        return self.pictures.title


def picture_unit(pictures: Pictures, choices: Choices) -> PictureUnit:
    """Name the pictures' layout, done or not."""
    key = unit_key({"pictures": pictures.digest, **choices._asdict(), "version": COLOR_VERSION})
    return PictureUnit(key, pictures)


def lay_out_pictures(run: Run, unit: PictureUnit, choices: Choices, progress: Progress) -> None:
    """Lay out the colors of pictures by which stand near each other; failing is noted.

    Raises:
        DiskFullError: nothing already stored was changed.
    """

    def compute(unit: PictureUnit) -> dict[str, Any]:
        progress.start(f"{unit.name}: counting and laying out", 2)
        try:
            return _rows(unit.pictures, choices, progress)
        finally:
            progress.done()

    run.each(TABLE, [unit], compute, progress)


def _rows(pictures: Pictures, choices: Choices, progress: Progress) -> dict[str, Any]:
    counts = together(
        pictures.images,
        grid=choices.grid,
        radius=choices.radius,
        pairs=choices.pairs,
        seed=choices.seed,
    )
    cells = frequent(counts, choices.least)
    progress.advance(1)
    information = pmi(cells.counts, minimum=choices.minimum)
    above = np.triu_indices(len(cells.cells), 1)
    about = {
        "side": "vision",
        "colors": pictures.title,
        "rule": f"cells of a {choices.grid} × {choices.grid} × {choices.grid} grid of RGB with "
        f"{choices.least:.1%} of the pixels or more",
        "source": pictures.source,
        "license": pictures.license,
        "reading": CO_OCCURRENCE,
        "pictures": len(pictures.images),
        "grid": choices.grid,
        "radius": choices.radius,
        "counted_pairs": choices.pairs,
        "minimum_count": choices.minimum,
        "least_share": choices.least,
        "counted_share": float(information.counted[above].mean()),
    }
    names = [hex_color(color) for color in cells.rgb]
    colors = Colors(names, srgb_to_lab(cells.rgb), cells.rgb, information.marginal)
    layout = lay_out(about, colors, dissimilarity(information.values), choices)
    progress.advance(1)
    return rows_of([layout])
