"""Models of one modality among themselves, in words."""

from typing import Any

import polars as pl

from pages.competence.statistics import Binned
from pages.ui.plain import plain, plained
from pages.ui.text import describe_corrupt_images, describe_setting


def rank_competence(skill: str) -> tuple[bool, bool, bool]:
    """Sort competences: the paper's measure first, then the mean of the probes, then others.

    Of language models the paper's measure is 1 - bits per byte. What counts every class alike, not
    every sample, comes last.
    """
    per_class = skill.endswith(", mean per class")
    paper = skill.startswith(("share of", "1 − bits per byte of"))
    return (per_class, not paper, not skill.startswith("mean of"))


def _describe_competence(skill: str) -> str:
    """Say what a share of tasks solved, or a mean of probes, is; empty for another competence."""
    if not skill.startswith(("share of", "mean of", "linear probe of")):
        return ""
    definition = (
        "**Competence** is measured by linear probes on frozen features. "
        if not skill.startswith("share of")
        else "A task is **solved** where a model reaches at least 80 % of the best of all models "
        "probed on it (paper, Fig. 2). "
    )
    by = (
        "The measure here is accuracy averaged over classes, which many samples of one class "
        "cannot inflate; the paper and VTAB take top-1 accuracy, the choice without “mean per "
        "class”."
        if skill.endswith(", mean per class")
        else "The measure is top-1 accuracy, as in the paper and VTAB; the choices that end in "
        "“mean per class” count every class alike instead."
    )
    return f"\n\n{definition}{by} Models are compared only over the same set of tasks."


_SEEN = {"vision": "images", "language": "captions"}


def describe_measured(row: dict[str, Any], pairs: pl.DataFrame, modality: str) -> list[str]:
    """Say what was measured where models of a modality are compared with each other, in two lines.

    Args:
        row: the row of `queries.model_measured`.
        pairs: answer of `queries.model_pairs`.
        modality: of the models.
    """
    models = pl.concat([pairs["model_a"], pairs["model_b"].alias("model_a")]).n_unique()
    row = plained(row)
    captions = (
        [f"captions pooled by {row['pooling']}, prompt {row['prompt']}"]
        if modality == "language"
        else []
    )
    tested = pairs["q_value"].drop_nulls()
    firm = (
        f"{(tested <= 0.05).sum()} of {len(tested)} pairs agree more than the permutation null "
        "(q ≤ .05)"
        if len(tested)
        else "pairs not tested (no permutations)"
    )
    origin = [
        f"{models} {modality} models, {row['pairs']} pairs",
        firm,
        f"run {row['runs']}",
        f"measured {row['measured_at']}",
        f"{_SEEN.get(modality, 'samples')} from {row['source']} ({row['license']})",
    ]
    return [
        " · ".join([*describe_setting(row, *captions), *describe_corrupt_images(row)]),
        " · ".join(origin),
    ]


_IMPORTS = "`prh import csv` brings in what others measured."
_MEASURES = {
    "vision": "`prh probe` measures it, `prh import csv` brings in what others measured.",
    "language": "`prh bits` measures how well they predict a text, `prh import` brings in "
    "benchmarks.",
}


def describe_convergence(found: Binned, skill: str | None, modality: str) -> str:
    """Say whether stronger models agree more, how sure that is, and how to read the bins."""
    if skill is None:
        lack = "What two or more of these models can do is not known here: "
        return lack + _MEASURES.get(modality, _IMPORTS)
    reading = (
        "A **bin** holds models of like competence; its dot is the mean alignment over the pairs "
        "within, its whisker one standard error (a jackknife over models, since pairs share "
        "models; none below three), the number above it counts models (a bin of one has no pair, "
        "only its count at the foot). "
    )
    if found.trend is None:
        return (
            reading
            + "A trend needs four models that differ in competence and alignment."
            + _describe_competence(skill)
        )
    t = found.trend
    orders = f"all {t.shuffles:,}" if t.exact else f"{t.shuffles:,} drawn"
    trend = (
        f"Over all {t.pairs} pairs of {t.models} models, alignment and the competence of the "
        f"weaker model correlate with **ρ = {t.rho:.2f}, p = {t.p_value:.2g}** ({orders} orders "
        "of the models, two-sided): that test sees every model, bins hide how few there are."
    )
    left = f" Left out, without this competence: {plain(', '.join(found.left_out), 600)}." * bool(
        found.left_out
    )
    return reading + trend + left + _describe_competence(skill)


def describe_map(places: pl.DataFrame, method: str) -> str:
    """Say how far the map can be believed.

    Args:
        places: answer of `queries.map_of_models`.
        method: its name.
    """
    if places.is_empty():
        return (
            "No map: it needs four models that were all compared with each other under a metric "
            "in which higher is closer."
        )
    row = places.row(0, named=True)
    zero = (
        f" {row['raised']} pairs with an alignment of zero or less count as {row['floor']:.2g}, "
        "half the smallest positive one, so no distance is infinite."
        if row["raised"]
        else ""
    )
    return (
        f"The **map** ({method}, distance −log alignment, seed {row['seed']}) puts models near "
        "where they agree; its axes have no unit. "
        f"**Trustworthiness {row['trustworthiness']:.2f}** of 1: whether the nearest "
        f"{row['neighbors']} of a model on the map are its nearest in truth." + zero
    )


def describe_lack(row: dict[str, Any], skill: str | None, modality: str) -> str:
    """Say why there is nothing to draw of models of a modality among themselves."""
    if not row["higher_is_closer"] and skill is None:
        return "Lower is closer under this metric: it has no map, and no competence is known here."
    return (
        f"{row['pairs']} pairs were compared: bins need two models whose competence is known, a "
        f"map needs four. `prh score --pairs {modality}` compares; of what they can do, "
        f"{_MEASURES.get(modality, _IMPORTS)}"
    )


def list_families(pairs: pl.DataFrame) -> set[str]:
    """Return the families of the trained models of `queries.model_pairs`."""
    sides = ((f"trained_{side}", f"family_{side}") for side in "ab")
    return {name for trained, family in sides for name in pairs.filter(trained)[family]}
