"""Which curves over the number of samples are made of which scores."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from ingest.errors import MissingScoresError
from ingest.pipeline.scores.plan import FeatureFile
from ingest.pipeline.stored import StoredDataset
from ingest.store.features import unit_key
from ingest.store.workspace import Workspace
from prh_core.errors import CurveError, NeighborCountError
from prh_core.metrics import Metric, get_metric
from prh_core.sizes import ORDERS, doubling_sizes

CURVE_VERSION = 1
"""Raised when the same features would give another curve; part of every unit's key."""
SHARE = 1 / 16
"""Of the samples that are neighbors where the share is fixed."""
AHEAD = (2, 4, 8, 16)
"""Times the samples there are, to which a curve at fixed k is taken on."""


class CurveChoices(NamedTuple):
    """Which curves."""

    metrics: Sequence[str] = ("mutual_knn",)
    k: int = 10
    share: float = SHARE
    sizes: Sequence[int] = ()
    """None: 64, 128, 256 and so on, and all."""
    truncation: str = "exact"
    orders: int = ORDERS
    seed: int = 0


class CurveUnit(NamedTuple):
    """One curve of one pair of feature sets."""

    key: str
    x: FeatureFile
    y: FeatureFile
    metric: Metric
    fixed: str
    """k, share, or none for a metric without neighbors."""
    choices: CurveChoices
    sizes: tuple[int, ...]

    @property
    def name(self) -> str:
        """Both models."""
        return f"{self.x.header.model_id} with {self.y.header.model_id}, {self.metric.name}"

    def k_at(self, n: int) -> int | None:
        """Return the neighbors at a number of samples."""
        if self.fixed == "none":
            return None
        return self.choices.k if self.fixed == "k" else max(1, round(self.choices.share * n))


def plan_curves(
    workspace: Workspace, stored: StoredDataset, choices: CurveChoices, models: Sequence[str] = ()
) -> list[CurveUnit]:
    """List the curves of every pair of feature sets that was scored by the metrics, done or not.

    Args:
        workspace: where scores are stored.
        stored: the dataset's feature sets.
        choices: which curves.
        models: ids of those taken; none stands for all.

    Raises:
        MissingFeaturesError: a model has none here.
        MissingScoresError: no two of these feature sets were scored so.
        CurveError: sizes do not fit the samples, or fewer than two are left.
        NeighborCountError: k or the share does not fit the smallest.
    """
    total = len(stored.sample_ids)
    sizes = tuple(sorted(set(choices.sizes))) or tuple(doubling_sizes(total))
    if len(sizes) < 2 or sizes[0] < 8 or sizes[-1] > total:
        raise CurveError(
            f"a curve takes two sizes or more, from 8 to all {total:,} samples, got "
            f"{', '.join(map(str, sizes))}"
        )
    if not 0 < choices.share < 0.5 or not 1 <= choices.k < sizes[0]:
        raise NeighborCountError(
            f"expected k from 1 to {sizes[0] - 1}, below the smallest size, and a share between 0 "
            f"and .5, got {choices.k} and {choices.share:g}"
        )
    files = {file.header.key: file for file in stored.files_of(models)}
    units: dict[str, CurveUnit] = {}
    for name in choices.metrics:
        metric = get_metric(name)
        for row in _scored(workspace, stored, files, metric.name, choices).iter_rows(named=True):
            x, y = files[row["features_x"]], files[row["features_y"]]
            for fixed in ("k", "share") if metric.uses_k else ("none",):
                unit = CurveUnit("", x, y, metric, fixed, choices, sizes)
                unit = unit._replace(key=_key(unit))
                units[unit.key] = unit
    if not units:
        raise MissingScoresError(
            f"no score by {', '.join(choices.metrics)} of two feature sets on "
            f"{stored.dataset_id} is stored; run `prh score --dataset {stored.dataset_id}` first"
        )
    return list(units.values())


def _key(unit: CurveUnit) -> str:
    determines: Mapping[str, Any] = {
        "curve of": [unit.x.header.key, unit.y.header.key],
        "metric": unit.metric.name,
        "fixed": unit.fixed,
        "ks": [unit.k_at(n) for n in unit.sizes],
        "sizes": unit.sizes,
        "truncation": unit.choices.truncation,
        "orders": unit.choices.orders,
        "seed": unit.choices.seed,
        "version": CURVE_VERSION,
    }
    return unit_key(determines)


def _scored(
    workspace: Workspace,
    stored: StoredDataset,
    files: Mapping[str, FeatureFile],
    metric: str,
    choices: CurveChoices,
) -> pl.DataFrame:
    """Return the pairs of these feature sets that were scored, each once."""
    found = workspace.warehouse.chosen(
        "scores", ("features_x", "features_y"), dataset_id=stored.dataset_id,
        row_order=stored.row_order, metric=metric, truncation=choices.truncation,
        normalized=True,
    )  # fmt: skip
    return found.filter(
        pl.col("features_x").is_in(list(files)), pl.col("features_y").is_in(list(files))
    ).unique(maintain_order=True).sort("features_x", "features_y")  # fmt: skip
