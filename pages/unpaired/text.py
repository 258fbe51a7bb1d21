"""Matchings in words, and as tables."""

import base64
from typing import Any

import polars as pl

from pages.ui.plain import plain, visible
from pages.unpaired.queries import Way

SEARCHES = {
    "assignment": "quadratic assignment",
    "translation": "clusters matched, then a rotation",
    "both": "a rotation from where quadratic assignment ended",
}
SHOWN = 200
"""Samples in the table; all are in what is downloaded."""
MARKS = (
    "Filled: beyond luck (q ≤ .05 over the pairs shown). Gray dots: one model or both untrained. "
    "Gray bar: left, what luck exceeds in at most 5 % of cases; right, what it expects."
)
READING = (
    "Only **what is alike to what within each space** is known to the search: similarities of "
    "samples are made to agree by relabeling the second model's samples. Which rows belong "
    "together is used afterwards, to count. By luck one sample a block is right, whatever its "
    "size. p is the chance of as many under a pairing drawn at random, exact, with features and "
    "matching held fixed. Samples of one class are alike, so a **mean rank** below luck's with "
    "few correct matches says that classes were found, not samples. Where a wrong matching agrees"
    " better than the truth, no search by this similarity finds it; where the truth agrees "
    "better, the search fell short and more starts may help. Last layers are taken, as choosing "
    "by alignment would use the pairs. `prh unpaired` stores these; `prh match A B` does it for "
    "two files."
)
SAMPLES = (
    "Wrong matches come first, the farthest off in front. **Rank** is where the true partner stood "
    "among the block's samples by the evidence of the matching, 1 the best."
)


def name_way(row: dict[str, Any]) -> str:
    """Name a way of matching in a list."""
    block = row["n"] // row["blocks"]
    return (
        f"{row['method']}, {row['similarity']}, {row['blocks']} × {block}, {row['starts']} starts, "
        f"seed {row['seed']}"
    )


def describe_way(way: Way, dataset: str) -> list[str]:
    """Say how pairs were matched, in one line."""
    return [
        f"{plain(dataset)}: n = {way.n:,} in {way.blocks} disjoint blocks · "
        f"{SEARCHES.get(way.method, plain(way.method))} · similarity {plain(way.similarity)} · "
        f"{way.starts} starts · last layers · no pair was used"
    ]


def tabulate(samples: pl.DataFrame) -> pl.DataFrame:
    """Return the first matches as they are shown, pictures first where there are any.

    Args:
        samples: answer of `queries.matched_with`.
    """
    rows = samples.head(SHOWN).to_dicts()
    columns: dict[str, list[Any]] = {}
    if any(row["webp"] for row in rows):
        columns["Picture"] = [_address(row["webp"]) for row in rows]
    columns["Sample"] = [visible(row["caption"] or row["sample_id"] or "", 160) for row in rows]
    if any(row["partner_webp"] for row in rows):
        columns["Partner's"] = [_address(row["partner_webp"]) for row in rows]
    columns |= {
        "Matched with": [
            "● itself" if row["is_correct"]
            else visible(row["partner_caption"] or row["partner_id"] or "", 160)
            for row in rows
        ],
        "Rank": [row["true_rank"] for row in rows],
    }  # fmt: skip
    return pl.DataFrame(columns, schema_overrides={"Rank": pl.Float64})


def _address(webp: bytes | None) -> str | None:
    if webp is None:
        return None
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
