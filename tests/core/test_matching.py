"""Matching without pairs: held to brute force, to counting, and to spaces that are one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from prh_core.errors import (
    DegenerateLayerError,
    MatchingError,
    SampleCountError,
    TooManySamplesError,
)
from prh_core.matching import (
    SIMILARITIES,
    fixed_points_tail,
    match_spaces,
    pooled,
    score_matching,
    unrelated_like,
)
from prh_core.matching.assignment import assign
from prh_core.matching.chance import fixed_points
from prh_core.matching.similarities import similarity_matrix


def _rotated(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    return x @ np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))[0]


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_the_best_of_all_permutations_is_found(n: int) -> None:
    rng = np.random.default_rng(n)
    every = [np.array(order) for order in permutations(range(n))]
    for _ in range(5):
        a, b = (similarity_matrix(rng.normal(size=(n, 5))) for _ in range(2))
        best = max(sum(a[i, j] * b[p[i], p[j]] for i in range(n) for j in range(n)) for p in every)
        found = assign(a, b, starts=30, rng=rng)
        assert found.objective == pytest.approx(best, abs=1e-12)
        moved = b[np.ix_(found.partner, found.partner)]
        assert found.objective == pytest.approx(float((a * moved).sum()), abs=1e-12)
        assert max(found.starts) == found.objective and len(found.starts) == 30


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("method", ["assignment", "both"])
def test_a_rotated_copy_in_any_order_is_matched_perfectly(method: str, similarity: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 6)) * [3, 2, 2, 1, 1, 1]
    order = rng.permutation(40)
    y = (4 * _rotated(rng, x) + 2)[order]
    found = match_spaces(x, y, method=method, similarity=similarity)  # type: ignore[arg-type]
    score = score_matching(found, np.argsort(order), draws=99)
    assert score.correct == score.n == 40 and score.accuracy == 1
    assert score.objective == pytest.approx(1) and score.true_objective == pytest.approx(1)
    assert score.p_correct < 1e-40 and score.p_rank == 0.01
    assert score.mean_rank < 2


def test_clusters_are_enough_for_a_translation() -> None:
    rng = np.random.default_rng(1)
    centers = 4 * rng.normal(size=(12, 8))
    x = centers[np.arange(360) % 12] + rng.normal(size=(360, 8))
    y = np.hstack([_rotated(rng, x), 0.1 * rng.normal(size=(360, 3))])
    score = score_matching(match_spaces(x, y, method="translation", starts=8), draws=99)
    assert score.correct > 300 and score.mean_rank < 2


@given(st.integers(0, 1_000))
@settings(max_examples=8, deadline=None)
def test_rotation_scale_shift_and_relabeling_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(14, 5)) * [3, 2, 1, 1, 1]
    y = x + 0.1 * rng.normal(size=(14, 5))
    plain = match_spaces(x, y, starts=6)
    other = match_spaces(x, 3 * _rotated(rng, y) - 1, starts=6)
    assert other.objective == pytest.approx(plain.objective)
    assert np.array_equal(other.partner, plain.partner)
    order = rng.permutation(14)
    moved = match_spaces(x, y[order], starts=6)
    assert moved.objective == pytest.approx(plain.objective, abs=0.02)
    if moved.objective == pytest.approx(plain.objective):
        assert np.array_equal(order[moved.partner], plain.partner)
    score = score_matching(plain, draws=49)
    assert -1 <= score.true_objective <= score.objective + 1e-9 <= 1 + 2e-9
    assert 1 <= score.mean_rank <= 14 and 0 <= score.accuracy <= 1
    assert 0 < score.p_correct <= 1 and 0 < score.p_rank <= 1


@pytest.mark.parametrize("method", ["assignment", "both"])
def test_the_order_of_the_rows_is_kept_from_the_search(method: str) -> None:
    """Ties, of which a regular polygon is full, go to no one who could know the truth."""
    angles = 2 * np.pi * np.arange(12) / 12
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    right = [
        score_matching(match_spaces(x, x, method=method, starts=1, seed=seed), draws=1).correct  # type: ignore[arg-type]
        for seed in range(40)
    ]
    # One of 24 symmetries is the identity; luck has 1 of 12 right.
    assert np.mean(right) < 4


def test_unrelated_spaces_are_rejected_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(0)
    scores = []
    for seed in range(120):
        x = rng.normal(size=(16, 5))
        y = unrelated_like(rng.normal(size=(16, 7)) * 5 + 1, seed)
        scores.append(score_matching(match_spaces(x, y, starts=2, seed=seed), draws=99, seed=seed))
    assert np.mean([s.correct for s in scores]) == pytest.approx(1, abs=3 / np.sqrt(120))
    assert np.mean([s.mean_rank for s in scores]) == pytest.approx(8.5, abs=0.5)
    # The mean rank is nearly continuous, so its p-value is uniform: .05 within three errors.
    assert abs(np.mean([s.p_rank <= 0.05 for s in scores]) - 0.05) <= 3 * np.sqrt(0.0475 / 120)
    # Counts are whole: P(4 or more) is .019, the largest level they reach up to .05.
    assert np.mean([s.p_correct <= 0.05 for s in scores]) <= 0.019 + 3 * np.sqrt(0.019 / 120)


def test_luck_is_the_fixed_points_of_a_permutation() -> None:
    for n in (3, 5, 7):
        fixed = [sum(i == at for at, i in enumerate(p)) for p in permutations(range(n))]
        for count in range(n + 1):
            exact = np.mean(np.array(fixed) >= count)
            assert fixed_points_tail([n], count) == pytest.approx(exact, abs=1e-15)
    assert fixed_points_tail([3, 3], 6) == pytest.approx(1 / 36)
    assert fixed_points(1_000).sum() == pytest.approx(1)
    for count in (1, 3, 8):
        assert fixed_points_tail([500], count) == pytest.approx(poisson.sf(count - 1, 1))
        assert fixed_points_tail([100] * 10, 10 + count) == pytest.approx(
            poisson.sf(9 + count, 10), rel=1e-6
        )
    assert 0 < fixed_points_tail([900], 900) < 1e-80


def test_ranks_and_blocks_are_counted() -> None:
    rng = np.random.default_rng(2)
    sides = [rng.normal(size=(10, 4)) for _ in range(4)]
    matched = [match_spaces(sides[0], sides[1]), match_spaces(sides[2], sides[3])]
    alone = [score_matching(one, draws=9) for one in matched]
    together = pooled(matched, draws=9)
    assert (together.n, together.blocks, together.chance_correct) == (20, 2, 2)
    assert together.correct == sum(one.correct for one in alone)
    assert together.mean_rank == pytest.approx(np.mean([one.mean_rank for one in alone]))
    evidence = matched[0].evidence
    ranks = [1 + sum(evidence[i] > evidence[i, i]) for i in range(10)]
    assert alone[0].mean_rank == pytest.approx(np.mean(ranks))
    flat = matched[0]._replace(evidence=np.zeros((10, 10)))
    assert score_matching(flat, draws=9).mean_rank == 5.5
    assert score_matching(flat, draws=9).p_rank == 1


def test_the_control_has_the_spectrum_and_nothing_else() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(size=(4_000, 3)) @ np.diag([5.0, 1.0, 0.2]) + 7
    control = unrelated_like(y, 0)
    assert np.cov(control.T) == pytest.approx(np.cov(y.T), rel=0.1, abs=0.2)
    assert np.abs(np.corrcoef(y[:, 0], control[:, 0])[0, 1]) < 0.05


def test_what_cannot_be_matched_is_said() -> None:
    x = np.random.default_rng(0).normal(size=(9, 3))
    with pytest.raises(SampleCountError, match="same 4 samples or more, got 9 and 8"):
        match_spaces(x, x[:8])
    with pytest.raises(SampleCountError, match="got 3 and 3"):
        match_spaces(x[:3], x[:3])
    with pytest.raises(TooManySamplesError, match="4,000 samples at most"):
        match_spaces(np.zeros((4_001, 2)), np.zeros((4_001, 2)))
    with pytest.raises(DegenerateLayerError, match="Y: row 0 equals the mean"):
        match_spaces(x, np.ones((9, 3)))
    with pytest.raises(DegenerateLayerError, match="equally alike"):
        match_spaces(np.eye(9), x)
    with pytest.raises(MatchingError, match="one start or more"):
        match_spaces(x, x, starts=0)
