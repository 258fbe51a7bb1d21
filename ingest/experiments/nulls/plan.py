"""Which nulls to draw for which stored scores, each under its key."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ingest.errors import MissingFeaturesError
from ingest.pipeline.scores.plan import SCORE_VERSION, FeatureFile, Setting, TruncationName
from ingest.pipeline.stored import StoredDataset
from ingest.store.features import unit_key
from ingest.store.workspace import Workspace
from prh_core.calibration import PERMUTATIONS
from prh_core.errors import PRHError
from prh_core.metrics import get_metric
from prh_core.nulls import Null, get_null

NULL_VERSION = 1
"""Raised when drawing would give other numbers for the same scores; part of every unit's key."""
CLUSTERS = 10
DEFAULT = ("relabeled", "within-cluster", "spectrum", "untrained")


@dataclass(frozen=True)
class NullChoices:
    """Which nulls, and of which stored scores."""

    nulls: Sequence[str] = DEFAULT
    metrics: Sequence[str] = ("mutual_knn", "cka")
    """By name; "all" takes those of all metrics."""
    ks: Sequence[int] = (10,)
    """Of metrics with neighbors."""
    truncations: Sequence[TruncationName] = ("exact",)
    draws: int = PERMUTATIONS
    seed: int = 0
    clusters: int = CLUSTERS


class NullUnit(NamedTuple):
    """One null of one score to draw."""

    key: str
    null: Null
    score_key: str
    score: float
    x: FeatureFile
    y: FeatureFile
    setting: Setting
    """Its permutations are the draws."""
    blocks: int = 0
    """Clusters; 0 for other nulls."""
    controls: tuple[float, ...] = ()
    """Scores with untrained networks in place of one of the two."""
    drawn_from: str = ""

    @property
    def name(self) -> str:
        """The pair of models and the null."""
        x, y = self.x.header.model_id, self.y.header.model_id
        return f"{x} with {y}, {self.setting.metric}, {self.null.name}"


def plan_nulls(
    workspace: Workspace,
    stored: StoredDataset,
    choices: NullChoices,
    classes: Sequence[str] | None = None,
) -> list[NullUnit]:
    """List every null of every stored score on a dataset that fits the choices, done or not.

    Args:
        workspace: where scores are stored.
        stored: the dataset's feature sets.
        choices: which nulls of which scores.
        classes: (n,) class of every sample in order, for the null within classes.

    Raises:
        PRHError: no such null or metric, too few draws, or no classes for the null within them.
        MissingFeaturesError: no such score is stored.
    """
    nulls = [get_null(name) for name in dict.fromkeys(choices.nulls)]
    if choices.draws < 1:
        raise PRHError(f"a null needs one draw or more, got {choices.draws}")
    if any(null.name == "within-class" for null in nulls) and classes is None:
        raise PRHError(
            "the null within classes needs the class of every sample: --classes captions, where "
            "samples with one caption are a class, or --classes FILE, a CSV with columns id and "
            "class"
        )
    every = candidates(workspace, stored)
    chosen = every.filter(
        pl.col("trained_x") & pl.col("trained_y"), pl.col("score_version") == SCORE_VERSION
    )
    if "all" not in choices.metrics:
        names = [get_metric(name).name for name in choices.metrics]
        chosen = chosen.filter(pl.col("metric").is_in(names))
    chosen = chosen.filter(
        pl.col("k").is_null() | pl.col("k").is_in(list(choices.ks)),
        pl.col("truncation").is_in(list(choices.truncations)),
    )
    if chosen.is_empty():
        raise MissingFeaturesError(
            f"no scores of two trained models on {stored.dataset_id} are stored for metric "
            f"{', '.join(choices.metrics)}, k {', '.join(map(str, choices.ks))} and truncation "
            f"{', '.join(choices.truncations)}: run `prh score --dataset {stored.dataset_id}` first"
        )
    files = {file.header.key: file for file in stored.files}
    controls = _Controls(every)
    hashed = "" if classes is None else hashlib.sha256("\0".join(classes).encode()).hexdigest()
    units: dict[str, NullUnit] = {}
    for row in chosen.iter_rows(named=True):
        for null in nulls:
            unit = _unit(row, null, files, choices, controls, hashed)
            if unit is not None:
                units[unit.key] = unit
    return list(units.values())


def candidates(workspace: Workspace, stored: StoredDataset) -> pl.DataFrame:
    """Return the stored scores on a dataset whose features are here, in its row order."""
    keys = [file.header.key for file in stored.files]
    return workspace.warehouse.of_parts("null_candidates").filter(
        pl.col("row_order") == stored.row_order,
        pl.col("features_x").is_in(keys),
        pl.col("features_y").is_in(keys),
    )


def _unit(
    row: Mapping[str, Any],
    null: Null,
    files: Mapping[str, FeatureFile],
    choices: NullChoices,
    controls: "_Controls",
    classes: str,
) -> NullUnit | None:
    x, y = files[row["features_x"]], files[row["features_y"]]
    setting = Setting(
        row["metric"], row["k"], row["truncation"], row["sigma"], choices.draws, choices.seed,
        None if row["n"] == x.header.n else row["n"],
    )  # fmt: skip
    determines: dict[str, Any] = {"score": row["unit_key"], "null": null.name}
    blocks, found, drawn_from = 0, (), ""
    if null.name == "untrained":
        found, drawn_from, keys = controls.of(row)
        if not found:
            return None
        determines["controls"] = keys
    else:
        determines |= {"draws": choices.draws, "seed": choices.seed}
    if null.name == "within-class":
        determines["classes"] = classes
    if null.name == "within-cluster":
        blocks = determines["clusters"] = choices.clusters
    key = unit_key({**determines, "version": NULL_VERSION})
    return NullUnit(
        key, null, row["unit_key"], row["score"], x, y, setting, blocks, found, drawn_from
    )


class _Controls:
    """Scores of one model with an untrained network in the place of the other."""

    _SETTING = ("metric", "k", "sigma", "truncation", "n", "precision")

    def __init__(self, rows: pl.DataFrame) -> None:
        self._found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in rows.iter_rows(named=True):
            both_ways = get_metric(row["metric"]).symmetric
            for kept, other in (("x", "y"), ("y", "x")):
                if row[f"trained_{other}"] or not row[f"trained_{kept}"]:
                    continue
                # A symmetric score is of either order.
                for place in "xy" if both_ways else kept:
                    found = self._found.setdefault((place, *self._where(row, kept)), [])
                    found.append({
                        "key": row["unit_key"], "score": row["score"],
                        "built": row[f"built_{other}"], "modality": row[f"modality_{other}"],
                        "read": (row[f"pooling_{other}"], row[f"prompt_{other}"]),
                        "model": row[f"model_{other}"],
                    })  # fmt: skip

    def _where(self, row: Mapping[str, Any], kept: str) -> tuple[Any, ...]:
        return (row[f"features_{kept}"], *(row[name] for name in self._SETTING))

    def of(self, row: Mapping[str, Any]) -> tuple[tuple[float, ...], str, list[str]]:
        """Return controls' scores, in words of what they are, and the keys of these scores."""
        alike: dict[str, dict[str, Any]] = {}
        others: dict[str, dict[str, Any]] = {}
        for kept, other in (("x", "y"), ("y", "x")):
            for one in self._found.get((kept, *self._where(row, kept)), []):
                if one["modality"] != row[f"modality_{other}"]:
                    continue
                same = one["built"] is not None and one["built"] == row[f"built_{other}"]
                (alike if same else others)[one["key"]] = one
        chosen = alike or others
        models = sorted({one["model"] for one in chosen.values()})
        kind = "the same architecture" if alike else "other architectures"
        keys = sorted(chosen)
        said = f"untrained networks of {kind}: {', '.join(models)}"
        return tuple(chosen[key]["score"] for key in keys), said, keys


def labels_of(classes: Sequence[str], rows: np.ndarray | None) -> np.ndarray:
    """Return the classes of some samples, as an array; of all for None."""
    labels = np.asarray(classes, dtype=object).astype(str)
    return labels if rows is None else labels[rows]
