"""`prh align`: two files of features, or one and all that is stored, compared in the terminal."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from ingest.cli.console import err, literal, out, table
from ingest.cli.options import Data
from ingest.cli.paths import local_file
from ingest.errors import SampleIdsError
from ingest.foreign import Given, read_given, same_rows
from ingest.foreign.pair import Usable, paired, usable
from prh_core import Alignment, align_panel, get_metric
from prh_core.calibration import PERMUTATIONS
from prh_core.errors import DegenerateLayerError
from prh_core.types import Layers, Layout

Intersect = Annotated[
    bool,
    typer.Option(
        "--intersect", help="Take the samples that both have; else other samples are refused."
    ),
]
GivenLayout = Annotated[
    Layout,
    typer.Option(
        "--layout",
        help="Axes of an array of three: lnd is (layers, n, d), nld is (n, layers, d), as the "
        "paper's released code saves features. auto refuses them.",
    ),
]


def align(
    a: Annotated[
        Path,
        typer.Argument(
            parser=local_file,
            help="Features: .safetensors, .npy, .npz, .parquet or .h5; here, or at an address on "
            "the hub, hf://datasets/OWNER/NAME/FILE.",
        ),
    ],
    b: Annotated[
        Path | None,
        typer.Argument(parser=local_file, help="Those of another model, of the same samples."),
    ] = None,
    panel: Annotated[
        bool,
        typer.Option("--panel", help="Compare A with every feature set stored on --dataset."),
    ] = False,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Whose samples A's are, for --panel.")
    ] = None,
    metric: Annotated[
        str, typer.Option("--metric", help="A metric of `prh metrics`.")
    ] = "mutual_knn",
    k: Annotated[int, typer.Option("--k", min=1, help="Neighbors per sample.")] = 10,
    truncate: Annotated[
        Literal["exact", "mean", "none"],
        typer.Option(
            "--truncate",
            "--truncation",
            help="Outliers: exact, mean or none.",
        ),
    ] = "none",
    permutations: Annotated[
        int,
        typer.Option("--permutations", min=0, help="Relabelings a score is held against; 0: none."),
    ] = PERMUTATIONS,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the relabelings and the interval.")
    ] = 0,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0, max=0.999, help="Of the interval; 0: none.")
    ] = 0.95,
    layout: GivenLayout = "auto",
    ids: Annotated[
        list[Path] | None,
        typer.Option(
            "--ids",
            parser=local_file,
            metavar="PATH",
            help="Sample ids of A's rows, of B's where it is given a second time: .txt one a line, "
            ".csv, .jsonl or .parquet with a column id, .npy.",
        ),
    ] = None,
    intersect: Intersect = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with the table of all pairs of layers.")
    ] = False,
    data: Data = None,
) -> None:
    """Compare two files of features: score, best layers, interval and p, in a second.

    Nothing is stored and nothing needs to be: no warehouse, no catalog, no torch. A file holds one
    array (n, d), or one a layer by name. Where both have sample ids (an array or column `ids`, `id`
    or `sample_id`), rows are put in order by them; else they are taken as they stand, and it says
    so. Constant layers are set aside.

    `prh align mine.npz theirs.npz`; `prh align mine.npz --panel --dataset emoji` lists all models
    whose features are stored on a dataset, best first, with q-values over the list.
    """
    beside = [*(ids or []), None, None][:2]
    if panel == (b is not None) or panel != (dataset is not None) or len(ids or []) > 2:
        raise typer.BadParameter("name two files, A and B, or one and --panel with --dataset")
    x = read_given([a], ids=beside[0], layout=layout)
    told: dict[str, Any] = {
        "metric": metric,
        "k": k if get_metric(metric).uses_k else None,
        "truncation": truncate,
        "permutations": permutations,
        "seed": seed,
    }
    options: dict[str, Any] = {
        "metric": metric,
        "k": k,
        "truncate": None if truncate == "none" else truncate,
        "permutations": permutations,
        "seed": seed,
        "confidence": confidence or None,
        "layout": "lnd",  # layers are told apart by now
    }
    notes = list(x.notes)
    if b is not None:
        other = read_given([b], ids=beside[1], layout=layout)
        pair = paired(x, other, intersect=intersect)
        sides = [usable(side.layers, side.title) for side in (pair.x, pair.y)]
        notes += [*other.notes, *_aside(sides[0], a.name), *_aside(sides[1], b.name)]
        found = _aligned(sides[0].layers, {b.name: sides[1].layers}, a.name, options)
        one = found[0][b.name]
        left = {a.name: pair.left_x, b.name: pair.left_y}
        told |= {"a": a.name, "b": b.name, "n": pair.x.n, "paired": pair.how, "left_out": left}
        if as_json:
            _print_json(told | {**_result(one, *sides), "notes": notes})
        else:
            _print_pair(told, one, sides, confidence)
    else:
        _with_panel(x, str(dataset), data, intersect, told, options, notes, as_json)
    for note in notes if not as_json else ():
        err.print(literal(note))


def _aligned(
    x: Layers, panel: Mapping[str, Layers], title: str, options: dict[str, Any]
) -> tuple[dict[str, Alignment], dict[str, float] | None]:
    try:
        return align_panel(x, panel, **options)
    except DegenerateLayerError as error:
        raise DegenerateLayerError(f"{error} (X is {title}; layers count from 0)") from error


def _aside(side: Usable, title: str) -> list[str]:
    if not side.aside:
        return []
    names = ", ".join(side.aside[:5]) + (" ..." if len(side.aside) > 5 else "")
    return [f"{title}: set aside since all their rows are the same: {names}"]


def _result(one: Alignment, x: Usable, y: Usable) -> dict[str, Any]:
    """Return what one comparison found, by names that tell it."""
    interval = one.interval
    return {
        "score": one.score,
        "layer_a": _layer(x, one.layers[0]),
        "layer_b": _layer(y, one.layers[1]),
        "interval": None if interval is None else [interval.low, interval.high],
        "selection_free": one.selection_free,
        "p_value": one.p_value,
        "calibrated": one.calibrated,
        "threshold": one.threshold,
        "null_mean": one.null_mean,
        "tied": one.tied,
        "layers_a": x.names,
        "layers_b": y.names,
        "table": [[float(score) for score in row] for row in one.table],
    }


def _layer(side: Usable, at: int) -> dict[str, Any]:
    return {"name": side.names[at], "index": side.positions[at]}


def _print_json(told: dict[str, Any]) -> None:
    out.file.write(json.dumps(_plain(told), indent=2) + "\n")


def _plain(value: Any) -> Any:
    """Return what JSON can say: no number is NaN there."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast(Sequence[Any], value)]
    return value


def _setting(told: dict[str, Any]) -> str:
    k = "" if told["k"] is None else f", k = {told['k']}"
    outliers = "as they are" if told["truncation"] == "none" else f"clamped ({told['truncation']})"
    return f"{get_metric(told['metric']).label}{k}, outliers {outliers}"


def _print_pair(
    told: dict[str, Any], one: Alignment, sides: Sequence[Usable], confidence: float
) -> None:
    result = _result(one, *sides)
    lines = [("score", f"{one.score:.4f}, best of {one.table.size:,} pairs of layers")]
    for key, title in (("layer_a", told["a"]), ("layer_b", told["b"])):
        at = result[key]
        lines.append((f"layer of {title}", f"{at['name']} (number {at['index']}, from 0)"))
    if one.interval is not None:
        ends = f"{one.interval.low:.4f} to {one.interval.high:.4f}"
        lines.append((f"{confidence:.0%} interval", f"{ends}, the choice of the best undone"))
    if one.p_value is not None:
        bound = f"unrelated layers stay within {one.threshold:.4f}"
        lines.append(("p", f"{one.p_value:.4g}, {told['permutations']:,} relabelings; {bound}"))
    for title, left in told["left_out"].items():
        if left:
            lines.append((f"left out of {title}", f"{left:,} samples that the other lacks"))
    setting = f"{_setting(told)}; {told['n']:,} samples, paired {told['paired']}"
    out.print(literal(setting), soft_wrap=True)
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        out.print(literal(f"  {name:<{width}}  {text}"), soft_wrap=True)


def _with_panel(
    x: Given,
    dataset: str,
    data: Path | None,
    intersect: bool,
    told: dict[str, Any],
    options: dict[str, Any],
    notes: list[str],
    as_json: bool,
) -> None:
    """Compare with every feature set stored on a dataset."""
    from ingest.cli.work import workspace
    from ingest.pipeline.stored import PanelFeatures, stored_dataset

    stored = stored_dataset(workspace(data), dataset)
    rows = None
    if x.row_order == stored.row_order:
        how = "by their row order"
    elif x.ids is None:
        raise SampleIdsError(
            f"{x.title} has no ids, so nothing says which row is which sample of {dataset}: give "
            "them with --ids"
        )
    else:
        how = "by ids"
        both = same_rows(stored.sample_ids, x.ids, dataset, x.title, intersect=intersect)
        x, rows = x.taken(both.y), both.x
        told |= {"left_out": {x.title: both.left_y, dataset: both.left_x}}
    if stored.others:
        notes.append(f"{stored.others} feature sets of {dataset} are in other row orders, left out")
    mine = usable(x.layers, x.title)
    notes += _aside(mine, x.title)
    panel = PanelFeatures(stored.files, rows)
    found, q_values = _aligned(mine.layers, panel, x.title, options)
    closer = get_metric(told["metric"]).higher_is_closer
    best = sorted(found, key=lambda name: found[name].score, reverse=closer)
    told |= {"a": x.title, "dataset": dataset, "n": x.n, "paired": how}
    if as_json:
        listed = []
        for name in best:
            header = panel.files[name].header
            of = {"model": header.model_id, "pooling": header.pooling, "prompt": header.prompt}
            result = _result(found[name], mine, panel.sides[name])
            q = {"q_value": None if q_values is None else q_values[name]}
            listed.append({**of, "precision": header.precision, **result, **q})
        _print_json(told | {"panel": listed, "notes": notes})
        return
    shown = []
    for name in best:
        one, side = found[name], panel.sides[name]
        ends = one.interval and f"{one.interval.low:.4f} … {one.interval.high:.4f}"
        q = None if q_values is None else q_values[name]
        layers = mine.names[one.layers[0]], side.names[one.layers[1]]
        shown.append((name, one.score, ends, one.p_value, q, *layers))
    columns = ["with", "score", "interval", "p", "q", f"layer of {x.title}", "its layer"]
    title = f"{x.title} on {dataset}: {_setting(told)}; {x.n:,} samples, paired {how}"
    table(title, columns, shown)


alone = typer.Typer(name="prh", add_completion=False, rich_markup_mode="markdown")
"""`prh align` without the other commands."""
alone.command("align")(align)


@alone.callback()
def _prh() -> None:
    """Keep `align` a command of its own name."""
