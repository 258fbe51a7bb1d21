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
from typing import NoReturn

_ROOMS = Path(__file__).resolve().parents[2]
# The package's own first lines load all of the mathematics, which takes seconds.
_package = types.ModuleType("prh_core")
_package.__path__ = [str(_ROOMS / "prh_core")]
sys.modules["prh_core"] = _package


from prh_core.errors import PRHError  # noqa: E402
from prh_core.warehouse.answer import READ_BY_STRANGERS, answer_on  # noqa: E402
from prh_core.warehouse.errors import QueryError  # noqa: E402
from prh_core.warehouse.limits import Limits  # noqa: E402
from prh_core.warehouse.reading import narrow, open_readonly  # noqa: E402


def main() -> None:
    """Read a request, a line of JSON; write a line of JSON and the rows as Arrow."""
    request = json.loads(sys.stdin.buffer.readline() or b"null")
    if request is None:  # nobody asked
        return
    limits = Limits(**request["limits"])
    try:
        _answer(Path(request["path"]), request["sql"], limits)
    except PRHError as error:
        _refuse(str(error))
    except MemoryError:
        _refuse(limits.too_much)


def _answer(path: Path, sql: str, limits: Limits) -> None:
    with open_readonly(path) as connection:
        narrow(connection, limits.memory_mb, limits.threads)
        _bound(limits.seconds, 2 * limits.memory_mb)
        try:
            found = answer_on(connection, sql, READ_BY_STRANGERS, limits.rows + 1)
        except QueryError as error:
            told = str(error)
            if "Out of Memory" in told or "bad_alloc" in told or "failed to allocate" in told:
                raise QueryError(limits.too_much) from error
            raise
    frame = found.frame.head(limits.rows)
    if frame.estimated_size("mb") > limits.result_mb:
        raise QueryError(
            f"the answer is larger than {limits.result_mb} MB; ask for fewer rows or columns"
        )
    head = {"kinds": found.kinds, "cut": found.frame.height > limits.rows}
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


def _refuse(sentence: str) -> NoReturn:
    sys.stdout.buffer.write(json.dumps({"error": sentence}).encode() + b"\n")
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
