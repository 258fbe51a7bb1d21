"""`prh nulls` and `prh confounds`: what scores are held against, drawn and simulated."""

from typing import Annotated, cast

import typer

from ingest.cli.options import Data, DatasetId, NoPublish, ScoreDevice
from ingest.cli.work import recorded, workspace
from ingest.experiments.nulls.confounds import (
    DEPTHS,
    DRAWS,
    NEIGHBORS,
    RATIOS,
    SAMPLES,
    plan_confounds,
    simulate_confounds,
)
from ingest.experiments.nulls.plan import (
    CLUSTERS,
    DEFAULT,
    NullChoices,
    plan_nulls,
)
from ingest.experiments.nulls.run import draw_nulls
from ingest.pipeline.classes import read_classes
from ingest.pipeline.scores.plan import TruncationName
from ingest.pipeline.stored import stored_captions, stored_dataset
from prh_core.calibration import PERMUTATIONS


def nulls(
    dataset: DatasetId,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--null",
            help="relabeled, within-class, within-cluster, spectrum or untrained; may be repeated. "
            f"[default: {' '.join(DEFAULT)}]",
            show_default=False,
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="Of stored scores, or all; repeatable. [default: mutual_knn cka]",
            show_default=False,
        ),
    ] = None,
    ks: Annotated[
        list[int] | None,
        typer.Option("--k", help="Of stored scores; repeatable. [default: 10]", show_default=False),
    ] = None,
    truncations: Annotated[
        list[str] | None,
        typer.Option(
            "--truncation",
            help="Of stored scores; repeatable. [default: exact]",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", min=1, help="Of each null; of untrained networks all.")
    ] = PERMUTATIONS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the drawing.")] = 0,
    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            metavar="captions|FILE",
            help="For within-class: samples with one caption are a class, or a CSV with columns id "
            "and class.",
        ),
    ] = None,
    clusters: Annotated[
        int, typer.Option("--clusters", min=2, help="k of the k-means of within-cluster.")
    ] = CLUSTERS,
    device: ScoreDevice = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Draw nulls for stored scores: what each would be were only some things related; and publish.

    relabeled: samples of the second model permuted. within-class: among samples of one class, so
    what is left without coarse semantics. within-cluster: among samples that it puts together.
    spectrum: random features with its layers' means and covariances. untrained: scores that
    untrained controls have here, nothing is computed. All draws are stored, not p alone. What is
    done already is skipped. Ask `FROM null_tests`; the page is "How sure are we?".
    """
    place = workspace(data)
    with recorded(place, "Nulls of scores", no_publish=no_publish) as (run, progress):
        stored = stored_dataset(place, dataset)
        known = None
        if classes is not None:
            captions = stored_captions(place, dataset, stored.row_order)
            known = read_classes(classes, stored.sample_ids, captions)
        defaults = NullChoices()
        choices = NullChoices(
            tuple(kinds or defaults.nulls),
            tuple(metrics or defaults.metrics),
            tuple(ks or defaults.ks),
            cast(tuple[TruncationName, ...], tuple(truncations or defaults.truncations)),
            draws,
            seed,
            clusters,
        )
        units = plan_nulls(place, stored, choices, known)
        draw_nulls(run, units, progress, known, None if device in ("auto", "cpu") else device)


def confounds(
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="A metric of `prh metrics`; repeatable. [default: all]",
            show_default=False,
        ),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=8, help="Samples.")] = SAMPLES,
    k: Annotated[int, typer.Option("--k", min=1, help="Neighbors per sample.")] = NEIGHBORS,
    ratios: Annotated[
        list[float] | None,
        typer.Option(
            "--ratio",
            help="Widths over samples, d / n; repeatable. "
            f"[default: {' '.join(f'{r:g}' for r in RATIOS)}]",
            show_default=False,
        ),
    ] = None,
    depths: Annotated[
        list[int] | None,
        typer.Option(
            "--layers",
            min=1,
            help=f"Layers of either model; repeatable. [default: {' '.join(map(str, DEPTHS))}]",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Pairs of models.")] = DRAWS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the drawing.")] = 0,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Simulate what width and depth alone score: unrelated Gaussian features, every metric.

    Best over the pairs of layers of two models whose layers are all unrelated, at every width over
    samples d / n and every number of layers. About two minutes on two cores. What is done already
    is skipped. Ask `FROM simulated_nulls`; the page is "How sure are we?".
    """
    place = workspace(data)
    with recorded(place, "Simulations", no_publish=no_publish) as (run, progress):
        units = plan_confounds(
            metrics or (), n=n, k=k, ratios=ratios or RATIOS, depths=depths or DEPTHS,
            draws=draws, seed=seed,
        )  # fmt: skip
        simulate_confounds(run, units, progress)
