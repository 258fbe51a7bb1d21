"""`prh import`: features and results that others made, or that another program did here."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.cli.align import GivenLayout
from ingest.cli.console import TerminalProgress, err, literal, out
from ingest.cli.options import (
    Catalogs,
    Data,
    Device,
    FeatureFiles,
    IdsBeside,
    Models,
    NoPublish,
    OwnLabel,
    OwnModality,
    Panel,
    ids,
)
from ingest.cli.paths import local_file
from ingest.cli.work import publish, recorded, workspace
from ingest.experiments.imports.results import Results, store
from ingest.pipeline.options import ModelOptions
from ingest.pipeline.run import Run
from ingest.store.workspace import Workspace
from prh_core.errors import PRHError

imports = typer.Typer(
    help="Import features, benchmark results and published tables, each with its source.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@imports.command("lm-eval")
def lm_eval(
    files: Annotated[
        list[Path],
        typer.Argument(
            parser=local_file,
            help="results_*.json files of lm-evaluation-harness.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", help="Catalog id of the model, where a file names it otherwise."),
    ] = None,
    catalogs: Catalogs = None,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Import HellaSwag, GSM8K and other scores from lm-evaluation-harness results files.

    A file names its model by hub repository or folder; the catalog's record of that source or id
    is taken. A file of a model the catalog does not know is named, and the others go on; so are a
    variant of a model (peft, delta, GGUF, 4 or 8 bits, another revision), unless --model names its
    own record, and tasks cut short with --limit. A chat template, a system instruction, settings of
    generation or of the tokenizer make a collection of their own.

    Make such a file with `lm_eval --model hf --model_args pretrained=REPOSITORY --tasks
    hellaswag,gsm8k --output_path FOLDER`.
    """
    from ingest.experiments.imports.harness import read_results

    where, catalog = workspace(data), load_catalog(catalogs or [])
    results = Results()
    for file in files:
        results.extend(read_results(file, catalog, model))
    _store(where, results, ", ".join(file.name for file in files), no_publish)


@imports.command("csv")
def csv(
    table: Annotated[
        Path | None,
        typer.Argument(
            parser=local_file,
            help="The table; by default the one its mapping names.",
        ),
    ] = None,
    mapping: Annotated[
        Path,
        typer.Option(
            "--mapping",
            parser=local_file,
            metavar="PATH",
            help="TOML: what the columns are, and their source.",
        ),
    ] = ...,  # type: ignore[assignment] - typer's word for an option that must be given
    catalogs: Catalogs = None,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Import a published table: benchmarks, bits per byte, or alignment, with its source.

    A mapping names the source, the column of models, and each column of numbers; see
    data/published/*.toml for two that ship. Rows of models the catalog does not know are named
    and left out; a number that its column cannot hold stops the import, and nothing is stored.
    """
    from ingest.experiments.imports.table import read_mapping, read_table

    where, catalog = workspace(data), load_catalog(catalogs or [])
    described = read_mapping(mapping)
    if table is None:
        table = described.file(mapping)
    _store(where, read_table(table, described, catalog), table.name, no_publish)


@imports.command("features")
def features(
    files: FeatureFiles,
    dataset: Annotated[
        str, typer.Option("--dataset", help="Whose samples: of the catalog, or imported before.")
    ],
    model: Annotated[str, typer.Option("--model", help="An id for the model.")],
    modality: OwnModality = "vision",
    label: OwnLabel = None,
    family: Annotated[
        str, typer.Option("--family", help="Models of one color in charts.")
    ] = "imported",
    beside: IdsBeside = None,
    intersect: Annotated[
        bool,
        typer.Option(
            "--intersect",
            help="Take the samples in common, as a dataset of its own, ID.common-…, where the "
            "features lack some; leave rows of other samples out.",
        ),
    ] = False,
    row_order: Annotated[
        str | None,
        typer.Option(
            "--row-order",
            help="Where there are no ids: the SHA-256 of the dataset's sample ids in order, which "
            "says that rows are in that order. Without it the refusal tells it.",
        ),
    ] = None,
    new_dataset: Annotated[
        bool,
        typer.Option(
            "--new-dataset", help="Make the dataset of the files' ids where there is none."
        ),
    ] = False,
    layout: GivenLayout = "auto",
    pooling: Annotated[
        str | None,
        typer.Option(
            "--pooling",
            help="How tokens were made one vector; only captions pooled alike are compared. "
            "[default: mean for language]",
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            "--precision",
            help="In which the network computed: float32, bfloat16 or float16; whatever the files "
            "hold is stored as float32. Two are never mixed in a score.",
        ),
    ] = "float32",
    catalogs: Catalogs = None,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Import features that another program saved, so that they are scored and shown like any.

    Rows are put in the dataset's order by sample ids: scrambled ones are mended, missing and
    surplus ones named and refused. A file holds one array (n, d), or one a layer by name. What is
    wrong with it is one sentence, and nothing is stored then. Afterwards `prh score --dataset ID
    --models MODEL,...` finds them.

    `prh import features mine.npz --dataset emoji --model mine --modality vision`
    """
    from ingest.pipeline.imported import Wanted, check_import, store_import

    where = workspace(data)
    wanted = Wanted(
        files=files,
        dataset=dataset,
        model=model,
        modality=modality,
        label=label,
        family=family,
        ids=beside,
        layout=layout,
        row_order=row_order,
        pooling=pooling,
        precision=precision,
        intersect=intersect,
        new_dataset=new_dataset,
    )
    with TerminalProgress() as progress:
        checked = check_import(where, load_catalog(catalogs or []), wanted, progress)
    for note in checked.notes:
        err.print(literal(note))
    with recorded(where, "Feature sets", no_publish=no_publish) as (run, _):
        store_import(run, checked)
    layers, name = len(checked.given.layers), checked.dataset.record.id
    out.print(
        literal(
            f"{model}: {layers} layers of {checked.given.n:,} samples of {name}. Now: prh score "
            f"--dataset {name} --models {model},..."
        ),
        soft_wrap=True,
    )


def evaluate(
    tasks: Annotated[str, typer.Option("--tasks", help="Tasks, e.g. hellaswag,gsm8k.")],
    panel: Panel = None,
    models: Models = "",
    shots: Annotated[
        int | None,
        typer.Option("--shots", min=0, help="Solved examples. [default: each task's own]"),
    ] = None,
    catalogs: Catalogs = None,
    device: Device = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Run benchmarks on language models through lm-evaluation-harness, and publish.

    Needs `pip install 'prh-explorer[evaluate]'` and a hub with the tasks' data; a model that fails
    is named, and the others go on. Results files of runs elsewhere: `prh import lm-eval`.
    """
    from ingest.experiments.imports.harness import evaluate as run_harness

    where, catalog = workspace(data), load_catalog(catalogs or [])
    chosen = ModelOptions(panel=panel, models=ids(models)).chosen(catalog)
    with recorded(where, "Results", no_publish=no_publish) as (run, progress):
        for record in chosen:
            progress.note(f"{record.label}: {tasks}")
            try:
                store(run, run_harness(record, ids(tasks), shots, device), record.id)
            except PRHError as error:
                run.leave_out(record.id, error, progress)


def _store(where: Workspace, results: Results, source: str, no_publish: bool) -> None:
    """Keep what was imported, count it, name what was not, and publish."""
    with Run(where) as run:
        store(run, results, source)
    err.print(
        f"Imported {results.count():,} results of {len(results.measured()):,} models; "
        f"{len(results.unknown):,} models unknown to the catalog, "
        f"{len(results.left_out):,} values left out.",
        highlight=False,
    )
    for title, items in (("unknown", list(results.unknown)), ("left out", results.left_out)):
        for item in items[:10]:
            err.print(f"  {title}: {item}", style="yellow", highlight=False, markup=False)
        if len(items) > 10:
            err.print(f"  … and {len(items) - 10:,} more {title}", style="yellow", highlight=False)
    if not no_publish:
        publish(where)
