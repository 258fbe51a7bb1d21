"""What became of one architecture in a sweep."""

from typing import Literal, NamedTuple

Verdict = Literal["equal", "refused", "different", "traceback", "not built"]
"""equal: features are the library's own intermediates, pooled. refused: an error of ours, by name.
different: features without a word that they are not. traceback: an error that is none of ours.
not built: the library itself does not build or run it at a small size, so nothing is claimed."""


class Outcome(NamedTuple):
    """One architecture's verdict."""

    name: str
    verdict: Verdict
    why: str = ""
    """The refusal's sentence, the largest relative difference, or what the library said."""
