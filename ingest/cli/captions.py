"""`prh captions`: the same images under captions that say more or less."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.cli.console import TerminalProgress
from ingest.cli.options import (
    Batch,
    CaptionBits,
    Catalogs,
    Data,
    DatasetId,
    Device,
    Dtype,
    Ks,
    Metrics,
    Models,
    NoPublish,
    Panel,
    Permutations,
    SkipCorrupt,
    Truncations,
    bits_beside,
    finish,
    ids,
    publish,
    workspace,
)
from ingest.datasets import open_dataset
from ingest.extract import ingest_half
from ingest.pipeline.run import Run
from ingest.pipeline.study import open_study
from prh_core.calibration import PERMUTATIONS


def captions(
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
    panel: Panel = None,
    models: Models = "",
    catalogs: Catalogs = None,
    writer: Annotated[
        str, typer.Option("--writer", help="Instruct model of the catalog that writes summaries.")
    ] = "SmolLM2-135M-Instruct",
    metrics: Metrics = None,
    ks: Ks = None,
    truncations: Truncations = None,
    permutations: Permutations = PERMUTATIONS,
    skip_corrupt: SkipCorrupt = False,
    device: Device = "auto",
    dtype: Dtype = "auto",
    batch_size: Batch = None,
    caption_bits: CaptionBits = False,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Score the same images under captions that say more or less, and publish.

    Every set is checked before a model is loaded. Sets that say more are compared with the first,
    controls with what they were made of: paired differences over the same images, with intervals.
    What is done already is skipped. Ask `FROM caption_differences`; the page is "Do denser captions
    help?".
    """
    with ingest_half("Caption sets"):
        from ingest.experiments.captions.plan import plan_sets
        from ingest.experiments.captions.run import run_sets

    where = workspace(data)
    files: list[Path] = catalogs or []
    with TerminalProgress() as progress, Run(where) as run:
        study = open_study(
            where,
            dataset=dataset,
            panel=panel,
            models=ids(models),
            catalogs=files,
            metrics=metrics or ["mutual_knn"],
            ks=ks or [10],
            truncations=truncations or ["exact"],
            permutations=permutations,
            dtype=dtype,
            device=device,
            skip_corrupt=skip_corrupt,
            progress=progress,
        )
        catalog = load_catalog(files)
        made, written = plan_sets(
            run,
            study.dataset,
            sets,
            lambda record: open_dataset(record, skip_corrupt=skip_corrupt, cache=where.cache),
            catalog.model(writer),
            progress,
            device=device,
            dtype=study.precision,
        )
        run_sets(
            run, study, made, progress, written=written, device=device,
            batch_size=batch_size, beside=bits_beside(caption_bits),
        )  # fmt: skip
    if not no_publish:
        publish(where)
    finish(run, "Units of work")
