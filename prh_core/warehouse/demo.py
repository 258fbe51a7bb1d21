"""How far `prh demo` is: what it writes into the data folder, and the pages read."""

import contextlib
import json
import time
from pathlib import Path
from typing import NamedTuple

DEMO_UNFINISHED = "demo.unfinished"
"""Lies in the data folder from the beginning of `prh demo` to its end, and tells how far it is."""
QUIET = 600
"""Seconds without a word after which nobody seems to be at work."""


class DemoProgress(NamedTuple):
    """Where the demo is, or where it stopped."""

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


def read_progress(home: Path) -> DemoProgress | None:
    """Return how far the demo in a data folder is; None where none is unfinished."""
    try:
        text = (home / DEMO_UNFINISHED).read_text(encoding="utf-8")
        seconds = time.time() - (home / DEMO_UNFINISHED).stat().st_mtime
    except OSError:
        return None
    with contextlib.suppress(ValueError, TypeError):
        told = json.loads(text)
        stage, stages, done, total = (int(told[n]) for n in ("stage", "stages", "done", "total"))
        return DemoProgress(stage, stages, str(told["title"]), done, total, seconds)
    return DemoProgress(seconds=seconds)  # an earlier version wrote nothing into it
