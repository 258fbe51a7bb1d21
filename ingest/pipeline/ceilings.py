"""What each model scores with itself, to rows: a second view, or halves of its dimensions. No SQL.

A second view of a dataset is another look at the same samples: another person's caption of each
image, or the images mirrored, or without their margins.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ingest.catalog.records import Modality
from ingest.datasets import Dataset
from ingest.datasets.caption_sets import Reopen, build_sets, caption_index, title_of
from ingest.errors import DatasetError
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import SCORE_VERSION, FeatureFile, Setting
from ingest.progress import Progress
from ingest.store.features import check_same_precision, check_same_rows, read_layers, unit_key
from prh_core.ceilings import noise_ceiling, split_half_agreement
from prh_core.errors import DegenerateLayerError, PRHError
from prh_core.prepare import constant_layers
from prh_core.types import Layers

SPLITS = 10
TABLE = "self_agreement"
SECOND_PICTURES = ("mirror", "crop:90")
"""Second views that can be made of any picture; see `ingest.datasets.caption_sets`."""


class SecondView(NamedTuple):
    """The same samples, looked at again by the models of one modality."""

    modality: Modality
    title: str
    dataset: Dataset


class SelfUnit(NamedTuple):
    """One agreement of a model with itself to compute."""

    key: str
    side: FeatureFile
    setting: Setting
    second: FeatureFile | None
    """Features of the second view; None takes halves of the dimensions."""
    method: str

    @property
    def name(self) -> str:
        """The model's id."""
        return self.side.header.model_id


def second_views(
    base: Dataset, modalities: Sequence[Modality], reopen: Reopen
) -> tuple[list[SecondView], dict[Modality, str]]:
    """Make the second views a dataset has, and say why a modality has none.

    Args:
        base: the dataset.
        modalities: whose models look again.
        reopen: opens a changed record of the dataset, to read its other captions.
    """
    views: list[SecondView] = []
    lacking: dict[Modality, str] = {}
    for modality in modalities:
        own = caption_index(base.record)
        names = SECOND_PICTURES if modality == "vision" else (f"caption:{1 if own else 2}",)
        try:
            sets = build_sets(base, names, reopen)
        except DatasetError as error:
            lacking[modality] = f"its images have no second caption ({error})"
            continue
        except PRHError as error:
            lacking[modality] = str(error)
            continue
        made = [one for one in sets if one.spec.name in names]
        if modality == "language" and made[0].dataset.caption_hash == base.caption_hash:
            lacking[modality] = "every image's second caption is its first"
            continue
        views += [SecondView(modality, title_of(one.spec), one.dataset) for one in made]
    return views, lacking


def plan_ceilings(
    files: Iterable[FeatureFile],
    seconds: Mapping[str, Sequence[FeatureFile]],
    settings: Iterable[Setting],
) -> list[SelfUnit]:
    """List the noise ceiling of every feature set that has a second view, under every setting.

    Args:
        files: feature sets of the dataset.
        seconds: title of a view -> feature sets of it.
        settings: those over all samples, with the metric's own bandwidth, have ceilings.
    """
    units: dict[str, SelfUnit] = {}
    files = list(files)
    for title, again in seconds.items():
        by_model = {(f.header.model_id, f.header.pooling, f.header.prompt): f for f in again}
        for side in files:
            header = side.header
            second = by_model.get((header.model_id, header.pooling, header.prompt))
            if second is None:
                continue
            check_same_rows(header, second.header)
            check_same_precision(header, second.header)
            for setting in _settings(settings):
                key = _key(side, setting, {"second": second.header.key})
                units[key] = SelfUnit(key, side, setting, second, f"second view: {title}")
    return list(units.values())


def plan_split_halves(files: Iterable[FeatureFile], settings: Iterable[Setting]) -> list[SelfUnit]:
    """List the split-half agreement of every feature set, under every setting as above."""
    method = f"split half, {SPLITS} splits"
    units: dict[str, SelfUnit] = {}
    for side in files:
        for setting in _settings(settings):
            key = _key(side, setting, {"splits": SPLITS, "seed": setting.seed})
            units[key] = SelfUnit(key, side, setting, None, method)
    return list(units.values())


def _settings(settings: Iterable[Setting]) -> list[Setting]:
    return [s for s in settings if s.n is None and s.sigma is None]


def _key(side: FeatureFile, setting: Setting, how: Mapping[str, Any]) -> str:
    return unit_key(
        {
            "with itself": side.header.key,
            "metric": setting.metric,
            "k": setting.k,
            "truncation": setting.truncation,
            **how,
            "version": SCORE_VERSION,
        }
    )


def compute_self_agreement(
    run: Run, units: Sequence[SelfUnit], progress: Progress, device: str | None = None
) -> None:
    """Compute what is not stored of models with themselves; each is durable when finished."""
    run.each(TABLE, units, lambda unit: [_row(unit, device)], progress, "Models with themselves")


def _usable(side: FeatureFile) -> Layers:
    layers = read_layers(side.path)
    usable = np.flatnonzero(~constant_layers(layers))
    if not usable.size:
        raise DegenerateLayerError(
            f"{side.header.model_id}: every layer is constant on {side.header.dataset_id}, so it "
            "agrees with nothing, itself included"
        )
    return [layers[i] for i in usable]


def _row(unit: SelfUnit, device: str | None) -> dict[str, Any]:
    header, setting = unit.side.header, unit.setting
    truncate = None if setting.truncation == "none" else setting.truncation
    first, k = _usable(unit.side), setting.k or 1
    scores: list[float] | None = None
    if unit.second is None:
        halves = split_half_agreement(
            first, metric=setting.metric, k=k, truncate=truncate, splits=SPLITS,
            seed=setting.seed, device=device,
        )  # fmt: skip
        score, scores = halves.score, list(halves.scores)
    else:
        # All layers side by side compete, as they do in the scores it stands beside.
        score = noise_ceiling(
            first, _usable(unit.second), metric=setting.metric, k=k, truncate=truncate,
            concatenate=True, device=device,
        ).score  # fmt: skip
    return {
        "features": header.key,
        "model_id": header.model_id,
        "dataset_id": header.dataset_id,
        "row_order": header.row_order,
        "pooling": header.pooling,
        "prompt": header.prompt,
        "metric": setting.metric,
        "k": setting.k if setting.definition.uses_k else None,
        "truncation": setting.truncation,
        "n": header.n,
        "score": score,
        "scores": scores,
        "method": unit.method,
        "second": unit.second.header.key if unit.second else None,
        "seed": None if unit.second else setting.seed,
        "score_version": SCORE_VERSION,
    }
