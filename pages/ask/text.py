"""Words of the page where readers ask in SQL."""

from pages.ask.queries import Example
from prh_core.warehouse.limits import LIMITS
from prh_core.warehouse.stranger import StrangersAnswer

LONGEST = 8_000
"""Characters of a statement; a link holds as many."""
HEIGHT = 250
"""Of a table of rows, in pixels."""
HOW = (
    "One statement that reads (SELECT, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN), in DuckDB's "
    f"SQL. It runs in a process of its own, for {LIMITS.seconds:g} seconds and in "
    f"{LIMITS.memory_mb} MB at most, sees this warehouse and nothing else, and returns up to "
    f"{LIMITS.rows:,} rows. Ctrl-Enter runs what is written."
)
NO_ROWS = "The statement runs, and no row fits it."
NO_PICTURE = "A picture needs a column of numbers, and another to lay them out by."
START = "Begin with"
OWN = "your own question"


def title_of(example: Example | None) -> str:
    """Return an example's name in the list of examples."""
    return OWN if example is None else example.title


def describe(found: StrangersAnswer) -> str:
    """Say how much came back, and how fast."""
    rows = found.answer.frame.height
    count = f"the first {rows:,} rows" if found.cut else f"{rows:,} row{'s' * (rows != 1)}"
    columns = found.answer.frame.width
    return (
        f"{count[0].upper()}{count[1:]} of {columns:,} column{'s' * (columns != 1)}, "
        f"{found.seconds:.2f} s"
    )
