"""Simulated worlds and what is learned of them, in words."""

from typing import Any

WORLDS = {
    "ring": "ring", "grid": "grid on a torus", "tree": "binary tree", "field": "random places",
}  # fmt: skip
LOSSES = {"nce": "binary NCE", "infonce": "InfoNCE"}


# No brackets: in a page's address they would end the url(…) that colors a legend.
OBSERVERS = {
    "bijective": "sees everything",
    "lossy": "lossy: merges events",
    "noisy": "sees some at random",
}
LOST = (
    "The line joins observers who take events for one: each merges what the one before merged, and "
    "more. At what unrelated embeddings score (dashed, for mutual k-NN) nothing of the world is "
    "left to agree on, and which point lies higher there is luck. Noise hides all events alike, so "
    "that who is near whom can survive it."
)
"""How to read agreement against information lost."""


def format_percent(share: float) -> str:
    """Write a share for a slider."""
    return f"{share:.0%}"


def name_simulation(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the numbers of a simulation are of, for the line below a chart and for files.

    Args:
        row: the row of `queries.theory_measured`.
    """
    return {
        "dataset": f"simulated {WORLDS[row['world']]}",
        "n": row["events"],
        "loss": LOSSES[row["loss"]],
        "temperature": row["temperature"],
        "observer B": OBSERVERS[row["observer"]],
        "metric": row["metric_label"],
        "k": row["k"],
        "seed": row["seed"],
        "run": row["run"],
        "measured_at": row["measured_at"],
    }


def describe_simulation(row: dict[str, Any]) -> list[str]:
    """Say what was simulated and trained, in two lines.

    Args:
        row: the row of `queries.theory_measured`.
    """
    world = [
        f"{row['events']} events, {WORLDS[row['world']]}",
        f"smoothness {row['smoothness']:g}",
        f"together within T = {row['window']}",
        f"H(Z) = {row['entropy']:.2f} bits",
    ]
    if row["counted_correlation"] is not None:
        world.append(
            f"counted on a walk of {row['walked']:,} steps, K_PMI correlates with the exact one "
            f"at {row['counted_correlation']:.3f}"
        )
    by = LOSSES[row["loss"]]
    if row["p_positive"] is not None:
        by += f" with {row['p_positive']:.0%} positives"
    tau = row["temperature"]
    if tau is not None:
        by += f" at temperature τ = {tau:g}"
    trained = [
        f"<f, f>{'' if tau is None else ' / τ'} by {by}",
        f"{row['steps']:,} steps of {row['batch']:,} pairs, each observer on pairs of its own",
        f"B tells {row['symbols']} symbols apart, {row['lost']:.0%} of the information lost",
        f"k = {row['k']}",
        f"seed {row['seed']}",
        f"run {row['run']}",
        f"measured {row['measured_at']}",
        "source: simulated",
    ]
    return [" · ".join(world), " · ".join(trained)]


def describe_learning(row: dict[str, Any]) -> str:
    """Say whether the kernels became K_PMI plus a constant, and whether they could.

    Args:
        row: the row of `queries.theory_measured`.
    """
    return "\n\n".join(
        [_describe_kernel(row), _describe_agreement(row), _describe_definiteness(row)]
    )


def _describe_kernel(row: dict[str, Any]) -> str:
    tau = row["temperature"]
    kernel = "A's kernel" if tau in (None, 1) else f"A's kernel over τ = {tau:g}"
    fit = (
        f"**{kernel} is K_PMI plus {row['offset_a']:.3f}**: correlation "
        f"{row['correlation_a']:.4f} over the {_count_pairs(row['events']):,} pairs of different "
        "events (Pearson; a measure of fit, so without a p-value), and what is left, "
        f"|K − (K_PMI + c)|, is {row['error_a']:.1%} of the PMI's own spread. "
    )
    if row["expected_offset"] is not None:
        fit += f"Theory says c = log(p₊ / (1 − p₊)) = {row['expected_offset']:.3f} for binary NCE."
    else:
        fit += (
            "InfoNCE fixes no constant; the least that inner products allow is C below, and a "
            "learner that starts small ends near it."
        )
    return fit


def _describe_agreement(row: dict[str, Any]) -> str:
    measure = row["metric_label"]
    if row["score"] is None:
        return f"{measure} cannot be computed here: {row['note']}."
    chance = f" (chance {row['chance']:.3f})" if row["chance"] is not None else ""
    score = f"**{measure} of A and B: {row['score']:.3f}**{chance}. "
    world = f"{_format_correlation(row['correlation_b'])} with the world's K_PMI"
    own = (
        f"{_format_correlation(row['own_correlation_b'])} with the PMI of the symbols that it sees"
    )
    if row["observer"] == "bijective":
        return score + (
            "B has other names for the events (a bijection) and never met A's pairs; its kernel "
            f"correlates at {world}. Metrics that read the *order* of neighbors (LCS, edit "
            "distance) stay lower "
            "where neighbors are equally near, as a ring's two are: their order is chance."
        )
    if row["observer"] == "lossy":
        return score + (
            "B merges events (a lossy observation), so **convergence should fail**: its kernel "
            f"correlates at {own}, and at {world}. It learns what it sees, and that is another "
            "world."
        )
    return score + (
        f"B sees events at random now and then: its kernel correlates at {own}, and at {world}. "
        "Such noise pulls every PMI toward zero without changing who is nearer to whom, so "
        "neighbors outlast values; with more noise the little that is left drowns in chance."
    )


def _describe_definiteness(row: dict[str, Any]) -> str:
    if row["smallest_constant"] is None:
        least = (
            "**No constant makes this K_PMI positive semi-definite**, so no inner products can be "
            "it, and the learners only come near."
        )
    else:
        least = (
            f"**K_PMI + C is positive semi-definite from C = {row['smallest_constant']:.3f} on** "
            f"(without a constant its least eigenvalue is {row['least_eigenvalue']:.3f})"
        )
        least += (
            ", so that inner products can be it."
            if row["reachable"]
            else ", but this loss asks for less: its optimum is out of reach of inner products."
        )
    holds = "holds" if row["sufficient"] else "does not hold"
    return (
        f"{least} Prop. F.1 promises such a C where P(z|z) / P(z) ≥ exp(Nδ)·ρ for all z; here "
        f"log ρ = {row['log_rho']:.2f}, δ = {row['delta']:.2f}, and the condition {holds}. "
        "It is sufficient, not necessary: only very even worlds meet it."
    )


def _count_pairs(events: int) -> int:
    return events * (events - 1) // 2


def _format_correlation(value: float | None) -> str:
    return "no correlation" if value is None else f"{value:.3f}"
