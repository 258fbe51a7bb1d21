"""What is in the warehouse, in words."""

from collections.abc import Mapping
from typing import Any, Literal

import polars as pl

from pages.ui.plain import plain, plained

Color = Literal["green", "orange", "red", "blue", "gray"]
HYPOTHESIS = (
    "This is the **Platonic Representation Hypothesis** (Huh, Cheung, Wang and Isola, ICML 2024, "
    "[arXiv 2405.07987](https://arxiv.org/abs/2405.07987)). If it holds, a model of pictures and a "
    "model of words find the same things alike; these pages measure how far that is so."
)
CARDS = 24
"""Models on one page of cards."""
STATES: dict[str, Color] = {
    "measured here": "green",
    "published numbers only": "blue",
    "not yet": "gray",
}
"""Color of each state of a figure."""
VERDICTS: dict[str, Color] = {
    "yes": "green", "partly": "orange", "no evidence": "gray", "contrary": "red",
    "inconclusive": "gray", "too few": "gray", "published": "blue",
}  # fmt: skip
"""Color of each verdict."""
COVERAGE = (
    "A filled cell: the model's layers over that dataset are stored. A score compares one language "
    "with one vision model under one setting (metric, k, truncation, precision). *Untrained* "
    "models are randomly initialized controls."
)


def count(number: int, noun: str, nouns: str = "") -> str:
    """Write a number with its noun in the right form."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def describe_last_run(run: Mapping[str, Any]) -> str:
    """Say which command ran last.

    Args:
        run: a row of `queries.runs`.
    """
    row = plained(run)
    return f"Last run: {row['command']} · {row['outcome']} · started {row['started']}"


def describe_figure(row: Mapping[str, Any]) -> str:
    """Say how a figure of the paper stands here, and what fills it where that is not all.

    Args:
        row: of `queries.figures`.
    """
    badge = f":{STATES[row['state']]}-badge[{row['state']}]"
    filled = f" · filled by `{row['command']}`" if row["command"] else ""
    return f"{badge} :small[{row['detail']}{filled}]"


def describe_model(row: Mapping[str, Any]) -> str:
    """Return a model's card as Markdown, its name first.

    Args:
        row: of `queries.models`.
    """
    known = plained(row, 120)
    size = f"{_short(row['parameters'])} parameters" if row["parameters"] else ""
    depth = count(row["layers"], "layer") if row["layers"] else "no features here"
    lines = [
        " · ".join(part for part in (known["family"], size, depth) if part),
        f"**Trained** {known['objective']}; {known['training_data']}"
        if row["weights"] == "trained"
        else "",
        _describe_scores(row, known),
        _describe_skills(row),
        f"**License** {known['license']}",
        f"**Source** {known['source']} ({known['revision']}); {known['citation']}",
    ]
    told = "  \n".join(f":small[{line}]" for line in lines if line)
    return f"**{known['model']}** · {row['modality']}  \n{told}"


def _describe_scores(row: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if not row["scores"]:
        return "**Scores** none here"
    told = f"**Scores** {row['scores']:,} with {count(row['partners'], 'model')}"
    if row["closest_score"] is None:
        return told
    other = "language" if row["modality"] == "vision" else "vision"
    return (
        f"{told}; closest {other} model {known['closest_model']}, {row['closest_score']:.3f} "
        f"({known['closest_measure']}, {known['closest_dataset']})"
    )


def _describe_skills(row: Mapping[str, Any]) -> str:
    if not row["skills"]:
        return "**Skills** none known"
    more = "" if row["skills"] <= 3 else ", among them"
    told = plain(str(row["known_skills"]).replace(" -", " −"), 260)
    return f"**Skills** {row['skills']:,}{more}: {told}"


def _short(number: int) -> str:
    for limit, unit in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if number >= limit:
            return f"{number / limit:.3g} {unit}"
    return str(number)


def pick_layouts(agreement: pl.DataFrame) -> pl.DataFrame:
    """Return the best layouts of colors: of a trained and an untrained model and of pictures.

    Args:
        agreement: answer of `queries.color_agreement` of the page of colors.
    """
    ordered = agreement.sort("rho", descending=True, nulls_last=True).drop_nulls("rho")
    best = ordered.unique(["side", "trained"], keep="first", maintain_order=True)
    return best.select("label", "trained", x="rho", low="interval_low", high="interval_high")


def pick_sets(means: pl.DataFrame) -> pl.DataFrame:
    """Return alignment by length of the caption sets that are no controls.

    Args:
        means: answer of `queries.caption_overall` of the page of captions.
    """
    kept = means.filter(~pl.col("pictures"), ~pl.col("control")).drop_nulls(["words", "alignment"])
    return kept.select(label="caption_set", x="words", y="alignment").sort("x")


def list_pages(models: int) -> list[str]:
    """Return the names of the pages of cards, as many as so many models take."""
    starts = range(0, max(models, 1), CARDS)
    return [f"{start + 1}–{min(start + CARDS, models)}" for start in starts]


def pick_page(models: pl.DataFrame, page: str) -> pl.DataFrame:
    """Return the models of one page of cards.

    Args:
        models: answer of `queries.models`, or part of it.
        page: one of `list_pages`.
    """
    return models.slice(int(page.partition("–")[0]) - 1, CARDS)


def match_models(models: pl.DataFrame, words: str, families: list[str]) -> pl.DataFrame:
    """Return the models that hold every word of a search and are of one of the families.

    Args:
        models: answer of `queries.models`.
        words: separated by spaces; empty finds all.
        families: none means all.
    """
    searched = pl.concat_str(
        ["model", "modality", "family", "objective", "training_data", "source", "license",
         "citation", "weights", "model_id"],
        separator=" ",
    ).str.to_lowercase()  # fmt: skip
    found = models.filter(pl.col("family").is_in(families)) if families else models
    for word in words.lower().split():
        found = found.filter(searched.str.contains(word, literal=True))
    return found
