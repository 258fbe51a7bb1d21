"""Whether captions that say more align better."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import (
    LONGEST,
    Doubt,
    as_change,
    counted,
    known,
    lowered,
    named,
    paper_has,
)


@dataclass(frozen=True, slots=True)
class Contrast:
    """What one caption set scores beyond another, paired over images.

    Without its 95 % interval it was not tested.
    """

    to: str
    from_: str
    words_more: float
    difference: float
    low: float | None
    high: float | None
    control: bool = False
    """Whether `to` takes apart what longer captions bring."""
    unrelated: bool = False
    """Whether the captions of `to` are of other images."""


def density(
    *,
    contrasts: Sequence[Contrast],
    language_models: int,
    vision_models: int,
    samples: int | None = None,
    distinct: int | None = None,
    repeated: str = "",
    metric: str = "",
) -> Finding:
    """Say whether captions that say more align better, step by step.

    Args:
        contrasts: each caption set against the next shorter one, and controls against theirs.
        language_models: trained ones averaged over.
        vision_models: likewise.
        samples: images.
        distinct: different captions of the set that repeats most; None leaves it out.
        repeated: name of that set.
        metric: its name, with k.
    """
    claim = "Fig. 9: denser captions align better (Densely Captioned Images, summarized to N words)"
    there = [one for one in contrasts if known(one.difference) is not None]
    steps = [_longer(one) for one in there if not one.control]
    controls = [one for one in there if one.control]
    untested = [one for one in steps if not _tested(one)]
    doubt = Doubt(metric)
    doubt.add("95 % intervals of paired differences over the same images")
    doubt.add(
        f"{counted(language_models, 'language model')}, {counted(vision_models, 'vision model')}"
        + (f", {counted(samples, 'image')}" if samples is not None else "")
    )
    if distinct is not None and samples is not None and distinct < samples:
        of = f" in “{named(repeated)}”" if repeated else ""
        doubt.add(
            f"captions repeat: {distinct:,} distinct of {samples:,}{of}, so which images count as "
            "neighbors is partly their order"
        )
    for one in controls:
        doubt.add(f"control: {_step(one)}")
    if not steps:
        return Finding(
            "too few",
            "Too few models: no pair of trained models is scored under two caption sets.",
            doubt.text() if language_models and vision_models else "",
            paper_has(claim),
        )
    up = [one for one in steps if _tested(one) and float(one.low or 0) > 0]
    down = [one for one in steps if _tested(one) and float(one.high or 0) < 0]
    empty = [
        one for one in controls if one.unrelated and _tested(one) and float(one.high or 0) >= 0
    ]
    if untested:
        doubt.add(
            f"{counted(len(untested), 'step')} without an interval: `prh captions` compares sets "
            "that are next to each other"
        )
    listed = ", ".join(_step(one) for one in steps)
    because = ""
    if empty:
        because = f"; captions of other images score no lower ({as_change(empty[0].difference)})"
    longest = LONGEST - len("No evidence here: longer captions score no higher, .") - len(because)
    if len(steps) > 3 or len(listed) > longest:
        ordered = sorted(steps, key=lambda one: one.difference)
        ends = [ordered[-1], ordered[0]] if len(ordered) > 1 else ordered
        count = f"{len(up)} of {len(steps)} steps up, {len(down)} down: "
        listed = count + ", ".join(_step(one, short=True) for one in ends)
    if down and not up:
        return Finding(
            "contrary", f"Contrary: longer captions score lower, {listed}.", doubt.text(),
            paper_has(claim, "contradicts"),
        )  # fmt: skip
    if len(untested) == len(steps):
        models = counted(language_models + vision_models, "model")
        return Finding(
            "inconclusive", f"Inconclusive with {models}: not tested, {listed}.", doubt.text(),
            paper_has(claim),
        )  # fmt: skip
    if not up:
        return Finding(
            "no evidence", f"No evidence here: longer captions score no higher, {listed}.",
            doubt.text(), paper_has(claim, "not shown"),
        )  # fmt: skip
    verdict: Verdict = "yes" if len(up) == len(steps) and not empty else "partly"
    return Finding(
        verdict, f"{BADGES[verdict]}: {listed}{because}.", doubt.text(), paper_has(claim)
    )  # fmt: skip


def _tested(one: Contrast) -> bool:
    return known(one.low) is not None and known(one.high) is not None


def _longer(one: Contrast) -> Contrast:
    """Return a contrast of the longer captions against the shorter."""
    if one.words_more >= 0:
        return one
    low, high = (None if end is None else -end for end in (one.high, one.low))
    return Contrast(one.from_, one.to, -one.words_more, -one.difference, low, high)


def _step(one: Contrast, *, short: bool = False) -> str:
    most = 22 if short else 32
    ends = f"{as_change(one.low)} to {as_change(one.high)}" if _tested(one) else "untested"
    to, against = lowered(named(one.to, most)), lowered(named(one.from_, most))
    return f"{to} against {against} {as_change(one.difference)} ({ends})"
