"""What a page answers: its verdict, a sentence, its doubt, and what the paper reports."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "yes", "partly", "no evidence", "contrary", "inconclusive", "too few", "published"
]

BADGES: dict[Verdict, str] = {
    "yes": "Yes",
    "partly": "Partly",
    "no evidence": "No evidence here",
    "contrary": "Contrary",
    "inconclusive": "Inconclusive",
    "too few": "Too few models",
    "published": "Published numbers",
}
"""What a reader sees of a verdict, in a word or three."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a page answers."""

    verdict: Verdict
    sentence: str
    """The finding with its effect. Starts with the words of its badge, or with more of them."""
    doubt: str = ""
    """Interval, p or q, how many models and samples, and what the null is."""
    paper: str = ""
    """What the paper reports."""

    def as_published(self) -> "Finding":
        """Return the same as what others measured, which no verdict of ours is on."""
        said = self.sentence.removeprefix(f"{BADGES[self.verdict]}: ")
        return Finding("published", f"{BADGES['published']}: {said}", self.doubt, self.paper)

    def after_badge(self) -> str:
        """Return the sentence for a place where the badge stands already."""
        lead = f"{BADGES[self.verdict]}: "
        if not self.sentence.startswith(lead):
            return self.sentence
        rest = self.sentence[len(lead) :]
        return rest[:1].upper() + rest[1:]
