"""The best pair of layers, and what a model scores with itself, in words."""

from typing import Any

import polars as pl

from pages.ui.plain import plain, plained

UNSCORED = "Not scored"
"""The view of pairs that are missing."""
BOUNDS = (
    "Each bar is where the score **must** lie, from layer tables with third models that were "
    "scored with both (mutual k-NN alone). Of a sample's k neighbors, two models that share a and "
    "b of them with the same layer of a third share at least a + b − k with each other and at most "
    "k − |a − b|. The highest lower and the lowest upper bound are drawn. The point is what would "
    "be expected were both **independent given the third**: no bound, and too low where two models "
    "share what the third lacks. Of the known scores of emoji, Flickr8k and ImageNet it is .7 at "
    "the median where a third model is of the modality of either (open points: where none is, "
    "and it is 2 to 12 %). `prh score` measures the pair itself."
)


def describe_best(pair: dict[str, Any], view: str) -> str:
    """Say which pair of layers is the best, and how to read what is drawn.

    Args:
        pair: its row of `queries.alignment`.
        view: which of the page's.
    """
    row = plained(pair)
    best = (
        f"Best of all: **{row['layer_x']}** of {row['label_x']} with "
        f"**{row['layer_y']}** of {row['label_y']}, {row['alignment']:.4f}"
    )
    if view == "By depth":
        lead = (
            f"{best}. Each point is a layer's closest score with any single layer of the other "
            "model."
        )
        if row["null_threshold"] is None:
            return lead
        return (
            f"{lead} The dashed line is the **threshold**: what the best of the whole layer table "
            "exceeds in 5 % of tables whose samples were permuted. It holds for the best of all "
            "layers; a layer below it is not shown to agree."
        )
    star = ""
    if row["q_value"] is not None:
        star = " and a star where its q ≤ .05" if row["q_value"] <= 0.05 else ", no star: q > .05"
    return (
        f"{best} (solid frame{star}; a dashed frame marks the best pair of single layers where it "
        "is another one). Only the best is tested, against the best of permuted tables. The last "
        "row and column, set apart, stand for the concatenated layers. A crossed gray cell is a "
        "constant layer: it maps every sample to the same point, so nothing is near anything."
    )


def describe_self_agreement(frame: pl.DataFrame) -> str:
    """Say what two models score with themselves, seen again and by halves, and what that bounds.

    Args:
        frame: answer of `queries.self_agreement`.
    """
    listed: list[str] = []
    for (label,), rows in frame.group_by("label", maintain_order=True):
        known = rows.drop_nulls("noise_ceiling").select("noise_ceiling", "second_view").rows()
        views = [f"{ceiling:.4f} ({view})" for ceiling, view in known]
        listed.append(f"{plain(label)} {plain(', '.join(views) if views else 'not known', 400)}")
    if not listed:
        return ""
    if frame["noise_ceiling"].is_null().all():
        means = (
            "It would be what a model scores with itself, shown a second view of the same samples; "
            "`prh run --noise-ceiling` measures it where there is one."
        )
    else:
        means = (
            "That is what a model scores with itself, shown a second view of the same samples, "
            "best pair of layers: how much agreement survives a change of view. It bounds the "
            "expected score with a model that has the same signal and as much noise. With a model "
            "of less noise, or one that saw the very same view, it can score closer; a view that "
            "changes little bounds little."
        )
    return f"\n\n**Noise ceiling:** {'; '.join(listed)}. {means}" + _describe_halves(frame)


def _describe_halves(frame: pl.DataFrame) -> str:
    known = frame.drop_nulls("split_half_agreement").unique("label", maintain_order=True)
    if known.is_empty():
        return ""
    listed = "; ".join(
        f"{plain(row['label'])} {row['split_half_agreement']:.4f}"
        for row in known.iter_rows(named=True)
    )
    return (
        f"\n\n**Split-half agreement:** {listed}: two random halves of a layer's dimensions with "
        f"each other, best layer, mean of {known['splits'][0]} splits. It says how redundant the "
        "dimensions are and bounds no other model: a rotated copy agrees perfectly (truncation "
        "apart), whatever the halves do."
    )


def describe_unscored(first: str, count: int) -> str:
    """Point to what is known of pairs that were not scored.

    Args:
        first: label of the first model.
        count: of the models it was not scored with, and third models were.
    """
    if not count:
        return ""
    models = "1 model" if count == 1 else f"{count} models"
    return (
        f"\n\n**Not scored:** {plain(first)} with {models} of this setting; the view *{UNSCORED}* "
        "shows between what third models hold these scores."
    )
