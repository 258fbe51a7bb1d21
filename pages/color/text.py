"""Colors laid out, in words."""

from typing import Any

import polars as pl

from pages.ui.findings.words import as_p, as_share, is_significant
from pages.ui.plain import plained

MARKS = (
    "● : agrees with human vision beyond chance (q ≤ .05, corrected for all layouts here). "
    "Untrained models are controls: what they reach owes nothing to what anybody read."
)
"""How to read the table of agreement."""


def name_layout(row: dict[str, Any]) -> str:
    """Name a layout for a control."""
    return f"{row['label']}, {row['reading']}"


def describe_view(row: dict[str, Any]) -> str:
    """Say over a view whether it agrees with human vision, and that nobody trained its model.

    Args:
        row: of `queries.color_agreement`, with its q over all layouts.
    """
    known = row["rho"] is not None
    agrees = known and row["rho"] > 0 and is_significant(row["q_value"])
    lead = "● agrees with the eye" if agrees else "agreement not shown"
    numbers = [f"ρ = {as_share(row['rho'])}"] if known else []
    numbers += [as_p(row["q_value"], "q")] if as_p(row["q_value"], "q") else []
    return ("" if row["trained"] else "untrained, ") + ": ".join(
        part for part in (lead, ", ".join(numbers)) if part
    )


def tell_about(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what stands behind the views, for their line and for files.

    Args:
        rows: of `queries.color_agreement`.
    """
    listed = {
        "dataset": [row["colors"] for row in rows],
        "models": [row["label"] for row in rows if row["side"] == "language"],
        "run": [row["run"] for row in rows],
        "measured_at": [f"{max(row['measured_at'] for row in rows):%Y-%m-%d %H:%M UTC}"],
        "source": [row["source"] for row in rows],
        "license": [row["license"] for row in rows],
    }
    return {name: ", ".join(dict.fromkeys(map(str, told))) for name, told in listed.items()}


def describe_layouts(rows: list[dict[str, Any]]) -> list[str]:
    """Say what was measured, a line per layout shown.

    Args:
        rows: of `queries.color_agreement`.
    """
    return [_describe_layout(plained(row, 400)) for row in rows]


def _describe_layout(row: dict[str, Any]) -> str:
    parts = [f"**{name_layout(row)}**"]
    if row["side"] == "vision":
        parts += [
            f"{row['pictures']:,} picture{'s' if row['pictures'] > 1 else ''}",
            f"{row['counted_pairs']:,} pairs of pixels at most {row['radius']} apart",
            f"{row['things']} {row['rule']}",
            f"{row['counted_share']:.0%} of pairs of colors seen together",
        ]
    else:
        parts += [f"{row['things']} words of {row['colors']}, {row['rule']}"]
    parts += [
        f"{row['starts']:,} starts of MDS, stress {row['stress']:.2f}",
        "mirror image" if row["reflected"] else "not mirrored",
        f"run {row['run']}",
        f"source: {row['source']} ({row['license']})",
    ]
    return " · ".join(parts)


def describe_agreement(rows: list[dict[str, Any]]) -> str:
    """Say how far the shown layouts agree with human vision, and how to read the views.

    Args:
        rows: of `queries.color_agreement`, with their q over all layouts.
    """
    listed = "\n".join(
        f"- {name_layout(row)}: **ρ = {row['rho']:.2f}**{_format_interval(row)}, "
        f"n = {row['things']} colors, q = {row['q_value']:.2g}, Procrustes "
        f"R² = {row['r_squared']:.2f}, {row['rmsd']:.0f} ΔE off"
        for row in (plained(row) for row in rows)
    )
    return (
        f"{listed}\n\nEach view is brought onto **CIELAB**, in which equal distances look about "
        "equally different, by rotation, scale and mirror image (Kabsch and Umeyama); up is "
        "lighter. Each is drawn at the spread of its colors in CIELAB, whatever scale fits best. "
        "ρ is the Spearman correlation of the *distances* before laying out with CIELAB's, its "
        f"interval leaves out one color after the other, p is the share of "
        f"{rows[0]['shuffles']:,} shuffles of the colors that agree as well (one-sided), and q "
        "corrects it for all layouts of the table (Benjamini and Hochberg): a view that looks "
        "right by luck has a high q. R² and ΔE are of the three-dimensional layout once it is "
        "brought over, which can always be brought *somewhat* near, so they never start at zero."
    )


def _format_interval(row: dict[str, Any]) -> str:
    if row["interval_low"] is None:
        return ""
    return f" ({row['interval_low']:.2f} to {row['interval_high']:.2f})"


def tabulate_agreement(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table of agreement as a reader reads it.

    Args:
        frame: answer of `queries.color_agreement`, with q over it.
    """
    return frame.select(
        pl.when((pl.col("q_value") <= 0.05) & (pl.col("rho") > 0))
        .then(pl.lit("●"))
        .otherwise(pl.lit(""))
        .alias("q ≤ .05"),
        pl.concat_str(
            "label", pl.when("trained").then(pl.lit("")).otherwise(pl.lit(" (untrained)"))
        ).alias("Who"),
        pl.col("reading").alias("Distances between"),
        pl.col("things").alias("Colors"),
        pl.col("rho").round(3).alias("ρ with CIELAB"),
        pl.col("interval_low").round(2).alias("95 % from"),
        pl.col("interval_high").round(2).alias("to"),
        pl.col("p_value").round(4).alias("p"),
        pl.col("q_value").round(4).alias("q"),
        pl.col("r_squared").round(2).alias("Procrustes R²"),
        pl.col("rmsd").round(1).alias("RMSD, ΔE"),
        pl.col("stress").round(3).alias("Stress"),
    )


def name_words(row: dict[str, Any]) -> str:
    """Name the color words of a layout."""
    return f"{row['colors']}: {row['rule']}"


def pick_another_model(layouts: list[str], first: str) -> str:
    """Return a layout of another model than the first, or of another reading."""
    model = first.rpartition(", ")[0]
    others = [name for name in layouts if name.rpartition(", ")[0] != model]
    return (others or [name for name in layouts if name != first] or ["none"])[0]


def list_families(layouts: pl.DataFrame) -> list[str]:
    """Return the families of trained language models that are laid out.

    Args:
        layouts: answer of `queries.color_agreement`.
    """
    models = layouts.filter("trained", pl.col("side") == "language")
    return models["family"].drop_nulls().unique().to_list()


def keep_families(rows: pl.DataFrame, families: str) -> pl.DataFrame:
    """Return the rows of trained models of some families, and all of untrained ones and pictures.

    Args:
        rows: of `queries.color_agreement` or `queries.color_layers`.
        families: parted by "|"; empty keeps all.
    """
    if not families:
        return rows
    pictures = pl.col("side") == "vision" if "side" in rows.columns else pl.lit(False)
    return rows.filter(pictures | ~pl.col("trained") | pl.col("family").is_in(families.split("|")))
