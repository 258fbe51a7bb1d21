"""Several captions or pictures an item, averaged as features: scores for every number of them."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import polars as pl

from ingest.catalog.records import Modality
from ingest.datasets import Dataset
from ingest.datasets.caption_sets import OWN, PICTURES, CaptionSet, Reopen, build_sets, parse_set
from ingest.errors import CaptionSetError
from ingest.experiments.captions.laws import Series, fit_laws
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import feature_files, plan_extraction
from ingest.pipeline.run import Run
from ingest.pipeline.scores.engine import score
from ingest.pipeline.scores.plan import FeatureFile, Unit, mean_of, plan
from ingest.pipeline.study import Study
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.warehouse.schema import column_types

TABLE = "averaged_scores"
AVERAGE_VERSION = 1
"""Raised when features would be averaged otherwise; kept with every row."""


class Averaged(NamedTuple):
    """What one side's models see of each item, in the order in which it is averaged."""

    modality: Modality
    sets: tuple[CaptionSet, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sets."""
        return tuple(one.spec.name for one in self.sets)


def plan_averaged(base: Dataset, text: str, modality: Modality, reopen: Reopen) -> Averaged:
    """Read what is averaged of each item, and make it.

    Args:
        base: the dataset.
        text: a number (the first so many captions of each item, or frames), or names of sets with
            commas between; 'own' for captions or pictures as they are.
        modality: language or vision.
        reopen: opens a changed record of the dataset, to read its other captions.

    Raises:
        CaptionSetError: it is none of these, a set is of the other side, or two hold the same.
            An item has fewer frames, or the dataset has single images.
        MissingCaptionError: an item has fewer captions.
    """
    names = _names(text, modality)
    for spec in map(parse_set, names):
        if spec.kind == "summary" or (spec.parent or "").startswith("summary"):
            raise CaptionSetError(f"{spec.name}: summaries are not averaged")
        if spec.kind != OWN and (spec.kind in PICTURES) != (modality == "vision"):
            what = "pictures" if modality == "vision" else "captions"
            raise CaptionSetError(
                f"{spec.name}: expected sets of {what} to average for {modality} models"
            )
    made = {one.spec.name: one for one in build_sets(base, names, reopen)}
    sets: list[CaptionSet] = []
    seen: dict[str, str] = {}
    for name in names:
        one = made[parse_set(name).name]
        content = _content(one.dataset, modality)
        if content == _content(base, modality):  # of one content, so features are made once
            one = CaptionSet(parse_set(OWN), base, base.record.id)
        if content in seen:
            raise CaptionSetError(
                f"{name} and {seen[content]} hold the same: averaged they are one and the same"
            )
        seen[content] = name
        sets.append(one)
    return Averaged(modality, tuple(sets))


def _names(text: str, modality: Modality) -> list[str]:
    if text.strip().isdecimal() and int(text):
        kind = "frame" if modality == "vision" else "caption"
        return [f"{kind}:{number}" for number in range(1, int(text) + 1)]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or text.strip().isdecimal():
        raise CaptionSetError(
            f"expected a number above zero, or names of sets to average; got {text!r}"
        )
    return names


def _content(dataset: Dataset, modality: Modality) -> str:
    return dataset.image_hash if modality == "vision" else dataset.caption_hash


class Counted(NamedTuple):
    """A score to compute, and over how many of each item its sides are averaged."""

    unit: Unit
    samples_x: int
    samples_y: int


def run_averages(
    run: Run,
    study: Study,
    x: Averaged,
    y: Averaged,
    progress: Progress,
    *,
    batch_size: int | None = None,
) -> None:
    """Extract each set once per model, score the means of the first 1, 2, ... of them, fit laws.

    Args:
        run: where rows go.
        study: the dataset, the models, and how they are compared.
        x: what language models read.
        y: what vision models see.
        progress: told about everything.
        batch_size: as in `extract_missing`.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    files = [_extracted(run, study, side, progress, batch_size) for side in (x, y)]
    score_averages(run, study, (x, y), (files[0], files[1]), progress)


def score_averages(
    run: Run,
    study: Study,
    sides: tuple[Averaged, Averaged],
    files: tuple[Sequence[Sequence[FeatureFile]], Sequence[Sequence[FeatureFile]]],
    progress: Progress,
) -> None:
    """Score what is missing of stored features, and fit laws.

    Args:
        run: where rows go.
        study: how they are compared.
        sides: what is averaged.
        files: by side and model, the features of each of its sets.
        progress: told about everything.
    """
    counted = plan_averages(study, *files)
    _score_missing(run, study, counted, *sides, progress)
    fit_laws(run, plan_series(study, counted, *sides), progress)


def _extracted(
    run: Run, study: Study, side: Averaged, progress: Progress, batch_size: int | None
) -> list[list[FeatureFile]]:
    """Return the stored features of every model that has all sets, a list of sets each."""
    wanted = study.variants_of(study.side(side.modality))
    files: list[dict[str, list[FeatureFile]]] = []
    for one in side.sets:
        units = plan_extraction(study.workspace, one.dataset, wanted, study.precision, study.store)
        extract_missing(
            run, one.dataset, units, progress, devices=study.devices, batch_size=batch_size
        )
        files.append(feature_files(units))
    everywhere = [name for name in files[0] if all(name in stored for stored in files)]
    return [
        list(several)
        for name in everywhere
        for several in zip(*(stored[name] for stored in files), strict=True)
    ]


def plan_averages(
    study: Study, xs: Sequence[Sequence[FeatureFile]], ys: Sequence[Sequence[FeatureFile]]
) -> list[Counted]:
    """List every score of means of the first features of `xs` against those of `ys`.

    Args:
        study: how they are compared; settings over fewer samples are not averaged.
        xs: by model, the features of each set.
        ys: likewise.

    Raises:
        RowOrderError, MixedPrecisionError, NeighborCountError: see `mean_of` and `plan`.
    """
    settings = [setting for setting in study.settings if setting.n is None]
    counted: dict[str, Counted] = {}
    for m_x, m_y in product(*(range(1, _longest(side) + 1) for side in (xs, ys))):
        sides = [[mean_of(several[:m]) for several in s] for s, m in ((xs, m_x), (ys, m_y))]
        for unit in plan(sides[0], sides[1], settings):
            counted[unit.key] = Counted(unit, m_x, m_y)
    return list(counted.values())


def _longest(side: Sequence[Sequence[FeatureFile]]) -> int:
    return max(map(len, side), default=0)


def _score_missing(
    run: Run,
    study: Study,
    counted: Sequence[Counted],
    x: Averaged,
    y: Averaged,
    progress: Progress,
) -> None:
    """Score what is not stored; rows become durable model by model."""
    by_key = {one.unit.key: one for one in counted}
    missing = run.missing(TABLE, [one.unit for one in counted])
    if not missing:
        return
    title = "Scoring averaged features"
    for rows in score(missing, run.run_id, progress, run.refused, study.products_on, title):
        made = _rows(rows, by_key, study, x, y)
        keys = sorted(made["unit_key"].to_list())
        run.workspace.warehouse.append(TABLE, unit_key({"units": keys}), made)
        run.done += len(keys)


def _rows(
    scores: pl.DataFrame, by_key: dict[str, Counted], study: Study, x: Averaged, y: Averaged
) -> pl.DataFrame:
    """Return rows of `averaged_scores` from rows of `scores`."""
    ones = [by_key[key] for key in scores["unit_key"]]
    added = {
        "samples_x": [one.samples_x for one in ones],
        "samples_y": [one.samples_y for one in ones],
        "made_of_x": [list(x.names[: one.samples_x]) for one in ones],
        "made_of_y": [list(y.names[: one.samples_y]) for one in ones],
        "precision": [str(one.unit.x.header.kind) for one in ones],
    }
    named = scores.with_columns(
        *(
            pl.col(f"layer_names_{side}").list.get(pl.col(f"layer_{side}")).alias(f"layer_{side}")
            for side in ("x", "y")
        ),
        *(pl.Series(name, values) for name, values in added.items()),
        pl.lit(study.dataset.record.id).alias("base_id"),
        pl.lit(AVERAGE_VERSION).alias("average_version"),
    )
    return named.select(list(column_types(TABLE)))


def plan_series(study: Study, counted: Sequence[Counted], x: Averaged, y: Averaged) -> list[Series]:
    """List what laws are fitted to: all scores of one setting."""
    trained = {record.id for record in study.models if record.trained}
    series: list[Series] = []
    for setting in dict.fromkeys(one.unit.setting for one in counted):
        own = [one for one in counted if one.unit.setting == setting]
        header = own[0].unit.x.header
        series.append(
            Series(
                base_id=study.dataset.record.id,
                row_order=header.row_order,
                n=header.n,
                setting=setting,
                precision=str(header.kind),
                made_of=(x.names, y.names),
                units=tuple(one.unit.key for one in own),
                trained=frozenset(trained),
            )
        )
    return series
