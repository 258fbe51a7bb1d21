"""How sure a score is: samples are left out or weighed, never repeated.

Resampling rows makes duplicates into neighbors and inflates k-NN scores (independent data .010 ->
.108; Groger et al. 2026). Resampling queries on the fixed graph does not, but its 95 % interval
covers 85-93 % of simulated worlds: queries share neighbors, so their scores are not independent.
Leaving one sample out and redrawing the graph covers all of them: neighbors change by jumps, which
a jackknife counts twice. The dyad-robust variance, also on the fixed graph, covers as it says.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy import optimize, sparse, special

from prh_core.errors import PRHError

GROUPS = 20
"""Groups of the grouped jackknife: 20 recomputations, 19 degrees of freedom."""
SUBSETS = 40
KEPT = 0.4
"""Share of the samples in each random subset; docs/decisions.md tells how it was chosen."""
DYAD_ROBUST = "dyad-robust, neighbors fixed"
DELETE_ONE = "delete-one jackknife"
SUBSAMPLING = f"{SUBSETS} random subsets of {KEPT:.0%}"
DELETE_GROUP = f"jackknife over {GROUPS} groups"


CHOICE_UNDONE = "choice of the best pair undone"
"""What `interval_of_best` adds to a method's name."""
HYBRID = 0.1
"""Share of the error probability spent on bounding the interval of a best score."""


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


class BestInterval(NamedTuple):
    """What the best of a table says about the pair it stands for, its having been chosen undone."""

    estimate: float
    """Median-unbiased estimate of that pair's expected score: as often too high as too low."""
    low: float
    """Confidence interval of the same."""
    high: float


class Share(NamedTuple):
    """That a score is a share, from 0 to 1: its error follows from it and from a count of trials.

    The interval is found where the error does not depend on the share: arcsin sqrt of it, or, of
    a share of samples, Wilson's (1927), which holds near 0 and 1, too.
    """

    samples: int = 0
    """n where each of n samples counts as 0 or 1; 0 where they count by parts."""


class Influence(NamedTuple):
    """How a score's error is made up of samples, or of groups of samples."""

    score: float
    shares: Float64[np.ndarray, " units"]
    """What each contributes; the squares sum to the squared standard error, and the products with
    another score's shares to their covariance."""
    degrees: int
    """Degrees of freedom."""
    step: float = 0.0
    """Distance between neighboring values the score can take; 0 where it is continuous."""

    @property
    def error(self) -> float:
        """Return the standard error."""
        return float(np.sqrt(np.square(self.shares).sum()))


def dyad_robust(score: float, residuals: sparse.csr_array, step: float = 0.0) -> Influence:
    """Return the influence of samples on a mean over pairs (query, neighbor).

    Two pairs are dependent when they share a sample, as query or as neighbor; all others are
    not. Summing the products of residuals over dependent pairs, each once, gives
    se^2 = [sum_i (row_i + column_i)^2 - sum e_ij^2 - sum e_ij e_ji] / n^2
    (Fafchamps and Gubert 2007; Aronow, Samii and Assenova 2015). The neighbor graph is held fixed.

    Args:
        score: the score.
        residuals: (n, n) e_ij, what the pair adds to n times the score beyond what its place in the
            lists lets expect; they sum to zero.
        step: distance between neighboring values of the score.
    """
    return of_dyads(score, *dyad_sums(residuals), step)


def dyad_sums(residuals: sparse.csr_array) -> tuple[Float64[np.ndarray, " n"], float]:
    """Return row plus column sums of (n, n) residuals, and what these count twice."""
    sums = np.asarray(residuals.sum(axis=0)) + np.asarray(residuals.sum(axis=1))
    twice = residuals.multiply(residuals).sum() + residuals.multiply(residuals.T).sum()
    return sums, float(twice)


def of_dyads(
    score: float, sums: Float64[np.ndarray, " n"], twice: float, step: float = 0.0
) -> Influence:
    """Return the influence from row plus column sums of residuals, and what these count twice."""
    n = len(sums)
    return once(Influence(score, sums / n, n - 1, step), twice / n**2)


def once(influence: Influence, twice: float) -> Influence:
    """Return the influence with what its variance counts twice, pairs of samples, counted once."""
    whole = influence.error**2
    # The difference may come out below zero by chance; counting pairs twice errs to the safe side.
    kept = (whole - twice) / whole if whole > twice else 1.0
    return influence._replace(shares=influence.shares * kept**0.5)


def jackknife(score: float, left_out: Float64[np.ndarray, " groups"]) -> Influence:
    """Return the influence of samples, or groups, from scores recomputed without each.

    Leaving out makes no duplicates, so nothing is inflated: sound for kernel metrics, which are
    smooth functions of averages over pairs of samples. se^2 = (g - 1)/g * sum_j (m_j - mean m)^2,
    with g - 1 degrees of freedom. What two samples contribute together it counts twice (Efron and
    Stein 1981): where models are unrelated that is nearly all, see `once`.

    Args:
        score: score of all samples.
        left_out: score without each group.
    """
    groups = len(left_out)
    away = left_out.mean() - left_out
    return Influence(score, away * ((groups - 1) / groups) ** 0.5, groups - 1)


def subsampling(score: float, subsets: Float64[np.ndarray, " subsets"], n: int) -> Influence:
    """Return the influence of random subsets of the samples, drawn without replacement.

    With m of n samples in each, se^2 = m / (n - m) * variance over the subsets: a jackknife that
    leaves out most samples. Unlike leaving out few, it is sound where the score jumps, as leading
    singular vectors do when singular values come close (Shao and Wu 1989).

    Args:
        score: score of all samples.
        subsets: scores of the subsets of `random_subsets`.
        n: samples in all.
    """
    kept = int(KEPT * n)
    away = subsets - subsets.mean()
    scale = (kept / (n - kept) / (len(subsets) - 1)) ** 0.5
    return Influence(score, away * scale, len(subsets) - 1)


def interval_of(
    influence: Influence,
    lowest: float,
    highest: float,
    share: Share | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the interval of a score that was not chosen by the same data.

    Student's t with the influence's degrees of freedom; of a share on the scale of `Share`.

    Args:
        influence: of the score.
        lowest, highest: range the interval is cut to.
        share: given for a score that is a share.
        level: confidence, in (0, 1).
    """
    _check_level(level)
    reach = float(special.stdtrit(influence.degrees, 0.5 + level / 2))
    trials = _trials(influence, share) if share else 0.0
    low, high = (_at(influence, share, trials, end) for end in (-reach, reach))
    return Interval(max(low, lowest), min(high, highest))


def interval_of_best(
    best: Influence,
    others: Sequence[Influence],
    table_size: int,
    lowest: float,
    highest: float,
    *,
    share: Share | None = None,
    higher_is_closer: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> BestInterval:
    """Return the interval of the expected score of the pair that is best in its table.

    A best score is high partly by luck. Given what stands beside it, it is a normal variable cut
    off where another pair would have been chosen: the interval inverts that truncated
    distribution (conditional inference), bounded by what holds for all pairs at once: the hybrid
    interval of Andrews, Kitagawa and McCloskey (2024, Inference on winners), which covers the
    chosen pair's expected score at least as often as `level` says, and hardly more often.

    Args:
        best: influence on the best score.
        others: on the scores nearest to it, over the same units.
        table_size: pairs it was chosen from.
        lowest, highest: range the interval is cut to.
        share: as in `interval_of`. The errors of best and others are pooled: the error of a pair
            that is best by luck is lucky, too.
        higher_is_closer: whether the best is the highest.
        level: confidence, in (0, 1).
        seed: of where a score that comes in steps lies within its step. The same scores and seed
            give the same interval.
    """
    _check_level(level)
    rivals = [influence for influence in others if influence.error > 0] if best.error > 0 else []
    if table_size == 1 or not rivals:
        low, high = interval_of(best, lowest, highest, share, level)
        return BestInterval(best.score, low, high)
    sign = 1.0 if higher_is_closer else -1.0
    gaps = _gaps(best, rivals, sign, seed)
    together = np.array([best.shares @ influence.shares for influence in rivals])
    trials = 0.0
    if share:
        trials = _pooled([_trials(influence, share) for influence in (best, *rivals)])
        at, *those = (_stretched(best.score - gap, trials) for gap in (0.0, *sign * gaps))
        gaps = sign * (at - np.array(those)) / _error_of(trials)
        # One error for all: their covariance over its square is their correlation.
        together = together / np.array([influence.error for influence in rivals]) / best.error
    else:
        gaps, together = gaps / best.error, together / best.error**2
    room = _room(gaps, together)
    alpha = 1 - level
    beta = HYBRID * alpha
    bound = float(-special.ndtri(beta / (2 * table_size)))
    each = (alpha - beta) / (1 - beta) / 2
    # Student's quantile is as much wider than the normal one as few groups ask for.
    wider = float(special.stdtrit(best.degrees, each) / special.ndtri(each))
    ends = [_shift(room, bound, part) for part in (1 - each, 0.5, each)]
    low, estimate, high = sorted(_at(best, share, trials, sign * end * wider) for end in ends)
    # What undoes a lucky choice may lie beyond the range as a whole.
    return BestInterval(*(min(max(end, lowest), highest) for end in (estimate, low, high)))


def _gaps(
    best: Influence, rivals: Sequence[Influence], sign: float, seed: int
) -> Float64[np.ndarray, " rivals"]:
    """Return how far the best score is ahead of each rival, never below zero.

    Scores that come in steps are spread over their steps, each by a uniform variable, as the
    distribution they are held against is continuous: ties are then as near as they would be.
    """
    gaps = np.array([sign * (best.score - rival.score) for rival in rivals])
    if not best.step:
        return np.maximum(gaps, 0.0)
    steps = np.rint(gaps / best.step).astype(np.int64)
    count = round(abs(best.score) / best.step)
    rng = np.random.default_rng([seed, count, *np.abs(steps)])
    places = rng.uniform(size=len(rivals))
    tied = steps == 0
    # Among the tied the best is whichever lies highest.
    ranked = np.sort([rng.uniform(), *places[tied]])
    places[tied], own = ranked[:-1], ranked[-1]
    return np.maximum(gaps + best.step * (own - places), 0.0)


def _room(gaps: Float64[np.ndarray, " rivals"], together: Float64[np.ndarray, " rivals"]) -> float:
    """Return how far, in standard errors, the best score could fall before another is chosen.

    Rival and best move together by c = their covariance over the best's variance, so the rival is
    reached after gap / (1 - c).
    """
    apart = 1 - together
    moving = apart > 1e-6
    return max(float((gaps[moving] / apart[moving]).min(initial=np.inf)), 1e-3)


def _shift(room: float, bound: float, share: float) -> float:
    """Return the mean m at which a normal variable, cut off, is below 0 with that probability.

    Unit variance, kept to [max(-room, m - bound), m + bound]; falls as the share rises.
    """

    def below(mean: float) -> float:
        low, high = max(-room, mean - bound), mean + bound
        inside = _mass(low - mean, high - mean)
        return (_mass(low - mean, -mean) / inside if inside > 0 else 0.0) - share

    return float(optimize.brentq(below, -bound * (1 - 1e-9), bound * (1 - 1e-9), xtol=1e-6))


def _mass(low: float, high: float) -> float:
    """Return the standard normal probability between two points, exact in either tail."""
    if high <= low:
        return 0.0
    if low > 0:
        return float(special.ndtr(-low) - special.ndtr(-high))
    return float(special.ndtr(high) - special.ndtr(low))


def _trials(influence: Influence, share: Share) -> float:
    """Return how many independent trials a share would have the same error of; 0 if none."""
    score, error, n = influence.score, influence.error, share.samples
    if n:
        # Two successes and two failures more (Agresti and Coull 1998) keep 0 and 1 unsure.
        smooth = (n * score + 2) / (n + 4)
        spare = max(smooth * (1 - smooth) - score * (1 - score), 0.0) / n
        return smooth * (1 - smooth) / (error**2 + spare)
    return score * (1 - score) / error**2 if error > 0 and 0 < score < 1 else 0.0


def _pooled(trials: Sequence[float]) -> float:
    """Return the trials whose variance is the mean of theirs."""
    known = [trial for trial in trials if trial]
    return 1 / float(np.mean([1 / (trial + 0.5) for trial in known])) - 0.5 if known else 0.0


def _stretched(score: float, trials: float) -> float:
    """Return arcsin sqrt of a share, by Anscombe (1948): its error hardly depends on the share."""
    inside = (trials * score + 0.375) / (trials + 0.75)
    return float(np.arcsin(np.clip(inside, 0.0, 1.0) ** 0.5))


def _error_of(trials: float) -> float:
    """Return the standard error of a stretched share."""
    return 0.5 / (trials + 0.5) ** 0.5


def _at(influence: Influence, share: Share | None, trials: float, reach: float) -> float:
    """Return the end of the interval that lies `reach` standard errors from the score."""
    score = influence.score
    if not share or not trials:
        return score + reach * influence.error
    if not share.samples:
        angle = _stretched(score, trials) + reach * _error_of(trials)
        sine = np.sin(np.clip(angle, 0.0, np.pi / 2))
        return float((sine**2 * (trials + 0.75) - 0.375) / trials)
    middle = score + reach**2 / (2 * trials)
    away = reach * (max(score * (1 - score), 0.0) / trials + reach**2 / (4 * trials**2)) ** 0.5
    return (middle + away) / (1 + reach**2 / trials)


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
