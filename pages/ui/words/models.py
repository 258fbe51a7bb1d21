"""Models of one modality among themselves, in words."""

from typing import Any

import polars as pl

from pages.ui.convergence import Binned
from pages.ui.words.settings import corrupt, how


def solved_first(skill: str) -> tuple[bool, bool, bool]:
    """Sort competences: the paper's measure first, then the mean of the probes, then others.

    Of language models the paper's measure is 1 - bits per byte. What counts every class alike, not
    every sample, comes last.
    """
    per_class = skill.endswith(", mean per class")
    paper = skill.startswith(("share of", "1 − bits per byte of"))
    return (per_class, not paper, not skill.startswith("mean of"))


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


_SEEN = {"vision": "images", "language": "captions"}


def paired(row: dict[str, Any], pairs: pl.DataFrame, modality: str) -> list[str]:
    """Say what was measured where models of a modality are compared with each other, in two lines.

    Args:
        row: the row of `queries.model_measured`.
        pairs: answer of `queries.model_pairs`.
        modality: of the models.
    """
    models = pl.concat([pairs["model_a"], pairs["model_b"].alias("model_a")]).n_unique()
    said = (
        [f"captions pooled by {row['pooling']}, prompt {row['prompt']}"]
        if modality == "language"
        else []
    )
    tested = pairs["q_value"].drop_nulls()
    firm = (
        f"{(tested <= 0.05).sum()} of {len(tested)} pairs agree more than relabeled ones (q ≤ .05)"
        if len(tested)
        else "pairs not tested (no permutations)"
    )
    origin = [
        f"{models} {modality} models, {row['pairs']} pairs",
        firm,
        f"run {row['runs']}",
        f"measured {row['measured_at']}",
        f"{_SEEN[modality]} from {row['source']} ({row['license']})",
    ]
    return [" · ".join([*how(row, *said), *corrupt(row)]), " · ".join(origin)]


_MEASURES = {
    "vision": "`prh probe` measures it, `prh import csv` brings in what others measured.",
    "language": "`prh bits` measures how well they predict a text, `prh import` brings in "
    "benchmarks.",
}


def converged(found: Binned, skill: str | None, modality: str) -> str:
    """Say whether stronger models agree more, how sure that is, and how to read the bins."""
    if skill is None:
        return f"What two or more of these models can do is not known here: {_MEASURES[modality]}"
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
        f"{row['neighbors']} of a model on the map are its nearest in truth." + zero
    )


def too_few_pairs(row: dict[str, Any], skill: str | None, modality: str) -> str:
    """Say why there is nothing to draw of models of a modality among themselves."""
    if not row["higher_is_closer"] and skill is None:
        return "Lower is closer under this metric: it has no map, and no competence is known here."
    return (
        f"{row['pairs']} pairs were compared: bins need two models whose competence is known, a "
        f"map needs four. `prh score --pairs {modality}` compares; of what they can do, "
        f"{_MEASURES[modality]}"
    )


def agreeing(dataset: str, frame: pl.DataFrame, *, within: str | None) -> list[str]:
    """Say what stands behind the correlations between metrics, in one line.

    Args:
        dataset: its name.
        frame: of `convergence.agreement`.
        within: the modality whose models are compared with each other; None across both.
    """
    shared = frame["pairs"]
    parts = [
        dataset,
        f"pairs of {within} models" if within else "pairs of a language and a vision model",
        f"{shared.min()} to {shared.max()} pairs behind a number"
        if shared.min() != shared.max()
        else f"{shared.max()} pairs behind every number",
        _of_models(frame.row(0, named=True), within=within is not None),
        f"{frame['setting_a'].n_unique()} metrics and settings",
    ]
    return [" · ".join(parts)]


def _of_models(row: dict[str, Any], *, within: bool) -> str:
    return (
        f"{row['models_a']} models" if within else f"{row['models_a']} × {row['models_b']} models"
    )


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
        f"({_rho(low)}), most between {high['setting_a']} and {high['setting_b']} "
        f"({_rho(high)}). {_significant(apart)}"
    )


def batched(pairs: pl.DataFrame) -> str:
    """Say what batches are, where some settings are means over them, or what adds such settings.

    Args:
        pairs: answer of `queries.metric_pairs`.
    """
    if not pairs["batch"].count():
        return " Settings over **batches** of samples are added by `prh score --batch 64,128`."
    return (
        " **Batches**: the samples in one random order, cut into disjoint batches of as many as "
        "the label says; the layer tables of all batches are averaged, and the best pair of layers "
        "is taken of the mean. Labels without them are over all samples at once. Metrics called "
        "batchable are estimated so (CKA from above, the more the smaller the batch; unbiased CKA "
        "nearly without bias); k neighbors among the few of a batch are a setting of their own."
    )


def _rho(row: dict[str, Any]) -> str:
    told = f"ρ = {row['rho']:.2f}, n = {row['pairs']} pairs"
    return told + (", not tested" if row["q_value"] is None else f", q = {row['q_value']:.2g}")


def _significant(apart: pl.DataFrame) -> str:
    tested = apart.drop_nulls("q_value")
    if tested.is_empty():
        return (
            "None can be tested: a test shuffles models, and needs every pair of them under both "
            "settings."
        )
    firm = tested.filter(pl.col("q_value") <= 0.05)
    row = tested.row(0, named=True)
    untested = apart.height - tested.height
    return (
        f"Of {tested.height} correlations {firm.height} are more than chance (q ≤ .05). Pairs "
        f"share models, so p is the share of {row['shuffles']:,} shuffles of one setting's models "
        "whose ρ is as far from zero, and q corrects it for all cells (Benjamini and Hochberg)."
        + (f" {untested} could not be tested: a pair is missing." if untested else "")
    )
