"""Numbers of samples in words."""

from typing import Any

from pages.ui.plain import plain

MARKS = (
    "Dots: means over random subsets, with the 95 % interval of what so many samples score on "
    "average. Dotted: chance. Dashed with its band: not measured, the last two sizes taken on as a "
    "power of n."
)
CURVES = (
    "At a **fixed k** neighbors are ever nearer as samples are added, so mutual k-NN falls, and"
    " scores of different n must not be compared. At a **fixed k / n** the same part of the "
    "space is compared, and the interval at n held the score of 1,024 samples in .88 to 1.00 of"
    " subsets (Flickr8k, n = 64 to 512, nominal .95). Layers are the single pair that is best "
    "on all samples. Subsets of one random order are disjoint. **What is dashed** is a straight"
    " line between the logarithms of the last two sizes; its band has their sampling error and "
    "half of the bend of the last three: on Flickr8k it held the score of twice and four times "
    "the samples in .98 and more, in simulated worlds in .98; far beyond it is a guess."
)
CLASSES = (
    "**Between**: each class is the mean of its samples, and counts as one. **Within**: samples"
    " are compared with those of their class alone, mean over all. Neighbors are the same share"
    " of what is compared on both sides, so each has a chance of its own (gray bar). Where only"
    " the first is above chance, the models agree on what things are and no further. Gray dots:"
    " one model or both untrained."
)

MANY = (
    "A sample is a concept of several captions or frames. **One to one** (open): mutual k-NN of"
    " one of them, mean over every choice. **Many to many** (filled): each item's k nearest "
    "items of other samples, counted as shared where the other model has an item of the same "
    "sample among its own. Gray bar: many to many by chance, samples of one side permuted. The "
    "interval of the difference, chance taken out of both, takes samples as independent, so it "
    "is rather narrow. Koepke et al. 2026 argue that agreement is lower many to many; their "
    "count is another one."
)


def describe_many(row: dict[str, Any], dataset: str) -> list[str]:
    """Say what stands behind scores many to many, in one line."""
    return [
        f"{plain(dataset)}: n = {row['n']:,} samples · {row['items_x']} and {row['items_y']} items "
        f"each · k = {row['k']} · layers best one to one on all samples"
    ]


def describe_curve(row: dict[str, Any], dataset: str, samples: int) -> list[str]:
    """Say what stands behind a curve, in one line."""
    return [
        f"{plain(dataset)}: n = {samples:,} samples · {row['orders']} random orders, cut into "
        f"disjoint subsets · layers {plain(row['layer_name_x'])} and {plain(row['layer_name_y'])}, "
        "best on all samples"
    ]


def describe_classes(row: dict[str, Any], dataset: str, samples: int) -> list[str]:
    """Say what stands behind scores in classes, in one line."""
    out = f", {row['left_out']:,} samples of smaller ones left out" if row["left_out"] else ""
    k = ""
    if row["within_k"] is not None:
        k = f" · k = {row['within_k']} within, {row['between_k']} between"
    return [
        f"{plain(dataset)}: n = {samples:,} samples · {row['classes']} classes by "
        f"{plain(row['source'])}, {row['within_n']:,} samples each in the mean{out}{k}"
    ]
