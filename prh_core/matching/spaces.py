"""Match two spaces that hold the same samples, without a single pair."""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float64, Int64

from prh_core.errors import MatchingError, SampleCountError, TooManySamplesError
from prh_core.matching.assignment import STARTS, assign
from prh_core.matching.similarities import (
    SIMILARITIES,
    Similarity,
    centered_rows,
    similarity_matrix,
)
from prh_core.matching.translation import one_to_one, refined, translate

Method = Literal["assignment", "translation", "both"]
METHODS: tuple[str, ...] = get_args(Method)
LEAST = 4
"""Samples below which even the right matching could not be told from luck: 1 of 3! is 17 %."""
MOST = 4_000
"""Samples beyond which n x n tables and cubic time are no longer small."""


class Matching(NamedTuple):
    """Which sample of y each sample of x was taken for."""

    partner: Int64[np.ndarray, " n"]
    """Row of y for each row of x, each row once."""
    evidence: Float64[np.ndarray, "n n"]
    """How well row j of y fits row i of x, a cosine: of their similarities to all the others,
    given how these are matched; of a translation, of the features themselves."""
    objective: float
    """Correlation of the similarities of all pairs of samples under this matching."""
    similarities: tuple[Float64[np.ndarray, "n n"], Float64[np.ndarray, "n n"]]
    """Of x and of y, as `similarity_matrix`."""
    starts: tuple[float, ...]
    """Objective that each start came to."""
    method: str

    def objective_of(self, partner: Int64[np.ndarray, " n"]) -> float:
        """Return what another matching scores by the same objective."""
        a, b = self.similarities
        return float((a * b[np.ix_(partner, partner)]).sum())


def match_spaces(
    x: np.ndarray,
    y: np.ndarray,
    *,
    method: Method = "assignment",
    similarity: Similarity = "cosine",
    starts: int = STARTS,
    seed: int = 0,
    told: Callable[[], None] = lambda: None,
) -> Matching:
    """Match the rows of two spaces by what is alike to what within each, and by nothing else.

    ``assignment`` relabels y so that its similarities agree with x's (`assign`); ``translation``
    matches clusters and fits a rotation (`translate`); ``both`` fits the rotation from where the
    assignment ended. Rows of y are shuffled first, since ties are broken by order: the order of
    the rows, which is the truth, never reaches the search.

    Args:
        x: (n, d) features of one model.
        y: (n, e) of another, of the same samples in any order.
        method: how.
        similarity: of samples within a space.
        starts: of the search, or clusterings.
        seed: of the shuffle and the random starts.
        told: called `starts` times, as they end.

    Raises:
        SampleCountError: the sides differ in n, or hold fewer than 4 samples.
        TooManySamplesError: more than 4,000.
        DegenerateLayerError: a side tells no samples apart.
        MatchingError: an option that does not exist.
    """
    n = len(x)
    if n != len(y) or n < LEAST:
        raise SampleCountError(
            f"expected two sides of the same {LEAST} samples or more, got {n:,} and {len(y):,}"
        )
    if n > MOST:
        raise TooManySamplesError(
            f"matching takes {MOST:,} samples at most, since its time grows with their cube; got "
            f"{n:,}: take fewer"
        )
    if method not in METHODS or similarity not in SIMILARITIES or starts < 1:
        raise MatchingError(
            f"expected a method of {', '.join(METHODS)}, a similarity of "
            f"{', '.join(SIMILARITIES)} and one start or more, got {method!r}, {similarity!r} "
            f"and {starts}"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    back = np.argsort(order)
    shuffled = y[order]
    a = similarity_matrix(x, similarity, "X")
    b = similarity_matrix(shuffled, similarity, "Y")

    def agreement(partner: np.ndarray) -> float:
        return float((a * b[np.ix_(partner, partner)]).sum())

    if method == "translation":
        rows = centered_rows(x, "X"), centered_rows(shuffled, "Y")
        partner, evidence, reached = translate(
            *rows, agreement, starts=starts, similarity=similarity, rng=rng, told=told
        )
    else:
        partner, _, reached = assign(a, b, starts=starts, rng=rng, told=told)
        # Cosines of similarity profiles: a sample of strong similarities is not every one's best.
        evidence = cosines(a, b[partner])
        if method == "both":
            evidence = refined(centered_rows(x, "X"), centered_rows(shuffled, "Y"), partner)
            partner = one_to_one(evidence)
    return Matching(
        order[partner],
        evidence[:, back],
        agreement(partner),
        (a, b[np.ix_(back, back)]),
        reached,
        method,
    )


def cosines(
    profiles: Float64[np.ndarray, "n n"], others: Float64[np.ndarray, "n n"]
) -> Float64[np.ndarray, "n n"]:
    """Return cosines of rows with columns; 0 where a column is zero."""
    lengths = np.linalg.norm(profiles, axis=1)[:, None] * np.linalg.norm(others, axis=0)
    return profiles @ others / np.maximum(lengths, np.finfo(np.float64).tiny)
