"""Whether skill grows with alignment, and whether it emerges."""

from typing import Literal

from pages.ui.findings.finding import Finding
from pages.ui.findings.words import (
    ENOUGH,
    LEAST,
    Doubt,
    as_p,
    as_percent,
    as_score,
    as_share,
    counted,
    is_significant,
    known,
    named,
    of_samples,
    paper_has,
)


def emergence(
    *,
    skill: str,
    models: int,
    r: float | None = None,
    p: float | None = None,
    verdict: str | None = None,
    emergence_p: float | None = None,
    power: float | None = None,
    onset: float | None = None,
    alignment: str = "alignment",
    samples: int | None = None,
    expected: Literal[1, -1] = 1,
) -> Finding:
    """Say whether skill grows with alignment, and whether it emerges.

    Args:
        skill: its name.
        models: with both.
        r: Pearson correlation of the two.
        p: of it, two-sided.
        verdict: of `prh_core.emergence`: emergent, not emergent, cannot tell; None without a test.
        emergence_p: its p.
        power: share of onsets that it would have found.
        onset: alignment from which skill rises.
        alignment: what is meant by it, e.g. "alignment with DINOv2".
        samples: n behind each alignment.
        expected: -1 where the alignment is a distance.
    """
    claim = "Fig. 4: HellaSwag grows linearly with alignment to DINOv2, GSM8K emerges"
    skill, alignment, found = named(skill, 60), named(alignment, 60), known(r)
    if models < LEAST or found is None or known(p) is None:
        why = (
            f"{counted(models, 'model')} with both {skill} and {alignment}"
            if models < LEAST
            else f"the {models} models differ too little in {skill} or {alignment}"
        )
        return Finding("too few", f"Too few models for a trend, {why}.", paper=paper_has(claim))
    doubt = Doubt(f"{as_p(p)} of no correlation, two-sided, models taken as independent")
    if known(emergence_p) is not None:
        doubt.add(f"emergence: {as_p(emergence_p)} of no onset")
    if verdict != "emergent" and known(power) is not None:
        doubt.add(f"an onset would have been found in {as_percent(power)} of simulated sets")
    doubt.add(counted(models, "model") + of_samples(samples))
    emerges = verdict == "emergent" and is_significant(emergence_p)
    start = f" from about {as_score(onset)} on" if known(onset) is not None else ""
    shape = {
        "emergent": f"it emerges{start}" if emerges else "",
        "not emergent": "it does not emerge",
        "cannot tell": "whether it emerges cannot be told",
    }.get(verdict or "", "")
    bare = skill.casefold().replace("-", "").replace(" ", "")
    unlike = ("gsm8k" in bare and verdict == "not emergent") or ("hellaswag" in bare and emerges)
    strength = f"(r = {as_share(found)}, {as_p(p)}, {counted(models, 'model')})"
    if not is_significant(p):
        told = f"that {skill} grows with {alignment} cannot be told from chance {strength}"
        if emerges:
            return Finding(
                "partly", f"Partly: {told}, yet {shape}.", doubt.text(),
                paper_has(claim, "contradicts" if unlike else ""),
            )  # fmt: skip
        if models >= ENOUGH:
            return Finding(
                "no evidence", f"No evidence here: {told}.", doubt.text(),
                paper_has(claim, "not shown"),
            )  # fmt: skip
        sentence = (
            f"Inconclusive with {counted(models, 'model')}: that {skill} grows with {alignment} "
            f"cannot be told from chance (r = {as_share(found)}, {as_p(p)})."
        )
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    if found * expected < 0:
        sentence = f"Contrary: {skill} is lower where {alignment} is closer {strength}."
        return Finding("contrary", sentence, doubt.text(), paper_has(claim, "contradicts"))
    told = f"{skill} grows with {alignment} {strength}"
    if expected < 0:
        told = f"{skill} grows as {alignment} gets closer {strength}"
    told += f"; {shape}" if shape else ""
    if unlike:
        return Finding("partly", f"Partly: {told}.", doubt.text(), paper_has(claim, "contradicts"))
    return Finding("yes", f"Yes: {told}.", doubt.text(), paper_has(claim))
