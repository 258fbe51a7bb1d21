"""A progress that also stands in a data folder, for pages to read."""

import json
import math
import time
from pathlib import Path

from ingest.progress import Progress
from ingest.store.atomic import atomic_path
from prh_core.warehouse.progress import DEMO_UNFINISHED, WorkProgress


class Told:
    """A progress that also stands in the data folder, for pages to read."""

    def __init__(self, progress: Progress, home: Path, name: str = DEMO_UNFINISHED) -> None:
        """Tell `progress` everything, and the folder how far the work is.

        Args:
            progress: told everything.
            home: the data folder.
            name: of the file there that pages read.
        """
        self._progress, self._file = progress, home / name
        self._now = WorkProgress()
        self._written = -math.inf

    def begin(self, title: str, stage: int = 0, stages: int = 1) -> None:
        """Begin one of the stages."""
        self._tell(WorkProgress(stage, stages, title))

    def start(self, title: str, total: int) -> None:
        """Begin a task of a stage."""
        self._progress.start(title, total)
        self._tell(self._now._replace(title=title, done=0, total=total))

    def advance(self, n: int) -> None:
        """Count finished items; the folder is told twice a second at most."""
        self._progress.advance(n)
        self._now = self._now._replace(done=self._now.done + n)
        if time.monotonic() > self._written + 0.5:
            self._tell(self._now)

    def note(self, text: str) -> None:
        """Pass a note on."""
        self._progress.note(text)

    def done(self) -> None:
        """End the task."""
        self._progress.done()

    def _tell(self, now: WorkProgress) -> None:
        self._now, self._written = now, time.monotonic()
        write_progress(self._file, now)


def write_progress(file: Path, progress: WorkProgress) -> None:
    """Tell how far work is; a reader sees the old state or the new."""
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(progress._asdict()), encoding="utf-8")
