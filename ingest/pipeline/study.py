"""What a command works on: a catalog, a dataset, a panel and the settings, resolved and checked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from ingest.catalog import ModelRecord, load_catalog
from ingest.catalog.records import Modality
from ingest.datasets import Dataset, open_dataset
from ingest.errors import MissingFeaturesError
from ingest.extract import Variant, named_devices, variants_for
from ingest.pipeline.ceilings import (
    SecondView,
    compute_self_agreement,
    plan_ceilings,
    plan_split_halves,
    second_views,
)
from ingest.pipeline.extraction import Beside, extract_missing
from ingest.pipeline.features import (
    Extraction,
    feature_files,
    plan_extraction,
    stored_kinds,
    study_precision,
)
from ingest.pipeline.imported import open_known, with_imported
from ingest.pipeline.maps import map_models
from ingest.pipeline.options import (
    ExtraScores,
    ScoreOptions,
    StudyOptions,
    sides_of,
)
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import FeatureFile, Setting, Unit, alike, plan_batches
from ingest.pipeline.scoring import plan_scores, score_missing
from ingest.progress import Progress
from ingest.store.away import how_to_bring_back
from ingest.store.precision import EXACT, Kind, apart, check_store, listed, named_precision
from ingest.store.workspace import Workspace


@dataclass(frozen=True)
class Study:
    """A dataset, the models that see it, and how they are compared."""

    workspace: Workspace
    dataset: Dataset
    models: tuple[ModelRecord, ...]
    variants: tuple[Variant, ...]
    """Of either kind; where none is of a model's kind, its default is taken."""
    settings: tuple[Setting, ...]
    pairs: str = "auto"
    """As `sides_of` takes it."""
    precision: str = EXACT
    """In which every network computes."""
    devices: tuple[str, ...] = ("auto",)
    """Where networks run, a worker process each where they are several."""
    store: str = EXACT
    """Number format of every feature file."""

    @property
    def device(self) -> str:
        """Where everything runs that one process does."""
        return self.devices[0]

    @property
    def products_on(self) -> str | None:
        """The device that scores go through; None for numpy and numba on the CPU."""
        return None if self.device in ("auto", "cpu") else self.device

    @cached_property
    def extractions(self) -> list[Extraction]:
        """Every feature set the study needs, done or not."""
        return self._extractions_of(self.dataset, self.models)

    def _extractions_of(self, dataset: Dataset, models: Sequence[ModelRecord]) -> list[Extraction]:
        wanted = self.variants_of(models)
        return plan_extraction(self.workspace, dataset, wanted, self.precision, self.store)

    def variants_of(
        self, models: Sequence[ModelRecord]
    ) -> list[tuple[ModelRecord, Sequence[Variant]]]:
        """Return the variants that the study extracts of each of these models."""
        return _wanted(models, self.variants)

    def side(self, modality: str) -> list[ModelRecord]:
        """Return the study's models of one modality."""
        return [record for record in self.models if record.modality == modality]

    def scores(self) -> list[Unit]:
        """List the scores that the stored feature sets allow, done or not.

        Raises:
            RowOrderError, NeighborCountError, DamagedFeatureFileError: see `plan_scores`.
        """
        return self._planned(feature_files(self.extractions))

    @property
    def sides(self) -> list[tuple[str, str]]:
        """The modalities compared: each with itself counts every unordered pair of models once."""
        return sides_of(self.pairs, (record.modality for record in self.models))

    def _planned(self, files: dict[str, list[FeatureFile]]) -> list[Unit]:
        units: dict[str, Unit] = {}
        for x, y in self.sides:
            xs, ys, settings = self.side(x), self.side(y), self.settings
            if x == y:
                # Nobody reads the intervals of so many pairs, and they cost more than the scores.
                settings = tuple(replace(setting, interval=False) for setting in settings)
                # One order for every panel, so that a pair is the same pair wherever it is listed.
                xs = ys = sorted(xs, key=lambda record: record.id)
            planned = plan_scores(files, xs, ys, settings)
            if x == y == "language":
                # Captions are pooled and prompted alike, and no model is compared with itself.
                planned = [unit for unit in planned if alike(unit)]
            units |= {unit.key: unit for unit in planned}
        return list(units.values())

    @property
    def expected_scores(self) -> int:
        """Number of scores once every feature set is there."""
        sets = Counter(unit.record.modality for unit in self.extractions)
        variants = Counter(
            unit.variant for unit in self.extractions if unit.record.modality == "language"
        )
        pairs_alike = sum(count * (count - 1) for count in variants.values())
        symmetric = sum(setting.definition.symmetric for setting in self.settings)
        total = 0
        for x, y in self.sides:
            ordered = sets[x] * (sets[y] - 1) if x == y else sets[x] * sets[y]
            if x == y == "language":
                ordered = pairs_alike
            halved = ordered // 2 if x == y else ordered
            total += halved * symmetric + ordered * (len(self.settings) - symmetric)
        return total

    def extract(
        self,
        run: Run,
        progress: Progress,
        batch_size: int | None = None,
        beside: Beside | None = None,
    ) -> None:
        """Extract what is missing; see `extract_missing`."""
        extract_missing(
            run, self.dataset, self.extractions, progress,
            devices=self.devices, batch_size=batch_size, beside=beside,
        )  # fmt: skip

    @cached_property
    def _second_views(self) -> tuple[list[SecondView], dict[Modality, str]]:
        modalities: list[Modality] = [m for m in ("language", "vision") if self.side(m)]
        skip = bool(self.dataset.skipped)  # the same samples are left out again
        return second_views(
            self.dataset,
            modalities,
            lambda record: open_dataset(record, skip_corrupt=skip, cache=self.workspace.cache),
        )

    def _of_view(self, view: SecondView) -> list[Extraction]:
        return self._extractions_of(view.dataset, self.side(view.modality))

    def extract_second_views(
        self, run: Run, progress: Progress, batch_size: int | None = None
    ) -> None:
        """Extract what is missing of the second views that the dataset has; see `second_views`."""
        for view in self._second_views[0]:
            progress.note(f"Second view: {view.title}")
            units = self._of_view(view)
            extract_missing(
                run, view.dataset, units, progress, devices=self.devices, batch_size=batch_size
            )

    def _ceilings(
        self, run: Run, files: dict[str, list[FeatureFile]], progress: Progress, device: str | None
    ) -> None:
        """Compute the ceilings that stored second views allow, and say which are not known."""
        views, lacking = self._second_views
        for modality, why in lacking.items():
            progress.note(f"No noise ceiling of {modality} models: {why}")
        seconds: dict[str, list[FeatureFile]] = {}
        for view in views:
            units = self._of_view(view)
            seconds[view.title] = list(chain.from_iterable(feature_files(units).values()))
            absent = sorted({unit.record.label for unit in units if not unit.path.exists()})
            if absent:
                progress.note(
                    f"No noise ceiling by the second view “{view.title}” of {', '.join(absent)}: "
                    "`prh run --noise-ceiling` extracts its features"
                )
        everyone = chain.from_iterable(files.values())
        units = plan_ceilings(everyone, seconds, self.settings)
        compute_self_agreement(run, units, progress, device)

    def score(self, run: Run, progress: Progress, extra: ExtraScores = ExtraScores()) -> None:
        """Score what is missing, and what is asked for besides.

        The devices "auto" and "cpu" compute on the CPU; any other goes through torch.

        Raises:
            MissingFeaturesError: a model has no features on this dataset; the message names the
                command that makes them.
            SampleCountError, NeighborCountError: a batch does not fit the samples, or k the batch;
                nothing was computed.
        """
        refused = {item.name for item in run.refused}
        missing = sorted(
            {
                unit.record.id
                for unit in self.extractions
                if not unit.path.exists() and unit.record.id not in refused
            }
        )
        if missing:
            raise MissingFeaturesError(self._missing_features(missing))
        files = feature_files(self.extractions)
        planned = self._planned(files)
        batched = plan_batches(planned, extra.batches)
        score_missing(run, [*planned, *batched], progress, self.products_on)
        if extra.noise_ceiling:
            self._ceilings(run, files, progress, self.products_on)
        if extra.split_half:
            halves = plan_split_halves(chain.from_iterable(files.values()), self.settings)
            compute_self_agreement(run, halves, progress, self.products_on)
        if any(x == y for x, y in self.sides):
            map_models(run, progress)

    def _missing_features(self, missing: Sequence[str]) -> str:
        """Say whose features are missing, which command makes them, and what is there instead."""
        name = self.dataset.record.id
        away = how_to_bring_back(
            unit.path for unit in self.extractions if unit.record.id in missing
        )
        if away is not None:
            return away
        wanted = self.variants_of([record for record in self.models if record.id in missing])
        kind = Kind(self.precision, self.store)
        others = apart(stored_kinds(self.workspace, self.dataset, wanted), kind)
        elsewhere = (
            f"; stored in another precision are {listed(others)}, and --dtype and --store take "
            "those"
            if others
            else ""
        )
        options = f" --dtype {self.precision}" if self.precision != EXACT or others else ""
        options += f" --store {self.store}" if self.store != EXACT else ""
        return (
            f"no {kind} features on {name} for {', '.join(missing)}; run `prh extract "
            f"--dataset {name} --models {','.join(missing)}{options}` first{elsewhere}"
        )


def _wanted(
    models: Sequence[ModelRecord], variants: Sequence[Variant]
) -> list[tuple[ModelRecord, Sequence[Variant]]]:
    of = {
        record.modality: [v for v in variants if v.pools.modality == record.modality]
        for record in models
    }
    return [
        (record, (not record.saved and of[record.modality]) or variants_for(record))
        for record in models
    ]


def open_study(
    workspace: Workspace,
    options: StudyOptions,
    scoring: ScoreOptions = ScoreOptions(),
    *,
    settings: Sequence[Setting] | None = None,
    progress: Progress | None = None,
) -> Study:
    """Resolve names to records and check every choice before any model is loaded.

    `settings`, where given, stands for every combination that `scoring` describes.

    Raises:
        CatalogError: a record is unknown or malformed, or a choice is none of those there are.
        MixedPrecisionError: dtype is auto, and features are stored in several precisions.
        DatasetError: the dataset cannot be opened as described.
    """
    named_precision(options.dtype)
    store, devices = check_store(options.store), named_devices(options.device)
    catalog = load_catalog(options.catalogs)
    opened = open_known(
        workspace,
        catalog,
        options.dataset,
        skip_corrupt=options.skip_corrupt,
        progress=progress,
    )
    catalog = with_imported(workspace, catalog, options.models, opened)
    if settings is None:
        settings = scoring.settings(len(opened))
    chosen, variants = options.chosen(catalog), options.variants(catalog)
    sides_of(scoring.pairs, (record.modality for record in chosen))
    wanted = _wanted(chosen, variants)
    precision = study_precision(
        workspace, opened, wanted, options.dtype, devices[0], progress, store
    )
    return Study(
        workspace,
        opened,
        chosen,
        variants,
        tuple(settings),
        scoring.pairs,
        precision,
        devices,
        store,
    )
