"""`prh curves`: scores over growing numbers of samples."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import Data, DatasetId, NoPublish, ScoreDevice, ids
from ingest.cli.work import recorded, workspace
from ingest.experiments.sizes.many import hold_beside_many, plan_many
from ingest.experiments.sizes.plan import SHARE, CurveChoices, plan_curves
from ingest.experiments.sizes.run import draw_curves, score_in_classes
from ingest.pipeline.classes import read_classes
from ingest.pipeline.stored import stored_captions, stored_dataset
from prh_core.sizes import ORDERS


def curves(
    dataset: DatasetId,
    models: Annotated[
        str,
        typer.Option(
            "--models", help="Only these models, by id, separated by commas. [default: all scored]"
        ),
    ] = "",
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="Of stored scores; repeatable. [default: mutual_knn]",
            show_default=False,
        ),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Neighbors where k is fixed.")] = 10,
    share: Annotated[
        float, typer.Option("--share", help="Share of the samples where k / n is fixed.")
    ] = SHARE,
    sizes: Annotated[
        list[int] | None,
        typer.Option(
            "--n",
            min=8,
            help="A number of samples; repeatable. [default: 64, 128, ... and all]",
            show_default=False,
        ),
    ] = None,
    orders: Annotated[
        int,
        typer.Option(
            "--orders", min=1, help="Random orders of the samples, each cut into subsets."
        ),
    ] = ORDERS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the orders.")] = 0,
    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            metavar="captions|FILE",
            help="Score within classes and between them, too: samples with one caption are a "
            "class, or a CSV with columns id and class.",
        ),
    ] = None,
    captions: Annotated[
        int,
        typer.Option(
            "--captions",
            min=0,
            help="Score many to many, too, with so many captions of each sample, of those whose "
            "features `prh captions --average` stored; 0: not.",
        ),
    ] = 0,
    frames: Annotated[
        int, typer.Option("--frames", min=0, help="Likewise with frames of each sample.")
    ] = 0,
    device: ScoreDevice = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Score stored pairs over growing random subsets of their samples, and publish.

    Mutual k-NN falls as n grows at a fixed k, and hardly at a fixed k / n: both curves are made,
    means over disjoint subsets of several random orders, each with the interval of its expectation,
    at the pair of layers that is best on all samples. A curve at fixed k is taken on to 16 times
    the samples as a power of n; see `docs/results.md` for how often that holds. With --classes
    agreement within classes stands beside that between them, with --captions or --frames pairs
    many to many beside one to one. What is stored is skipped. Ask `FROM size_points`; the page is
    "How does it change with n?".
    """
    place = workspace(data)
    choices = CurveChoices(
        tuple(metrics or ("mutual_knn",)), k, share, tuple(sizes or ()), "exact", orders, seed
    )
    where = None if device in ("auto", "cpu") else device
    with recorded(place, "Curves", no_publish=no_publish) as (run, progress):
        stored = stored_dataset(place, dataset)
        units = plan_curves(place, stored, choices, ids(models))
        many = plan_many(place, units, captions, frames) if max(captions, frames) > 1 else []
        draw_curves(run, units, progress, where)
        hold_beside_many(run, many, progress, where)
        if classes is not None:
            said = stored_captions(place, dataset, stored.row_order)
            known = read_classes(classes, stored.sample_ids, said)
            score_in_classes(run, units, known, Path(classes).name, progress, where)
