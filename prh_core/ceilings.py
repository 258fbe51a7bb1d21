"""What a model scores with itself: shown a second view, or half of its dimensions."""

from typing import Literal, NamedTuple

import numpy as np

from prh_core import prepare
from prh_core.errors import PRHError, SecondViewError
from prh_core.layers import align
from prh_core.metrics import get_metric
from prh_core.types import Features, Layout, as_layers, check_whole, check_whole_k


class NoiseCeiling(NamedTuple):
    """What a model scores against itself, shown a second view of the same samples."""

    score: float
    """Best over the pairs of a layer of the first view and a layer of the second."""
    layers: tuple[int, int]
    """That pair; where all layers side by side compete, they come after the last layer."""


class SplitHalf(NamedTuple):
    """How alike the two halves of a layer's dimensions represent the samples."""

    score: float
    """Mean over the splits."""
    scores: tuple[float, ...]
    """The best layer of each split."""


def noise_ceiling(
    X: Features,  # noqa: N803
    second: Features | None = None,
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    concatenate: bool = False,
    device: str | None = None,
    layout: Layout = "auto",
) -> NoiseCeiling:
    """Score a model against itself, shown a second view of the same samples.

    The second view is another look at what the samples show: another person's caption of every
    image, the images mirrored. What differs between the views is noise to the model, so this is
    its test-retest reliability, and it says how much agreement survives a change of view.

    What it bounds: the score of X with a model that has the same signal and at least as much
    noise of its own, in expectation. What it does not: a model with less noise than X can score
    above it with X (of two correlations, up to the root of their reliabilities, Spearman 1904);
    so can a model that saw the very same view as X, noise and all. A view that changes little
    gives a ceiling near 1, which bounds little.

    Args:
        X: features of one model, as in `prh_core.align`: n samples.
        second: the same model's features of the second view, row i the same sample as row i of X.
            There is no ceiling without it.
        metric, k, truncate, normalize, concatenate, device, layout: as in `prh_core.align`, and as
            where the scores were made that the ceiling stands beside.

    Returns:
        NoiseCeiling(score, layers); the score lies in the metric's own range.

    Raises:
        SecondViewError: there is no second view.
        SampleCountError: the views hold different numbers of samples.
    """
    if second is None:
        raise SecondViewError(
            "a noise ceiling needs the model's features of a second view of the same samples "
            "(another caption of every image, the images mirrored), and there are none: what is "
            "left is split_half_agreement, which bounds nothing"
        )
    aligned = align(
        X, second, metric=metric, k=k, truncate=truncate, normalize=normalize,
        concatenate=concatenate, device=device, layout=layout,
    )  # fmt: skip
    return NoiseCeiling(aligned.score, aligned.layers)


def split_half_agreement(
    X: Features,  # noqa: N803
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    splits: int = 10,
    seed: int = 0,
    device: str | None = None,
    layout: Layout = "auto",
) -> SplitHalf:
    """Score one random half of a layer's dimensions against the other half.

    Every layer's dimensions are dealt into two halves, and layer l's first half is scored against
    layer l's second half; the best layer of each split, averaged over the splits. It says how
    redundantly dimensions carry the representation, so it grows with their number. It is no
    ceiling: a model that is X rotated scores 1 with X, whatever the halves score.

    Args:
        X: features of one model, as in `prh_core.align`.
        metric, k, truncate, normalize, device, layout: as in `prh_core.align`.
        splits: number of random splits.
        seed: of the splits.

    Returns:
        SplitHalf(score, scores); the scores lie in the metric's own range.

    Raises:
        PRHError: no split was asked for, or every layer has a single dimension.
    """
    chosen = get_metric(metric)
    check_whole_k(k)
    check_whole(splits=splits, seed=seed)
    # Truncation looks at the whole model, as when models are compared; then it is halved.
    whole = prepare.truncate(as_layers(X, "X", layout), truncate)
    layers = [layer for layer in whole if layer.shape[1] > 1]
    if splits < 1 or not layers:
        raise PRHError("split half needs at least one split and a layer of two dimensions")
    rng = np.random.default_rng(seed)
    best = max if chosen.higher_is_closer else min
    scores: list[float] = []
    for _ in range(splits):
        halves: list[float] = []
        for layer in layers:
            columns = rng.permutation(layer.shape[1])
            middle = len(columns) // 2
            first, second = layer[:, columns[:middle]], layer[:, columns[middle:]]
            aligned = align(first, second, metric=metric, k=k, normalize=normalize, device=device)
            halves.append(aligned.score)
        scores.append(best(halves))
    return SplitHalf(float(np.mean(scores)), tuple(scores))
