"""The commands of `prh`: one per thing a researcher does."""

import typer

from ingest.cli.align import align
from ingest.cli.app import demo, open_app, view
from ingest.cli.bits import bits
from ingest.cli.captions import captions
from ingest.cli.catalog import catalog, metrics, panels
from ingest.cli.checks import check_metrics
from ingest.cli.color import color
from ingest.cli.hub import pull, push
from ingest.cli.imports import evaluate, imports
from ingest.cli.match import match
from ingest.cli.neighbors import neighbors
from ingest.cli.nesting import nesting
from ingest.cli.nulls import confounds, nulls
from ingest.cli.probes import probe
from ingest.cli.results import export, publish, sql
from ingest.cli.sizes import curves
from ingest.cli.study import extract, run, score, status
from ingest.cli.theory import theory
from ingest.cli.trial import try_own
from ingest.cli.unpaired import unpaired

app = typer.Typer(
    name="prh",
    help="Extract features, score alignment, and keep every result in one warehouse.\n\n"
    "A first look: `prh demo`, then `streamlit run app.py`. Your own study: describe images and "
    "models in a TOML file, then `prh run --catalog mine.toml --dataset mine --models a,b`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
COMMANDS = {
    "catalog": catalog,
    "evaluate": evaluate,
    "align": align,
    "match": match,
    "try": try_own,
    "probe": probe,
    "color": color,
    "captions": captions,
    "nesting": nesting,
    "theory": theory,
    "nulls": nulls,
    "confounds": confounds,
    "curves": curves,
    "metrics": metrics,
    "check-metrics": check_metrics,
    "extract": extract,
    "score": score,
    "neighbors": neighbors,
    "unpaired": unpaired,
    "bits": bits,
    "run": run,
    "demo": demo,
    "status": status,
    "publish": publish,
    "push": push,
    "pull": pull,
    "sql": sql,
    "export": export,
    "app": open_app,
    "view": view,
}
"""In the order of `prh --help`."""
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(imports, name="import")
app.add_typer(panels, name="panel")
