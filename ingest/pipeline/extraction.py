"""Extract what is missing: model by model here, or side by side in a worker process per device.

Workers write feature files, which are whole or absent and named by their keys; rows are left by
the one process that asked, and so is everything a reader is told.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ingest.catalog import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import MissingFeaturesError
from ingest.extract import CropCache, extract, ingest_half
from ingest.pipeline.features import Extraction, header_of, record_features
from ingest.pipeline.run import Run, record_dataset
from ingest.pipeline.workers import Begun, Ended, Tell, spread
from ingest.progress import Progress, Silent
from ingest.store.away import find_away, how_to_bring_back
from ingest.store.features import FeatureHeader, FeatureStore, read_header
from prh_core.errors import PRHError

if TYPE_CHECKING:
    from ingest.extract.language import Watch


class Beside(Protocol):
    """What else is measured while a model's features are extracted."""

    def watch(self, record: ModelRecord) -> "Watch | None":
        """Return what looks on while this model runs, if anything does."""
        ...

    def keep(
        self,
        run: Run,
        dataset: Dataset,
        record: ModelRecord,
        facts: Mapping[str, str],
        progress: Progress,
    ) -> None:
        """Store what was seen of this model, or say why there is nothing."""
        ...


class _Missing(NamedTuple):
    """The feature sets of one model that are to be made."""

    title: str
    units: tuple[Extraction, ...]

    @property
    def record(self) -> ModelRecord:
        """The model."""
        return self.units[0].record

    @property
    def name(self) -> str:
        """The model's id."""
        return self.record.id


def extract_missing(
    run: Run,
    dataset: Dataset,
    units: Sequence[Extraction],
    progress: Progress,
    *,
    devices: Sequence[str] = ("auto",),
    batch_size: int | None = None,
    beside: Beside | None = None,
) -> None:
    """Extract the units that are not stored yet; a model that fails is noted and the rest go on.

    Args:
        run: where rows go.
        dataset: what the models see.
        units: of `plan_extraction`, done or not.
        progress: told about every model.
        devices: as `ingest.extract.extract` takes one; several run models side by side, each in a
            process of its own. What is measured beside extraction, and a dataset that cannot be
            sent to another process, keep to the first, and a note says so.
        batch_size: as in `ingest.extract.extract`.
        beside: what else is measured in the same pass.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    record_dataset(run.workspace, dataset)
    missing = _missing(run, units, progress)
    together = len(devices) > 1 and len(missing) > 1
    reason = _reason_for_one(dataset, beside) if together else None
    if reason is not None:
        progress.note(f"Models run one by one on {devices[0]}: {reason}.")
    if together and reason is None:
        _extract_side_by_side(run, dataset, missing, progress, devices, batch_size)
    else:
        seeing = [model for model in missing if model.record.modality == "vision"]
        crops = CropCache() if len(seeing) > 1 else None
        for model in missing:
            progress.note(model.title)
            _extract_here(run, dataset, model, progress, devices[0], batch_size, beside, crops)
            if seeing and model is seeing[-1]:
                crops = None  # no other model wants them
    progress.done()


def _missing(run: Run, units: Sequence[Extraction], progress: Progress) -> list[_Missing]:
    """Return what is not stored, by model; count the others, and leave the rows that they lack.

    A model whose features lie on the hub, and were deleted here, is left out by name.
    """
    recorded = run.workspace.warehouse.part_names("feature_sets")
    by_model: dict[str, list[Extraction]] = {}
    for unit in units:
        by_model.setdefault(unit.record.id, []).append(unit)
    missing: list[_Missing] = []
    for number, wanted in enumerate(by_model.values(), start=1):
        left: list[Extraction] = []
        for unit in wanted:
            if not unit.path.exists():
                left.append(unit)
                continue
            run.skipped += 1
            if unit.key not in recorded:  # killed between the file and its row
                record_features(run, unit.record, read_header(unit.path), unit.path)
        elsewhere = how_to_bring_back(unit.path for unit in left)
        if elsewhere is not None:  # nobody waits hours for what lies on the hub
            left = [unit for unit in left if find_away(unit.path) is None]
            run.leave_out(wanted[0].record.id, MissingFeaturesError(elsewhere), progress)
        if left:
            title = f"[{number}/{len(by_model)}] {wanted[0].record.label}"
            missing.append(_Missing(title, tuple(left)))
    return missing


def _reason_for_one(dataset: Dataset, beside: Beside | None) -> str | None:
    """Say why models must run in this process, where they must."""
    if beside is not None:
        return "--caption-bits looks on while a model runs, in one process"
    try:
        pickle.dumps(dataset)
    except Exception as error:  # what a kind's reader holds may raise anything
        return f"the images of {dataset.record.id} cannot be read by another process ({error})"
    return None


def _extract_here(
    run: Run,
    dataset: Dataset,
    model: _Missing,
    progress: Progress,
    device: str,
    batch_size: int | None,
    beside: Beside | None,
    crops: CropCache | None,
) -> None:
    watch = None if beside is None else beside.watch(model.record)
    features = run.workspace.features
    stored = partial(_recorded, run)
    try:
        facts = _store_features(
            features, dataset, model, device, batch_size, progress, stored, watch, crops
        )
        if beside is not None:
            beside.keep(run, dataset, model.record, facts, progress)
    except PRHError as error:
        run.leave_out(model.name, error, progress)


def _store_features(
    features: FeatureStore,
    dataset: Dataset,
    model: _Missing,
    device: str,
    batch_size: int | None,
    progress: Progress,
    stored: Callable[[Extraction, FeatureHeader], None],
    watch: "Watch | None" = None,
    crops: CropCache | None = None,
) -> dict[str, str]:
    """Run a model and write its feature files, each told as it is written; return the facts.

    Raises:
        PRHError: as `extract`, and DiskFullError.
    """
    extracted = extract(
        model.record,
        dataset,
        [unit.variant for unit in model.units],
        device=device,
        dtype=model.units[0].precision,
        batch_size=batch_size,
        progress=progress,
        watch=watch,
        crops=crops,
    )
    for unit in model.units:
        facts, layers = extracted[unit.variant].facts, extracted[unit.variant].layers
        header = header_of(unit.key, model.record, dataset, unit.variant, facts, layers, unit.store)
        features.write(header, layers)
        stored(unit, header)
    return extracted[model.units[0].variant].facts


def _recorded(run: Run, unit: Extraction, header: FeatureHeader) -> None:
    """Leave the row of a feature file that was just written."""
    record_features(run, unit.record, header, unit.path)
    run.done += 1


def _extract_side_by_side(
    run: Run,
    dataset: Dataset,
    missing: Sequence[_Missing],
    progress: Progress,
    devices: Sequence[str],
    batch_size: int | None,
) -> None:
    """Extract by a worker process per device; the largest models first, so that none is left over.

    Raises:
        DiskFullError, MissingExtraError: which the next model would meet, too.
    """
    largest = sorted(missing, key=lambda model: -(model.record.parameters or 0))
    work = partial(
        _extract_there, run.workspace.features, dataset, batch_size, min(len(devices), len(missing))
    )
    progress.start(f"Models on {', '.join(devices)}", len(missing))
    with closing(spread(largest, devices, work)) as happening:
        for event in happening:
            if isinstance(event, Begun):
                progress.note(f"{event.task.title} on {event.device}")
            elif isinstance(event, Ended):
                if isinstance(event.error, PRHError):
                    run.leave_out(event.task.name, event.error, progress)
                elif event.error is not None:
                    raise event.error
                progress.advance(1)
            elif isinstance(event.message, str):
                progress.note(event.message)
            else:
                _recorded(run, *event.message)


def _extract_there(
    features: FeatureStore,
    dataset: Dataset,
    batch_size: int | None,
    workers: int,
    model: _Missing,
    device: str,
    tell: Tell,
) -> None:
    """Extract in a worker, which shares this machine's cores with the others."""
    with ingest_half("Extraction"):
        from ingest.extract.device import take_cores
    take_cores(workers)

    def stored(unit: Extraction, header: FeatureHeader) -> None:
        tell((unit, header))

    crops = _crops_of_worker()
    _store_features(features, dataset, model, device, batch_size, _Notes(tell), stored, crops=crops)


@cache
def _crops_of_worker() -> CropCache:
    """Return what a worker keeps of images from model to model."""
    return CropCache()


class _Notes(Silent):
    """Passes a worker's notes on; its bars would be one too many."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def note(self, text: str) -> None:
        """Tell whoever asked."""
        self._tell(text)
