"""Extract and score a dataset's caption sets, and say what each scores beyond another."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ingest.datasets.caption_sets import OWN, CaptionSet, title_of
from ingest.experiments.bits.texts import text_of_captions
from ingest.experiments.captions.summaries import Written
from ingest.pipeline.extraction import Beside, extract_missing
from ingest.pipeline.features import Extraction, feature_files, plan_extraction
from ingest.pipeline.run import Run, record_dataset
from ingest.pipeline.scores.plan import FeatureFile, Setting, Unit
from ingest.pipeline.scores.sides import KeptLayers, prepare
from ingest.pipeline.scoring import plan_scores, score_missing
from ingest.pipeline.study import Study
from ingest.progress import Progress
from ingest.store.features import unit_key
from prh_core.metrics.neighbors import mutual_residuals
from prh_core.metrics.registry import PrepareOptions
from prh_core.paired import Residuals, paired_difference

SET_VERSION = 1
"""Raised when sets or differences would come out otherwise; part of every unit's key."""
LEVEL = 0.95
PAIRED = "mutual_knn"
"""The metric whose differences are paired."""


class Compared(NamedTuple):
    """One set's scores: which features, and which scores they make."""

    chosen: CaptionSet
    units: list[Unit]


def run_sets(
    run: Run,
    study: Study,
    sets: Sequence[CaptionSet],
    progress: Progress,
    *,
    written: dict[str, Written] | None = None,
    batch_size: int | None = None,
    beside: Beside | None = None,
) -> None:
    """Extract what is missing of every set, score it, and compare sets on the same images.

    Args:
        run: where rows go.
        study: the dataset, the models, and how they are compared.
        sets: of `build_sets`.
        progress: told about everything.
        written: what is known of summaries, by the name of their set.
        batch_size: as in `extract_missing`.
        beside: what else is measured in the same pass.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    for chosen in sets:
        record_dataset(run.workspace, chosen.dataset)
        record_set(run, chosen, (written or {}).get(chosen.spec.name))
    needed = [(chosen, _extractions(study, chosen)) for chosen in sets]
    for chosen, (language, vision) in needed:
        for dataset, units in (
            (study.dataset if chosen.of_pictures else chosen.dataset, language),
            (chosen.dataset if chosen.of_pictures else study.dataset, vision),
        ):
            extract_missing(
                run, dataset, units, progress, devices=study.devices,
                batch_size=batch_size, beside=beside,
            )  # fmt: skip
    compared = [
        Compared(chosen, _planned(study, feature_files([*language, *vision])))
        for chosen, (language, vision) in needed
    ]
    everything = {unit.key: unit for one in compared for unit in one.units}
    score_missing(run, list(everything.values()), progress, study.products_on)
    compare_sets(run, study, compared, progress)


def _extractions(study: Study, chosen: CaptionSet) -> tuple[list[Extraction], list[Extraction]]:
    """Return what is needed of language and of vision for one set."""
    sides = []
    for modality, own in (("language", not chosen.of_pictures), ("vision", chosen.of_pictures)):
        wanted = study.variants_of(study.side(modality))
        dataset = chosen.dataset if own else study.dataset
        sides.append(
            plan_extraction(study.workspace, dataset, wanted, study.precision, study.store)
        )
    return sides[0], sides[1]


def _planned(study: Study, files: dict[str, list[FeatureFile]]) -> list[Unit]:
    return plan_scores(files, study.side("language"), study.side("vision"), study.settings)


def record_set(run: Run, chosen: CaptionSet, written: Written | None = None) -> None:
    """Leave a set's row as a part: what it is made of, and how much it says."""
    spec, dataset = chosen.spec, chosen.dataset
    words = chosen.words
    amount = spec.amount if spec.amount is not None and spec.amount.isdigit() else None
    key = unit_key(
        {
            "dataset": dataset.record.id,
            "base": chosen.base_id,
            "row_order": dataset.row_order,
            "captions": dataset.caption_hash,
            "pictures": dataset.image_hash if chosen.of_pictures else "",
            "version": SET_VERSION,
        }
    )
    row = {
        "dataset_id": dataset.record.id,
        "base_id": chosen.base_id,
        "row_order": dataset.row_order,
        "name": spec.name,
        "title": title_of(spec),
        "kind": spec.kind,
        "amount": None if amount is None else float(amount),
        "parent": spec.parent,
        "control": chosen.is_control,
        "pictures": chosen.of_pictures,
        "n": len(dataset),
        "words": float(words.mean()),
        "words_spread": float(words.std()),
        "characters": float(np.mean([len(caption) for caption in dataset.captions])),
        "distinct_captions": len(set(dataset.captions)),
        "caption_hash": dataset.caption_hash,
        "writer": written.writer if written else None,
        "instructions": written.instructions if written else None,
        "retried": written.retried if written else None,
        "off_length": written.off_length if written else None,
        "bits_text": text_of_captions(dataset).name,
        "set_version": SET_VERSION,
    }
    run.append("caption_sets", key, [row])


class Difference(NamedTuple):
    """One set held against another, under one setting."""

    key: str
    setting: Setting
    first: Compared
    second: Compared
    before: list[Unit]
    """Scores of the first set."""
    after: list[Unit]
    """Scores of the second, of the same models."""

    @property
    def name(self) -> str:
        """The second set's."""
        return self.second.chosen.spec.name


def compare_sets(run: Run, study: Study, compared: Sequence[Compared], progress: Progress) -> None:
    """Compare sets that say more with the first of them and the next shorter, controls with theirs.

    Controls, and changed pictures, are compared with what they were made of.
    """
    best = cache(lambda: _best_layers(run))  # tables of all scores: read only where one is missing
    lists = _Lists()
    run.each(
        "caption_differences",
        plan_differences(study, compared),
        lambda unit: _differences(unit, best(), lists),
        progress,
        "Comparing caption sets",
        derived=True,
    )


def _best_layers(run: Run) -> dict[str, tuple[int, int]]:
    """Return the best pair of layers of every stored score, by its key."""
    scores = run.workspace.warehouse.rows("scores")
    assert scores is not None  # they were scored before they are compared
    columns = scores.select("unit_key", "layer_x", "layer_y")
    return {key: (layer_x, layer_y) for key, layer_x, layer_y in columns.iter_rows()}


def plan_differences(study: Study, compared: Sequence[Compared]) -> list[Difference]:
    """List the differences between sets, done or not."""
    by_name = {one.chosen.spec.name: one for one in compared}
    plain = [one for one in compared if not one.chosen.is_control and not one.chosen.of_pictures]
    pairs: list[tuple[Compared, Compared]] = [(plain[0], one) for one in plain[1:]]
    ladder = sorted(plain, key=lambda one: float(one.chosen.words.mean()))
    # Those next to each other, unless the first set is one of them: with it all are compared.
    pairs += [two for two in pairwise(ladder) if plain[0] not in two]
    for one in compared:
        parent = OWN if one.chosen.of_pictures else one.chosen.spec.parent
        if (one.chosen.is_control or one.chosen.of_pictures) and parent in by_name:
            pairs.append((by_name[parent], one))
    trained = {record.id for record in study.models if record.trained}
    units: list[Difference] = []
    for setting in (s for s in study.settings if s.metric == PAIRED and s.n is None):
        for first, second in pairs:
            before, after = (_of(one.units, setting, trained) for one in (first, second))
            names = [(u.x.header.model_id, u.y.header.model_id) for u in before]
            if not names or names != [(u.x.header.model_id, u.y.header.model_id) for u in after]:
                continue
            key = unit_key({"units": [u.key for u in (*before, *after)], "version": SET_VERSION})
            units.append(Difference(key, setting, first, second, before, after))
    return units


def _of(units: Iterable[Unit], setting: Setting, trained: set[str]) -> list[Unit]:
    """Return the units of one setting whose models are both trained."""
    return [
        unit
        for unit in units
        if unit.setting == setting
        and unit.x.header.model_id in trained
        and unit.y.header.model_id in trained
    ]


class _Lists:
    """Neighbor lists of feature sets, made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, int], tuple[Any, np.ndarray]] = {}

    def of(self, side: FeatureFile, setting: Setting) -> tuple[Any, np.ndarray]:
        k = setting.k or 1
        slot = (side.header.key, setting.truncation, k)
        if slot not in self._made:
            family = setting.definition.family
            ready = prepare(
                side,
                family,
                setting.truncation,
                PrepareOptions(k=k, concatenate=True),
                None,
                KeptLayers(0),
            )
            self._made[slot] = (ready.ready, ready.usable)
        return self._made[slot]


def _differences(
    unit: Difference, best: dict[str, tuple[int, int]], lists: _Lists
) -> list[dict[str, Any]]:
    """Return the paired differences over all models, then by vision model."""
    setting = unit.setting

    def residuals(score: Unit) -> Residuals:
        (x, usable_x), (y, usable_y) = (lists.of(side, setting) for side in (score.x, score.y))
        layer_x, layer_y = best[score.key]
        layers = (
            int(np.searchsorted(usable_x, layer_x)), int(np.searchsorted(usable_y, layer_y))
        )  # fmt: skip
        return Residuals(*mutual_residuals(x, y, layers, setting.k or 1))

    both = [
        (before.y.header.model_id, residuals(before), residuals(after))
        for before, after in zip(unit.before, unit.after, strict=True)
    ]
    header = unit.before[0].x.header
    rows: list[dict[str, Any]] = []
    vision = sorted({name for name, _, _ in both})
    for model in [None, *vision]:
        chosen = [(a, b) for name, a, b in both if model in (None, name)]
        paired = paired_difference([a for a, _ in chosen], [b for _, b in chosen], level=LEVEL)
        across = 1 if model else len(vision)
        rows.append(
            {
                "base_id": unit.second.chosen.base_id,
                "row_order": header.row_order,
                "n": header.n,
                "metric": setting.metric,
                "k": setting.k,
                "truncation": setting.truncation,
                "precision": str(header.kind),
                "from_id": unit.first.chosen.dataset.record.id,
                "to_id": unit.second.chosen.dataset.record.id,
                "vision_model": model,
                "language_models": len(chosen) // across,
                "vision_models": across,
                "score_from": paired.before,
                "score_to": paired.after,
                "difference": paired.difference,
                "interval_low": paired.low,
                "interval_high": paired.high,
                "interval_level": LEVEL,
                "set_version": SET_VERSION,
            }
        )
    return rows
