"""A command's work on a data folder: where it is, the recorded run, publishing, how it ends."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from ingest.cli.console import TerminalProgress, err
from ingest.extract import ingest_half
from ingest.pipeline.extraction import Beside
from ingest.pipeline.options import ExtractOptions
from ingest.pipeline.run import Run
from ingest.store.workspace import Workspace
from prh_core.warehouse.errors import DataFolderError
from prh_core.warehouse.location import data_folder


def workspace(data: Path | None) -> Workspace:
    """Return the workspace meant.

    Raises:
        DataFolderError: it is no folder, or one that DuckDB opens no file in.
    """
    try:
        home = (data or data_folder()).expanduser().resolve()
    except RuntimeError as error:  # a link to itself, or a ~ of nobody
        raise DataFolderError(f"there is no data folder {data or data_folder()}") from error
    existing = next(place for place in (home, *home.parents) if os.path.lexists(place))
    if not existing.is_dir():
        where = "" if existing == home else f", since {existing} is none"
        raise DataFolderError(
            f"the data folder {home} is no folder{where}; choose another with --data"
        )
    if os.name != "nt" and re.search(r"[?\\]", str(home)):
        raise DataFolderError(
            f"the data folder {home} has a ? or a backslash in its path, and DuckDB opens no file "
            "there; choose another with --data"
        )
    return Workspace(home)


@contextmanager
def recorded(
    place: Workspace, counted: str, *, no_publish: bool = False
) -> Iterator[tuple[Run, TerminalProgress]]:
    """Record a command's run, publish what it left, and say how it ended.

    Args:
        place: the data folder.
        counted: what the run counts, e.g. "Scores".
        no_publish: leave the published warehouse as it is.
    """
    with TerminalProgress() as progress, Run(place) as run:
        yield run, progress
    if not no_publish:
        publish(place)
    finish(run, counted)


def publish(place: Workspace) -> None:
    """Publish the warehouse and say what it holds."""
    with err.status("Publishing the warehouse"):
        published = place.warehouse.publish()
    err.print(
        f"Published {published.scores:,} scores of {published.feature_sets:,} feature sets in "
        f"{published.seconds:.1f} s: {published.path}",
        highlight=False,
    )


def finish(run: Run, counted: str) -> None:
    """Count what was done and name what was left out, which makes the command fail."""
    err.print(
        f"{counted}: {run.done:,} done, {run.skipped:,} found done, {len(run.refused):,} left out.",
        highlight=False,
    )
    for item in run.refused:
        err.print(f"  left out: {item.reason}", style="red", highlight=False, markup=False)
    if run.refused:
        raise typer.Exit(1)


def bits_beside(options: ExtractOptions) -> Beside | None:
    """Return what scores language models on the captions while they are extracted, if wanted."""
    if not options.caption_bits:
        return None
    with ingest_half("Predicting captions"):
        from ingest.experiments.bits.beside import BesideExtraction

    return BesideExtraction()
