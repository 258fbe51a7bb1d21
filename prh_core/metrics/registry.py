"""The one list of metrics. Adding a metric is registering it in its family's file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from prh_core.errors import PRHError, UnknownMetricError
from prh_core.intervals import (
    BestInterval,
    Influence,
    Interval,
    Share,
    interval_of,
    interval_of_best,
)
from prh_core.types import Order

ScoreTable = Float64[np.ndarray, "layers_x layers_y"]
ScoreTables = Float64[np.ndarray, "ks layers_x layers_y"]
"""One layer-by-layer table per k."""
_OUT_OF_REACH = 12.0
"""Standard errors."""


@dataclass(frozen=True)
class PrepareOptions:
    """How a side is prepared, and for what."""

    k: int
    """The largest k that will be asked for; every smaller one is served too."""
    concatenate: bool = False
    """Add one last entry that stands for all layers side by side."""
    sigma: float | None = None
    """Bandwidth of the RBF kernel; None: the median distance between samples."""
    device: str | None = None
    """None: numpy and numba on this machine's cores; else a torch device (`prh_core.backend`)."""
    recall: float | None = None
    """None: exact neighbors; else the share of them an approximate index should find."""


def _relabeled(prepared: Any, order: Order) -> Any:
    return prepared.relabeled(order)


@dataclass(frozen=True)
class Family:
    """How one family prepares a model's layers, once, for every metric and every partner."""

    name: str
    prepare: Callable[[Any, PrepareOptions], Any]
    """Layers, plain or prepared (`prh_core.prepared`) -> what comparisons need."""
    relabel: Callable[[Any, Order], Any] = _relabeled
    """(prepared, order) -> as if row i of every layer had been row order[i]; nothing is
    prepared again. By default what is prepared knows how."""
    approximate: bool = False
    """Neighbors are all it needs, so that an approximate index can serve it."""
    tied: Callable[[Any, int, int], float] | None = None
    """(prepared, layer, k) -> share of neighbors that row order alone decided, because several
    candidates are equally near; None for a family without neighbors."""


@dataclass(frozen=True)
class Metric:
    """A metric's definition and the properties the paper tabulates (Fig. 11)."""

    name: str
    label: str
    family: Family
    compare: Callable[[Any, Any, Sequence[int]], ScoreTables]
    """(prepared x, prepared y, ks) -> one table per k."""
    influences: Callable[[Any, Any, Sequence[tuple[int, int]], int, int], list[Influence]]
    """(prepared x, prepared y, pairs of layers, k, seed) -> what samples contribute to the error
    of each pair's score."""
    interval_method: str
    symmetric: bool
    uses_all_samples: bool
    """The paper's 'global': every pair of samples counts, not only near ones."""
    ordinal: bool
    """The order of neighbors counts, not only who they are."""
    batchable: bool
    """Can be estimated from batches."""
    lowest: float
    highest: float
    equation: str
    citation: str
    rivals: int = 24
    """Pairs of layers nearest to the best whose scores are taken into account when its interval
    is corrected for having been chosen; fewer where influences are costly."""
    is_share: bool = False
    """A share, from 0 to 1, in its interval (`prh_core.intervals.Share`)."""
    counts_samples: bool = False
    """A share of the samples: each counts as 0 or 1."""
    null: Callable[[int, int], float] | None = None
    """Expected score of unrelated features, from (n, k), where a closed form is known."""
    uses_k: bool = True
    global_at_full_k: bool = False
    """Becomes global once k = n - 1: the starred tick of Fig. 11."""
    uses_sigma: bool = False
    higher_is_closer: bool = True
    rotation_invariant: bool = True
    """Rotating one side's features changes nothing."""
    reverse: str | None = None
    """Name of the metric that is this one with the sides exchanged."""
    self_score: float | None = None
    """What two equal representations score, where that is no end of the range."""
    direction: str = ""
    """Which side is walked how, for a metric that is not symmetric."""

    @property
    def best(self) -> float:
        """What two equal representations score: an end of the range, unless said otherwise."""
        if self.self_score is not None:
            return self.self_score
        return self.highest if self.higher_is_closer else self.lowest

    def interval(
        self, x: Any, y: Any, layers: tuple[int, int], k: int, level: float = 0.95, seed: int = 0
    ) -> Interval:
        """Return the interval of one pair of layers that was not chosen by the same data.

        Args:
            x, y: sides prepared by the family.
            layers: which layer of each.
            k: neighbors.
            level: confidence, in (0, 1).
            seed: of the resampling, where there is any.
        """
        (influence,) = self.influences(x, y, [layers], k, seed)
        return self.interval_of(influence, level)

    def interval_of(self, influence: Influence, level: float = 0.95) -> Interval:
        """Return the interval of a score whose error is known, cut to the metric's range."""
        return interval_of(influence, self.lowest, self.highest, self._share(influence), level)

    def best_interval(
        self,
        x: Any,
        y: Any,
        table: ScoreTable,
        k: int,
        level: float = 0.95,
        seed: int = 0,
    ) -> BestInterval:
        """Return the interval of the expected score of the pair that is best in its table.

        See `prh_core.intervals.interval_of_best`.

        Args:
            x, y: sides prepared by the family.
            table: (layers_x, layers_y) their scores; NaN where a pair has none.
            k, level, seed: as in `interval`.
        """
        sign = -1 if self.higher_is_closer else 1
        ranked = np.argsort(
            np.where(np.isnan(table), np.inf, sign * table), axis=None, kind="stable"
        )
        size = int(np.isfinite(table).sum())
        pairs = [
            (int(at // table.shape[1]), int(at % table.shape[1]))
            for at in ranked[: min(size, self.rivals + 1)]
        ]
        (best,) = self.influences(x, y, pairs[:1], k, seed)
        # A rival further behind than that could not be chosen instead, however it moves.
        reach = _OUT_OF_REACH * best.error
        near = [pair for pair in pairs[1:] if abs(best.score - table[pair]) <= reach]
        return interval_of_best(
            best,
            self.influences(x, y, near, k, seed),
            size,
            self.lowest,
            self.highest,
            share=self._share(best),
            higher_is_closer=self.higher_is_closer,
            level=level,
            seed=seed,
        )

    def _share(self, influence: Influence) -> Share | None:
        if not self.is_share:
            return None
        return Share(len(influence.shares) if self.counts_samples else 0)


_METRICS: dict[str, Metric] = {}


def register(**fields: Any) -> Metric:
    """Add a metric, made of the fields of `Metric`, to the registry.

    Raises:
        PRHError: a metric of that name is registered already.
    """
    metric = Metric(**fields)
    if metric.name in _METRICS:
        raise PRHError(f"metric {metric.name!r} is registered twice")
    _METRICS[metric.name] = metric
    return metric


def get_metric(name: str) -> Metric:
    """Return a metric by name.

    Raises:
        UnknownMetricError: nothing is registered under that name; the message lists what is.
    """
    try:
        return _METRICS[name]
    except (KeyError, TypeError):  # a list, say, is no key at all
        raise UnknownMetricError(
            f"no metric is called {name!r}; there are: {', '.join(sorted(_METRICS))}"
        ) from None


def all_metrics() -> tuple[Metric, ...]:
    """Every registered metric, in order of registration."""
    return tuple(_METRICS.values())
