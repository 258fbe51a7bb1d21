"""`prh captions`: the same images under captions that say more or less."""

from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.catalog.records import DatasetRecord
from ingest.cli.options import Data, DatasetId, Devices, Dtype, NoPublish, SkipCorrupt, Store, takes
from ingest.cli.work import bits_beside, recorded, workspace
from ingest.datasets import Dataset, open_dataset
from ingest.errors import CaptionSetError
from ingest.extract import ingest_half
from ingest.pipeline.options import ExtractOptions, ModelOptions, ScoreOptions, StudyOptions
from ingest.pipeline.study import open_study
from ingest.store.precision import EXACT


@takes(without=["seed", "sigma", "ns", "fixed", "pairs"])
def captions(
    *,
    dataset: DatasetId,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A caption set, repeatable, the one that says least first: own (the dataset's "
            "captions), joined:3 (the first three of an image), caption:2 (the second alone), "
            "column:NAME (another column), summary:10@own (in ten words, by --writer), controls "
            "first:5@own (its first five words), shuffled@own, mixed@own (as many words of other "
            "captions). Of pictures: pixels:32, blur:4, gray, mirror, crop:90 (the middle, 90 % of "
            "each side), frame:2 (the second frame of each item).",
        ),
    ] = None,
    average: Annotated[
        str | None,
        typer.Option(
            "--average",
            help="Average features, not texts: of the first 1, 2, ... N captions of an image (a "
            "number), or of the captions of these sets in turn (own,column:word).",
        ),
    ] = None,
    average_pictures: Annotated[
        str | None,
        typer.Option(
            "--average-pictures",
            help="Likewise of several pictures of an item: the first N frames (a number, where the "
            "dataset has frame_index), or sets: own,mirror,crop:90. Every number of captions meets "
            "every number of pictures.",
        ),
    ] = None,
    chosen: ModelOptions,
    writer: Annotated[
        str, typer.Option("--writer", help="Instruct model of the catalog that writes summaries.")
    ] = "SmolLM2-135M-Instruct",
    scoring: ScoreOptions,
    skip_corrupt: SkipCorrupt = False,
    device: Devices = "auto",
    dtype: Dtype = "auto",
    store: Store = EXACT,
    extraction: ExtractOptions,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Score the same images under captions that say more or less, and publish.

    Every set is checked before a model is loaded. Sets that say more are compared with the first
    and with the next shorter, controls with what they were made of: paired differences over the
    same images, with intervals.
    With --average every caption is read once by each model, features are averaged over the first
    one, two and so on, each number is scored, and a law of saturation is fitted.
    What is done already is skipped. Ask `FROM caption_differences`, `FROM averaged_alignment` and
    `FROM saturation_laws`; the page is "Do denser captions help?".
    """
    if not sets and average is None and average_pictures is None:
        raise CaptionSetError("name what to score: --set, --average or --average-pictures")
    with ingest_half("Caption sets"):
        from ingest.datasets.caption_sets import OWN
        from ingest.experiments.captions.averages import plan_averaged, run_averages
        from ingest.experiments.captions.plan import plan_sets
        from ingest.experiments.captions.run import run_sets

    where = workspace(data)
    options = StudyOptions(
        dataset=dataset,
        panel=chosen.panel,
        models=chosen.models,
        catalogs=chosen.catalogs,
        skip_corrupt=skip_corrupt,
        device=device,
        dtype=dtype,
        store=store,
    )
    with recorded(where, "Units of work", no_publish=no_publish) as (run, progress):
        study = open_study(where, options, scoring, progress=progress)

        def reopen(record: DatasetRecord) -> Dataset:
            return open_dataset(record, skip_corrupt=skip_corrupt, cache=where.cache)

        averaged = None
        if average is not None or average_pictures is not None:
            averaged = (
                plan_averaged(study.dataset, average or OWN, "language", reopen),
                plan_averaged(study.dataset, average_pictures or OWN, "vision", reopen),
            )
        if sets:
            made, written = plan_sets(
                run,
                study.dataset,
                sets,
                reopen,
                load_catalog(options.catalogs).model(writer),
                progress,
                device=study.device,
                dtype=study.precision,
            )
            run_sets(
                run,
                study,
                made,
                progress,
                written=written,
                batch_size=extraction.batch_size,
                beside=bits_beside(extraction),
            )
        if averaged is not None:
            run_averages(run, study, *averaged, progress, batch_size=extraction.batch_size)
