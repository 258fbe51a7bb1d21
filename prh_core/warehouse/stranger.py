"""A stranger's statement, run in a process of its own: what it may cost, and what it may not touch.

Limits within a process are not enough: DuckDB looks at its clock between pieces of work, and one
piece (a distance of long texts, a list of millions) may take minutes or all memory. So a statement
gets a process that reads it from its standard input, is bounded by the system, and can be killed.
"""

import atexit
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import polars as pl

from prh_core.warehouse.answer import Answer
from prh_core.warehouse.errors import QueryError
from prh_core.warehouse.limits import LIMITS, Limits

_WORKER = Path(__file__).with_name("worker.py")
_OUT_OF_TIME = -24
"""How a process ends whose CPU seconds are spent: SIGXCPU, which not every system knows."""


class StrangersAnswer(NamedTuple):
    """An answer, and what it cost."""

    answer: Answer
    cut: bool
    """Whether there were more rows than are shown."""
    seconds: float


class Host:
    """Runs strangers' statements on one warehouse after the other, a few at a time.

    One process stands ready, since Python takes a third of a second to start.
    """

    def __init__(self, limits: Limits = LIMITS, at_once: int = 2, patience: float = 10.0) -> None:
        """Bound every statement by `limits`.

        Args:
            limits: of one statement.
            at_once: statements that run at the same time; others wait.
            patience: seconds that one waits for its turn.
        """
        self.limits = limits
        self._turns = threading.BoundedSemaphore(at_once)
        self._patience = patience
        self._lock = threading.Lock()
        self._spare: subprocess.Popen[bytes] | None = None
        self._neutral: tuple[tuple[Path, int, int], Path] | None = None
        self._folder: Path | None = None
        atexit.register(self.close)

    def ask(self, warehouse: Path, sql: str) -> StrangersAnswer:
        """Answer one statement that reads.

        Args:
            warehouse: a published file.
            sql: one SELECT or EXPLAIN.

        Raises:
            QueryError: it is not one statement that reads, does not run, or costs too much; the
                sentence says which.
        """
        if len(sql.encode(errors="replace")) > 1024 * self.limits.statement_kb:
            raise QueryError(f"a statement has at most {self.limits.statement_kb} kB")
        if not self._turns.acquire(timeout=self._patience):
            raise QueryError("other readers' statements are running; try again in a moment")
        try:
            return self._run(self._named_neutrally(warehouse), sql)
        finally:
            self._turns.release()

    def close(self) -> None:
        """Stop the process that stands ready and remove the neutral place."""
        with self._lock:
            if self._spare is not None:
                self._spare.kill()
                self._spare.wait()
                self._spare = None
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = self._neutral = None

    def _run(self, file: Path, sql: str) -> StrangersAnswer:
        began = time.monotonic()
        process = self._take()
        request = {"path": str(file), "sql": sql, "limits": asdict(self.limits)}
        try:
            told, _ = process.communicate(
                json.dumps(request).encode() + b"\n", timeout=self.limits.seconds + 1
            )
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise QueryError(self.limits.too_long) from None
        head, _, body = told.partition(b"\n")
        if process.returncode or not head:  # stopped, perhaps while it wrote
            raise QueryError(self._why_it_ended(process.returncode))
        said = json.loads(head)
        if "error" in said:
            raise QueryError(str(said["error"]))
        frame = pl.read_ipc(io.BytesIO(body))
        answer = Answer(frame, tuple(said["kinds"]))
        return StrangersAnswer(answer, bool(said["cut"]), time.monotonic() - began)

    def _why_it_ended(self, code: int) -> str:
        return self.limits.too_long if code == _OUT_OF_TIME else self.limits.too_much

    def _take(self) -> subprocess.Popen[bytes]:
        """Return the process that stands ready, and start the next."""
        with self._lock:
            taken, self._spare = self._spare, None
        if taken is None or taken.poll() is not None:
            taken = _start()
        threading.Thread(target=self._make_ready, daemon=True).start()
        return taken

    def _make_ready(self) -> None:
        with self._lock:
            if self._spare is None:
                with contextlib.suppress(OSError):
                    self._spare = _start()

    def _named_neutrally(self, warehouse: Path) -> Path:
        """Return the file under a path that tells nothing of this host: DuckDB tells paths."""
        stat = warehouse.stat()
        key = (warehouse, stat.st_ino, stat.st_mtime_ns)
        with self._lock:
            if self._neutral is not None and self._neutral[0] == key:
                return self._neutral[1]
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="prh-"))
            target = self._folder / f"results-{stat.st_ino}-{stat.st_mtime_ns}.duckdb"
            for old in self._folder.iterdir():  # a statement that reads it keeps it open
                old.unlink()
            try:
                os.link(warehouse, target)
            except OSError:
                shutil.copyfile(warehouse, target)
            self._neutral = (key, target)
            return target


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        cwd=tempfile.gettempdir(),
        start_new_session=True,
    )
