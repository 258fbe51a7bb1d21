"""Where a reader's own model stands among the models here."""

from typing import Any

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import Doubt, counted

_FEWEST = 3
"""Models of a modality, itself among them, that a place is told of."""


def standing(
    label: str,
    modality: str,
    other: str,
    *,
    tested: int,
    exceed: int,
    best: dict[str, Any],
    control: float | None,
) -> Finding:
    """Say whether a model agrees with those of another side, and its place among its own.

    Args:
        label: of the model.
        modality: its own.
        other: of the models it was compared with.
        tested: trained models it was compared with, with a q-value.
        exceed: of these, with q at most .05.
        best: its row with the partner it agrees with most, of `trial.queries.place`.
        control: what the closest untrained model of its modality reaches with that partner; None
            without one.
    """
    whom = f"trained {other} model"
    verdict: Verdict = "inconclusive"
    if tested:
        verdict = "yes" if exceed == tested else "partly" if exceed else "no evidence"
        said = (
            f"{label} agrees with {exceed} of {counted(tested, whom)} beyond unrelated layers, "
            f"most with {best['partner']}, {best['score']:.3f}"
        )
    else:
        said = (
            f"without permutations nothing says what unrelated layers reach; {label} agrees most "
            f"with {best['partner']}, {best['score']:.3f}"
        )
    doubt = Doubt()
    if best["mean_place"] is not None and best["mean_of"] >= _FEWEST:
        own = counted(best["mean_of"], f"trained {modality} model")
        doubt.add(
            f"number {best['mean_place']} of {own} "
            f"by the mean over {counted(best['mean_partners'], whom)}, {best['mean_score']:.3f}"
        )
    if best["interval_low"] is not None:
        doubt.add(
            f"with {best['partner']} the interval is {best['interval_low']:.3f} to "
            f"{best['interval_high']:.3f}"
        )
    if control is not None:
        doubt.add(f"untrained {modality} models reach {control:.3f} with it")
    if tested:
        doubt.add(
            f"beyond: q at most .05, {best['permutations']} relabelings, corrected for all pairs "
            "of the setting"
        )
    doubt.add(f"n = {best['n']:,}")
    return Finding(verdict, f"{BADGES[verdict]}: {said}.", doubt.text())
