"""Start the app on a local port."""

import contextlib
import importlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from starlette.middleware import Middleware

from ingest.cli.middleware import AccessLog, PagesOneLevelDeep, Readiness
from ingest.errors import MissingPackageError, PortInUseError
from prh_core.warehouse.location import module_environment
from prh_core.warehouse.readers import SIGN_IN_DEMANDED, read_sign_in
from prh_core.warehouse.trial import TRIALS
from prh_core.warehouse.views import KEEPING

HEAVY = ("altair", "duckdb", "pandas", "polars", "prh_core", "pyarrow")
"""Imported before the server opens, so that the first reader does not wait for them."""
HERE = "localhost"
"""The address that only this machine reaches."""


class Host(NamedTuple):
    """Whom the app is for."""

    address: str = HERE
    """Of this machine, to listen on."""
    log: bool = False
    """Whether each request is a line of JSON on standard error."""
    sign_in: Path | None = None
    """File that says who may read; None lets everybody."""
    keeps_views: bool = False
    """Whether readers may keep views under short names."""
    tries_models: bool = True
    """Whether readers may score features of their own beside the panel."""


def check_sign_in(file: Path) -> None:
    """Make sure that sign-in can work.

    Raises:
        SignInError: the file will not do.
        MissingPackageError: what sign-in needs is not installed.
    """
    read_sign_in(file)
    if not all(importlib.util.find_spec(name) for name in ("authlib", "httpx")):
        raise MissingPackageError(
            "sign-in needs two packages more: `pip install 'prh-explorer[sign-in]'`"
        )


def check_port(port: int, address: str = HERE) -> None:
    """Make sure the app can listen on `port` of an address.

    Raises:
        PortInUseError: something else does.
    """
    with socket.socket() as probe:
        # As the server itself would: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1" if address == HERE else address, port))
        except OSError as error:
            raise PortInUseError(
                f"port {port} is in use; choose another: `make run PORT={port + 1}` or "
                f"`prh app --port {port + 1}`"
            ) from error


@contextlib.contextmanager
def running_beside(command: Sequence[str] | None) -> Iterator[None]:
    """Run a command of ours beside what the block does, and stop it with the block.

    It gives way to the app: what it stored when it is stopped stays, and it resumes there.

    Args:
        command: words after `prh`; None runs nothing.
    """
    if command is None:
        yield
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest.cli.main", *command], env=module_environment()
    )
    with contextlib.suppress(AttributeError, OSError):  # no such thing on Windows; or it has ended
        os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _start_drawing() -> None:
    """Start the engine that draws small pictures: its first takes half a second more."""
    import altair
    import vl_convert

    version = altair.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    dot = {"data": {"values": [{}]}, "mark": "point", "encoding": {}}
    vl_convert.vegalite_to_svg(dot, vl_version=version)


def serve(script: Path, home: Path | None, port: int, host: Host) -> None:
    """Run Streamlit on http://`address`:`port` until it is stopped.

    Beyond this machine, pages tell strangers no more of an error than that there was one.

    Args:
        script: app.py.
        home: the data folder, where somebody named one.
        port: to listen on.
        host: where it listens, and for whom.

    Raises:
        PortInUseError: something else listens there.
    """
    address = host.address
    check_port(port, address)
    if home is not None:
        os.environ["PRH_DATA"] = str(home)
    for name in HEAVY:
        importlib.import_module(name)
    threading.Thread(target=_start_drawing, daemon=True).start()
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli
    from streamlit.web.server.starlette import starlette_app

    streamlit_middleware = starlette_app.create_streamlit_middleware
    starlette_app.create_streamlit_middleware = lambda: [
        *([Middleware(AccessLog)] if host.log else []),
        Middleware(Readiness),
        Middleware(PagesOneLevelDeep),
        *streamlit_middleware(),
    ]
    # Until st.navigation was called once, Streamlit takes a folder named "pages" for its older
    # kind of app, and tells a first visitor who comes by a page's own address that there is none.
    PagesManager.uses_pages_directory = False
    sys.stderr.write(f"\nPRH Explorer is on http://{address}:{port}  (Ctrl-C stops it)\n\n")
    sys.stderr.flush()
    options: dict[str, Any] = {
        "server.port": port,
        "server.address": address,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    if address != HERE:
        options["client.showErrorDetails"] = "none"
    if host.sign_in is not None:
        options["secrets.files"] = host.sign_in.resolve()
        os.environ[SIGN_IN_DEMANDED] = "1"
    if host.keeps_views:
        os.environ[KEEPING] = "1"
    os.environ[TRIALS] = "no" if not host.tries_models else "here" if address == HERE else "uploads"
    sys.argv = ["streamlit", "run", str(script)]
    sys.argv += [f"--{name}={value}" for name, value in options.items()]
    cli.main()
