"""Neighbors in words, and as tables to be clicked."""

import base64
from typing import Any

import polars as pl

from pages.captions.pictures import glyph_of, small_picture
from pages.neighbors.queries import MOST_POINTS, MOST_READ
from pages.ui.plain import plain, visible

NO_CAPTION = "no caption here"
MARKS = (
    "The cross is the chosen sample, rings are its neighbors: green in both models, violet in the "
    "first alone, brown in the second alone. Drag over a map to light the same samples on both."
)


def name_sample(row: dict[str, Any], k: int) -> str:
    """Name a sample for a list: what it says, and how many neighbors it shares."""
    there = "" if row["shared_there"] is None else f", {row['shared_there']} there"
    said = visible(row["caption"] or row["sample_id"] or "unnamed", 60)
    return f"{said} · {row['shared']} of {k}{there}"


def picture_of(row: dict[str, Any]) -> str | None:
    """Return a sample's picture as an address: the stored one, or one that lies on this machine."""
    if row["webp"] is not None:
        return f"data:image/webp;base64,{base64.b64encode(row['webp']).decode()}"
    return small_picture(row["image"] or "")


def letter_of(row: dict[str, Any]) -> str | None:
    """Return the letter that stands for a sample whose picture is not here."""
    return glyph_of(row["image"] or "")


def describe_sample(row: dict[str, Any], k: int) -> str:
    """Say what a sample is and how many neighbors it shares, as Markdown."""
    caption = plain(row["caption"], 400) if row["caption"] else NO_CAPTION
    name = plain(row["sample_id"] or "")
    return f"**{caption}**  \n{name} · {row['shared']} of {k} neighbors in common"


def tabulate(near: pl.DataFrame, place: int) -> pl.DataFrame:
    """Return one side's neighbors as they are shown, pictures first where there are any.

    Args:
        near: answer of `queries.neighbors_of`.
        place: 0 for the first side, 1 for the second.
    """
    rows = near.filter(pl.col("place") == place).to_dicts()
    pictures = [picture_of(row) for row in rows]
    letters = [None if shown else letter_of(row) for shown, row in zip(pictures, rows, strict=True)]
    columns: dict[str, list[Any]] = {"Rank": [row["rank"] for row in rows]}
    if any(pictures):
        columns["Picture"] = pictures
    elif any(letters):
        columns["Picture "] = letters
    columns |= {
        "There": [_rank_there(row) for row in rows],
        "Cosine": [row["similarity"] for row in rows],
        "Caption": [visible(row["caption"] or row["sample_id"] or "", 160) for row in rows],
    }
    return pl.DataFrame(columns, schema_overrides={"Cosine": pl.Float64})


def _rank_there(row: dict[str, Any]) -> str:
    rank = row["rank_there"]
    return "" if rank is None else f"● {rank}" if row["both"] else str(rank)


def describe_maps(layers: dict[str, Any], drawn: int) -> list[str]:
    """Say what the maps are, how far they can be believed, and how many samples they show."""
    said = {
        "umap": "UMAP of the stored neighbors",
        "pca": "the two principal components, since samples are too many for UMAP",
    }
    kept = [f"{layers[f'map_kept_{side}']:.0%}" for side in ("x", "y")]
    ways = [said[layers[f"map_method_{side}"]] for side in ("x", "y")]
    way = ways[0] if ways[0] == ways[1] else f"{ways[0]}, and {ways[1]}"
    told = [
        f"Maps: {way}; {kept[0]} and {kept[1]} of the 10 nearest neighbors are among the 10 "
        "nearest on the map. The second is turned and mirrored onto the first."
    ]
    if drawn < layers["n"]:
        told.append(
            f"{drawn:,} of {layers['n']:,} samples are drawn, the same at every visit, the chosen "
            f"one and its neighbors among them (beyond {MOST_POINTS:,} maps are thinned); every "
            "number is over all."
        )
    return told


EXPLAINED = (
    "Each sample's nearest others by cosine, in one layer of either model, prepared as scores "
    "prepare it. **Neighbors in common** are those in both lists; their mean over samples, divided "
    "by k, is mutual k-NN. A map has no unit and is stretched to fit; it keeps only some of the "
    "neighbors, so the lists are what counts, not distances on the map. A sample that shares none "
    "is no error of either model: each may find others near for reasons of its own.\n\n"
    'What every sample shares, of every pair: `prh sql "FROM agreement_by_sample"`.'
)
NO_WORDS = (
    "No word stands in five captions or more, or the warehouse holds no captions, and nothing is "
    "told of classes or pictures (`prh neighbors --labels FILE`), so there is nothing to tell "
    "samples apart by."
)
PICTURED = (
    "A dot is the mean of a tenth of the samples, its line the 95 % interval; ρ is Spearman's "
    "correlation over single samples, q corrected for the four. Samples are taken as independent, "
    "though they are each other's neighbors. Brightness and contrast: mean and standard deviation "
    "of luma; colorfulness: Hasler and Suesstrunk 2003; detail: mean gradient at 224 pixels."
)


def describe_unread(samples: int) -> str:
    """Say that only the first captions' words are told apart, where there are more."""
    return f"Words of the first {MOST_READ:,} captions." if samples > MOST_READ else ""
