"""How `prh` ends: what a user can put right is one sentence, and every end has its exit code."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable

from rich.text import Text

from ingest.cli.console import err, literal, make_printable
from prh_core.errors import PRHError

_INTERRUPTED = 128 + signal.SIGINT


def exit_with(command: Callable[[], object]) -> None:
    """Run a command line and leave the process with its exit code."""
    make_printable()
    try:
        code = _exit_code(command)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read our output has seen enough; what is still buffered goes nowhere.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    sys.exit(code)


def _exit_code(command: Callable[[], object]) -> int | str | None:
    try:
        command()
        return 0
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:  # which typer makes of Ctrl-C, without a word
            _say_stopped()
        return stop.code
    except KeyboardInterrupt:
        _say_stopped()
        return _INTERRUPTED
    except PRHError as error:
        say(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        say(_refusal(error))
    except UnicodeEncodeError as error:
        if error.reason != "surrogates not allowed":
            raise
        say(f"{error.object!r} holds half a character, so it is no text that can be stored")
    return 1


def say(sentence: str) -> None:
    """Print what went wrong."""
    err.print(Text("Error: ", style="bold red") + literal(sentence), soft_wrap=True)


def _say_stopped() -> None:
    err.print("Stopped. What was finished is stored; the same command resumes.")


def _refusal(error: OSError) -> str:
    """Say which file the system refuses, and why."""
    reason = error.strerror or str(error) or type(error).__name__
    names = [n for n in (error.filename, error.filename2) if n is not None]
    if not names:
        return f"the system refused: {reason}"
    files = " and ".join(os.fsdecode(n) if isinstance(n, str | bytes) else str(n) for n in names)
    return f"cannot use {files}: {reason[:1].lower()}{reason[1:]}"
