"""`prh app` and `prh demo`: the app in the browser, and something to show in it."""

from typing import Annotated

import typer

from ingest.cli.console import TerminalProgress
from ingest.cli.options import Data, Device
from ingest.cli.work import publish, recorded, workspace
from ingest.experiments.demo import begin_demo, run_demo, unfinished
from ingest.pipeline.run import Run
from prh_core.warehouse.location import PROJECT


def demo(data: Data = None, device: Device = "auto") -> None:
    """Fill a warehouse with real package-shipped models on emoji pairs (a few minutes).

    Weights and pictures come from packages, so no hub is needed. What is done already is skipped.
    """
    with recorded(workspace(data), "Units of work") as (run, progress):
        run_demo(run, progress, device)


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
    from ingest.cli.serve import check_port, running_beside, serve

    place = workspace(data)
    check_port(port)  # before minutes of work that could not be shown
    if with_demo and not place.warehouse.path.exists():
        with TerminalProgress() as progress, Run(place) as run:
            begin_demo(run, progress)
        publish(place)
    rest = ["demo", "--data", str(place.home)] if with_demo and unfinished(place) else None
    with running_beside(rest):
        serve(PROJECT / "app.py", place.home, port)
