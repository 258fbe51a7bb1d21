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
SUBSETS = 40
KEPT = 0.4
"""Share of the samples in each random subset; docs/decisions.md tells how it was chosen."""
DYAD_ROBUST = "dyad-robust, neighbours fixed"
DELETE_ONE = "delete-one jackknife"
SUBSAMPLING = f"{SUBSETS} random subsets of {KEPT:.0%}"
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
    return _around(score, variance**0.5 / n, n, (lowest, highest), level)


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
    error = ((groups - 1) * float(np.var(left_out))) ** 0.5
    return _around(score, error, groups, (lowest, highest), level)


def subsampling(
    score: float,
    subsets: Float64[np.ndarray, " subsets"],
    n: int,
    lowest: float,
    highest: float,
    level: float = 0.95,
) -> Interval:
    """Interval from scores of random subsets of the samples, drawn without replacement.

    With m of n samples in each, se^2 = m / (n - m) * variance over the subsets: a jackknife that
    leaves out most samples. Unlike leaving out few, it is sound where the score jumps, as leading
    singular vectors do when singular values come close (Shao and Wu 1989).

    Parameters
    ----------
    score
        Score of all samples.
    subsets
        Scores of the subsets of `random_subsets`.
    n
        Samples in all.
    lowest, highest
        Range the interval is cut to.
    level
        Confidence, in (0, 1).
    """
    _check_level(level)
    kept = int(KEPT * n)
    error = float(np.std(subsets, ddof=1)) * (kept / (n - kept)) ** 0.5
    return _around(score, error, len(subsets), (lowest, highest), level)


def _around(
    score: float, error: float, replicates: int, ends: tuple[float, float], level: float
) -> Interval:
    reach = float(stats.t.ppf(0.5 + level / 2, replicates - 1)) * error
    return Interval(float(max(score - reach, ends[0])), float(min(score + reach, ends[1])))


def random_subsets(n: int, seed: int) -> list[np.ndarray]:
    """Return the rows of each of SUBSETS random subsets."""
    rng = np.random.default_rng(seed)
    return [rng.permutation(n)[: int(KEPT * n)] for _ in range(SUBSETS)]


def leave_out_groups(n: int, seed: int) -> list[np.ndarray]:
    """Return, for each of at most GROUPS random groups, the rows that stay when it is left out."""
    order = np.random.default_rng(seed).permutation(n)
    return [np.setdiff1d(order, group) for group in np.array_split(order, min(GROUPS, n))]


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise PRHError(f"a confidence level lies between 0 and 1, got {level}")
