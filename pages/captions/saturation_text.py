"""Captions averaged, and laws of saturation, in words."""

from typing import Any

import polars as pl

from pages.ui.findings.words import as_score, counted
from pages.ui.plain import plained

_ENOUGH = 0.98
READING = (
    "**Averages and their law.** Whiskers, where there are, are the standard deviation over "
    "language models of their means over vision models. Raw features are averaged, each caption "
    "read by itself; outlier truncation and l2 normalization follow, as for any features, so a "
    "longer vector weighs more. The law is S∞ − C·m^−β (Zhu et al. 2026, arXiv 2511.02767: R² "
    "above .98 over frames and captions of videos). A law of three parameters bends to nearly any "
    "few points that rise and level off, so R² counts only with degrees of freedom left; numbers "
    "are of the same images, so they are not independent and the interval of S∞ is of the law's "
    "misfit alone."
)
"""How to read the chart, and what not to read into it."""


def describe_study(row: dict[str, Any]) -> list[str]:
    """Say what was measured, in two lines.

    Args:
        row: of `queries.averaged_studies`.
    """
    row = plained(row)
    how = f"n = {row['n']:,}" + (f" · k = {row['k']}" if row["k"] is not None else "")
    return [
        f"{row['dataset']} · {how} · truncation {row['truncation']} · networks in "
        f"{row['precision']} · best of all pairs of layers · {row['language_models']} trained "
        f"language and {row['vision_models']} trained vision models",
        f"Up to {row['captions']} captions and {row['pictures']} pictures an image averaged · run "
        f"{row['runs']} · measured {row['measured_at']} · from {row['source']} ({row['license']})",
    ]


def known_end(laws: pl.DataFrame, over: str) -> float | None:
    """Return where the law of the mean ends, where that is more than a guess; else None.

    Args:
        laws: answer of `queries.saturation`.
        over: captions or pictures: of single laws that of the largest number of the other.
    """
    mean = laws.filter("overall")
    found = pl.concat([
        mean.filter(along="captions and pictures"), mean.filter(along=over).sort("held").tail(1)
    ])  # fmt: skip
    if found.is_empty():
        return None
    law = found.row(0, named=True)
    return law["limit_score"] if law["determined"] and law["limit_high"] is not None else None


def describe_averages(points: pl.DataFrame, laws: pl.DataFrame) -> str:
    """Say what more captions bring, averaged and joined, and how well the law holds.

    Args:
        points: answer of `queries.caption_averages`.
        laws: answer of `queries.saturation`.
    """
    averaged = points.filter(how="features averaged")
    joined = points.filter(pl.col("how") != "features averaged")
    first = averaged.sort("captions", "pictures").row(0, named=True)
    models = (
        f"{counted(first['language_models'], 'language model')} and "
        f"{counted(first['vision_models'], 'vision model')}"
    )
    said = [f"Mean over {models}: {_grown(averaged)}{_compared(averaged, joined)}."]
    mean = laws.filter("overall")
    told = pl.concat([
        mean.filter(along="captions and pictures"),
        *(mean.filter(along=one).sort("held").tail(1) for one in ("captions", "pictures")),
    ])  # fmt: skip
    said += [f"- {_law(law, laws)}" for law in told.iter_rows(named=True)]
    if told.is_empty():
        said.append("No law of saturation is fitted: it takes three different numbers.")
    return "\n".join([said[0], "", *said[1:]])


def _grown(averaged: pl.DataFrame) -> str:
    """Say from where to where averages go, over captions, then over pictures."""
    parts: list[str] = []
    for side, other in (("captions", "pictures"), ("pictures", "captions")):
        if averaged[side].n_unique() < 2:
            continue
        held = averaged.sort(other).row(0 if side == "captions" else -1, named=True)[other]
        own = averaged.filter(pl.col(other) == held).sort(side)
        low, high = own.row(0, named=True), own.row(-1, named=True)
        beside = f" (at {counted(held, other[:-1])})" if averaged[other].n_unique() > 1 else ""
        parts.append(
            f"alignment is {as_score(low['alignment'])} with {counted(low[side], side[:-1])} an "
            f"image and {as_score(high['alignment'])} with the features of {high[side]} "
            f"averaged{beside}"
        )
    return "; ".join(parts) or "one caption and one picture an image: nothing was averaged"


def _compared(averaged: pl.DataFrame, joined: pl.DataFrame) -> str:
    """Say what as many captions score joined as text, where both are there."""
    both = averaged.filter(pl.col("pictures") == 1).join(joined, on="captions", suffix="_joined")
    if both.is_empty():
        return ""
    row = both.sort("captions").row(both.height - 1, named=True)
    return (
        f"; {row['captions']} captions joined as text score {as_score(row['alignment_joined'])}, "
        f"averaged {as_score(row['alignment'])}"
    )


def _law(law: dict[str, Any], laws: pl.DataFrame) -> str:
    """Say one law of the mean: its end, its fit, what it predicts, and what pairs alone say."""
    law = plained(law)
    held = ""
    if law["held"] is not None:
        other = "picture" if law["along"] == "captions" else "caption"
        held = f", {counted(int(law['held']), other)} an image"
    end = "no end is seen within these numbers"
    if law["limit_high"] is not None and law["determined"]:
        end = (
            f"S∞ = {as_score(law['limit_score'])} (95 % {as_score(law['limit_low'])} to "
            f"{as_score(law['limit_high'])})"
        )
    elif law["determined"]:
        end = f"S∞ = {as_score(law['limit_score'])}, and these numbers do not bound it above"
    if not law["free"]:
        return (
            f"**Over {law['along']}{held}:** {law['points']} points are as many as the law has "
            "parameters, so it passes through nearly any: nothing is tested."
        )
    powers = ", ".join(
        f"{name} {law[column]:.2f}"
        for name, column in (("captions", "exponent_captions"), ("pictures", "exponent_pictures"))
        if law[column] is not None
    )
    verdict = {
        "holds": "the law holds",
        "does not hold": "the law does not hold",
        "inconclusive": "inconclusive",
    }[str(law["verdict"])]
    said = (
        f"**Over {law['along']}{held}:** {verdict}. R² = {_fit(law['r_squared'])} with "
        f"{law['points']} points less {law['points'] - law['free']} parameters, "
        f"{counted(law['free'], 'degree of freedom', 'degrees of freedom')} left; {end}; "
        f"exponents: {powers}."
    )
    if law["held_out_error"] is not None:
        said += (
            f" Predicted from the others, the largest numbers are missed by "
            f"{law['held_out_error']:.4f}; that nothing grows beyond them would miss by "
            f"{law['held_out_last']:.4f}."
        )
    same = pl.col("held").is_null() if law["held"] is None else pl.col("held") == law["held"]
    pairs = laws.filter(~pl.col("overall"), same, along=str(law["along"]))
    if pairs.height > 1:
        fits = pairs["r_squared"]
        said += (
            f" Of {pairs.height} pairs of models by themselves R² is .98 or more in "
            f"{int((fits >= _ENOUGH).sum())}, at the median {_fit(float(fits.median()))}."  # type: ignore[arg-type]
        )
    return said


def _fit(value: float) -> str:
    """Write R² with three decimals, more where it is nearly 1: nearly perfect is not perfect."""
    texts = (f"{value:.{digits}f}" for digits in range(3, 9))
    found = next((text for text in texts if text.startswith(("0.", "-"))), f"{value:.3f}")
    return found.removeprefix("0")
