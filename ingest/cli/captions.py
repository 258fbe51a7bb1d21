"""`prh captions`: the same images under captions that say more or less."""

from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.cli.options import Data, DatasetId, Devices, Dtype, NoPublish, SkipCorrupt, Store, takes
from ingest.cli.work import bits_beside, recorded, workspace
from ingest.datasets import open_dataset
from ingest.extract import ingest_half
from ingest.pipeline.options import ExtractOptions, ModelOptions, ScoreOptions, StudyOptions
from ingest.pipeline.study import open_study
from ingest.store.precision import EXACT


@takes(without=["seed", "sigma", "ns", "fixed", "pairs"])
def captions(
    *,
    dataset: DatasetId,
    sets: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="A caption set, repeatable, the one that says least first: own (the dataset's "
            "captions), joined:3 (the first three of an image), caption:2 (the second alone), "
            "column:NAME (another column), summary:10@own (in ten words, by --writer), controls "
            "first:5@own (its first five words), shuffled@own, mixed@own (as many words of other "
            "captions). Of pictures: pixels:32, blur:4, gray, mirror, crop:90 (the middle, 90 % of "
            "each side).",
        ),
    ],
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
    What is done already is skipped. Ask `FROM caption_differences`; the page is "Do denser captions
    help?".
    """
    with ingest_half("Caption sets"):
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
        made, written = plan_sets(
            run,
            study.dataset,
            sets,
            lambda record: open_dataset(record, skip_corrupt=skip_corrupt, cache=where.cache),
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
