"""Many items a concept: counted by hand, and equal to one to one where there is one item."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prh_core import align
from prh_core.concepts import concept_lists, many_to_many
from prh_core.errors import NeighborCountError, SampleCountError
from prh_core.layers import prepare_layers
from prh_core.prepared import PreparedLayers
from tests.core.worlds import two_views


def prepared(side: np.ndarray) -> PreparedLayers:
    return prepare_layers([side.astype(np.float32)], truncation=None)


def nearest(side: np.ndarray, u: int, allowed: np.ndarray, k: int) -> list[int]:
    """The k items most like u by cosine, among those allowed: a loop's worth, by hand."""
    unit = side / np.linalg.norm(side, axis=1, keepdims=True)
    cosines = unit @ unit[u]
    return sorted(np.flatnonzero(allowed).tolist(), key=lambda j: -cosines[j])[:k]


@given(st.integers(0, 1000), st.integers(1, 8))
@settings(max_examples=15, deadline=None)
def test_one_item_a_concept_is_mutual_knn(seed: int, k: int) -> None:
    x, y = two_views(seed, 40)
    order = np.random.default_rng(seed).permutation(40)
    lists = [concept_lists(prepared(side), order, k) for side in (x, y)]
    found = many_to_many(lists[0], order, lists[1], order)
    assert found.score == pytest.approx(align(x, y, k=k).score)
    assert found.by_concept.shape == (40,)


def test_many_items_are_counted_as_by_hand() -> None:
    rng = np.random.default_rng(0)
    x, y = two_views(0, 30)
    of_x, of_y = np.repeat(np.arange(10), 3), np.repeat(np.arange(10), 2)
    x, y = x[rng.permutation(30)], y[:20]
    lists = [concept_lists(prepared(s), of, 4) for s, of in ((x, of_x), (y, of_y))]
    by_hand = []
    for z in range(10):
        parts = []
        for u in np.flatnonzero(of_x == z):
            for v in np.flatnonzero(of_y == z):
                a = [int(of_x[j]) for j in nearest(x, int(u), of_x != z, 4)]
                b = [int(of_y[j]) for j in nearest(y, int(v), of_y != z, 4)]
                parts.append((sum(c in b for c in a) + sum(c in a for c in b)) / 8)
        by_hand.append(float(np.mean(parts)))
    found = many_to_many(lists[0], of_x, lists[1], of_y)
    assert found.by_concept == pytest.approx(np.array(by_hand))
    turned = many_to_many(lists[1], of_y, lists[0], of_x)
    assert turned.score == pytest.approx(found.score)
    assert 0 < found.chance < 1


def test_permuted_concepts_score_chance() -> None:
    x = np.random.default_rng(1).normal(size=(120, 6))
    y = np.random.default_rng(2).normal(size=(120, 6))
    of = np.repeat(np.arange(40), 3)
    lists = [concept_lists(prepared(side), of, 5) for side in (x, y)]
    found = many_to_many(lists[0], of, lists[1], of, draws=40)
    assert found.score == pytest.approx(found.chance, abs=0.03)


def test_items_without_concepts_are_refused() -> None:
    x = prepared(two_views(0, 12)[0])
    of = np.repeat(np.arange(4), 3)
    with pytest.raises(SampleCountError, match="each of 12 items, got 11"):
        concept_lists(x, of[:-1], 2)
    with pytest.raises(NeighborCountError, match="between 1 and 9"):
        concept_lists(x, of, 10)
    lists = concept_lists(x, of, 2)
    with pytest.raises(NeighborCountError, match="one k, got 2 and 1"):
        many_to_many(lists, of, lists[:, :1], of)
    with pytest.raises(SampleCountError, match="concept 3 has no item"):
        many_to_many(lists, of, lists[:9], of[:9])
