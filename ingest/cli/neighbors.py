"""`prh neighbors`: what a page needs to look inside scores."""

from typing import Annotated, Literal

import typer

from ingest.catalog import load_catalog
from ingest.cli.options import Catalogs, Data, DatasetId, NoPublish, ScoreDevice, ids
from ingest.cli.work import recorded, workspace
from ingest.experiments.neighbors.plan import Choices
from ingest.experiments.neighbors.run import store_neighbors


def neighbors(
    dataset: DatasetId,
    models: Annotated[
        str,
        typer.Option(
            "--models", help="Only these models, by id, separated by commas. [default: all scored]"
        ),
    ] = "",
    k: Annotated[int, typer.Option("--k", min=1, help="Neighbors stored of each sample.")] = 20,
    layers: Annotated[
        Literal["best", "all"],
        typer.Option(
            "--layers",
            help="best: those of the best pair of some score by mutual k-NN. all: every one.",
        ),
    ] = "best",
    score_ks: Annotated[
        list[int] | None,
        typer.Option(
            "--score-k", help="Only look into scores at this k; repeatable. [default: every k]"
        ),
    ] = None,
    truncations: Annotated[
        list[str] | None,
        typer.Option(
            "--truncation", help="Of the scores: exact, mean or none; repeatable. [default: exact]"
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="captions|FILE",
            help="Classes of the samples, for agreement by class: samples with one caption are a "
            "class, or a CSV with columns id and class.",
        ),
    ] = None,
    device: ScoreDevice = "auto",
    catalogs: Catalogs = None,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Store what the page "Which neighbors?" shows of a dataset's scores by mutual k-NN.

    Of every feature set that was scored over all samples, imported ones too, at the layers that are
    best in some pair: each sample's nearest neighbors as the score found them, and a map (UMAP of
    these neighbors; the two principal components beyond 20,000 samples). Of every pair: how many
    neighbors each sample has in common. What pictures are like in numbers (brightness, contrast,
    colorfulness, detail), and small copies of them where the dataset's record says `thumbnails =
    true`; classes where --labels names them. What is stored is skipped; ask `FROM
    agreement_by_sample`.
    """
    place, catalog = workspace(data), load_catalog(catalogs or ())
    choices = Choices(k, layers, tuple(truncations or ("exact",)), tuple(score_ks or ()))
    with recorded(place, "Layers and pairs", no_publish=no_publish) as (run, progress):
        store_neighbors(
            run, dataset, catalog, progress, choices,
            models=ids(models), labels=labels, device=None if device in ("auto", "cpu") else device,
        )  # fmt: skip
