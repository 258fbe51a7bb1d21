"""`prh app` and `prh demo`: the app in the browser, and something to show in it."""

from typing import Annotated

import typer

from ingest.cli.options import Data, Device
from ingest.cli.work import recorded, workspace
from ingest.experiments.demo import end_demo, run_demo, unfinished
from prh_core.warehouse.location import PROJECT


def demo(data: Data = None, device: Device = "auto") -> None:
    """Fill a warehouse with real package-shipped models on emoji pairs (ten minutes or so).

    Weights and pictures come from packages, so no hub is needed. What is done already is skipped.
    """
    place = workspace(data)
    with recorded(place, "Units of work") as (run, progress):
        run_demo(run, progress, device)
    end_demo(place)


def open_app(
    port: Annotated[int, typer.Option("--port", help="Local port.")] = 8501,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Make a demo warehouse beside the app if there is none.")
    ] = False,
    address: Annotated[
        str,
        typer.Option(
            "--address", help="Where to listen: 0.0.0.0 for all that reaches this machine."
        ),
    ] = "localhost",
    log: Annotated[
        bool, typer.Option("--log", help="Write a line of JSON for every request.")
    ] = False,
    data: Data = None,
) -> None:
    """Show the warehouse in the browser, on this machine alone unless --address says otherwise.

    Where there is none yet, the results that ship with PRH Explorer are shown. With --demo this
    machine makes its own beside the app, which tells how far they are and then shows them.
    """
    from ingest.cli.serve import check_port, running_beside, serve

    place = workspace(data)
    check_port(port, address)  # before work is begun that could not be shown
    wanted = with_demo and (not place.warehouse.path.exists() or unfinished(place))
    with running_beside(["demo", "--data", str(place.home)] if wanted else None):
        serve(PROJECT / "app.py", data and place.home, port, address, log)
