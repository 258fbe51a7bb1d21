"""`prh unpaired`: stored models matched sample to sample without a pair."""

from typing import Annotated

import typer

from ingest.cli.options import Data, DatasetId, NoPublish, Pairs, ids
from ingest.cli.work import recorded, workspace
from ingest.experiments.unpaired.plan import SAMPLES, MatchChoices, plan_matchings
from ingest.experiments.unpaired.run import match_models
from ingest.pipeline.stored import stored_dataset
from prh_core.matching import Method, Similarity
from prh_core.matching.assignment import STARTS
from prh_core.matching.spaces import LEAST


def unpaired(
    dataset: DatasetId,
    models: Annotated[
        str,
        typer.Option(
            "--models", help="Only these models, by id, separated by commas. [default: all stored]"
        ),
    ] = "",
    pairs: Pairs = "auto",
    method: Annotated[
        Method,
        typer.Option("--method", help="assignment, translation or both, as for `prh match`."),
    ] = "assignment",
    similarity: Annotated[
        Similarity,
        typer.Option("--similarity", help="Of samples within a space, as for `prh match`."),
    ] = "cosine",
    n: Annotated[
        int, typer.Option("--n", min=LEAST, help="Samples a block; time grows as n cubed.")
    ] = SAMPLES,
    blocks: Annotated[
        int | None,
        typer.Option(
            "--blocks",
            min=1,
            help="Disjoint draws of n, each matched by itself. [default: as many as there are]",
            show_default=False,
        ),
    ] = None,
    starts: Annotated[
        int, typer.Option("--starts", min=1, help="Starts of the search; the best counts.")
    ] = STARTS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every draw.")] = 0,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Match stored models' spaces without pairs, and store which samples found their partners.

    The strongest form of the hypothesis: what is alike to what in each space must tell which sample
    is which. The last layers of both models that are not constant are matched, since a choice by
    alignment would use the pairs. p: as many or more correct under a random truth, exact. What is
    stored is skipped; `prh match A B` does it for two files. Ask `FROM matched_samples`; the page
    is "Do they match without pairs?".
    """
    place = workspace(data)
    choices = MatchChoices(method, similarity, n, blocks, starts, seed)
    with recorded(place, "Pairs of models", no_publish=no_publish) as (run, progress):
        stored = stored_dataset(place, dataset)
        units = plan_matchings(place, stored, choices, pairs=pairs, models=ids(models))
        match_models(run, units, progress)
