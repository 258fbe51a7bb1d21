"""How sure a score is: samples are left out or weighed, never repeated.

Resampling rows makes duplicates into neighbours and inflates k-NN scores (independent data .010 ->
.108; Groger et al. 2026). Resampling queries on the fixed graph does not, but its 95 % interval
covers 85-93 % of simulated worlds: queries share neighbours, so their scores are not independent.
Leaving one sample out and redrawing the graph covers all of them: neighbours change by jumps, which
a jackknife counts twice. The dyad-robust variance, also on the fixed graph, covers as it says.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy import sparse, stats

from prh_core.errors import PRHError

GROUPS = 20
"""Groups of the grouped jackknife: 20 recomputations, 19 degrees of freedom."""
DYAD_ROBUST = "dyad-robust, neighbours fixed"
DELETE_ONE = "delete-one jackknife"
DELETE_GROUP = f"jackknife over {GROUPS} groups"


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


def dyad_robust(
    score: float,
    residuals: sparse.csr_array,
    lowest: float,
    highest: float,
    level: float = 0.95,
) -> Interval:
    """Interval of a mean over pairs (query, neighbour) that share samples.

    Two pairs are dependent when they share a sample, as query or as neighbour; all others are
    not. Summing the products of residuals over dependent pairs, each once, gives
    se^2 = [sum_i (row_i + column_i)^2 - sum e_ij^2 - sum e_ij e_ji] / n^2
    (Fafchamps and Gubert 2007; Aronow, Samii and Assenova 2015). The neighbour graph is held fixed.

    Parameters
    ----------
    score
        The score.
    residuals
        (n, n) e_ij, what the pair adds to n times the score beyond what its place in the lists
        lets expect; they sum to zero.
    lowest, highest
        Range the interval is cut to.
    level
        Confidence, in (0, 1).
    """
    _check_level(level)
    n = residuals.shape[0]
    influence = np.asarray(residuals.sum(axis=0)) + np.asarray(residuals.sum(axis=1))
    twice = residuals.multiply(residuals).sum() + residuals.multiply(residuals.T).sum()
    # The difference may come out below zero by chance; counting pairs twice errs to the safe side.
    variance = float(np.sum(influence**2))
    variance = variance - float(twice) if variance > twice else variance
    reach = float(stats.t.ppf(0.5 + level / 2, n - 1)) * variance**0.5 / n
    return Interval(float(max(score - reach, lowest)), float(min(score + reach, highest)))


def jackknife(
    score: float,
    left_out: Float64[np.ndarray, " groups"],
    lowest: float,
    highest: float,
    level: float = 0.95,
) -> Interval:
    """Interval from scores recomputed with one sample, or one group of samples, left out.

    Leaving out makes no duplicates, so nothing is inflated: sound for kernel metrics, which are
    smooth functions of averages over pairs of samples. Student's t with groups - 1 degrees of
    freedom; se^2 = (g - 1)/g * sum_j (m_j - mean m)^2  (Efron and Stein 1981).

    Parameters
    ----------
    score
        Score of all samples.
    left_out
        Score without each group.
    lowest, highest
        Range the interval is cut to.
    level
        Confidence, in (0, 1).
    """
    _check_level(level)
    groups = len(left_out)
    spread = np.sqrt((groups - 1) * np.mean((left_out - left_out.mean()) ** 2))  # pyright: ignore[reportUnknownArgumentType]
    reach = float(stats.t.ppf(0.5 + level / 2, len(left_out) - 1) * spread)
    return Interval(float(max(score - reach, lowest)), float(min(score + reach, highest)))


def leave_out_groups(n: int, seed: int) -> list[np.ndarray]:
    """Return, for each of at most GROUPS random groups, the rows that stay when it is left out."""
    order = np.random.default_rng(seed).permutation(n)
    return [np.setdiff1d(order, group) for group in np.array_split(order, min(GROUPS, n))]


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise PRHError(f"a confidence level lies between 0 and 1, got {level}")
