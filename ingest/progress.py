"""What a long task tells about itself; whoever starts it decides how that is shown."""

from typing import Protocol


class Progress(Protocol):
    """Receives a task's progress: one `start`, any number of `advance` and `note`, one `done`."""

    def start(self, title: str, total: int) -> None:
        """Begin a task of `total` items."""
        ...

    def advance(self, n: int) -> None:
        """Count `n` more items as finished."""
        ...

    def note(self, text: str) -> None:
        """Tell something worth knowing that is no error."""
        ...

    def done(self) -> None:
        """End the task, finished or not."""
        ...


class Silent:
    """A progress that shows nothing."""

    def start(self, title: str, total: int) -> None:
        """Ignore the start."""

    def advance(self, n: int) -> None:
        """Ignore the step."""

    def note(self, text: str) -> None:
        """Ignore the note."""

    def done(self) -> None:
        """Ignore the end."""
