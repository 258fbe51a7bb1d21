"""`prh try`: a model of one's own beside a panel, in a data folder of its own."""

import re
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from ingest.cli.align import GivenLayout
from ingest.cli.console import TerminalProgress, literal, out, table
from ingest.cli.options import Data, FeatureFiles, IdsBeside, OwnLabel, OwnModality, ids
from ingest.cli.work import workspace
from ingest.experiments.trial import Trial, try_model
from ingest.pipeline.imported import Wanted
from ingest.pipeline.options import ScoreOptions
from prh_core.calibration import PERMUTATIONS
from prh_core.warehouse.reading import open_readonly

_LISTED = 10
"""Partners that the terminal lists of each modality."""


def try_own(
    files: FeatureFiles,
    dataset: Annotated[
        str, typer.Option("--dataset", help="Whose samples: one with stored features of a panel.")
    ],
    into: Annotated[Path, typer.Option("--into", help="A folder to fill; a trial's own resumes.")],
    model: Annotated[
        str | None, typer.Option("--model", help="An id for it. [default: of the file's name]")
    ] = None,
    modality: OwnModality = "vision",
    label: OwnLabel = None,
    models: Annotated[
        str,
        typer.Option(
            "--models", help="Those of the panel to score it with, by id. [default: all stored]"
        ),
    ] = "",
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", help="A metric of `prh metrics`. [default: mutual_knn]"),
    ] = None,
    k: Annotated[list[int] | None, typer.Option("--k", help="Neighbors. [default: 10]")] = None,
    truncation: Annotated[
        str, typer.Option("--truncation", help="Outliers: exact, mean or none.")
    ] = "exact",
    permutations: Annotated[
        int, typer.Option("--permutations", min=0, help="Relabelings; 0 leaves scores raw.")
    ] = PERMUTATIONS,
    beside: IdsBeside = None,
    row_order: Annotated[
        str | None,
        typer.Option(
            "--row-order",
            help="Where there are no ids: the SHA-256 of the dataset's sample ids in order.",
        ),
    ] = None,
    intersect: Annotated[
        bool, typer.Option("--intersect", help="Leave rows of other samples out.")
    ] = False,
    layout: GivenLayout = "auto",
    pooling: Annotated[
        str | None,
        typer.Option("--pooling", help="How tokens were made one vector. [default: mean]"),
    ] = None,
    precision: Annotated[
        str, typer.Option("--precision", help="Of the network; auto: as the panel's.")
    ] = "auto",
    skill: Annotated[
        str | None,
        typer.Option(
            "--skill",
            metavar="NAME=SCORE",
            help="What it can do, by a skill's name of the table `skills`.",
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Try a model of your own beside a panel: scores, maps and every page, in a folder of its own.

    The data folder is only read. The other one gets what is published there, with your model's
    scores beside the panel's: `prh app --data FOLDER` shows it on every page. To keep it, `prh
    import features` and `prh score` write it into the warehouse.

    `prh try mine.npz --dataset emoji --modality vision --into trial`
    """
    name = model or _id_of(files[0])
    wanted = Wanted(
        files=files, dataset=dataset, model=name, modality=modality, label=label, family="yours",
        ids=beside, layout=layout, row_order=row_order, pooling=pooling, precision=precision,
        intersect=intersect,
    )  # fmt: skip
    scoring = ScoreOptions(
        metrics=metric or ["mutual_knn"], ks=k or [10], truncations=[truncation],
        permutations=permutations,
    )  # fmt: skip
    trial = Trial(
        wanted=wanted, settings=scoring.settings(0), models=ids(models), skill=_skill(skill)
    )
    place = workspace(into)
    with TerminalProgress() as progress:
        tried = try_model(workspace(data), place, trial, progress)
    _print_best(place.warehouse.path, name, label or name, trial.settings[0].metric)
    out.print(
        literal(
            f"Scored with {tried.partners} models on {tried.samples:,} samples of {dataset}. On "
            f"every page: prh app --data {into}"
        ),
        soft_wrap=True,
    )


def _id_of(file: Path) -> str:
    """Return an id made of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._") or "mine"


def _skill(text: str | None) -> tuple[str, float] | None:
    if text is None:
        return None
    name, sign, score = text.rpartition("=")
    try:
        return name.strip(), float(score if sign else "")
    except ValueError:
        raise typer.BadParameter(f"--skill should be NAME=SCORE, got {text!r}") from None


def _print_best(path: Path, model: str, label: str, metric: str) -> None:
    """List the models it agrees with most, of each modality."""
    with open_readonly(path, older=False) as connection:
        rows = connection.table("alignment").pl()
    columns = {f"{name}_y": f"{name}_x" for name in ("modality", "label", "model")}
    turned = rows.filter(pl.col("modality_x") != pl.col("modality_y")).rename(
        {**columns, **{there: here for here, there in columns.items()}}
    )
    rows = pl.concat([rows, turned], how="diagonal").filter(model_x=model, metric=metric)
    for (other,), found in rows.group_by("modality_y", maintain_order=True):
        closer = bool(found["higher_is_closer"][0])
        best = found.sort("score", descending=closer).head(_LISTED)
        wanted = ("label_y", "score", "interval_low", "interval_high", "p_value", "q_value")
        shown: list[tuple[Any, ...]] = list(best.select(wanted).iter_rows())
        title = f"{label} with {other} models: {found['metric_label'][0]}, best first"
        table(title, ["with", "score", "low", "high", "p", "q"], shown)
