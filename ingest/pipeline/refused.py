"""What a command left out."""

from typing import NamedTuple


class Refused(NamedTuple):
    """What could not be done, and why."""

    name: str
    """A model's id, or what else the work was on."""
    reason: str
