"""What commands share: options by name, the workspace, and how a command ends."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.console import err
from ingest.errors import DataFolderError
from ingest.extract import ingest_half
from ingest.pipeline.features import Beside
from ingest.pipeline.run import Run
from ingest.store.workspace import Workspace
from prh_core.curves import Fixed
from prh_core.warehouse import data_folder

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder; PRH_DATA sets the default.", show_default=False),
]
DatasetId = Annotated[str, typer.Option("--dataset", help="A dataset of `prh catalog datasets`.")]
Panel = Annotated[
    str | None, typer.Option("--panel", help="A panel of `prh catalog panels`: a list of models.")
]
Models = Annotated[
    str, typer.Option("--models", help="Models by id, separated by commas; adds to --panel.")
]
Catalogs = Annotated[
    list[Path] | None,
    typer.Option("--catalog", help="A TOML file with records of your own; may be repeated."),
]
Poolings = Annotated[
    list[str] | None,
    typer.Option("--pooling", help="Language pooling: mean (over tokens) or last. [default: mean]"),
]
Prompts = Annotated[
    list[str] | None,
    typer.Option("--prompt", help="Prompt round the caption: none or paper. [default: none]"),
]
SkipCorrupt = Annotated[
    bool,
    typer.Option(
        "--skip-corrupt", help="Leave corrupt images out, for every model alike, and record it."
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        help="Precision of every network of the study: float32, bfloat16, float16, or auto, which "
        "goes on in what is stored of it and else takes bfloat16 on CUDA (float16 where it cannot) "
        "and float32 elsewhere. Pooling is in float32.",
    ),
]
StoredDtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        help="Precision of the features taken: float32, bfloat16, float16, or auto, the one that "
        "is stored. Two are never mixed.",
    ),
]
Batch = Annotated[
    int | None, typer.Option("--batch-size", min=1, help="Most inputs a batch; halved when full.")
]
CaptionBits = Annotated[
    bool,
    typer.Option(
        "--caption-bits",
        help="Score language models on the captions in the same pass, in bits per byte, wherever "
        "features are extracted anew.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        help="A metric of `prh metrics`, or all; may be repeated. [default: mutual_knn]",
    ),
]
Ks = Annotated[
    list[int] | None, typer.Option("--k", help="Neighbors per sample; repeatable. [default: 10]")
]
Permutations = Annotated[
    int,
    typer.Option(
        "--permutations",
        min=0,
        help="Relabeled tables each score is calibrated against; 0 leaves scores raw.",
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, help="Of the permutations, the intervals and the batches.")
]
Sigma = Annotated[
    float | None,
    typer.Option("--sigma", help="Bandwidth of cka_rbf; by default the metric chooses one."),
]
Ns = Annotated[
    list[int] | None,
    typer.Option(
        "--n",
        help="Score the first n samples of one random order, too; repeatable. Always: all samples.",
    ),
]
KeptFixed = Annotated[
    Fixed,
    typer.Option("--fixed", help="What stays as n changes: k, or k/n. --k is that of all samples."),
]
Pairs = Annotated[
    str,
    typer.Option(
        "--pairs",
        help="Which models are compared: language-vision, vision (each with each), language "
        "(likewise, captions pooled and prompted alike), within (both), or all. auto: across "
        "modalities, within one where there is no other.",
    ),
]
NoiseCeiling = Annotated[
    bool,
    typer.Option(
        "--noise-ceiling",
        help="Score each model with itself, too, shown a second view of the same samples: another "
        "caption of each image where the dataset has one; the images mirrored, and the middle 90 % "
        "of their sides. `prh run` extracts these views, `prh score` takes those extracted.",
    ),
]
Batches = Annotated[
    str,
    typer.Option(
        "--batch",
        help="Score over batches, too: the samples in one random order (--seed), cut into disjoint "
        "batches of that many, the layer tables of all batches averaged, the best pair taken of "
        "the mean. Sizes separated by commas, e.g. 64,128: each larger than --k and at most half "
        "of the samples. No permutations, no intervals. Always: all samples at once.",
    ),
]
SplitHalf = Annotated[
    bool,
    typer.Option(
        "--split-half",
        help="Score the halves of each model's dimensions with each other, 10 random splits: how "
        "redundant they are, no ceiling of anything.",
    ),
]
ScoreDevice = Annotated[
    str,
    typer.Option(
        "--device", help="auto and cpu use numpy and numba; cuda, cuda:1 or mps go through torch."
    ),
]
Truncations = Annotated[
    list[str] | None,
    typer.Option("--truncation", help="Outliers: exact, mean or none. [default: exact]"),
]
NoPublish = Annotated[
    bool, typer.Option("--no-publish", help="Leave the published warehouse as it is for now.")
]


def workspace(data: Path | None) -> Workspace:
    """Return the workspace meant.

    Raises
    ------
    DataFolderError
        It is no folder, or one that DuckDB opens no file in.
    """
    try:
        home = (data or data_folder()).expanduser().resolve()
    except RuntimeError as error:  # a link to itself, or a ~ of nobody
        raise DataFolderError(f"there is no data folder {data or data_folder()}") from error
    there = next(place for place in (home, *home.parents) if os.path.lexists(place))
    if not there.is_dir():
        where = "" if there == home else f", since {there} is none"
        raise DataFolderError(
            f"the data folder {home} is no folder{where}; choose another with --data"
        )
    if os.name != "nt" and re.search(r"[?\\]", str(home)):
        raise DataFolderError(
            f"the data folder {home} has a ? or a backslash in its path, and DuckDB opens no file "
            "there; choose another with --data"
        )
    return Workspace(home)


def ids(models: str) -> list[str]:
    """Return the ids of a list separated by commas."""
    return [name.strip() for name in models.split(",") if name.strip()]


def sizes(batch: str) -> list[int]:
    """Return the numbers of a list separated by commas."""
    try:
        return list(dict.fromkeys(int(size) for size in batch.split(",") if size.strip()))
    except ValueError:
        raise typer.BadParameter(
            f"--batch should be numbers of samples separated by commas, got {batch!r}"
        ) from None


def publish(where: Workspace) -> None:
    """Publish the warehouse and say what it holds."""
    with err.status("Publishing the warehouse"):
        published = where.warehouse.publish()
    err.print(
        f"Published {published.scores:,} scores of {published.feature_sets:,} feature sets in "
        f"{published.seconds:.1f} s: {published.path}",
        highlight=False,
    )


def bits_beside(wanted: bool) -> Beside | None:
    """Return what scores language models on the captions while they are extracted, if wanted."""
    if not wanted:
        return None
    with ingest_half("Predicting captions"):
        from ingest.experiments.bits.beside import BesideExtraction

    return BesideExtraction()


def finish(run: Run, what: str) -> None:
    """Count what was done and name what was left out, which makes the command fail."""
    err.print(
        f"{what}: {run.done:,} done, {run.skipped:,} found done, {len(run.refused):,} left out.",
        highlight=False,
    )
    for item in run.refused:
        err.print(f"  left out: {item.reason}", style="red", highlight=False, markup=False)
    if run.refused:
        raise typer.Exit(1)
