"""Colors laid out by models, by pictures and by human vision: Fig. 8."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class Layouts(Parameters):
    """Up to three layouts, each a unit and one of its readings."""

    first: tuple[str, str] | None = None
    second: tuple[str, str] | None = None
    third: tuple[str, str] | None = None

    @classmethod
    def of(cls, *rows: Mapping[str, Any]) -> Self:  # pyrefly: ignore[bad-override] - several
        """Take unit and reading from rows of `color_agreement`."""
        return cls(*((row["unit_key"], row["reading"]) for row in rows))

    def values(self) -> dict[str, Any]:
        """Return unit and reading of each apart."""
        pairs = {"first": self.first, "second": self.second, "third": self.third}
        return {
            f"{place}_{part}": value
            for place, pair in pairs.items()
            for part, value in zip(("unit", "reading"), pair or (None, None), strict=True)
        }


def color_agreement() -> Answer:
    """How far the colors of every layout stand as in human vision.

    Columns:
        label: language model, or pictures
        side: language or vision
        reading: what distances are between
        rho: Spearman correlation of distances with CIELAB's
        interval_low: of rho, leaving out colors
        interval_high: of rho
        p_value: Mantel, one-sided
        r_squared: Procrustes, share of CIELAB's variance met
        rmsd: from CIELAB once brought onto it, delta E 1976
        stress: normalized, 0 exact
        things: colors laid out
        colors: the words, or the pictures
        rule: which words of them, or which cells of RGB
        trained: false for random weights
        family: of the model; null for pictures
        reflected: whether the mirror image came nearer
        pictures: counted in; null for words
        grid: cells of RGB per channel; null for words
        radius: pixels; null for words
        counted_pairs: of pixels; null for words
        counted_share: of pairs of colors seen together; null for words
        starts: of MDS
        shuffles: behind the p-value
        seed: of sampling, starts and shuffles
        source: of the words or pictures
        license: of them
        run: id
        measured_at: UTC
        unit_key: of the layout, with reading
    """
    return _answer("color_agreement")


def color_points(layouts: Layouts) -> Answer:
    """Where colors lie in CIELAB, and in up to three layouts once brought onto it.

    Columns:
        place: 0 CIELAB, then the layouts in the order asked
        shown: whose view
        reading: what distances are between
        name: word, or mean sRGB of a cell
        color: to draw it in
        lightness: L*, 0 to 100 in CIELAB
        a: a*
        b: b*
        residual: distance from its place in CIELAB once brought onto it, delta E 1976
        stretched: what the layout was multiplied by afterwards, to have CIELAB's spread
        position: of the color in its layout, from 0
    """
    return _answer("color_points", layouts)


def color_pairs(layouts: Layouts) -> Answer:
    """How far apart pairs of colors are in up to three layouts and in CIELAB.

    Columns:
        place: of the layout, from 1
        shown: whose layout
        reading: what distances are between
        first: a color
        second: another
        first_color: to draw it in
        color_difference: CIELAB, delta E 1976
        distance: Euclidean between embeddings, or largest PMI less the pair's, nats
        share_of_largest: the same, as a share of the layout's largest
    """
    return _answer("color_pairs", layouts)


def color_layers(colors: str, rule: str) -> Answer:
    """At which layer of each language model color emerges.

    Columns:
        label: model
        family: of the model
        trained: false for random weights
        layer: from 0, the embedding
        depth: 0 first, 1 last
        name: of the layer
        rho: Spearman correlation of distances with CIELAB's; null where the layer is constant
        interval_low: of rho, leaving out colors
        interval_high: of rho
        p_value: Mantel, one-sided
    """
    return _answer("color_layers", colors=colors, rule=rule)
