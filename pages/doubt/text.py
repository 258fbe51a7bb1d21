"""What scores are held against, in words."""

import polars as pl

from pages.ui.plain import plain


def describe_nulls(pairs: pl.DataFrame) -> str:
    """Say what every null holds fixed, and of what it was drawn, as a list.

    Args:
        pairs: rows of `queries.null_pairs`.
    """
    lines: list[str] = []
    for one in pairs.partition_by("null_label", maintain_order=True):
        row = one.row(0, named=True)
        drawn = f"{one['drawn'].min()}" if one["drawn"].n_unique() == 1 else (
            f"{one['drawn'].min()} to {one['drawn'].max()}"
        )  # fmt: skip
        more = f"; {plain(row['drawn_from'], 200)}" if row["drawn_from"] else ""
        moves = "" if row["movable"] is None else f"; moves {row['movable']:.0%} of the samples"
        lines.append(
            f"- **{plain(row['null_label'])}** holds fixed {plain(row['holds'], 600)}. "
            f"{drawn} draws{more}{moves}."
        )
    return "\n".join(lines)


MARKS = (
    "Blue strokes: draws of a null. Gray bar: their threshold. Green diamond: the weakest score "
    "found in 4 of 5 such studies. Dot and line: the score, its interval."
)
READING = (
    "A stroke is the **best of the whole layer table in one draw** of a null, the dot the score, "
    "its line the 95 % interval of what it is expected to be (the choice of layers undone; the "
    "score itself may lie above it), the gray bar the threshold that 5 % of draws exceed. The "
    "diamond is the weakest expected score that would be found in 4 of 5 studies of this size: "
    "threshold + 0.84 standard errors, the larger of the null's and the score's own, so power is "
    "at least that. A null says what it leaves as it is; a score beyond it shows only what the "
    "null takes away.\n\n"
)
TRENDS = (
    "A dot is the correlation, over trained models, of mean closeness with the logarithm of their "
    "parameters; a distance counts with its sign turned. It rises where p ≤ .05, and is unsure "
    "where it cannot be told from zero. **Global** metrics look at all pairs of "
    "samples, **local** ones at neighbors. Raw scores of wider and deeper models are higher "
    "without any relation, under some metrics (see Width and depth); a calibrated score has taken "
    "that out. A trend that is no longer told from zero has not been shown to be flat: that takes "
    "more models."
)
CURVES = (
    "Both models' layers are **independent Gaussian features**: whatever they score is width d, "
    "number of layers and chance. Lines are means over pairs of models of the best of the layer "
    "table, bars reach from the smallest to the largest. Plain CKA rises with d / n; unbiased and "
    "corrected estimates stay near 0. More layers are more candidates for the best under every "
    "metric. **Stored models** stand where their width over samples is (best layers, geometric "
    "mean of both): squares are the mean best of relabeled tables of trained pairs, crosses the "
    "scores of two untrained networks, which also see the same samples. Real layers have an "
    "effective dimension below their width, so under plain CKA squares lie below the curve. Under "
    "metrics with neighbors chance moves with k / n, so only models of the simulated k and n are "
    "shown: `prh confounds --n` simulates at another n."
)


def describe_simulation(simulated: pl.DataFrame) -> list[str]:
    """Say what was simulated, in one line.

    Args:
        simulated: answer of `queries.confounds`.
    """
    row = simulated.row(0, named=True)
    depths = ", ".join(map(str, simulated["layers"].unique().sort()))
    ks = simulated["k"].drop_nulls()
    k = f" · k = {ks[0]}" if len(ks) else ""
    return [
        f"Source: {row['source']} · n = {row['n']}{k} · d = {simulated['width'].min()} to "
        f"{simulated['width'].max()} · {depths} layers · {row['pairs']} pairs of models each"
    ]


def describe_capacity(dataset: str, frame: pl.DataFrame, what: str) -> list[str]:
    """Say what stands behind trends with size, in one line.

    Args:
        dataset: its name.
        frame: answer of `queries.capacity_trends`.
        what: models along the trend.
    """
    return [
        f"{plain(dataset)}: n = {frame['n'][0]} · {frame['model'].n_unique()} {plain(what)}, mean "
        f"over {frame['pairs'].max()} models of the other side · trained only · each metric under "
        "its customary setting, calibrated against relabeled rows"
    ]
