"""Hold a matching against the truth, and against luck."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float64, Int64

from prh_core.matching.chance import fixed_points_tail
from prh_core.matching.spaces import Matching

DRAWS = 9_999


class MatchScore(NamedTuple):
    """How much of the truth a matching found."""

    n: int
    """Samples, of all blocks together."""
    blocks: int
    correct: int
    """Samples matched with their true partner."""
    chance_correct: float
    """What luck expects: one a block, whatever n is."""
    p_correct: float
    """P(as many or more) under a random truth, exact."""
    mean_rank: float
    """Of the true partner among all, 1 the best, ties by mean rank."""
    chance_rank: float
    """(n + 1) / 2, of n a block."""
    p_rank: float
    """Share of random truths whose mean rank is as low, itself counted."""
    objective: float
    """Correlation of similarities under the matching; mean of the blocks."""
    true_objective: float
    """Under the truth. Above the objective: the search failed. Below it: the truth is not what
    agrees best, and no search would find it."""

    @property
    def accuracy(self) -> float:
        """Share of the samples matched with their true partner (top-1)."""
        return self.correct / self.n


def score_matching(
    matching: Matching,
    truth: Int64[np.ndarray, " n"] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> MatchScore:
    """Return how many true partners a matching found, at what ranks, and how likely luck does.

    Null: the truth is a permutation drawn at random. Both sets of features, the matching and all
    its evidence are held fixed. It is exact whatever the search does, since the search never sees
    the truth; that samples share classes makes it reject, as it should: part of the pairing was
    found then.

    Args:
        matching: what `match_spaces` found.
        truth: row of y of each row of x; the same row by default.
        draws: random truths for `p_rank`.
        seed: of these.
    """
    return pooled([matching], [truth], draws=draws, seed=seed)


def pooled(
    matchings: Sequence[Matching],
    truths: Sequence[Int64[np.ndarray, " _"] | None] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> MatchScore:
    """Score matchings of disjoint blocks of samples together; see `score_matching`.

    Under the null the truth of each block is random by itself, so counts add up and the test is
    exact. Blocks that share samples must not be pooled.
    """
    rng = np.random.default_rng(seed)
    sizes = [len(one.partner) for one in matchings]
    given = truths or [None] * len(sizes)
    correct, ranked, drawn, true_objective = 0, 0.0, np.zeros(draws), 0.0
    for one, truth in zip(matchings, given, strict=True):
        n = len(one.partner)
        rows = np.arange(n)
        true = rows if truth is None else truth
        correct += int((one.partner == true).sum())
        true_objective += one.objective_of(true) / len(sizes)
        ranks = rank_partners(one.evidence)
        ranked += float(ranks[rows, true].sum())
        for draw in range(draws):
            drawn[draw] += ranks[rows, rng.permutation(n)].sum()
    total = sum(sizes)
    return MatchScore(
        n=total,
        blocks=len(sizes),
        correct=correct,
        chance_correct=float(len(sizes)),
        p_correct=fixed_points_tail(sizes, correct),
        mean_rank=ranked / total,
        chance_rank=sum(n * (n + 1) / 2 for n in sizes) / total,
        p_rank=float(1 + (drawn <= ranked + 1e-9).sum()) / (draws + 1),
        objective=sum(one.objective for one in matchings) / len(sizes),
        true_objective=true_objective,
    )


def unrelated_like(layer: np.ndarray, seed: int) -> Float64[np.ndarray, "n d"]:
    """Return Gaussian features with the mean and the spectrum of these, and nothing else of them.

    The control of a matching: as many dimensions as strong, samples that are nobody's.
    """
    rows = np.asarray(layer, np.float64)
    mean = rows.mean(axis=0)
    _, values, vt = np.linalg.svd(rows - mean, full_matrices=False)
    drawn = np.random.default_rng(seed).normal(size=(len(rows), len(values)))
    return mean + drawn @ (values[:, None] / np.sqrt(len(rows)) * vt)


def rank_partners(evidence: Float64[np.ndarray, "n m"]) -> Float64[np.ndarray, "n m"]:
    """Return the rank of every column in its row, 1 the largest, ties by mean rank."""
    return np.asarray(scipy.stats.rankdata(-evidence, axis=1), np.float64)
