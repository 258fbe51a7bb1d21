"""Which stored models are matched without pairs, and how."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

from ingest.errors import MissingFeaturesError
from ingest.pipeline.options import sides_of
from ingest.pipeline.scores.plan import FeatureFile
from ingest.pipeline.stored import StoredDataset
from ingest.store.features import unit_key
from ingest.store.workspace import Workspace
from prh_core.matching import Method, Similarity, disjoint_blocks
from prh_core.matching.assignment import STARTS

MATCHING_VERSION = 1
"""Raised when the same features would be matched otherwise; part of every unit's key."""
SAMPLES = 100
"""A block by default: time grows as its cube, and beyond it wrong matchings agree as well."""


class MatchChoices(NamedTuple):
    """How models are matched."""

    method: Method = "assignment"
    similarity: Similarity = "cosine"
    n: int = SAMPLES
    """Samples a block."""
    blocks: int | None = None
    """None: as many as there are."""
    starts: int = STARTS
    seed: int = 0


class MatchUnit(NamedTuple):
    """Two feature sets to match."""

    key: str
    x: FeatureFile
    y: FeatureFile
    choices: MatchChoices

    @property
    def name(self) -> str:
        """Both models."""
        return f"{self.x.header.model_id} with {self.y.header.model_id}"


def plan_matchings(
    workspace: Workspace,
    stored: StoredDataset,
    choices: MatchChoices,
    *,
    pairs: str = "auto",
    models: Sequence[str] = (),
) -> list[MatchUnit]:
    """List every pair of stored models to match, done or not.

    Within one modality captions pooled and prompted alike are matched; two precisions never are.

    Args:
        workspace: where models are described.
        stored: the dataset's feature sets.
        choices: how they are matched.
        pairs: which modalities, as in `prh score --pairs`.
        models: ids of those taken; none stands for all.

    Raises:
        MissingFeaturesError: a model has no features here, or no two can be matched.
        SampleCountError: there are not so many blocks.
        CatalogError: `pairs` names no modalities that are here.
    """
    files = stored.files_of(models)
    disjoint_blocks(len(stored.sample_ids), choices.n, choices.blocks, choices.seed)
    modality = modalities(workspace, files)
    units: list[MatchUnit] = []
    for side_x, side_y in sides_of(pairs, modality.values()):
        of_x, of_y = (
            [file for file in files if modality[file.header.model_id] == side]
            for side in (side_x, side_y)
        )
        candidates = combinations(of_x, 2) if side_x == side_y else product(of_x, of_y)
        units += [
            MatchUnit(_key(x, y, choices), x, y, choices)
            for x, y in candidates
            if _comparable(x, y, alike=side_x == side_y == "language")
        ]
    if not units:
        raise MissingFeaturesError(
            f"of the {len(files)} feature sets on {stored.dataset_id} no two are of models to be "
            f"matched under --pairs {pairs}"
        )
    return units


def modalities(workspace: Workspace, files: Sequence[FeatureFile]) -> Mapping[str, str]:
    """Return the modality of every model of these files, as last recorded.

    Raises:
        MissingFeaturesError: a model is not recorded here.
    """
    described = workspace.warehouse.chosen("models", ("model_id", "modality", "recorded_at"))
    rows = described.sort("recorded_at").unique("model_id", keep="last")
    known = dict(zip(rows["model_id"], rows["modality"], strict=True))
    wanted = {file.header.model_id for file in files}
    if unknown := sorted(wanted - known.keys()):
        raise MissingFeaturesError(
            f"{', '.join(unknown)}: features are stored, and the model is not recorded beside "
            "them; extract or import it again"
        )
    return {name: known[name] for name in sorted(wanted)}


def _comparable(x: FeatureFile, y: FeatureFile, *, alike: bool) -> bool:
    a, b = x.header, y.header
    read_alike = not alike or (a.pooling, a.prompt) == (b.pooling, b.prompt)
    return a.model_id != b.model_id and a.precision == b.precision and read_alike


def _key(x: FeatureFile, y: FeatureFile, choices: MatchChoices) -> str:
    determines = {"matched": [x.header.key, y.header.key], **choices._asdict()}
    return unit_key({**determines, "version": MATCHING_VERSION})
