"""How far long work is: what `prh demo` and `prh try` write into a data folder, and pages read."""

import contextlib
import json
import time
from pathlib import Path
from typing import NamedTuple

DEMO_UNFINISHED = "demo.unfinished"
"""Lies in the data folder from the beginning of `prh demo` to its end, and tells how far it is."""
TRIAL_UNFINISHED = "trial.unfinished"
"""The same of `prh try`, in the folder that it fills."""
QUIET = 600
"""Seconds without a word after which nobody seems to be at work."""


class WorkProgress(NamedTuple):
    """Where work is, or where it stopped."""

    stage: int = 0
    """Stages that are done."""
    stages: int = 1
    title: str = "Starting"
    """What is being done."""
    done: int = 0
    """Items of it that are."""
    total: int = 0
    seconds: float = 0.0
    """Since it last told."""

    @property
    def share(self) -> float:
        """How much of all is done, 0 to 1, every stage counted alike."""
        within = min(self.done / self.total, 1.0) if self.total else 0.0
        return min((self.stage + within) / max(self.stages, 1), 1.0)

    @property
    def stands_still(self) -> bool:
        """Whether nothing was told for so long that nobody seems to be at work."""
        return self.seconds > QUIET


def read_progress(home: Path, name: str = DEMO_UNFINISHED) -> WorkProgress | None:
    """Return how far work in a data folder is; None where none is unfinished.

    Args:
        home: the folder.
        name: of the file that lies there meanwhile.
    """
    try:
        text = (home / name).read_text(encoding="utf-8")
        seconds = time.time() - (home / name).stat().st_mtime
    except OSError:
        return None
    with contextlib.suppress(ValueError, TypeError):
        told = json.loads(text)
        stage, stages, done, total = (int(told[n]) for n in ("stage", "stages", "done", "total"))
        return WorkProgress(stage, stages, str(told["title"]), done, total, seconds)
    return WorkProgress(seconds=seconds)  # an earlier version wrote nothing into it
