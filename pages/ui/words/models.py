"""Vision models among themselves, in words."""

from typing import Any

import polars as pl

from pages.ui.convergence import Binned
from pages.ui.words.settings import corrupt, how


def solved_first(skill: str) -> tuple[bool, bool, bool]:
    """Sort competences: the paper's measure first, then the mean of the probes, then others.

    What counts every class alike, not every sample, comes last.
    """
    per_class = skill.endswith(", mean per class")
    return (per_class, not skill.startswith("share of"), not skill.startswith("mean of"))


def competent(skill: str) -> str:
    """Say what a share of tasks solved, or a mean of probes, is; empty for another competence."""
    if not skill.startswith(("share of", "mean of", "linear probe of")):
        return ""
    told = (
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
    return f"\n\n{told}{by} Models are compared only over the same set of tasks."


def paired(row: dict[str, Any], pairs: pl.DataFrame) -> list[str]:
    """Say what was measured where vision models are compared with each other, in two lines.

    Args:
        row: the row of `queries.vision_measured`.
        pairs: answer of `queries.vision_pairs`.
    """
    models = pl.concat([pairs["model_a"], pairs["model_b"].alias("model_a")]).n_unique()
    origin = [
        f"{models} vision models, {row['pairs']} pairs",
        f"run {row['runs']}",
        f"measured {row['measured_at']}",
        f"images from {row['source']} ({row['licence']})",
    ]
    return [" · ".join([*how(row), *corrupt(row)]), " · ".join(origin)]


def converged(found: Binned, skill: str | None) -> str:
    """Say whether stronger models agree more, how sure that is, and how to read the bins."""
    if skill is None:
        return (
            "What these models can do is not known here: `prh probe` measures it, `prh import csv` "
            "brings in what others measured."
        )
    told = (
        "A **bin** holds models of like competence; its dot is the mean alignment over the pairs "
        "within, its whisker one standard error (a jackknife over models, since pairs share "
        "models; none below three), the number above it counts models (a bin of one has no pair, "
        "only its count at the foot). "
    )
    if found.trend is None:
        return (
            told
            + "A trend needs four models that differ in competence and alignment."
            + competent(skill)
        )
    t = found.trend
    orders = f"all {t.shuffles:,}" if t.exact else f"{t.shuffles:,} drawn"
    said = (
        f"Over all {t.pairs} pairs of {t.models} models, alignment and the competence of the "
        f"weaker model correlate with **ρ = {t.rho:.2f}, p = {t.p_value:.2g}** ({orders} orders "
        "of the models, two-sided): that test sees every model, bins hide how few there are."
    )
    left = f" Left out, without this competence: {', '.join(found.left_out)}." * bool(
        found.left_out
    )
    return told + said + left + competent(skill)


def mapped(places: pl.DataFrame, method: str) -> str:
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
        f"{row['neighbours']} of a model on the map are its nearest in truth." + zero
    )


def too_few_pairs(row: dict[str, Any], skill: str | None) -> str:
    """Say why there is nothing to draw of vision models among themselves."""
    if not row["higher_is_closer"] and skill is None:
        return "Lower is closer under this metric: it has no map, and no competence is known here."
    return (
        f"{row['pairs']} pairs were compared: bins need two models whose competence is known, a "
        "map needs four. `prh probe` measures competence, `prh score --pairs vision` compares."
    )


def agreeing(dataset: str, frame: pl.DataFrame, *, within: bool) -> list[str]:
    """Say what stands behind the correlations between metrics, in one line.

    Args:
        dataset: its name.
        frame: of `convergence.agreement`.
        within: whether vision models are compared with each other.
    """
    shared = frame["pairs"]
    parts = [
        dataset,
        "pairs of vision models" if within else "pairs of a language and a vision model",
        f"{shared.min()} to {shared.max()} pairs behind a number"
        if shared.min() != shared.max()
        else f"{shared.max()} pairs behind every number",
        f"{frame['setting_a'].n_unique()} metrics and settings",
    ]
    return [" · ".join(parts)]


def agreed(frame: pl.DataFrame) -> str:
    """Say between which correlations metrics lie, and how to read them.

    Args:
        frame: of `convergence.agreement`.
    """
    apart = frame.filter(pl.col("place_a") < pl.col("place_b")).drop_nulls("rho").sort("rho")
    lead = (
        "Each cell is the **Spearman correlation** of two metrics or settings over the pairs of "
        "models both have: 1 means that they rank the pairs alike. The sign of a distance is "
        "turned. Like settings stand side by side (average linkage)."
    )
    if apart.is_empty():
        return lead
    low, high = apart.row(0, named=True), apart.row(-1, named=True)
    return (
        f"{lead} They agree least between {low['setting_a']} and {low['setting_b']} "
        f"(ρ = {low['rho']:.2f}), most between {high['setting_a']} and {high['setting_b']} "
        f"(ρ = {high['rho']:.2f}). Pairs share models, so a handful of models says little."
    )
