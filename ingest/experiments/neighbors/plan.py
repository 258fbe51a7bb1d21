"""Which layers' neighbors are stored, and which pairs are counted sample by sample."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import polars as pl

from ingest.errors import MissingScoresError
from ingest.pipeline.scores.plan import FeatureFile
from ingest.store.features import unit_key
from ingest.store.warehouse import Warehouse
from prh_core.errors import NeighborCountError

NEIGHBORS_VERSION = 1
"""Raised when the same features would give other neighbors or maps; part of every unit's key."""
SEED = 0
METRIC = "mutual_knn"
"""Whose best layers are stored: its score is the mean over samples of what two models share."""


class Choices(NamedTuple):
    """What is stored of a dataset."""

    k: int = 20
    """Neighbors of each sample."""
    layers: Literal["best", "all"] = "best"
    """Those of the best pair of some score, or every one."""
    truncations: Sequence[str] = ("exact",)
    score_ks: Sequence[int] = ()
    """Only of scores at these k; none stands for all."""


class LayerUnit(NamedTuple):
    """One layer's neighbors to find."""

    key: str
    side: FeatureFile
    truncation: str
    layer: int
    """From 0; the last index stands for all layers side by side."""
    k: int

    @property
    def name(self) -> str:
        """The model's id."""
        return self.side.header.model_id


class PairUnit(NamedTuple):
    """One pair of layers to compare sample by sample."""

    key: str
    x: LayerUnit
    y: LayerUnit
    k: int

    @property
    def name(self) -> str:
        """The first model's id."""
        return self.x.name


class Plan(NamedTuple):
    """What there is to do for a dataset, done or not."""

    layers: list[LayerUnit]
    pairs: list[PairUnit]
    beyond: list[int]
    """Neighbors k of scores that ask for more than are stored: their pairs are left out."""


def plan_neighbors(warehouse: Warehouse, files: Iterable[FeatureFile], choices: Choices) -> Plan:
    """List the layers and pairs of a dataset's scores by mutual k-NN over all samples.

    Args:
        warehouse: whose parts hold the scores.
        files: feature sets of one dataset in one row order.
        choices: what of them.

    Raises:
        MissingScoresError: none of these feature sets was scored so.
        NeighborCountError: k is not in 1 ... n - 1.
    """
    sides = {file.header.key: file for file in files}
    scores = _scores(warehouse, sides, choices)
    if scores.is_empty():
        dataset = next(iter(sides.values())).header.dataset_id
        raise MissingScoresError(
            f"no score by {METRIC} over all samples is stored of the feature sets on {dataset} "
            f"(truncation {', '.join(choices.truncations)}"
            + (f", k {', '.join(map(str, choices.score_ks))}" if choices.score_ks else "")
            + f"); run `prh score --dataset {dataset}` first"
        )
    for file in sides.values():
        n = file.header.n
        if not 1 <= choices.k <= n - 1:
            raise NeighborCountError(
                f"k must be between 1 and n - 1 = {n - 1} on {file.header.dataset_id}, got k = "
                f"{choices.k}"
            )
    layers: dict[str, LayerUnit] = {}
    pairs: dict[str, PairUnit] = {}
    beyond = sorted({k for k in scores["k"] if k > choices.k})
    for row in scores.filter(pl.col("k") <= choices.k).iter_rows(named=True):
        x, y = (
            layer_unit(sides[row[f"features_{at}"]], row["truncation"], row[f"layer_{at}"], choices)
            for at in ("x", "y")
        )
        layers |= {x.key: x, y.key: y}
        key = unit_key({"x": x.key, "y": y.key, "k": row["k"]})
        pairs[key] = PairUnit(key, x, y, row["k"])
    if choices.layers == "all":
        scored = {*scores["features_x"], *scores["features_y"]}
        for name in sorted(scored):
            for truncation in choices.truncations:
                for layer in range(len(sides[name].header.layer_names) + 1):
                    unit = layer_unit(sides[name], truncation, layer, choices)
                    layers.setdefault(unit.key, unit)
    # A feature set is read once for all of its layers, which stand together.
    ordered = sorted(layers.values(), key=lambda u: (u.name, u.side.header.key, u.truncation))
    return Plan(ordered, list(pairs.values()), beyond)


def layer_unit(side: FeatureFile, truncation: str, layer: int, choices: Choices) -> LayerUnit:
    """Return the unit of one layer under its key."""
    key = unit_key(
        {
            "neighbors of": side.header.key,
            "truncation": truncation,
            "layer": layer,
            "k": choices.k,
            "seed": SEED,
            "version": NEIGHBORS_VERSION,
        }
    )
    return LayerUnit(key, side, truncation, layer, choices.k)


def _scores(warehouse: Warehouse, sides: dict[str, FeatureFile], choices: Choices) -> pl.DataFrame:
    """Return the newest scores between these feature sets over all of their samples."""
    first = next(iter(sides.values())).header
    columns = ("features_x", "features_y", "truncation", "k", "layer_x", "layer_y", "n")
    found = warehouse.chosen(
        "scores",
        (*columns, "score_version", "finished_at", "unit_key"),
        dataset_id=first.dataset_id,
        row_order=first.row_order,
        metric=METRIC,
        normalized=True,
    )
    kept = found.filter(
        pl.col("features_x").is_in(list(sides)),
        pl.col("features_y").is_in(list(sides)),
        pl.col("truncation").is_in(list(choices.truncations)),
        pl.col("n") == first.n,
    )
    if choices.score_ks:
        kept = kept.filter(pl.col("k").is_in(list(choices.score_ks)))
    newest = kept.sort("score_version", "finished_at", "unit_key", descending=True).unique(
        ["features_x", "features_y", "truncation", "k"], keep="first", maintain_order=True
    )
    return newest.sort("features_x", "features_y", "truncation", "k")
