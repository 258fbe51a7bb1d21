"""Several captions or pictures a concept: mutual k-NN where pairs are many to many.

Huh et al. (2024) measure one caption an image. Koepke, Zverev, Ginosar and Efros ("Back into
Plato's Cave", 2026, arXiv 2604.18572) argue that data are many to many, and that agreement is
lower there. How they count is not repeated here: this is a definition of our own that is theirs of
2024 where every concept has one item.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int32, Int64

from prh_core.errors import NeighborCountError, SampleCountError
from prh_core.metrics.registry import PrepareOptions
from prh_core.metrics.search import search
from prh_core.prepared import PreparedLayers

Concepts = Int64[np.ndarray, " _"]
"""Which concept each item shows, 0 ... c - 1."""


class ConceptScore(NamedTuple):
    """Agreement of two models that saw several items a concept."""

    score: float
    """Mean over concepts of `by_concept`."""
    chance: float
    """Mean of the same with the concepts of one side permuted."""
    by_concept: Float64[np.ndarray, " concepts"]


def concept_lists(
    layers: PreparedLayers, concepts: Concepts, k: int, device: str | None = None
) -> Int32[np.ndarray, "items k"]:
    """Return the concepts of each item's k nearest items of other concepts, nearest first.

    An item's own concept is left out: that siblings are near says nothing of the other side.

    Args:
        layers: one layer, or several side by side, over items.
        concepts: of each item.
        k: neighbors.
        device: where the layers are, as in `prh_core.align`.

    Raises:
        SampleCountError: not as many concepts as items.
        NeighborCountError: some item has fewer than k items of other concepts.
    """
    n = len(layers[0])
    if len(concepts) != n:
        raise SampleCountError(f"expected a concept for each of {n} items, got {len(concepts)}")
    own = int(np.bincount(concepts).max())
    if not 1 <= k <= n - own:
        raise NeighborCountError(
            f"k must be between 1 and {n - own}, the items of other concepts, got k = {k}"
        )
    deepest = min(k + own - 1, n - 1)
    found = search(layers, PrepareOptions(deepest, len(layers) > 1, device=device), "raw")
    lists = concepts[found.indices[-1]]
    other = lists != concepts[:, None]
    # Others keep their order before an item's own.
    first = np.argsort(~other, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(lists, first, axis=1).astype(np.int32)


def many_to_many(
    x: Int32[np.ndarray, "items_x _"],
    concepts_x: Concepts,
    y: Int32[np.ndarray, "items_y _"],
    concepts_y: Concepts,
    *,
    draws: int = 20,
    seed: int = 0,
) -> ConceptScore:
    """Score two models by mutual k-NN, neighbors of one concept counting as the same.

    For a concept z with items u of x and v of y, C_x(u) the concepts of u's k nearest items of
    other concepts (with repeats) and C_y(v) likewise,
    m_z = mean over u, v of [#{c in C_x(u): c in C_y(v)} + #{c in C_y(v): c in C_x(u)}] / (2 k),
    and m = mean_z m_z. Range [0, 1]; symmetric. With one item a concept on both sides it is mutual
    k-NN (paper, eq. 11).

    Args:
        x, y: from `concept_lists`.
        concepts_x, concepts_y: of the items; the same concepts on both sides, 0 ... c - 1.
        draws: permutations of the concepts of y that chance is the mean of.
        seed: of them.

    Raises:
        SampleCountError: a concept without an item on some side.
        NeighborCountError: lists of different k.
    """
    if x.shape[1] != y.shape[1]:
        raise NeighborCountError(f"expected lists of one k, got {x.shape[1]} and {y.shape[1]}")
    count = int(max(concepts_x.max(), concepts_y.max())) + 1
    items = [_by_concept(concepts, count) for concepts in (concepts_x, concepts_y)]
    by_concept = _scores(x, y, items[0], items[1], np.arange(count))
    rng = np.random.default_rng(seed)
    luck = [
        float(_scores(x, y, items[0], items[1], rng.permutation(count)).mean())
        for _ in range(draws)
    ]
    return ConceptScore(float(by_concept.mean()), float(np.mean(luck)) if luck else np.nan,
                        by_concept)  # fmt: skip


def _by_concept(concepts: Concepts, count: int) -> list[Int64[np.ndarray, " own"]]:
    sizes = np.bincount(concepts, minlength=count)
    if (sizes == 0).any():
        raise SampleCountError(
            f"concept {int(np.flatnonzero(sizes == 0)[0])} has no item on one of the sides"
        )
    return np.split(np.argsort(concepts, kind="stable"), np.cumsum(sizes)[:-1])


def _scores(
    x: Int32[np.ndarray, "items_x _"],
    y: Int32[np.ndarray, "items_y _"],
    items_x: Sequence[Int64[np.ndarray, " _"]],
    items_y: Sequence[Int64[np.ndarray, " _"]],
    order: Int64[np.ndarray, " concepts"],
) -> Float64[np.ndarray, " concepts"]:
    """Return m_z of every concept z of x, held against concept order[z] of y, renamed alike."""
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    renamed = back[y]
    found = np.empty(len(order))
    for z, own in enumerate(items_x):
        a, b = x[own], renamed[items_y[order[z]]]
        same = a[:, None, :, None] == b[None, :, None, :]
        found[z] = (same.any(axis=3).mean() + same.any(axis=2).mean()) / 2
    return found
