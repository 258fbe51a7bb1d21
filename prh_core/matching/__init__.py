"""Matching the samples of two spaces without pairs: the strongest form of the hypothesis.

If two models come to the same representation, their spaces alone must tell which sample is which.
`match_spaces` looks for that; `score_matching` holds what it found against the truth and luck.
"""

from prh_core.matching.blocks import disjoint_blocks
from prh_core.matching.chance import fixed_points_tail
from prh_core.matching.scoring import (
    MatchScore,
    pooled,
    rank_partners,
    score_matching,
    unrelated_like,
)
from prh_core.matching.similarities import SIMILARITIES, Similarity
from prh_core.matching.spaces import METHODS, Matching, Method, match_spaces

__all__ = [
    "METHODS",
    "SIMILARITIES",
    "MatchScore",
    "Matching",
    "Method",
    "Similarity",
    "disjoint_blocks",
    "fixed_points_tail",
    "match_spaces",
    "pooled",
    "rank_partners",
    "score_matching",
    "unrelated_like",
]
