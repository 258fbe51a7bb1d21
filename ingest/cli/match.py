"""`prh match`: two files of features matched sample to sample without a pair, and how well."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ingest.cli.align import GivenLayout, Intersect
from ingest.cli.console import TerminalProgress, err, literal, out
from ingest.cli.paths import local_file
from ingest.errors import LayerChoiceError
from ingest.foreign import read_given
from ingest.foreign.pair import Usable, paired, usable
from prh_core.matching import (
    Matching,
    MatchScore,
    Method,
    Similarity,
    disjoint_blocks,
    match_spaces,
    pooled,
    unrelated_like,
)
from prh_core.matching.assignment import STARTS
from prh_core.matching.spaces import LEAST

LayerOption = Annotated[
    str | None,
    typer.Option(
        "--layer-a",
        help="Layer of A by name or number from 0; -1 counts from the end. [default: the last]",
        show_default=False,
    ),
]


def match(
    a: Annotated[
        Path,
        typer.Argument(
            parser=local_file,
            help="Features: .safetensors, .npy, .npz, .parquet or .h5; here, or at an address on "
            "the hub, hf://datasets/OWNER/NAME/FILE.",
        ),
    ],
    b: Annotated[
        Path, typer.Argument(parser=local_file, help="Those of another model, of the same samples.")
    ],
    layer_a: LayerOption = None,
    layer_b: Annotated[
        str | None,
        typer.Option("--layer-b", help="Likewise of B. [default: the last]", show_default=False),
    ] = None,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            help="assignment: relabel B so that similarities agree (quadratic assignment); "
            "translation: match clusters, then fit a rotation; both: fit it from where the "
            "assignment ended.",
        ),
    ] = "assignment",
    similarity: Annotated[
        Similarity,
        typer.Option(
            "--similarity",
            help="Of samples within a space: centered cosines, their ranks, or local, which "
            "weighs near neighbors most.",
        ),
    ] = "cosine",
    n: Annotated[
        int, typer.Option("--n", min=LEAST, help="Samples to match, drawn; time grows as n cubed.")
    ] = 100,
    blocks: Annotated[
        int,
        typer.Option(
            "--blocks",
            min=1,
            help="Match so many disjoint draws of n, each by itself, and pool the counts: a weak "
            "signal shows in many small matchings.",
        ),
    ] = 1,
    starts: Annotated[
        int, typer.Option("--starts", min=1, help="Starts of the search; the best counts.")
    ] = STARTS,
    controls: Annotated[
        int,
        typer.Option(
            "--controls", min=0, help="Features of B's spectrum and nobody's samples; 0: none."
        ),
    ] = 19,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every draw.")] = 0,
    layout: GivenLayout = "auto",
    ids: Annotated[
        list[Path] | None,
        typer.Option(
            "--ids",
            parser=local_file,
            metavar="PATH",
            help="Sample ids of A's rows, of B's where it is given a second time, as for "
            "`prh align`.",
        ),
    ] = None,
    intersect: Intersect = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Match two unpaired spaces, and say how many samples found their true partner.

    The strongest form of the hypothesis: if two models come to one representation, what is alike
    to what in each space must tell which sample is which, without a single pair. Which rows belong
    together (ids, else the order of the rows) is kept from the search and used for the score alone;
    so layers are yours to name, since choosing them by alignment would use the pairs.

    correct: samples matched with their true partner (top-1); luck expects one a block, whatever n
    is. p: as many or more under a random truth, exact, with features and matching held fixed. mean
    rank: of the true partner by the same evidence, (n + 1) / 2 by luck. agreement: correlation of
    the similarities under the matching, and under the truth: where the truth agrees better, the
    search failed and more --starts may help; where it agrees less, no search finds it by this
    similarity. controls: the same search on Gaussian features with B's spectrum.

    `prh match mine.npz theirs.npz --n 200`; `--n 20 --blocks 25` for a weak signal.
    """
    beside = [*(ids or []), None, None][:2]
    if len(ids or []) > 2:
        raise typer.BadParameter("--ids is given twice at most, for A and for B")
    x = read_given([a], ids=beside[0], layout=layout)
    y = read_given([b], ids=beside[1], layout=layout)
    pair = paired(x, y, intersect=intersect)
    sides = [usable(side.layers, side.title) for side in (pair.x, pair.y)]
    chosen = [_chosen(sides[0], layer_a, a.name), _chosen(sides[1], layer_b, b.name)]
    rows = disjoint_blocks(pair.x.n, n, blocks, seed)
    left, right = (
        np.asarray(side.layers[at], np.float64) for side, at in zip(sides, chosen, strict=True)
    )
    options: dict[str, Any] = {"method": method, "similarity": similarity, "starts": starts}
    with TerminalProgress() as progress:
        progress.start("Starts", starts * len(rows) * (1 + controls))

        def matched(other: np.ndarray, first: int) -> list[Matching]:
            return [
                match_spaces(
                    left[part],
                    other[part],
                    **options,
                    seed=first + at,
                    told=lambda: progress.advance(1),
                )
                for at, part in enumerate(rows)
            ]

        found = pooled(matched(right, seed), seed=seed)
        luck = [
            pooled(matched(unrelated_like(right, seed + one), seed), draws=1, seed=seed)
            for one in range(1, controls + 1)
        ]
        progress.done()
    told: dict[str, Any] = {
        "a": a.name,
        "b": b.name,
        "layer_a": {"name": sides[0].names[chosen[0]], "index": sides[0].positions[chosen[0]]},
        "layer_b": {"name": sides[1].names[chosen[1]], "index": sides[1].positions[chosen[1]]},
        **options,
        "n": len(rows[0]),
        "seed": seed,
        "truth": pair.how,
        **_result(found, luck),
        "notes": [*x.notes, *y.notes],
    }
    if as_json:
        out.file.write(json.dumps(told, indent=2) + "\n")
        return
    _print(told)
    for note in told["notes"]:
        err.print(literal(note))


def _chosen(side: Usable, wanted: str | None, title: str) -> int:
    """Return where the layer stands among the usable ones."""
    if wanted is None:
        return len(side.names) - 1
    if wanted in side.names:
        return side.names.index(wanted)
    try:
        at = int(wanted)
    except ValueError:
        at = None
    count = len(side.names) + len(side.aside)
    if at is not None and (at % count if -count <= at < count else None) in side.positions:
        return side.positions.index(at % count)
    some = ", ".join(side.names[:6]) + (" ..." if len(side.names) > 6 else "")
    raise LayerChoiceError(
        f"{title} has no usable layer {wanted!r}: expected a name ({some}) or a number from 0 to "
        f"{count - 1}, of a layer that is not constant"
    )


def _result(found: MatchScore, luck: list[MatchScore]) -> dict[str, Any]:
    as_good = sum(one.objective >= found.objective for one in luck)
    return {
        "matched": found.n,
        "blocks": found.blocks,
        "correct": found.correct,
        "accuracy": found.accuracy,
        "chance_correct": found.chance_correct,
        "p_value": found.p_correct,
        "mean_rank": found.mean_rank,
        "chance_rank": found.chance_rank,
        "p_rank": found.p_rank,
        "agreement": found.objective,
        "agreement_of_truth": found.true_objective,
        "controls": len(luck),
        "control_correct": float(np.mean([one.correct for one in luck])) if luck else None,
        "control_agreement": float(np.mean([one.objective for one in luck])) if luck else None,
        "p_agreement": (1 + as_good) / (1 + len(luck)) if luck else None,
    }


def _print(told: dict[str, Any]) -> None:
    block = "" if told["blocks"] == 1 else f" in {told['blocks']} disjoint blocks"
    lines = [
        (
            "correct",
            f"{told['correct']:,} of {told['matched']:,} ({told['accuracy']:.1%}); luck expects "
            f"{told['chance_correct']:.0f}, p = {told['p_value']:.3g}",
        ),
        (
            "mean rank",
            f"{told['mean_rank']:.1f}; luck expects {told['chance_rank']:.1f}, p = "
            f"{told['p_rank']:.3g}",
        ),
        ("agreement", f"{told['agreement']:.3f}; of the truth {told['agreement_of_truth']:.3f}"),
    ]
    if told["agreement_of_truth"] > told["agreement"] + 1e-9:
        lines.append(("", "the truth agrees better than what was found: more --starts may help"))
    elif told["agreement_of_truth"] < told["agreement"] - 1e-9:
        lines.append(("", "a wrong matching agrees better than the truth: no search would find it"))
    if told["controls"]:
        lines.append(
            (
                "controls",
                f"{told['controls']} unrelated: {told['control_correct']:.1f} correct, agreement "
                f"{told['control_agreement']:.3f}, as high in p = {told['p_agreement']:.3g}",
            )
        )
    setting = (
        f"{told['method']}, similarity {told['similarity']}, {told['starts']} starts; "
        f"{told['layer_a']['name']} of {told['a']} with {told['layer_b']['name']} of {told['b']}, "
        f"{told['n']:,} samples{block}; truth {told['truth']}"
    )
    out.print(literal(setting), soft_wrap=True)
    for name, text in lines:
        out.print(literal(f"  {name:<9}  {text}"), soft_wrap=True)
