"""What stands behind alignment: neighborhoods, and learners of a simulated world."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import Finding
from pages.ui.findings.words import (
    Doubt,
    as_change,
    as_percent,
    as_score,
    as_share,
    counted,
    known,
    named,
    paper_has,
)

FITS = 0.9
"""Correlation of a kernel with K_PMI from which it is called that, up to a constant."""
_SIZES = 3
"""Sizes of a family below which growth in standard deviations is the same whatever was measured."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How alignment grows with size in a family of vision models (paper, Fig. 10)."""

    family: str
    sizes: int
    local: float | None = None
    """From the smallest model to the largest in standard deviations over sizes, at the least k."""
    global_: float | None = None
    """The same at the largest k."""


def locality(*, families: Sequence[Growth], least: int, largest: int, samples: int) -> Finding:
    """Say whether alignment grows with size locally rather than globally.

    Args:
        families: of vision models.
        least: smallest k.
        largest: largest k.
        samples: n.
    """
    claim = "Fig. 10: alignment grows locally; only CLIP grows globally, too"
    models = sum(one.sizes for one in families)
    told = [
        one
        for one in families
        if one.sizes >= _SIZES and None not in (known(one.local), known(one.global_))
    ]
    doubt = Doubt("growth from the smallest model to the largest, in standard deviations over "
                   "sizes; no test")  # fmt: skip
    doubt.add(f"{counted(models, 'vision model')}, n = {samples:,} samples")
    if not families:
        return Finding(
            "too few", "Too few models: no vision model is measured at several k.",
            paper=paper_has(claim),
        )  # fmt: skip
    if not told:
        most = max(one.sizes for one in families)
        why = (
            f"no family has three sizes, and two are √2 standard deviations apart whatever was "
            f"measured ({counted(most, 'size')} at most)"
            if most < _SIZES
            else "within every family of three sizes alignments are equal"
        )
        sentence = f"Inconclusive with {counted(models, 'vision model')}: {why}."
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    local = [one for one in told if float(one.local or 0) > float(one.global_ or 0)]
    shown = max(told, key=lambda one: float(one.local or 0) - float(one.global_ or 0))
    if not local:
        shown = told[0]
    span = (
        f"{named(shown.family)} {as_change(shown.local, 1)} at k = {least:,}, "
        f"{as_change(shown.global_, 1)} at k = {largest:,}"
    )
    for one in told:
        if one is not shown:
            doubt.add(
                f"{named(one.family)} {as_change(one.local, 1)} and {as_change(one.global_, 1)}"
            )  # fmt: skip
    of = f"{len(local)} of {counted(len(told), 'family', 'families')} of three sizes or more"
    if not local:
        sentence = f"No evidence here: alignment grows more at small k in {of} ({span})."
        return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
    sentence = f"Partly: alignment grows more at small k in {of}, untested ({span})."
    return Finding("partly", sentence, doubt.text(), paper_has(claim))


def theory(
    *,
    correlation_a: float | None,
    correlation_b: float | None,
    observer: str,
    score: float | None = None,
    chance: float | None = None,
    lost: float = 0.0,
    metric: str = "alignment",
    events: int | None = None,
) -> Finding:
    """Say whether two observers of a simulated world learn one kernel, that of its PMI.

    A kernel is called K_PMI up to a constant from a correlation of `FITS` on: a fit to a truth
    that is known, not a test.

    Args:
        correlation_a: of A's kernel with the world's K_PMI.
        correlation_b: of B's.
        observer: what B is: bijective, lossy or noisy.
        score: alignment of A and B.
        chance: of it.
        lost: share of the information that B loses.
        metric: of the score.
        events: in the world.
    """
    claim = "Section 4, App. F: learners end at K_PMI plus a constant, alike for every bijection"
    own, other = known(correlation_a), known(correlation_b)
    doubt = Doubt("correlations are fits to a known truth, without a test")
    if known(score) is not None:
        by_chance = f" (chance {as_score(chance)})" if known(chance) is not None else ""
        doubt.add(f"{named(metric, 60)} of A and B {as_score(score)}{by_chance}")
    if events is not None:
        doubt.add(counted(events, "event"))
    doubt.add("a simulated world")
    if own is None or other is None:
        who = " and ".join(n for n, c in (("A", own), ("B", other)) if c is None)
        sentence = f"Inconclusive with 2 models: no correlation with K_PMI is known of {who}."
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    both = f"A's kernel follows K_PMI at r = {as_share(own)}, B's at {as_share(other)}"
    sees = {"bijective": "B sees every event under another name"}.get(
        observer, f"B loses {as_percent(lost)} of the information"
    )
    if own >= FITS and other >= FITS:
        return Finding("yes", f"Yes: {both}; {sees}.", doubt.text(), paper_has(claim))
    if own >= FITS:
        if observer == "bijective":
            sentence = f"Partly: {both}, though {sees}."
            return Finding("partly", sentence, doubt.text(), paper_has(claim, "not shown"))
        sentence = f"Partly: {both}, as is expected where {sees}."
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    if own < 0 and other < 0:
        sentence = f"Contrary: {both}; {sees}."
        return Finding("contrary", sentence, doubt.text(), paper_has(claim, "contradicts"))
    sentence = f"No evidence here: {both}; A itself has not learned it."
    return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
