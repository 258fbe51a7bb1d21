"""Run the `prh` command: in this process, which is quick, or in one of its own, to be killed."""

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from ingest.cli import console
from ingest.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


class Finished(NamedTuple):
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def prh(*words: object) -> Finished:
    """Run `prh` to its end in this process, on a wide terminal."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.object(sys, "argv", ["prh", *map(str, words)]),
        mock.patch.dict(os.environ, {"COLUMNS": "200"}),
        mock.patch.object(console.out, "_width", 200),
        mock.patch.object(console.err, "_width", 200),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Finished(code, out.getvalue(), err.getvalue())


def arguments(*words: object) -> list[str]:
    """Return the command line that runs `prh` in a process of its own."""
    return [sys.executable, "-m", "ingest.cli.main", *map(str, words)]


def environment(first: str = "") -> dict[str, str]:
    """Return the environment for it: `first`, then this checkout, lead the module path."""
    path = [first, str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), "COLUMNS": "200"}
