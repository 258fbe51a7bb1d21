"""Whether models' samples are matched without pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import Doubt, counted

_PAPER = "Paper, Sec. 2: one representation, which would match without pairs; not tested there"


@dataclass(frozen=True, slots=True)
class Matched:
    """How one pair of models was matched."""

    pair: str
    correct: int
    beyond: bool
    """More correct than by luck, q <= .05."""
    ranked: bool
    """True partners nearer than by luck, q <= .05."""
    hidden: bool
    """A wrong matching agrees better than the truth."""


def matched_without_pairs(
    *, pairs: Sequence[Matched], samples: int, blocks: int, controls: Sequence[Matched] = ()
) -> Finding:
    """Say how many pairs of trained models are matched above luck, and how well the best.

    Args:
        pairs: of trained models.
        samples: of all blocks.
        blocks: matched each by itself; luck gets one right in each.
        controls: pairs with an untrained model.
    """
    if not pairs:
        return Finding(
            "too few", "Too few models: no pair of trained models was matched.", "", _PAPER
        )
    beyond = [one for one in pairs if one.beyond]
    ranked = sum(one.ranked for one in pairs)
    best = max(pairs, key=lambda one: one.correct)
    verdict: Verdict = "yes" if len(beyond) == len(pairs) else "partly" if beyond else "no evidence"
    how_many = f"{len(beyond)} of {counted(len(pairs), 'pair')} of trained models"
    are = "is" if len(beyond) == 1 else "are"
    sentence = (
        f"{BADGES[verdict]}: {how_many} {are} matched beyond luck; most right: {best.pair}, "
        f"{best.correct:,} of {samples:,} (luck {blocks:,})."
    )
    doubt = Doubt(
        "q ≤ .05 over all pairs shown (Benjamini and Hochberg), exact under random truths"
    )
    if ranked != len(beyond):
        of_controls = sum(one.ranked for one in controls)
        beside = f", and in {of_controls} of {len(controls)} with an untrained model"
        doubt.add(
            f"true partners rank better than by luck in {ranked}" + (beside if controls else "")
        )
    hidden = sum(one.hidden for one in pairs)
    if hidden:
        doubt.add(f"in {hidden} a wrong matching agrees better than the truth")
    doubt.add(f"n = {samples:,} samples in {counted(blocks, 'block')}")
    return Finding(verdict, sentence, doubt.text(), _PAPER)
