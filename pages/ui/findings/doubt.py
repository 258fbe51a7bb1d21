"""How sure scores are: beyond which nulls, what calibration changes, and what width brings."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import (
    ENOUGH,
    LEAST,
    Doubt,
    as_score,
    as_share,
    counted,
    known,
    named,
    of_samples,
)

_GROGER = (
    "Not in the paper; Gröger et al. 2026: after calibration the trend of global metrics vanishes "
    "and that of local ones stays"
)
FEWEST = 19
"""Draws of which 5 % is one: of fewer none can be rejected."""


@dataclass(frozen=True, slots=True)
class Held:
    """How pairs of trained models stand against one null."""

    null: str
    pairs: int
    beyond: int
    """With q <= .05."""
    draws: int
    """Of the pair with fewest."""
    closer: int = 0
    """Closer than every draw."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Whether alignment rises with size under one metric."""

    metric: str
    scope: str
    """global or local."""
    raw: float | None
    """Pearson correlation of closeness with size."""
    calibrated: float | None
    raw_rises: bool
    """p <= .05."""
    calibrated_rises: bool
    models: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What unrelated features score under one metric."""

    metric: str
    narrow: float
    """Mean, at the least width and depth."""
    wide: float
    """At the largest."""
    apart: bool
    """Whether all scores of the one lie on one side of those of the other."""
    share: float | None
    """wide - narrow as a share of the way from narrow to identical; None without such a way."""


def nulls_held(
    *, held: Sequence[Held], samples: int, detectable: float | None = None, metric: str = ""
) -> Finding:
    """Say beyond which nulls the pairs of trained models are.

    Args:
        held: a record per null, the one that holds least first.
        samples: n.
        detectable: median over pairs of the expected score found with 80 % probability, under the
            first null.
        metric: its name.
    """
    tested = [one for one in held if one.draws >= FEWEST and one.pairs]
    few = [one for one in held if one.draws < FEWEST and one.pairs]
    paper = "Paper, App. A: raw scores, no test"
    doubt = Doubt("q over the pairs of each null (Benjamini and Hochberg), best of layers each")
    power = known(detectable)
    if power is not None and tested:
        doubt.add(f"power: an expected {named(metric)} of {as_score(power)} would be found beyond "
                  f"{tested[0].null} in 4 of 5 studies (median of pairs)")  # fmt: skip
    doubt.add(f"n = {samples:,} samples")
    also = "; ".join(
        f"closer than every one of the {one.null} in {one.closer} of {one.pairs} (not tested: "
        f"{counted(one.draws, 'draw')})"
        for one in few
    )
    if not tested:
        least = max((one.draws for one in few), default=0)
        sentence = (
            f"Inconclusive: {counted(least, 'draw')} reject nothing at 5 %, {FEWEST} would"
            + (f"; {also}." if also else ".")
        )
        return Finding("inconclusive", sentence, doubt.text(), paper)
    said = ", ".join(f"{one.null} {one.beyond} of {one.pairs}" for one in tested)
    every = all(one.beyond == one.pairs for one in tested)
    none = not any(one.beyond for one in tested)
    verdict: Verdict = "yes" if every else "no evidence" if none else "partly"
    lead = {
        "yes": "every pair of trained models is beyond every null tested",
        "partly": "pairs of trained models are beyond some nulls",
        "no evidence": "no pair of trained models is beyond any null tested",
    }[verdict]
    doubt.add(also)
    return Finding(verdict, f"{BADGES[verdict]}: {lead} (q ≤ .05): {said}.", doubt.text(), paper)


def calibration_claim(*, metrics: Sequence[Capacity], samples: int, what: str) -> Finding:
    """Say whether calibration takes the trend from global metrics and leaves it to local ones.

    Args:
        metrics: one each.
        samples: n.
        what: models along the trend, e.g. vision models.
    """
    told = [one for one in metrics if known(one.raw) is not None]
    models = min((one.models for one in told), default=0)
    if models < LEAST:
        return Finding(
            "too few", f"Too few models: {counted(models, 'model')} make no trend with size.",
            paper=_GROGER,
        )  # fmt: skip
    doubt = Doubt("slope of mean alignment on log parameters, 95 %, models as independent")
    doubt.add("to vanish is no longer to be told from zero, which is less than to be flat")
    doubt.add(f"{counted(models, 'model')}{of_samples(samples)}")
    rising = {
        scope: [one for one in told if one.scope == scope and one.raw_rises]
        for scope in ("global", "local")
    }
    lost = sum(not one.calibrated_rises for one in rising["global"])
    kept = sum(one.calibrated_rises for one in rising["local"])
    counts = {scope: sum(one.scope == scope for one in told) for scope in rising}
    if not rising["global"] or not rising["local"]:
        sentence = (
            f"Inconclusive: raw alignment of {what} rises with size under "
            f"{len(rising['global'])} of {counts['global']} global and {len(rising['local'])} of "
            f"{counts['local']} local metrics; what does not rise cannot vanish or stay."
        )
        return Finding("inconclusive", sentence, doubt.text(), _GROGER)
    said = (
        f"of {counted(len(rising['global']), 'global metric')} whose raw alignment rises with "
        f"size {lost} no longer do once calibrated, of {counted(len(rising['local']), 'local one')}"
        f" {kept} still do"
    )
    if models < ENOUGH:
        sentence = f"Inconclusive with {counted(models, 'model')}: {said}."
        return Finding("inconclusive", sentence, doubt.text(), _GROGER)
    every = lost == len(rising["global"]) and kept == len(rising["local"])
    # Contrary: what should go stays, and what should stay goes, or both alike.
    none = not lost or not kept
    verdict: Verdict = "yes" if every else "contrary" if none else "partly"
    return Finding(verdict, f"{BADGES[verdict]}: {said}.", doubt.text(), _GROGER)


def confounding(*, metrics: Sequence[Moved], samples: int) -> Finding:
    """Say under how many metrics width and depth alone move what unrelated features score.

    Args:
        metrics: one each.
        samples: n of the simulation.
    """
    if not metrics:
        return Finding("too few", "Too few models: nothing was simulated.")
    moved = [one for one in metrics if one.apart]
    shares = sorted(
        (one for one in metrics if known(one.share) is not None), key=lambda one: one.share or 0
    )
    span = "; ".join(
        f"{named(one.metric)} from {as_score(one.narrow)} to {as_score(one.wide)}"
        for one in dict.fromkeys((*shares[-1:], *shares[:1]))
    )
    doubt = Doubt("simulated: independent Gaussian features, rows normalized, best of layers")
    doubt.add("moved: no score of the widest and deepest pairs lies among the narrowest one-layer "
              "ones")  # fmt: skip
    doubt.add(f"most and least as a share of the way to identical{of_samples(samples)}")
    if shares:
        top = shares[-1]
        doubt.add(f"at most {as_share(top.share)} of it")
    verdict: Verdict = "yes" if len(moved) == len(metrics) else "partly" if moved else "no evidence"
    sentence = (
        f"{BADGES[verdict]}: width and depth alone move the score of unrelated features under "
        f"{len(moved)} of {counted(len(metrics), 'metric')}: {span}."
    )
    return Finding(verdict, sentence, doubt.text(), "Paper, App. A: raw scores")
