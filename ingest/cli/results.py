"""`prh publish`, `prh sql` and `prh export`: what is known, built, asked and passed on."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.console import out, speaks_unicode, table
from ingest.cli.options import Data, ShownData
from ingest.cli.work import publish as publish_warehouse
from ingest.cli.work import workspace
from prh_core.warehouse.answer import answer
from prh_core.warehouse.location import module_environment


def publish(
    parquet: Annotated[
        Path | None,
        typer.Option(
            "--parquet",
            help="Also leave every table here as a Parquet file: what another data folder's "
            "`parts/` takes as it is.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Of those files.")] = "results",
    captions: Annotated[
        bool,
        typer.Option("--captions/--no-captions", help="Whether captions go along with them."),
    ] = True,
    data: Data = None,
) -> None:
    """Build the warehouse from its parts and swap it in; readers are never blocked."""
    place = workspace(data)
    publish_warehouse(place)
    if parquet is not None:
        made = place.warehouse.pack(parquet, name, captions=captions)
        size = sum(path.stat().st_size for path in made)
        out.print(f"Left {len(made)} tables in {parquet}, {size / 1e6:.1f} MB.", highlight=False)


def sql(
    statement: Annotated[str, typer.Argument(help="One statement, e.g. 'FROM coverage'.")],
    format: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    data: ShownData = None,
) -> None:
    """Ask the published warehouse in SQL; `FROM duckdb_columns()` tells what each column means.

    One statement that reads: it can write nothing, and read no file but the warehouse. Types that
    CSV and JSON lack are written as DuckDB writes them; NaN and infinities are null in JSON.
    """
    if format not in ("table", "csv", "json"):
        raise typer.BadParameter(f"--format should be table, csv or json, got {format!r}")
    result = answer(workspace(data).warehouse.path, statement)
    if format == "table":
        table(f"{result.frame.height:,} rows", result.frame.columns, result.rows())
    elif format == "csv":
        out.file.write(result.frame.write_csv())
    else:
        out.file.write(result.json(ascii_only=not speaks_unicode()) + "\n")


def export(
    folder: Annotated[Path, typer.Argument(help="Where to; it is made if need be.")],
    data: ShownData = None,
) -> None:
    """Write every figure of the app into a folder, with one page that opens without a server.

    report.html holds the figures, answers and tables; beside it lie each figure as SVG and
    PDF, its data as CSV, Parquet and a LaTeX table, and the SQL that made it.
    """
    environment = module_environment()
    if data is not None:
        environment["PRH_DATA"] = str(workspace(data).home)
    command = [sys.executable, "-m", "pages.report", str(folder.expanduser().resolve())]
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
