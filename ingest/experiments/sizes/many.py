"""Several captions or frames a sample: many-to-many mutual k-NN beside one-to-one."""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from ingest.datasets.caption_sets import parse_set, variant_id
from ingest.errors import MissingFeaturesError
from ingest.experiments.sizes.pairs import Pairs, described
from ingest.experiments.sizes.plan import CurveUnit
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import FeatureFile, open_features
from ingest.progress import Progress
from ingest.store.features import FeatureHeader, read_layers, unit_key
from ingest.store.workspace import Workspace
from prh_core.backend import backend
from prh_core.concepts import concept_lists, many_to_many
from prh_core.prepare import normalize, truncate
from prh_core.prepared import PreparedLayers

TABLE = "many_to_many"
METRIC = "mutual_knn"
DRAWS = 20
"""Permutations of concepts that chance is the mean of."""


class ManyUnit(NamedTuple):
    """One pair to hold beside many to many."""

    key: str
    of: CurveUnit
    xs: tuple[FeatureFile, ...]
    """What x saw of each sample; the dataset's own first."""
    ys: tuple[FeatureFile, ...]

    @property
    def name(self) -> str:
        """The pair of models and the metric."""
        return self.of.name


def plan_many(
    workspace: Workspace, units: Sequence[CurveUnit], captions: int, frames: int
) -> list[ManyUnit]:
    """List the pairs of which more captions or frames of each sample are stored.

    Args:
        workspace: where features are.
        units: curves; those of mutual k-NN at fixed k count.
        captions: of each sample, the dataset's own among them.
        frames: likewise.

    Raises:
        MissingFeaturesError: there is none.
    """
    found: list[ManyUnit] = []
    for unit in units:
        if unit.metric.name != METRIC or unit.fixed != "k":
            continue
        xs, ys = (_views(workspace, side, captions, frames) for side in (unit.x, unit.y))
        if len(xs) * len(ys) > 1:
            keys = [[file.header.key for file in files] for files in (xs, ys)]
            key = unit_key({"many of": unit.key, "items": keys, "draws": DRAWS})
            found.append(ManyUnit(key, unit, xs, ys))
    if not found:
        dataset = units[0].x.header.dataset_id
        raise MissingFeaturesError(
            f"no other captions or frames of {dataset} are stored for a pair scored by {METRIC}: "
            f"run `prh captions --dataset {dataset} --average {max(captions, 2)}` (or "
            "--average-pictures, of frames) first"
        )
    return found


def _views(
    workspace: Workspace, own: FeatureFile, captions: int, frames: int
) -> tuple[FeatureFile, ...]:
    """Return the feature sets of one model over the same samples, each of other content."""
    header, found = own.header, [own]
    for kind, most in (("caption", captions), ("frame", frames)):
        for number in range(1, most + 1):
            if len(found) >= most:
                break
            dataset = variant_id(header.dataset_id, parse_set(f"{kind}:{number}"))
            folder = workspace.features.root / header.model_id
            files = map(open_features, sorted(folder.glob(f"{dataset}.*.safetensors")))
            known = [file.header.checksums for file in found]
            others = [file for file in files if _read_alike(header, file.header)]
            found += [file for file in others if file.header.checksums not in known][:1]
    return tuple(found)


def _read_alike(one: FeatureHeader, other: FeatureHeader) -> bool:
    """Say whether both are of the same samples, read in the same way."""
    names = ("row_order", "pooling", "prompt", "kind", "layer_names")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def hold_beside_many(
    run: Run, units: Sequence[ManyUnit], progress: Progress, device: str | None = None
) -> None:
    """Score what is not stored; a pair that fails is named, and the others go on.

    Args:
        run: the run.
        units: done or not.
        progress: told about every pair.
        device: where to compute, as in `prh_core.align`.
    """
    pairs = Pairs(device)
    run.each(TABLE, units, lambda unit: [_row(unit, pairs, device)], progress, "Many to many")


def _row(unit: ManyUnit, pairs: Pairs, device: str | None) -> dict[str, Any]:
    n, k = unit.of.x.header.n, unit.of.choices.k
    pair = pairs.of(unit.of, n)
    x, y = (
        _items(files, unit.of.choices.truncation, layer, device)
        for files, layer in ((unit.xs, pair.layer_x), (unit.ys, pair.layer_y))
    )
    every = np.arange(n)
    of_x, of_y = (np.tile(every, len(files)) for files in (unit.xs, unit.ys))
    ones: list[np.ndarray] = []
    for i, j in product(range(len(unit.xs)), range(len(unit.ys))):
        a, b = (
            concept_lists([layer.at(every + at * n) for layer in side], every, k, device)
            for side, at in ((x, i), (y, j))
        )
        ones.append(many_to_many(a, every, b, every, draws=0).by_concept)
    many = many_to_many(
        concept_lists(x, of_x, k, device), of_x, concept_lists(y, of_y, k, device), of_y,
        draws=DRAWS,
    )  # fmt: skip
    one, chance = np.mean(ones, axis=0), k / (n - 1)
    differences = (many.by_concept - many.chance) - (one - chance)
    reach = float(special.stdtrit(n - 1, 0.975)) * float(differences.std(ddof=1)) / n**0.5
    middle = float(differences.mean())
    return {
        **described(unit.of, pair),
        "k": k,
        "items_x": len(unit.xs),
        "items_y": len(unit.ys),
        "made_of_x": [file.header.dataset_id for file in unit.xs],
        "made_of_y": [file.header.dataset_id for file in unit.ys],
        "one_scores": [float(scores.mean()) for scores in ones],
        "one_to_one": float(one.mean()),
        "one_chance": chance,
        "many_to_many": many.score,
        "many_chance": many.chance,
        "difference": middle,
        "difference_low": middle - reach,
        "difference_high": middle + reach,
    }


def _items(
    files: Sequence[FeatureFile], truncation: str, layer: int, device: str | None
) -> PreparedLayers:
    """Return a layer over all items, those of one feature set after those of another."""
    run = backend(device).features
    stacks = [read_layers(file.path) for file in files]
    items = [run.put(np.concatenate(same)) for same in zip(*stacks, strict=True)]
    clamped = truncate(items, None if truncation == "none" else truncation, run=run)
    return [normalize([clamped[layer]], files[0].header.model_id, run)[0]]
