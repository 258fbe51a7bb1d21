"""Whether pairs of models agree more than chance, and at which layers."""

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import (
    Doubt,
    as_interval,
    as_p,
    as_percent,
    as_score,
    counted,
    is_closer,
    is_significant,
    known,
    named,
    of_samples,
    paper_has,
)


def meeting(
    *,
    pairs: int,
    models: int,
    exceed: int | None = None,
    first: str = "",
    second: str = "",
    score: float | None = None,
    low: float | None = None,
    high: float | None = None,
    control: float | None = None,
    control_name: str = "",
    sides: tuple[str, str] = ("language", "vision"),
    metric: str = "",
    samples: int | None = None,
    higher_is_closer: bool = True,
    published: bool = False,
) -> Finding:
    """Say whether models of two sides agree more than chance, and than untrained ones.

    Args:
        pairs: of trained models that were scored.
        models: trained ones among them.
        exceed: pairs beyond their permutation null, q <= .05; None where none was tested.
        first: model of the first side in the closest pair.
        second: of the second.
        score: of the closest pair.
        low: end of the 95 % interval of its expected score.
        high: the other end.
        control: the closest score of a pair with an untrained network.
        control_name: of that pair.
        sides: modality of either.
        metric: its name, with k.
        samples: n.
        higher_is_closer: false for a distance.
        published: whether others measured it.
    """
    best, reach = known(score), known(control)
    figure = "Fig. 3" if sides == ("language", "vision") else "Fig. 3, language with vision"
    claim = f"{figure}: mutual k-NN up to 0.16 on WIT (n = 1,024, k = 10)"
    if pairs < 1 or best is None:
        return Finding(
            "too few",
            f"Too few models: no trained {sides[0]} model was scored with "
            + ("another." if sides[0] == sides[1] else f"a trained {sides[1]} model."),
            paper=paper_has(claim),
        )
    closest = f"{named(first)} with {named(second)}, {as_score(best)}"
    doubt = Doubt(metric)
    if as_interval(low, high, as_score):
        doubt.add(
            f"{as_interval(low, high, as_score)} of the closest pair's expected score, "
            "the choice of layers undone"
        )
    if reach is not None:
        doubt.add(_reach(best, reach, control_name, higher_is_closer))
    doubt.add(counted(models, "model") + of_samples(samples))
    if published:
        sentence = (
            f"Published numbers: {counted(pairs, 'pair')} of models, the closest {closest}; "
            "not measured here."
        )
        return Finding("published", sentence, doubt.text(), paper_has(claim))
    if exceed is None:
        sentence = (
            f"Inconclusive with {counted(models, 'model')}: not tested, for there are no "
            f"permutations; of {counted(pairs, 'pair')} the closest is {closest}."
        )
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    doubt.add("null: samples permuted, the best of every permuted layer table")
    if not exceed:
        sentence = (
            f"No evidence here: none of {counted(pairs, 'pair')} of trained models agrees "
            f"more than chance (q ≤ .05); the closest is {closest}."
        )
        return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
    agree = f"{exceed} of {counted(pairs, 'pair')} of trained models "
    agree += "agrees" if exceed == 1 else "agree"
    agree += " more than chance (q ≤ .05)"
    if reach is not None and not is_closer(best, reach, higher_is_closer):
        sentence = (
            f"Partly: {agree}, but an untrained network comes at least as close "
            f"({as_score(reach)}); the closest of them is {closest}."
        )
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    end = known(low) if higher_is_closer else known(high)
    if reach is not None and end is not None and not is_closer(end, reach, higher_is_closer):
        sentence = (
            f"Partly: {agree}, but the interval of the closest reaches an untrained network's "
            f"{as_score(reach)} ({closest})."
        )
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    verdict: Verdict = "yes" if 2 * exceed > pairs else "partly"
    sentence = f"{BADGES[verdict]}: {agree}; the closest is {closest}."
    return Finding(verdict, sentence, doubt.text(), paper_has(claim))


def _reach(best: float, reach: float, name: str, higher_is_closer: bool) -> str:
    who = f" ({named(name)})" if name else ""
    much = higher_is_closer and best > 0 and 0.5 * best <= reach
    return f"untrained networks reach {as_score(reach)}{who}" + (
        ", so samples and architecture alone explain much of it" if much else ""
    )


def layers(
    *,
    first: str,
    second: str,
    score: float | None,
    depth_x: float | None = None,
    depth_y: float | None = None,
    concatenated_x: bool = False,
    concatenated_y: bool = False,
    low: float | None = None,
    high: float | None = None,
    q: float | None = None,
    metric: str = "",
    samples: int | None = None,
    trained: bool = True,
) -> Finding:
    """Say where two models agree most, and whether that is more than chance.

    Args:
        first: name of the model.
        second: of the other.
        score: the best of their layer table.
        depth_x: of the best layer, 0 the first and 1 the last.
        depth_y: likewise.
        concatenated_x: whether all layers concatenated were best.
        concatenated_y: likewise.
        low: end of the 95 % interval of the expected score.
        high: the other end.
        q: of the best of the table; None where it was not tested.
        metric: its name, with k.
        samples: n.
        trained: whether both are.
    """
    claim = (
        "App. C.2: where models align is not known beforehand, so the best pair of layers is kept"
    )
    one, other = named(first), named(second)
    if known(score) is None:
        return Finding(
            "too few", f"Too few models: {one} and {other} have no score here.",
            paper=paper_has(claim),
        )  # fmt: skip
    where = (
        f"{_depth(depth_x, concatenated_x)} of {one} with "
        f"{_depth(depth_y, concatenated_y)} of {other} ({as_score(score)})"
    )
    doubt = Doubt(metric)
    ends = as_interval(low, high, as_score)
    if ends:
        doubt.add(f"{ends} of the expected score, the choice of layers undone")
    if as_p(q, "q"):
        doubt.add(f"{as_p(q, 'q')}; null: samples permuted, the best of every permuted layer table")
    if not trained:
        doubt.add("with an untrained network: what agrees are samples and architecture")
    doubt.add(f"2 models{of_samples(samples)}")
    if known(q) is None:
        sentence = f"Inconclusive with 2 models: not tested; closest is {where}."
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    if not is_significant(q):
        sentence = f"No evidence here: no layers agree more than chance; closest is {where}."
        return Finding("no evidence", sentence, doubt.text(), paper_has(claim))
    if not trained:
        sentence = f"Partly: closest is {where}, more than chance, but not all of it was trained."
        return Finding("partly", sentence, doubt.text(), paper_has(claim))
    return Finding(
        "yes", f"Yes: closest is {where}, more than chance.", doubt.text(), paper_has(claim)
    )  # fmt: skip


def _depth(depth: float | None, concatenated: bool) -> str:
    if concatenated:
        return "all layers concatenated"
    at = known(depth)
    if at is None:
        return "a layer"
    ends = {0.0: "the first layer", 1.0: "the last layer"}
    return ends.get(at, f"a layer {as_percent(at)} deep")
