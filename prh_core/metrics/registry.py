"""The one list of metrics. Adding a metric is registering it in its family's file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from prh_core.errors import PRHError, UnknownMetricError
from prh_core.types import Layers

ScoreTables = Float64[np.ndarray, "ks layers_x layers_y"]
"""One layer-by-layer table per k."""


@dataclass(frozen=True)
class Family:
    """How one family prepares a model's layers, once, for every metric and every partner."""

    name: str
    prepare: Callable[[Layers, int, bool], Any]
    """(layers, largest k, concatenate) -> prepared; with `concatenate` the last entry stands for
    all layers side by side."""


@dataclass(frozen=True)
class Metric:
    """A metric's definition and the properties the paper tabulates (Fig. 11)."""

    name: str
    label: str
    family: Family
    compare: Callable[[Any, Any, Sequence[int]], ScoreTables]
    """(prepared x, prepared y, ks) -> one table per k."""
    symmetric: bool
    uses_all_samples: bool
    """The paper's 'global': every pair of samples counts, not only near ones."""
    ordinal: bool
    """The order of neighbours counts, not only who they are."""
    batchable: bool
    """Can be estimated from batches."""
    lowest: float
    highest: float
    null: Callable[[int, int], float] | None
    """Expected score of unrelated features, from (n, k), where a closed form is known."""
    equation: str
    citation: str
    higher_is_closer: bool = True


_METRICS: dict[str, Metric] = {}


def register(metric: Metric) -> Metric:
    """Add a metric to the registry.

    Raises
    ------
    PRHError
        A metric of that name is registered already.
    """
    if metric.name in _METRICS:
        raise PRHError(f"metric {metric.name!r} is registered twice")
    _METRICS[metric.name] = metric
    return metric


def get_metric(name: str) -> Metric:
    """Return a metric by name.

    Raises
    ------
    UnknownMetricError
        Nothing is registered under that name; the message lists what is.
    """
    try:
        return _METRICS[name]
    except KeyError:
        raise UnknownMetricError(
            f"no metric is called {name!r}; there are: {', '.join(sorted(_METRICS))}"
        ) from None


def all_metrics() -> tuple[Metric, ...]:
    """Every registered metric, in order of registration."""
    return tuple(_METRICS.values())
