"""Whether colors in words and in pictures stand as in human vision."""

from dataclasses import dataclass

from pages.ui.findings.finding import Finding
from pages.ui.findings.words import (
    ENOUGH,
    Doubt,
    as_interval,
    as_p,
    as_share,
    counted,
    is_significant,
    known,
    named,
    paper_has,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How far colors laid out by someone agree with human vision."""

    name: str
    rho: float | None
    """Spearman correlation of distances with CIELAB's."""
    low: float | None = None
    high: float | None = None
    """95 % interval of it."""
    q: float | None = None
    """Of no agreement, one-sided."""
    colors: int = 0


def colors(
    *,
    language: Layout | None = None,
    pictures: Layout | None = None,
    control: Layout | None = None,
    models: int = 0,
    layouts: int = 0,
) -> Finding:
    """Say whether colors in words and in pictures stand as in human vision.

    Args:
        language: the best layout of a trained language model.
        pictures: that of pictures.
        control: the best of an untrained language model.
        models: trained language models laid out.
        layouts: of which q is corrected for, and among which the best was chosen.
    """
    claim = (
        "Fig. 8: CIFAR-10's pixels and 20 color words of two language models (SimCSE, "
        "RoBERTa-large), each aligned to CIELAB; seen, not tested"
    )
    words = language if language and known(language.rho) is not None else None
    seen = pictures if pictures and known(pictures.rho) is not None else None
    if words is None and seen is None:
        return Finding(
            "too few",
            "Too few models: no colors of a language model or of pictures are laid out here.",
            paper=paper_has(claim),
        )
    doubt = Doubt("q of no agreement: colors shuffled, one-sided")
    if layouts > 1:
        doubt.add(f"corrected for {layouts} layouts, the best of them shown")
    for one in (words, seen):
        if one is not None and as_p(one.q, "q"):
            doubt.add(f"{named(one.name)} {as_p(one.q, 'q')}")
    untrained = control if control and known(control.rho) is not None else None
    if untrained is not None:
        doubt.add(f"untrained: {named(untrained.name)}, ρ = {as_share(untrained.rho)}")
    doubt.add(counted(models, "language model") if models else "no trained language model")
    told = {id(one): f"{named(one.name)} ({_layout(one)})" for one in (words, seen) if one}
    shown = [one for one in (words, seen) if one is not None and _agrees(one)]
    if not shown:
        listed = " and ".join(told.values())
        who = words or seen
        assert who is not None
        if who.high is not None and who.high < 0:
            sentence = f"Contrary: colors stand against human vision in {listed}."
            return Finding("contrary", sentence, doubt.text(), paper_has(claim, "contradicts"))
        few = who.colors and who.colors < ENOUGH
        if few:
            sentence = (
                f"Inconclusive with {counted(models, 'language model')}: "
                f"{counted(who.colors, 'color')} cannot tell agreement with the eye from "
                f"chance in {listed}."
            )
            return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
        sentence = (
            f"No evidence here: agreement of colors with human vision cannot be told from "
            f"chance in {listed}."
        )
        return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
    lead = "colors stand as in human vision in "
    if len(shown) < len(told):
        other = next(one for one in (words, seen) if one and not _agrees(one))
        sentence = (
            f"Partly: {lead}{told[id(shown[0])]}, but not shown to in {told[id(other)]}."
        )  # fmt: skip
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    if words is not None and untrained is not None:
        least = words.low if known(words.low) is not None else words.rho
        if float(least or 0) <= float(untrained.rho or 0):
            sentence = (
                f"Partly: {lead}{' and in '.join(told.values())}, but an untrained model reaches "
                f"ρ = {as_share(untrained.rho)}."
            )
            return Finding("partly", sentence, doubt.text(), paper_has(claim))
    wide = [
        name
        for name, one in (("words", words), ("pictures", seen))
        if one is not None and (known(one.low) or 0) <= 0 and known(one.low) is not None
    ]
    if wide:
        sentence = (
            f"Partly: {lead}{' and in '.join(told.values())}; the interval of "
            f"{' and of '.join(wide)} includes zero."
        )
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    if words is None:
        sentence = f"Partly: {lead}{told[id(seen)]}; of words nothing is laid out here."
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    return Finding("yes", f"Yes: {lead}{' and in '.join(told.values())}.", doubt.text(),
                   paper_has(claim))  # fmt: skip


def _agrees(one: Layout) -> bool:
    rho = known(one.rho)
    return rho is not None and rho > 0 and is_significant(one.q)


def _layout(one: Layout) -> str:
    ends = as_interval(one.low, one.high, as_share)
    return f"ρ = {as_share(one.rho)}" + (f", {ends}" if ends else "")
