"""What a stranger's statement may cost, and what is said where it costs more."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one statement may cost."""

    seconds: float = 5.0
    """Of wall-clock time; the process is killed a second later."""
    memory_mb: int = 512
    """DuckDB's memory; the process gets as much again."""
    rows: int = 10_000
    """More are cut off, and said to be."""
    result_mb: int = 8
    """A larger answer is refused."""
    threads: int = 1
    statement_kb: int = 100

    @property
    def too_long(self) -> str:
        """What is said of a statement that takes longer."""
        return f"stopped: a statement may take {self.seconds:g} seconds here"

    @property
    def too_much(self) -> str:
        """What is said of a statement that needs more memory."""
        return (
            f"stopped: a statement may use {self.memory_mb} MB of memory here, and this one needed "
            "more"
        )


LIMITS = Limits()
"""Where nobody says otherwise."""
