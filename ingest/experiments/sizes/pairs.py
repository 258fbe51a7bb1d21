"""The best pair of single layers of two feature sets, and what rows about it say."""

from typing import Any, NamedTuple

from ingest.experiments.sizes.plan import CURVE_VERSION, CurveUnit
from ingest.pipeline.scores.rows import compared_sets
from ingest.pipeline.scores.sides import KeptLayers, usable_layers
from prh_core.errors import DegenerateLayerError
from prh_core.metrics import PrepareOptions
from prh_core.prepared import PreparedLayer
from prh_core.scoring import best_pair


class Pair(NamedTuple):
    """The best pair of single layers of two models on all samples."""

    x: PreparedLayer
    y: PreparedLayer
    layer_x: int
    layer_y: int


class Pairs:
    """Best pairs of layers, found once for all curves of two feature sets by a metric."""

    def __init__(self, device: str | None) -> None:
        """Compute on this device; None on the CPU."""
        self._device = device
        self._kept = KeptLayers(None, device)
        self._found: tuple[tuple[Any, ...], Pair] | None = None

    def of(self, unit: CurveUnit, n: int) -> Pair:
        """Return the best pair of a unit's feature sets on all n samples.

        Raises:
            DegenerateLayerError: no pair of layers can be compared.
        """
        k = unit.k_at(n) if unit.fixed != "share" else unit.choices.k
        asked = (unit.x.header.key, unit.y.header.key, unit.metric.name, k)
        if self._found is None or self._found[0] != asked:
            sides = [
                usable_layers(file, self._kept.of(file, unit.choices.truncation, None))
                for file in (unit.x, unit.y)
            ]
            options = PrepareOptions(k or 1, device=self._device)
            a, b = (unit.metric.family.prepare(layers, options) for layers, _ in sides)
            table = unit.metric.compare(a, b, [k or 1])[0]
            best = best_pair(table, unit.metric.higher_is_closer)
            if best is None:
                raise DegenerateLayerError(f"{unit.name}: no pair of layers can be compared")
            (xs, at_x), (ys, at_y) = sides
            pair = Pair(
                xs[best.layer_x], ys[best.layer_y], int(at_x[best.layer_x]),
                int(at_y[best.layer_y]),
            )  # fmt: skip
            self._found = asked, pair
        return self._found[1]


def described(unit: CurveUnit, pair: Pair) -> dict[str, Any]:
    """Return what rows of a pair have in common."""
    header = unit.x.header
    return {
        **compared_sets(header, unit.y.header),
        "metric": unit.metric.name,
        "truncation": unit.choices.truncation,
        "layer_x": pair.layer_x,
        "layer_name_x": header.layer_names[pair.layer_x],
        "layer_y": pair.layer_y,
        "layer_name_y": unit.y.header.layer_names[pair.layer_y],
        "n": header.n,
        "seed": unit.choices.seed,
        "curve_version": CURVE_VERSION,
    }
