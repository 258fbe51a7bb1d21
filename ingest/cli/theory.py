"""`prh theory`: worlds small enough to know exactly, and what contrastive learners make of them."""

from typing import Annotated

import typer

from ingest.cli.options import Data, NoPublish
from ingest.cli.work import recorded, workspace
from ingest.extract import ingest_half

Worlds = Annotated[
    list[str] | None,
    typer.Option(
        "--world",
        help="ring, grid (a torus), tree (binary) or field (random places); repeatable. "
        "[default: ring]",
        show_default=False,
    ),
]
Events = Annotated[
    list[int] | None,
    typer.Option("--events", help="N, events of the world; repeatable. [default: 32]", min=4,
                 max=256, show_default=False),
]  # fmt: skip
Windows = Annotated[
    list[int] | None,
    typer.Option("--window", help="T, most steps apart that count as together; repeatable. "
                 "[default: 1]", min=1, show_default=False),
]  # fmt: skip
Smoothness = Annotated[
    list[float] | None,
    typer.Option("--smoothness", help="How strongly like events follow each other; repeatable. "
                 "[default: 2]", show_default=False),
]  # fmt: skip
Losses = Annotated[
    list[str] | None,
    typer.Option("--loss", help="nce (binary) or infonce; repeatable. [default: both]",
                 show_default=False),
]  # fmt: skip
Lost = Annotated[
    list[float] | None,
    typer.Option("--lost", help="Share of the information that the second observer loses by "
                 "taking events for one; 0 loses none; repeatable. "
                 "[default: 0 .1 .2 .35 .5 .75; none with --noise]", show_default=False),
]  # fmt: skip
Noise = Annotated[
    list[float] | None,
    typer.Option("--noise", help="Share of cases in which the second observer sees any event at "
                 "random; repeatable. [default: .5 .9; none with --lost]", show_default=False),
]  # fmt: skip


def theory(
    worlds: Worlds = None,
    events: Events = None,
    windows: Windows = None,
    smoothness: Smoothness = None,
    losses: Losses = None,
    lost: Lost = None,
    noise: Noise = None,
    p_positive: Annotated[
        float, typer.Option("--p-positive", help="Share of pairs that occurred together, for nce.")
    ] = 0.8,
    temperature: Annotated[
        float,
        typer.Option(
            "--temperature", help="τ of infonce, whose optimum is <f, f> / τ = K_PMI + c."
        ),
    ] = 1.0,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Of training.")] = 1000,
    batch: Annotated[int, typer.Option("--batch", min=2, help="Pairs a step.")] = 65_536,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the world, the observers and the learners.")
    ] = 0,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Simulate worlds, observe each twice, train contrastive learners, compare what they learn.

    Theory (paper, Section 4): a learner's kernel <f, f> (over the temperature τ of InfoNCE) becomes
    the pointwise mutual information of events plus a constant, whichever way they are observed, as
    long as no two look alike. The first observer sees every event under names of its own; the
    second, too (--lost 0), or takes events for one (--lost), or sees some at random (--noise),
    where agreement should fail. Every combination is one simulation, about a second; what is done
    already is skipped. Ask
    `FROM theory`; the page is "Why should it happen?".
    """
    with ingest_half("Theory"):
        from ingest.experiments.theory.run import LOST, NOISE, plan_theory, simulate

    where = workspace(data)
    defaults = not lost and not noise
    units = plan_theory(
        worlds or ["ring"],
        events or [32],
        windows or [1],
        smoothness or [2.0],
        losses or ["nce", "infonce"],
        LOST if defaults else lost or [],
        NOISE if defaults else noise or [],
        p_positive=p_positive,
        steps=steps,
        batch=batch,
        seed=seed,
        temperature=temperature,
    )
    with recorded(where, "Simulations", no_publish=no_publish) as (run, progress):
        simulate(run, units, progress)
