"""`prh app` and `prh demo`: the app in the browser, and something to show in it."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.console import out, table
from ingest.cli.options import Data, Device, ShownData
from ingest.cli.work import recorded, workspace
from ingest.experiments.demo import end_demo, run_demo, unfinished
from prh_core.warehouse.location import PROJECT
from prh_core.warehouse.views import forget_view, keep_view, list_views, named_view


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
    sign_in: Annotated[
        Path | None,
        typer.Option(
            "--sign-in",
            metavar="FILE",
            help="Show pages only to those who sign in as this file says: TOML with [auth], an "
            "OpenID Connect provider, and [sign_in], whose domains may read (docs/host).",
        ),
    ] = None,
    keep_views: Annotated[
        bool | None,
        typer.Option(
            "--keep-views/--no-keep-views",
            help="Let readers keep views under short names in the data folder. "
            "[default: those who signed in]",
            show_default=False,
        ),
    ] = None,
    try_models: Annotated[
        bool | None,
        typer.Option(
            "--try-models/--no-try-models",
            help="Let readers score features of their own beside the panel, on this machine's "
            "processors and for their session only. [default: on this machine, and those who "
            "signed in]",
            show_default=False,
        ),
    ] = None,
    data: ShownData = None,
) -> None:
    """Show the warehouse in the browser, on this machine alone unless --address says otherwise.

    Where there is none yet, the results that ship with PRH Explorer are shown. With --demo this
    machine makes its own beside the app, which tells how far they are and then shows them.
    """
    from ingest.cli.serve import HERE, Host, check_port, check_sign_in, running_beside, serve

    place = workspace(data)
    if sign_in is not None:
        check_sign_in(sign_in)
    check_port(port, address)  # before work is begun that could not be shown
    wanted = with_demo and (not place.warehouse.path.exists() or unfinished(place))
    with running_beside(["demo", "--data", str(place.home)] if wanted else None):
        keeping = sign_in is not None if keep_views is None else keep_views
        trying = (sign_in is not None or address == HERE) if try_models is None else try_models
        host = Host(address, log, sign_in, keeping, trying)
        serve(PROJECT / "app.py", data and place.home, port, host)


def view(
    name: Annotated[
        str | None, typer.Argument(help="A short name; without one, the views are listed.")
    ] = None,
    address: Annotated[
        str | None, typer.Argument(help="Of the view, from the browser; keeps it under the name.")
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the view of that name.")] = False,
    data: Data = None,
) -> None:
    """Keep a view of the app under a short name: its link is then /?to=NAME.

    What a link shows is a page with its choices, over the results as they are when it is followed.
    """
    home = workspace(data).home
    if name is None:
        rows = [
            (one.name, f"/?to={one.name}", one.address, one.kept_at) for one in list_views(home)
        ]
        table(f"{len(rows):,} views", ["name", "short link", "leads to", "kept at"], rows)
    elif forget:
        forget_view(home, name)
    elif address is not None:
        kept = keep_view(home, name, address)
        out.print(f"/?to={kept.name} leads to {kept.address}", highlight=False, markup=False)
    else:
        out.print(named_view(home, name).address, highlight=False, markup=False)
