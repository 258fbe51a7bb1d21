"""Answers one statement from standard input, bounded by the system; see `stranger.py`.

Run by its path, in an environment that is empty. It imports what it needs before it reads, so that
a process that stands ready has done so.
"""

import json
import os
import signal
import sys
import types
from pathlib import Path
from typing import Any, NoReturn

_ROOMS = Path(__file__).resolve().parents[2]
# The package's own first lines load all of the mathematics, which takes seconds.
_package = types.ModuleType("prh_core")
_package.__path__ = [str(_ROOMS / "prh_core")]
sys.modules["prh_core"] = _package


from prh_core.errors import PRHError  # noqa: E402
from prh_core.warehouse.answer import READ_BY_STRANGERS, answer_on  # noqa: E402
from prh_core.warehouse.errors import QueryError  # noqa: E402
from prh_core.warehouse.reading import narrow, open_readonly  # noqa: E402


def main() -> None:
    """Read a request, a line of JSON; write a line of JSON and the rows as Arrow."""
    request = json.loads(sys.stdin.buffer.readline() or b"null")
    if request is None:  # nobody asked
        return
    try:
        _answer(request)
    except PRHError as error:
        _refuse(str(error))
    except MemoryError:
        _refuse(_too_much(request))


def _answer(request: dict[str, Any]) -> None:
    memory, rows = int(request["memory_mb"]), int(request["rows"])
    with open_readonly(Path(request["path"])) as connection:
        narrow(connection, memory, int(request["threads"]))
        _bound(float(request["seconds"]), 2 * memory)
        try:
            found = answer_on(connection, request["sql"], READ_BY_STRANGERS, rows + 1)
        except QueryError as error:
            told = str(error)
            if "Out of Memory" in told or "bad_alloc" in told or "failed to allocate" in told:
                raise QueryError(_too_much(request)) from error
            raise
    frame = found.frame.head(rows)
    if frame.estimated_size("mb") > float(request["result_mb"]):
        raise QueryError(
            f"the answer is larger than {request['result_mb']} MB; ask for fewer rows or columns"
        )
    head = {"kinds": found.kinds, "cut": found.frame.height > rows}
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    frame.write_ipc(out)
    out.flush()
    os._exit(0)  # nothing is left to tidy, and tidying may take long


def _bound(seconds: float, memory_mb: int) -> None:
    """Have the system stop this process beyond its limits, where it knows such limits."""
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return
    limit = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return
    most = used * os.sysconf("SC_PAGE_SIZE") + memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _too_much(request: dict[str, Any]) -> str:
    return (
        f"stopped: a statement may use {request['memory_mb']} MB of memory here, and this one "
        "needed more"
    )


def _refuse(sentence: str) -> NoReturn:
    sys.stdout.buffer.write(json.dumps({"error": sentence}).encode() + b"\n")
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
