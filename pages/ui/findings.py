"""What pages answer with."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "yes", "partly", "no evidence", "contrary", "inconclusive", "too few", "published"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers in view say, how sure that is, and what the paper has."""

    verdict: Verdict
    sentence: str
    doubt: str = ""
    paper: str = ""
