"""What metrics say of the same models, in words."""

from typing import Any

import polars as pl

from pages.ui.plain import plain
from pages.ui.text import Q_MEANING, count_models


def describe_comparison(dataset: str, frame: pl.DataFrame) -> list[str]:
    """Say what stands behind a comparison of metrics, in one line.

    Args:
        dataset: its name.
        frame: answer of `queries.metric_scores`.
    """
    counts = sorted(frame["permutations"].unique().to_list())
    parts = [
        f"{plain(dataset)}: n = {frame['n'][0]}",
        "trained models only",
        "each metric under its customary setting",
        f"{' or '.join(str(count) for count in counts)} permutations",
    ]
    return [" · ".join(parts)]


def describe_trend_sources(dataset: str, frame: pl.DataFrame) -> list[str]:
    """Say what stands behind small multiples by metric, in one line.

    Args:
        dataset: its name.
        frame: answer of `queries.metric_trends`.
    """
    parts = [
        f"{plain(dataset)}: n = {frame['n'].max()}",
        f"{frame['model_x'].n_unique()} language × {frame['model_y'].n_unique()} "
        "vision models, trained only",
        "each metric under its customary setting",
    ]
    return [" · ".join(parts)]


def describe_trends(lines: pl.DataFrame) -> str:
    """Say under which metrics alignment rises with skill.

    Args:
        lines: of `trends.along`, every metric's, with its name in `metric`, corrected together.
    """
    if lines.is_empty():
        return "A line needs three trained models with this skill."
    listed = "; ".join(
        f"{metric}: r from {low:.2f} to {high:.2f} ({firm} of {count} lines with q ≤ .05)"
        for metric, low, high, firm, count in lines.drop_nulls("r")
        .group_by("metric", maintain_order=True)
        .agg(
            pl.col("r").min().alias("low"),
            pl.col("r").max().alias("high"),
            (pl.col("q_value") <= 0.05).sum().alias("firm"),
            pl.len().alias("count"),
        )
        .iter_rows()
    )
    return (
        f"Along the lines of each metric, over {count_models(lines)} trained models each, "
        f"{listed}. {Q_MEANING} Each panel has a scale of its own: a metric's "
        "unit is not another's. Where lower is closer (Procrustes), agreement falls as the line "
        "rises; calibrated scores all rise with agreement."
    )


def describe_agreement_sources(
    dataset: str, frame: pl.DataFrame, *, within: str | None
) -> list[str]:
    """Say what stands behind the correlations between metrics, in one line.

    Args:
        dataset: its name.
        frame: of `statistics.correlate_settings`.
        within: the modality whose models are compared with each other; None across both.
    """
    shared = frame["pairs"]
    parts = [
        plain(dataset),
        f"pairs of {within} models" if within else "pairs of a language and a vision model",
        f"{shared.min()} to {shared.max()} pairs behind a number"
        if shared.min() != shared.max()
        else f"{shared.max()} pairs behind every number",
        _count_models(frame.row(0, named=True), within=within is not None),
        f"{frame['setting_a'].n_unique()} metrics and settings",
    ]
    return [" · ".join(parts)]


def _count_models(row: dict[str, Any], *, within: bool) -> str:
    return (
        f"{row['models_a']} models" if within else f"{row['models_a']} × {row['models_b']} models"
    )


def describe_agreement(frame: pl.DataFrame) -> str:
    """Say between which correlations metrics lie, and how to read them.

    Args:
        frame: of `statistics.correlate_settings`.
    """
    apart = frame.filter(pl.col("place_a") < pl.col("place_b")).drop_nulls("rho").sort("rho")
    lead = (
        "Each cell is the **Spearman correlation** of two metrics or settings over the pairs of "
        "models both have: 1 means that they rank the pairs alike. The sign of a distance is "
        "turned. A star marks q ≤ .05. Like settings stand side by side (average linkage)."
    )
    if apart.is_empty():
        return lead
    low, high = apart.row(0, named=True), apart.row(-1, named=True)
    return (
        f"{lead} They agree least between {_name_both(low)} ({_format_rho(low)}), most between "
        f"{_name_both(high)} ({_format_rho(high)}). {_describe_significance(apart)}"
    )


def describe_batches(pairs: pl.DataFrame) -> str:
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


def _name_both(row: dict[str, Any]) -> str:
    return f"{plain(row['setting_a'])} and {plain(row['setting_b'])}"


def _format_rho(row: dict[str, Any]) -> str:
    rho = f"ρ = {row['rho']:.2f}, n = {row['pairs']} pairs"
    return rho + (", not tested" if row["q_value"] is None else f", q = {row['q_value']:.2g}")


def _describe_significance(apart: pl.DataFrame) -> str:
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


def list_families(rows: pl.DataFrame) -> set[str]:
    """Return the families of the models of `queries.metric_trends`."""
    return {*rows["family_x"], *rows["group_y"]}
