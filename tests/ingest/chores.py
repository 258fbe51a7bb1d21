"""Tasks for worker processes to do: small, and with nothing to import."""

import os
import signal
import time
from typing import NamedTuple

from ingest.pipeline.workers import Tell
from prh_core.errors import PRHError


class Chore(NamedTuple):
    """A task."""

    name: str


class PrivateError(Exception):
    """An error that pickle cannot make again."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right}")


def do(chore: Chore, device: str, tell: Tell) -> None:
    """Do what the chore is called."""
    tell((device, os.getpid()))
    if chore.name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if chore.name == "exits":
        os._exit(3)
    if chore.name == "leaves a child":
        child = os.fork()
        if not child:
            time.sleep(600)
            os._exit(0)
        tell(child)
        os._exit(4)
    if chore.name == "refuses":
        raise PRHError("one sentence")
    if chore.name == "raises":
        raise FileNotFoundError(2, "No such file", "there")
    if chore.name == "raises what nobody can read":
        raise PrivateError("left", "right")
    if chore.name == "forever":
        time.sleep(600)
    tell(chore.name)
