"""How many neighbors two models share, and which samples carry it."""

from pages.ui.findings.finding import Finding, Verdict
from pages.ui.findings.words import (
    Doubt,
    as_number,
    as_p,
    as_percent,
    as_score,
    is_significant,
    known,
    named,
    of_samples,
    paper_has,
)


def sharing(
    *,
    first: str,
    second: str,
    k: int,
    mean: float,
    chance: float,
    none: float,
    chance_none: float,
    half: float,
    q: float | None = None,
    best: bool = True,
    trained: bool = True,
    samples: int | None = None,
) -> Finding:
    """Say how many neighbors two models share, and how many samples share none.

    Args:
        first: name of the model and its layer.
        second: of the other.
        k: neighbors.
        mean: neighbors that a sample shares, 0 to k.
        chance: the same of unrelated layers.
        none: share of samples that share none.
        chance_none: the same of unrelated layers.
        half: smallest share of samples that holds half of what is shared.
        q: of the models' score; None where it was not tested.
        best: whether the layers are those of the score, which alone was tested.
        trained: whether both models are.
        samples: n.
    """
    shown = f"of a sample's {k:,} neighbors the two share {_count(mean)} on average"
    shown += f" ({_count(chance)} by chance); {_part(none)} of samples share none"
    shown += f" ({_part(chance_none)} by chance)."
    doubt = Doubt(f"{named(first, 60)} × {named(second, 60)}, mutual k-NN {as_score(mean / k)}")
    tested = known(q) if best else None
    if tested is not None:
        doubt.add(
            f"{as_p(tested, 'q')}; null: samples permuted, the best of every permuted layer table"
        )
    elif not best:
        doubt.add("not the layers of the score, which alone was tested")
    if mean > 0:
        doubt.add(f"{_part(half)} of samples hold half of what is shared")
    if not trained:
        doubt.add("with an untrained network: what agrees are samples and architecture")
    doubt.add(f"2 models{of_samples(samples)}")
    paper = paper_has(
        "App. A, eq. 11: a score is the mean of these shares over samples; single samples are not "
        "shown"
    )
    verdict, lead = _verdict(tested, mean, k, trained)
    return Finding(verdict, f"{lead}: {shown}", doubt.text(), paper)


def _verdict(q: float | None, mean: float, k: int, trained: bool) -> tuple[Verdict, str]:
    """Return the verdict and its words: yes only where half of the neighbors are shared or more."""
    if q is None:
        return "inconclusive", "Inconclusive, not tested"
    if not is_significant(q):
        return "no evidence", "No evidence here of more than chance"
    if trained and 2 * mean >= k:
        return "yes", "Yes, more than chance"
    return "partly", "Partly, more than chance"


def _count(value: float) -> str:
    """Write a mean number of neighbors."""
    return f"{value:.1f}" if value >= 0.95 else as_number(value)


def _part(share: float) -> str:
    """Write a share of samples; some are not none, and nearly all are not all."""
    if 0 < share <= 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else as_percent(share)
