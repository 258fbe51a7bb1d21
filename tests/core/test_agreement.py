"""Agreement of distances against scipy, loops and worlds where chance rules."""

import itertools

import numpy as np
import pytest
from scipy import stats

from prh_core.agreement import distance_agreement
from prh_core.errors import LayoutError


def spread(places: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=2)


def pair(n: int, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(n, 3))
    return spread(places), spread(places + noise * rng.normal(size=(n, 3)))


@pytest.mark.parametrize("n", [5, 20])
def test_rho_is_scipys_and_p_counts_orders(n: int) -> None:
    a, b = pair(n, 0, 0.8)
    found = distance_agreement(a, b, shuffles=300)
    rows, columns = np.triu_indices(n, 1)
    assert found.rho == pytest.approx(stats.spearmanr(a[rows, columns], b[rows, columns]).statistic)
    assert (found.things, found.pairs, found.exact) == (n, n * (n - 1) // 2, n == 5)
    if n == 5:
        every = [
            stats.spearmanr(a[rows, columns], b[np.ix_(o, o)][rows, columns]).statistic
            for o in itertools.permutations(range(5))
        ]
        assert found.shuffles == 120
        assert found.p_value == np.mean(np.array(every) >= found.rho - 1e-9)
    else:
        assert found.p_value == 1 / 301
    assert found.low < found.rho < found.high


def test_monotone_changes_leave_it_and_identity_is_one() -> None:
    a, b = pair(12, 1, 0.5)
    assert distance_agreement(a, b).rho == pytest.approx(distance_agreement(a**3, b).rho)
    assert distance_agreement(a, a).rho == pytest.approx(1)
    assert distance_agreement(a, b).rho == pytest.approx(distance_agreement(b, a).rho)


def test_unrelated_layouts_are_called_related_as_often_as_said() -> None:
    called = sum(
        distance_agreement(pair(9, s, 0)[0], pair(9, s + 1000, 0)[0], shuffles=99, seed=s).p_value
        <= 0.05
        for s in range(300)
    )
    assert 4 <= called <= 27  # 15 expected; within three standard deviations


def test_the_interval_covers_the_agreement_of_the_whole() -> None:
    """Twenty things drawn of a thousand: the interval holds the thousand's correlation."""
    a, b = pair(1000, 0, 0.9)
    rows, columns = np.triu_indices(1000, 1)
    truth = float(stats.spearmanr(a[rows, columns], b[rows, columns]).statistic)
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        some = rng.choice(1000, 20, replace=False)
        found = distance_agreement(a[np.ix_(some, some)], b[np.ix_(some, some)], shuffles=1)
        covered += found.low <= truth <= found.high
    assert covered >= 0.9 * 300


def test_what_cannot_be_ranked_is_refused() -> None:
    a, _ = pair(6, 0, 1)
    with pytest.raises(LayoutError, match="all distances are the same"):
        distance_agreement(a, 1 - np.eye(6))
    with pytest.raises(LayoutError, match="four things, got 3"):
        distance_agreement(a[:3, :3], a[:3, :3])
    with pytest.raises(LayoutError, match="symmetric"):
        distance_agreement(a, np.triu(a))
