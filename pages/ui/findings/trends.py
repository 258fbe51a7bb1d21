"""Whether something rises with something over models."""

from typing import Literal

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import (
    ENOUGH,
    LEAST,
    Doubt,
    as_interval,
    as_number,
    as_p,
    as_score,
    as_share,
    counted,
    direction,
    is_significant,
    known,
    lowered,
    named,
    paper_has,
)

METRIC_TRENDS = (
    "Figs. 13 and 14: Fig. 3 under each metric; calibrated (Gröger et al. 2026), its trend stays "
    "for mutual k-NN (r .85 → .84) and mostly vanishes for CKA (.86 → .45)"
)
"""What the paper has of trends under other metrics."""
_CRITICAL = {4: 0.95, 5: 0.88, 6: 0.81, 7: 0.75, 8: 0.71, 9: 0.67, 10: 0.63}
"""Pearson correlations that so many independent models exceed by chance in 5 % of cases."""
_TRENDS = {
    "Fig. 3": "Fig. 3: a linear relation, closest 0.16 (12 language and 17 vision models, WIT)",
    "Fig. 13": METRIC_TRENDS,
}  # fmt: skip


def trend(
    *,
    effect: str,
    cause: str,
    models: int,
    r: float | None = None,
    slope: float | None = None,
    slope_low: float | None = None,
    slope_high: float | None = None,
    p: float | None = None,
    families: int | None = None,
    within_slope: float | None = None,
    within_low: float | None = None,
    within_high: float | None = None,
    within_p: float | None = None,
    samples: int | None = None,
    expected: Literal[1, -1] = 1,
    lines: int = 1,
    published: bool = False,
    figure: str = "Fig. 3",
) -> Finding:
    """Say whether something rises with something over models.

    Args:
        effect: what rises, a noun phrase.
        cause: with what.
        models: along the trend.
        r: Pearson correlation.
        slope: of the line.
        slope_low: end of its 95 % interval, models taken as independent.
        slope_high: the other end.
        p: of a slope of zero, two-sided.
        families: of these models.
        within_slope: one slope within families; None where it is not known.
        within_low: end of its 95 % interval.
        within_high: the other end.
        within_p: of it, shuffled within families.
        samples: n behind each alignment.
        expected: sign of the trend as the hypothesis has it; -1 where the effect is a distance.
        lines: of which this is the mean.
        published: whether others measured it.
        figure: of the paper.
    """
    effect, cause = lowered(named(effect, 60)), lowered(named(cause, 60))
    claim = _TRENDS.get(figure, "")
    fitted = [known(x) for x in (slope, slope_low, slope_high)]
    least = "published" if published else "too few"
    if models < LEAST or None in fitted:
        why = (
            f"{counted(models, 'model')} with both {effect} and {cause}"
            if models < LEAST
            else f"the {models} models differ too little in {effect} or {cause}"
        )
        lead = "Published numbers: too few models" if published else "Too few models"
        return Finding(least, f"{lead} for a trend, {why}.", paper=paper_has(claim))
    tilt, low, high = (float(x) for x in fitted if x is not None)
    rises = direction(low, high, p)
    over = f"over {counted(models, 'model')}"
    strength = f" (r = {as_share(r)})" if known(r) is not None else ""
    doubt = Doubt()
    doubt.add(
        f"slope {as_number(tilt)}, {as_interval(low, high, as_number)} (models taken as independent"
        + (f", of {counted(families, 'family', 'families')})" if families else ")")
    )
    if as_p(p):
        doubt.add(f"{as_p(p)} of no slope, two-sided")
    inside = known(within_slope)
    if inside is not None:
        ends = as_interval(within_low, within_high, as_number)
        doubt.add(
            f"within families {as_number(inside)}"
            + (f", {ends}" if ends else ", no interval")
            + (f", {as_p(within_p)} (shuffled within families)" if as_p(within_p) else "")
        )
    elif families == 1:
        doubt.add("all models are of one family")
    if lines > 1:
        doubt.add(f"mean of {lines} lines")
    if models < ENOUGH:
        doubt.add(
            f"with {models} models a correlation must exceed {as_share(_CRITICAL[models])} to be "
            "told from chance"
        )
    if samples is not None:
        doubt.add(f"n = {samples:,} samples")
    if not rises:
        told = f"{effect} shows no trend with {cause} that can be told from chance"
        if published:
            sentence = f"Published numbers: {told} {over}{strength}."
            return Finding("published", sentence, doubt.text(), paper_has(claim))
        if models >= ENOUGH:
            sentence = f"No evidence here: {told} {over}{strength}."
            return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
        sentence = f"Inconclusive with {counted(models, 'model')}: {told}{strength}."
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    verb = "rises" if rises > 0 else "falls"
    said = f"{effect} {verb} with {cause} {over}{strength}"
    against = rises != expected
    inner = direction(within_low, within_high, within_p, tested=False)
    confounded = inside is not None and inner != rises
    but = ", but within families the trend is not shown" if confounded and not inner else ""
    if confounded and inner:
        but = f", but within families it {'rises' if inner > 0 else 'falls'}"
    if published:
        how = "contradicts" if against else ""
        return Finding(
            "published", f"Published numbers: {said}{but}.", doubt.text(), paper_has(claim, how)
        )
    if against:
        return Finding(
            "contrary", f"Contrary: {said}{but}.", doubt.text(), paper_has(claim, "contradicts")
        )
    verdict: Verdict = "partly" if confounded else "yes"
    return Finding(
        verdict, f"{BADGES[verdict]}: {said}{but}.", doubt.text(), paper_has(claim)
    )  # fmt: skip


def convergence(
    *,
    modality: str,
    competence: str,
    models: int,
    pairs: int,
    rho: float | None = None,
    p: float | None = None,
    weakest: float | None = None,
    strongest: float | None = None,
    samples: int | None = None,
    expected: Literal[1, -1] = 1,
    scores: str = "",
) -> Finding:
    """Say whether stronger models of a modality agree more with each other.

    Args:
        modality: "vision" or "language".
        competence: what strong means.
        models: compared, with that competence.
        pairs: of them.
        rho: Spearman correlation of alignment with the competence of the weaker model.
        p: of it, models shuffled, two-sided.
        weakest: mean alignment in the bin of the weakest models that has one.
        strongest: the same of the strongest.
        samples: n behind each alignment.
        expected: -1 where the alignment is a distance.
        scores: what was made of them, e.g. minus untrained control; empty for raw ones.
    """
    claim = "Fig. 2: strong vision models cluster tightly, weak ones scatter (78 models, VTAB)"
    found, competence = known(rho), lowered(named(competence, 60))
    if models < LEAST or found is None or known(p) is None:
        why = (
            f"{counted(models, f'{modality} model')} with {competence}"
            if models < LEAST
            else f"the {models} {modality} models differ too little in alignment or {competence}"
        )
        return Finding("too few", f"Too few models for a trend, {why}.", paper=paper_has(claim))
    doubt = Doubt(f"{as_p(p)}, models shuffled, two-sided")
    doubt.add(f"{counted(pairs, 'pair')} of {counted(models, 'model')}, which pairs share")
    if samples is not None:
        doubt.add(f"n = {samples:,} samples")
    ends = [known(weakest), known(strongest)]
    bins = (
        ""
        if None in ends
        else f"; weakest bin {as_score(weakest)}, strongest {as_score(strongest)}"
    )  # fmt: skip
    made = f"alignment {scores}, " if scores else ""
    strength = f"({made}ρ = {as_share(found)}{bins})"
    higher = f"the higher the weaker one's {competence}"
    if not is_significant(p):
        told = f"that {modality} models agree more, {higher}, cannot be told from chance"
        if models >= ENOUGH:
            sentence = f"No evidence here: {told} over {models} models {strength}."
            return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
        sentence = f"Inconclusive with {counted(models, 'model')}: {told} {strength}."
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    if found * expected < 0:
        sentence = (
            f"Contrary: {modality} models agree less, {higher}, over {models} models {strength}."
        )
        return Finding("contrary", sentence, doubt.text(), paper_has(claim, "contradicts"))
    sentence = f"Yes: {modality} models agree more, {higher}, over {models} models {strength}."
    return Finding("yes", sentence, doubt.text(), paper_has(claim))
