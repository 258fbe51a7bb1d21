"""An app that is served: a port for it, and the wait until it answers."""

import socket
import subprocess
import time
import urllib.request

import pytest


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_served(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the app answers that it lives.

    Args:
        address: http://host:port.
        process: which should serve it.
    """
    for _ in range(300):
        assert process.poll() is None, "the app stopped"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the app did not start")
