"""A reader's own model beside the panel: scored by a process of its own, for this session only."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.warehouse import look_first
from prh_core.warehouse.location import WAREHOUSE_FILE, data_folder, module_environment
from prh_core.warehouse.progress import TRIAL_UNFINISHED, WorkProgress, read_progress

AT_ONCE = 2
"""Trials that are computed at a time; others wait for their turn."""
LONGEST = 3600
"""Seconds that a trial may compute."""
_TRIAL = "trial"
"""Of the session: the trial that its reader began last."""
_PREFIX = "prh-trial-"
"""Of folders of trials, before the id of the process that serves the app."""
_turns = threading.BoundedSemaphore(AT_ONCE)
State = Literal["waiting", "working", "done", "refused", "stopped"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader wants to try."""

    label: str
    """The model's name."""
    dataset: str
    modality: str
    words: tuple[str, ...]
    """Options of `prh try`, but for files and folders."""
    given: Mapping[str, bytes]
    """Contents of files by name, as they were sent."""
    named: tuple[Path, ...] = ()
    """Files of this machine instead."""
    model: str = ""
    """The model's id."""
    setting: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How it is scored: metric, k and truncation."""


class Trial:
    """A model that is scored beside the panel, or was: `prh try` in a process of its own.

    Its folder goes with it, when the reader's session ends or the model is dropped.
    """

    def __init__(self, request: Request) -> None:
        """Begin."""
        self.request = request
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        weakref.finalize(self, shutil.rmtree, self.folder, True)
        self.state: State = "waiting"
        self._refusal = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def results(self) -> Path:
        """The data folder that the trial fills."""
        return self.folder / "results"

    @property
    def ended(self) -> bool:
        """Whether nothing is being computed any more."""
        return self.state in ("done", "refused", "stopped")

    @property
    def succeeded(self) -> bool:
        """Whether there is something to show."""
        return self.state == "done"

    def progress(self) -> WorkProgress | None:
        """Return how far it is; None where nothing was told yet."""
        return read_progress(self.results, TRIAL_UNFINISHED)

    def said(self) -> list[str]:
        """Return the lines that the process said: notes, and why it refused."""
        with contextlib.suppress(OSError):
            text = (self.folder / "said").read_text(encoding="utf-8", errors="replace")
            lines = [*text.splitlines(), self._refusal]
            return [line.strip() for line in lines if line.strip()]
        return [self._refusal] if self._refusal else []

    def forget(self) -> None:
        """End it and delete its folder; what is stored elsewhere is as it was."""
        with self._changing:
            self.state = "stopped"
            if self._process is not None:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _work(self) -> None:
        try:
            with _turns:
                code = self._compute()
        except OSError as error:
            code, self._refusal = 1, f"Error: this host cannot compute it: {error.strerror}"
        with self._changing:
            if self.state != "stopped":
                self.state = "refused" if code else "done"

    def _compute(self) -> int:
        """Run the process to its end; return its exit code."""
        command = [
            *(sys.executable, "-m", "ingest.cli.main", "try", *map(str, self._files())),
            *self.request.words,
            *("--into", str(self.results), "--data", str(data_folder())),
        ]
        with (self.folder / "said").open("wb") as said, self._changing:
            if self.state == "stopped":
                return 1
            self.state = "working"
            self._process = subprocess.Popen(
                command, env={**module_environment(), "COLUMNS": "400"},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            )  # fmt: skip
        with contextlib.suppress(AttributeError, OSError):  # it gives way to the pages
            os.setpriority(os.PRIO_PROCESS, self._process.pid, 10)
        try:
            return self._process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            self._refusal = f"Error: it was not at its end after {LONGEST // 60} minutes"
            return 1

    def _files(self) -> list[Path]:
        if self.request.named:
            return list(self.request.named)
        place = self.folder / "given"
        place.mkdir()
        files = [place / Path(name).name for name in self.request.given]
        for file, content in zip(files, self.request.given.values(), strict=True):
            file.write_bytes(content)
        return files


def begin_trial(request: Request) -> None:
    """Begin a trial in this session; one under way ends."""
    drop_trial()
    st.session_state[_TRIAL] = Trial(request)


def drop_trial() -> None:
    """Forget this session's trial, and show the panel alone again."""
    trial = current_trial()
    if trial is not None:
        trial.forget()
        st.session_state[_TRIAL] = None


def current_trial() -> Trial | None:
    """Return this session's trial, under way or ended; None where there is none."""
    return st.session_state.get(_TRIAL) if get_script_run_ctx() is not None else None


def trial_file() -> Path | None:
    """Return the results that this session's reader sees instead of the shared ones, if any."""
    trial = current_trial()
    return trial.results / WAREHOUSE_FILE if trial is not None and trial.succeeded else None


look_first(trial_file)


def _sweep() -> None:
    """Delete the folders of trials whose server was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, OverflowError):
            shutil.rmtree(folder, ignore_errors=True)
        except (ValueError, OSError):
            continue  # none of ours, or somebody else's
