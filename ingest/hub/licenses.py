"""Which features may be passed on: what the records of their datasets and models say."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_OPEN = re.compile(
    r"(apache|mit|mit-0|bsd|isc|unlicense|zlib|public domain|pddl|odc-by|cc0|cc-by(-sa)?)"
    r"([- ]?v?\d+(\.\d+)*)?(-clause)?( license)?",
    re.IGNORECASE,
)
_ON_THE_HUB = {
    "apache-2.0": "apache-2.0",
    "cc0": "cc0-1.0",
    "cc0-1.0": "cc0-1.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-sa-3.0": "cc-by-sa-3.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "mit": "mit",
    "odc-by": "odc-by",
}
"""Licenses by the names that the hub has for them."""


class Licensed(NamedTuple):
    """A dataset or model, and what its record says of it."""

    name: str
    title: str
    source: str
    revision: str
    license: str
    citation: str
    modality: str = ""
    n: int = 0


def is_open(license: str) -> bool:
    """Say whether a license is one of those, by name, that let anybody pass on what was made.

    What limits its use, what is said of a part alone, and what is unknown is none.
    """
    return _OPEN.fullmatch(license.strip()) is not None


def limited(of: Iterable[Licensed]) -> list[Licensed]:
    """Return those whose license does not, or not surely, permit to pass on features."""
    return [one for one in of if not is_open(one.license)]


def hub_license(of: Iterable[Licensed]) -> str:
    """Return the hub's name for the license of all of them; other, where they are several."""
    names = {_ON_THE_HUB.get(one.license.strip().lower(), "other") for one in of}
    return names.pop() if len(names) == 1 else "other"
