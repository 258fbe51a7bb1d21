"""A live model's layers against references that were prepared once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.pipeline.scores.plan import Setting
from ingest.training.references import Reference
from prh_core.calibration import null_best, permutations
from prh_core.errors import DegenerateLayerError, PRHError
from prh_core.metrics import PrepareOptions
from prh_core.prepare import constant_layers, normalize, truncate
from prh_core.prepared import PreparedLayer
from prh_core.scoring import best_pair, score_best_pair
from prh_core.types import Layers, LayerScores, as_layers, check_k, check_paired


class Side(NamedTuple):
    """A model's layers, prepared."""

    ready: Any
    names: tuple[str, ...]
    """Of the layers that can be compared."""
    last: int | None
    """Where the deepest layer stands among these; None where it cannot be compared."""
    set_aside: tuple[str, ...]
    """Of those that cannot: every row the same, or a row of zeros, which has no direction."""


class ReferenceScore(NamedTuple):
    """How alike the model in training and one reference are."""

    reference: str
    score: float
    """Best over pairs of layers."""
    layer: str
    """Of the model in training."""
    reference_layer: str
    last_layer_score: float | None
    """Best over the reference's layers with the last layer of the model in training; None where
    that was set aside or has no score."""
    p_value: float | None
    """Of the best over layers; None without permutations."""
    null_threshold: float | None
    """What the best of a table of unrelated layers stays within, 95 times in 100."""


class Comparison:
    """References prepared for one setting, each once."""

    def __init__(self, setting: Setting, references: Sequence[Reference], n: int) -> None:
        """Prepare references, of which every layer holds the n samples of the probe.

        Raises:
            SampleCountError, NeighborCountError: a reference has another number of rows; k does
                not fit n.
            DegenerateLayerError: no layer of a reference can be compared.
            UnknownMetricError: the metric is not registered.
        """
        self.setting = setting.applicable()
        self._metric = self.setting.definition
        self._k = self.setting.k or 1
        if self._metric.uses_k:
            check_k(self._k, n)
        self._orders = permutations(n, setting.permutations, setting.seed)
        self._references: dict[str, Side] = {}
        for reference in references:
            if reference.model_id in self._references:
                raise PRHError(f"expected every reference once, got {reference.model_id} twice")
            check_paired(n, len(reference.layers[0]), reference.model_id)
            side = self.prepared(reference.layers, reference.layer_names, reference.model_id)
            self._references[reference.model_id] = side

    def prepared(self, layers: Layers, names: Sequence[str], whose: str) -> Side:
        """Truncate, normalize and prepare layers, (n, d_l) each.

        Raises:
            NotFiniteError, FeatureShapeError, SampleCountError: these are no features.
            DegenerateLayerError: no layer can be compared.
        """
        whole = as_layers(layers, whose, "lnd")
        named = self.setting.truncation
        clamped = truncate(whole, None if named == "none" else named)
        usable: list[PreparedLayer] = []
        kept: list[str] = []
        aside: list[str] = []
        for name, layer in zip(names, clamped, strict=True):
            try:
                ready = normalize([layer], whose)
            except DegenerateLayerError:
                aside.append(name)
                continue
            if constant_layers(ready)[0]:
                aside.append(name)
                continue
            kept.append(name)
            usable.append(ready[0])
        if not usable:
            raise DegenerateLayerError(
                f"{whose}: expected a layer that tells samples apart, got {len(aside)} that are "
                "constant or hold a row of zeros"
            )
        ready = self._metric.family.prepare(usable, PrepareOptions(self._k, False))
        last = len(kept) - 1 if kept[-1] == names[-1] else None
        return Side(ready, tuple(kept), last, tuple(aside))

    def scores(
        self, layers: dict[str, NDArray[np.float32]], whose: str
    ) -> tuple[list[ReferenceScore], tuple[str, ...]]:
        """Score a model's layers, name -> (n, d), against every reference.

        Returns:
            The scores, and the layers that were set aside.

        Raises:
            PRHError: as `prepared`, or the metric is not defined for any pair of layers.
        """
        live = self.prepared(list(layers.values()), list(layers), whose)
        return [self._score(live, name, side) for name, side in self._references.items()], (
            live.set_aside
        )

    def _score(self, live: Side, name: str, reference: Side) -> ReferenceScore:
        metric, k = self._metric, self._k
        table = metric.compare(live.ready, reference.ready, [k])[0]
        null = None
        if len(self._orders) and not np.isnan(table).all():
            null = null_best([metric], [live.ready], reference.ready, [k], self._orders)[0, 0, 0]
        scored = score_best_pair(metric, live.ready, reference.ready, table, k, null=null)
        best, chance = scored.best, scored.calibration
        return ReferenceScore(
            name,
            best.score,
            live.names[best.layer_x],
            reference.names[best.layer_y],
            self._of_last(live, table),
            None if chance is None else chance.p_value,
            None if chance is None else chance.threshold,
        )

    def _of_last(self, live: Side, table: LayerScores) -> float | None:
        if live.last is None:
            return None
        best = best_pair(table[live.last : live.last + 1], self._metric.higher_is_closer)
        return None if best is None else best.score
