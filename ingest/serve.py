"""Start the app on a local port."""

import os
import socket
import sys
from pathlib import Path

from ingest.errors import PortInUseError


def serve(script: Path, home: Path, port: int) -> None:
    """Replace this process by Streamlit on http://localhost:`port`.

    Raises
    ------
    PortInUseError
        Something else listens there.
    """
    with socket.socket() as probe:
        # As the server itself would: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortInUseError(
                f"port {port} is in use; choose another: `make run PORT={port + 1}` or "
                f"`prh app --port {port + 1}`"
            ) from error
    os.environ["PRH_DATA"] = str(home)
    sys.stderr.write(f"\nPRH Explorer is on http://localhost:{port}  (Ctrl-C stops it)\n\n")
    sys.stderr.flush()
    arguments = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = {
        "server.port": port,
        "server.address": "localhost",
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    arguments += [f"--{name}={value}" for name, value in options.items()]
    os.execv(sys.executable, arguments)
