"""A model of somebody's own, tried beside a panel: scored in a data folder of its own.

The folder takes over what is published, and the panel's feature files as links: the code that
scores, maps and publishes any study does so there, and nothing is written where the panel lies.
"""

import difflib
import math
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ingest.catalog import load_catalog
from ingest.catalog.records import in_order
from ingest.datasets.dataset import dataset_of_ids
from ingest.errors import CatalogError, MissingFeaturesError, MixedPrecisionError
from ingest.experiments.imports.results import Results, store
from ingest.pipeline.imported import Wanted, check_import, ids_record, store_features
from ingest.pipeline.maps import map_models
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import FeatureFile, Setting, Unit, alike, plan
from ingest.pipeline.scoring import score_missing
from ingest.pipeline.stored import StoredDataset, stored_dataset
from ingest.pipeline.told import Told
from ingest.progress import Progress
from ingest.store.warehouse import Published
from ingest.store.workspace import Workspace
from prh_core.warehouse.errors import DataFolderError
from prh_core.warehouse.progress import TRIAL_UNFINISHED
from prh_core.warehouse.reading import open_readonly

_TRIAL = "trial"
"""Name of the parts that were taken over; it marks a folder as one of trials."""
_BITS = "1 − bits per byte of "
_OWN = {
    "source": "said by who tried the model",
    "license": "unstated",
    "note": "Said by who tried the model; nothing here measured it.",
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is tried, and beside whom."""

    wanted: Wanted
    settings: Sequence[Setting]
    models: Sequence[str] = ()
    """Of the panel; none means all that have features on the dataset."""
    skill: tuple[str, float] | None = None
    """What the model can do: a skill of the panel's models, and its score."""


class Tried(NamedTuple):
    """What a trial left."""

    published: Published
    partners: int
    """Models it was scored with."""
    samples: int


def try_model(home: Workspace, place: Workspace, trial: Trial, progress: Progress) -> Tried:
    """Score a model beside a panel, in a data folder of its own; what is there already is skipped.

    Args:
        home: where the panel's results are published and its feature files lie; it is only read.
        place: the folder to fill: new, empty, or that of an earlier trial.
        trial: what is tried.
        progress: told about every step, which stand in the folder, too, until the end.

    Raises:
        DataFolderError: the folder holds something else.
        WarehouseError: the panel's results cannot be read.
        MissingFeaturesError: no features of the panel are stored on the dataset.
        CatalogError: the model's id is taken, or a model or skill of the panel is unknown.
        FeaturesFileError, SampleIdsError, SampleCountError, NotFiniteError, DegenerateLayerError:
            see `check_import`.
        MixedPrecisionError: the panel computed in another precision.
    """
    _check_place(home, place)
    place.home.mkdir(parents=True, exist_ok=True)
    told = Told(progress, place.home, TRIAL_UNFINISHED)
    told.begin("Looking at the panel", 0, 4)
    known = _look_up(home)
    stored = stored_dataset(home, trial.wanted.dataset)
    panel = _chosen(stored, trial)
    skills = _skill_results(known.skills, trial)
    dataset = dataset_of_ids(ids_record(stored.dataset_id, stored.dataset_id), stored.sample_ids)
    precision = _precision(panel, trial)
    panel = [file for file in panel if file.header.precision == precision]
    if not panel:
        raise MixedPrecisionError(
            f"no model of the panel was computed in {precision} on {stored.dataset_id}, and two "
            "precisions are never mixed in a score"
        )
    wanted = replace(trial.wanted, precision=precision)
    checked = check_import(home, load_catalog([]), wanted, told, dataset)
    if checked.dataset is not dataset:
        raise CatalogError(
            f"{checked.given.title} has {len(checked.dataset):,} of the {len(dataset):,} samples "
            f"of {stored.dataset_id}, and scores on fewer samples do not stand beside the panel's"
        )
    for note in checked.notes:
        told.note(note)
    told.begin("Taking the panel over", 1, 4)
    _take_over(home, place, stored)
    told.begin("Scoring", 2, 4)
    with Run(place) as run:
        store_features(run, checked)
        mine = [
            file
            for file in stored_dataset(place, stored.dataset_id).files
            if file.header.model_id == wanted.model
        ]
        units = _units(mine, panel, known.modalities, wanted.modality, trial.settings)
        score_missing(run, units, told)
        if skills is not None:
            skills.models[wanted.model] = checked.record
            store(run, skills, "--skill")
        told.begin("Mapping and publishing", 3, 4)
        map_models(run, told)
    published = place.warehouse.publish()
    (place.home / TRIAL_UNFINISHED).unlink(missing_ok=True)
    return Tried(published, len({file.header.model_id for file in panel}), len(dataset))


def _check_place(home: Workspace, place: Workspace) -> None:
    there = place.home.is_dir() and any(place.home.iterdir())
    marked = (place.home / TRIAL_UNFINISHED).exists() or any(
        place.warehouse.parts.glob(f"models/*.{_TRIAL}.parquet")
    )
    if place.home == home.home or (there and not marked):
        raise DataFolderError(
            f"a trial fills a folder of its own, and {place.home} holds something else; name a new "
            "one with --into"
        )


def _chosen(stored: StoredDataset, trial: Trial) -> list[FeatureFile]:
    """Return the panel's feature files, in the order of the models' ids."""
    there = sorted({file.header.model_id for file in stored.files})
    if trial.wanted.model in there:
        raise CatalogError(
            f"a model {trial.wanted.model!r} has features on {stored.dataset_id} already; give "
            "yours another id with --model"
        )
    for model in trial.models:
        if model not in there:
            near = difflib.get_close_matches(model, there, 3) or there[:5]
            raise MissingFeaturesError(
                f"{model} has no features on {stored.dataset_id}; models that have: "
                f"{', '.join(near)}"
            )
    chosen = set(trial.models or there)
    files = [file for file in stored.files if file.header.model_id in chosen]
    return sorted(files, key=lambda file: (file.header.model_id, file.header.key))


def _precision(panel: Sequence[FeatureFile], trial: Trial) -> str:
    """Return the precision to score in: the model's own, or the panel's where nobody says."""
    if trial.wanted.precision != "auto":
        return trial.wanted.precision
    return Counter(file.header.precision for file in panel).most_common(1)[0][0]


def _take_over(home: Workspace, place: Workspace, stored: StoredDataset) -> None:
    """Bring what is published, with the scores on one dataset, and links to its feature files."""
    name = f"{stored.dataset_id}.{_TRIAL}"
    home.warehouse.pack(place.warehouse.parts, name, scores_on=stored.dataset_id)
    for file in stored.files:
        link = place.features.root / file.path.relative_to(home.features.root)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            try:
                os.symlink(file.path, link)
            except OSError:  # a system without links, or that forbids them
                shutil.copyfile(file.path, link)


def _units(
    mine: Sequence[FeatureFile],
    panel: Sequence[FeatureFile],
    modalities: Mapping[str, str],
    modality: str,
    settings: Sequence[Setting],
) -> list[Unit]:
    """List the scores of a model with a panel, sides ordered as the panel's own scores are."""
    units: list[Unit] = []
    for other in in_order(modalities.values()):
        files = [file for file in panel if modalities.get(file.header.model_id) == other]
        if other != modality:
            sides = (mine, files) if in_order([modality, other])[0] == modality else (files, mine)
            units += plan(*sides, settings)
            continue
        everyone = sorted([*mine, *files], key=lambda file: file.header.model_id)
        raw = [replace(setting, interval=False) for setting in settings]
        units += [
            unit
            for unit in plan(everyone, everyone, raw)
            if (unit.x in mine) != (unit.y in mine)
            # Captions are pooled and prompted alike.
            and (other != "language" or alike(unit))
        ]
    return units


class _Known(NamedTuple):
    """What is published of the panel."""

    modalities: dict[str, str]
    """By model."""
    skills: list[str]


def _look_up(home: Workspace) -> _Known:
    with open_readonly(home.warehouse.path, older=False) as connection:
        models = connection.table("models").pl()
        skills = connection.view("skills").pl()["skill"].unique().sort()
    return _Known(dict(models.select("model_id", "modality").iter_rows()), skills.to_list())


def _skill_results(known: Sequence[str], trial: Trial) -> Results | None:
    """Return what the model is said to do as something imported, under the panel's own name of it.

    Raises:
        CatalogError: no model of the panel has such a skill, or the score is no number.
    """
    if trial.skill is None:
        return None
    skill, score = trial.skill
    if not math.isfinite(score):
        raise CatalogError(f"a skill's score should be a number, got {score}")
    if skill not in known or not (skill.startswith(_BITS) or ", " in skill):
        near = difflib.get_close_matches(skill, known, 3) or known[:3]
        raise CatalogError(
            f"no model of the panel has the skill {skill!r}; there are, for example: "
            f"{'; '.join(near) or 'none'}"
        )
    results = Results()
    of = {"model_id": trial.wanted.model, "named": trial.wanted.label or trial.wanted.model}
    if skill.startswith(_BITS):
        text = skill.removeprefix(_BITS)
        row = {"text": text, "bits_per_byte": 1 - score, "collection": "said by its owner"}
        results.add("imported_bits", {**of, **row, **_OWN})
    else:
        benchmark, _, collection = skill.rpartition(", ")
        row = {"benchmark": benchmark, "measure": "", "shots": None, "stderr": None}
        results.add("benchmarks", {**of, **row, "score": score, "collection": collection, **_OWN})
    return results
