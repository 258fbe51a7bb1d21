"""Whether scores hold as samples are added, and whether classes carry them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import Doubt, as_score, counted, known

_PAPER = "Paper, App. A: n = 1,024 and k = 10 throughout; other n not shown"
_MANY = "Paper, App. A: one caption an image; Koepke et al. 2026: agreement is lower many to many"
_CLASSES = "Paper, Sec. 5: models may agree only so far; classes not told apart there"


@dataclass(frozen=True, slots=True)
class Grown:
    """One curve over the number of samples."""

    fixed: str
    """k, share or none."""
    first: float
    last: float
    low: float | None
    """Of the change."""
    high: float | None


@dataclass(frozen=True, slots=True)
class Classed:
    """One pair's agreement in classes."""

    between: bool
    """Interval above chance."""
    within: bool


@dataclass(frozen=True, slots=True)
class Many:
    """One pair many to many beside one to one."""

    difference: float
    """Many less one, chance taken out of both."""
    low: float
    high: float


def sizes_matter(
    *, pair: str, curves: Sequence[Grown], first: int, last: int, ahead: str = ""
) -> Finding:
    """Say how one pair's score changes as samples are added.

    Args:
        pair: its name.
        curves: of it.
        first: samples of the first size.
        last: of the last.
        ahead: what is taken on, in words; empty for nothing.
    """
    fixed = {one.fixed: one for one in curves}
    judged = fixed.get("share") or fixed.get("none") or fixed.get("k")
    if judged is None:
        return Finding("too few", "Too few models: no curve.", "", _PAPER)
    low, high = known(judged.low), known(judged.high)
    names = {"share": "at a fixed k / n", "k": "at a fixed k", "none": ""}
    parts = [
        f"{names[one.fixed]} {as_score(one.first)} becomes {as_score(one.last)}".strip()
        for one in (fixed.get("k"), fixed.get("share"), fixed.get("none"))
        if one is not None
    ]
    verdict: Verdict
    if low is None or high is None:
        verdict, lead = "inconclusive", "no interval tells whether the score holds"
    elif low <= 0 <= high:
        verdict, lead = "yes", "no change with n is told from none"
    else:
        verdict, lead = "partly", "the score changes with n"
    if low is not None and high is not None and judged.fixed != "none":
        lead += f" {names[judged.fixed]}"
    sentence = f"{BADGES[verdict]}: {lead}. From n = {first:,} to {last:,} {'; '.join(parts)}."
    doubt = Doubt(pair)
    if low is not None and high is not None:
        doubt.add(f"95 % of the change {as_score(low)} to {as_score(high)}")
    doubt.add(ahead)
    return Finding(verdict, sentence, doubt.text(), _PAPER)


def classes_carry(*, pairs: Sequence[Classed], samples: int, classes: int) -> Finding:
    """Say of how many pairs of trained models classes and samples within them are agreed upon.

    Args:
        pairs: of trained models.
        samples: n.
        classes: compared.
    """
    if not pairs:
        return Finding(
            "too few", "Too few models: no pair of trained models was compared in classes.", "",
            _CLASSES,
        )  # fmt: skip
    total, within = len(pairs), sum(one.within for one in pairs)
    between = sum(one.between for one in pairs)
    verdict: Verdict = (
        "yes" if within == total else "partly" if within or between else "no evidence"
    )
    sentence = (
        f"{BADGES[verdict]}: within classes {within} of {counted(total, 'pair')} of trained models "
        f"{'agrees' if within == 1 else 'agree'} beyond chance, between classes {between}."
    )
    doubt = Doubt("beyond: the 95 % interval lies above chance, each by itself")
    doubt.add(f"{classes:,} classes, n = {samples:,} samples")
    return Finding(verdict, sentence, doubt.text(), _CLASSES)


def many_beside_one(*, pairs: Sequence[Many], samples: int, items: str) -> Finding:
    """Say of how many pairs of trained models more agree many to many than one to one, or fewer.

    Args:
        pairs: of trained models.
        samples: n.
        items: how many each, in words.
    """
    if not pairs:
        return Finding(
            "too few", "Too few models: no pair of trained models was scored many to many.", "",
            _MANY,
        )  # fmt: skip
    more, less = (sum(one.low > 0 for one in pairs), sum(one.high < 0 for one in pairs))
    told = more + less
    verdict: Verdict = "inconclusive"
    if told:
        verdict = "yes" if told == len(pairs) else "partly"
    ends = sorted(one.difference for one in pairs)
    agree = "agrees" if more == 1 else "agree"
    sentence = (
        f"{BADGES[verdict]}: many to many, {more} of {counted(len(pairs), 'pair')} of trained "
        f"models {agree} more than one to one, {less} less; differences beyond chance from "
        f"{as_score(ends[0])} to {as_score(ends[-1])}."
    )
    doubt = Doubt("95 % intervals over samples as if independent, so rather narrow")
    doubt.add(f"{items} each, n = {samples:,} samples")
    return Finding(verdict, sentence, doubt.text(), _MANY)
