"""Slow, independent definitions: loops and float64, written from the paper's text."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import rankdata


def unit(features: np.ndarray) -> np.ndarray:
    """Rows of length one, in float64."""
    rows = np.asarray(features, dtype=np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def prepared(features: np.ndarray, normalize: bool) -> np.ndarray:
    """Rows in float64, of length one if asked."""
    return unit(features) if normalize else np.asarray(features, dtype=np.float64)


def neighbors(features: np.ndarray, k: int) -> list[list[int]]:
    """The k nearest other rows by inner product, ties to the lower index."""
    found = []
    for i, row in enumerate(features):
        others = [
            (-float(np.dot(row.astype(np.float64), other.astype(np.float64))), j)
            for j, other in enumerate(features)
            if j != i
        ]
        found.append([j for _, j in sorted(others)[:k]])
    return found


def mutual_knn(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """mean_i |S_x(i) & S_y(i)| / k."""
    pairs = zip(neighbors(x, k), neighbors(y, k), strict=True)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in pairs]))


def jaccard_knn(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """mean_i |S_x(i) & S_y(i)| / |S_x(i) | S_y(i)|."""
    pairs = zip(neighbors(x, k), neighbors(y, k), strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(set(a) | set(b)) for a, b in pairs]))


def common_subsequence(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common subsequence."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a, 1):
        for j, right in enumerate(b, 1):
            if left == right:
                table[i][j] = table[i - 1][j - 1] + 1
            else:
                table[i][j] = max(table[i - 1][j], table[i][j - 1])
    return table[-1][-1]


def levenshtein(a: Sequence[int], b: Sequence[int]) -> int:
    """Fewest insertions, deletions and substitutions that turn a into b."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, left in enumerate(a, 1):
        for j, right in enumerate(b, 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (left != right),
            )
    return table[-1][-1]


def lcs_knn(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """mean_i LCS(S_x(i), S_y(i)) / k, nearest first."""
    pairs = zip(neighbors(x, k), neighbors(y, k), strict=True)
    return float(np.mean([common_subsequence(a, b) / k for a, b in pairs]))


def edit_knn(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """1 - mean_i Levenshtein(S_x(i), S_y(i)) / k, nearest first."""
    pairs = zip(neighbors(x, k), neighbors(y, k), strict=True)
    return 1.0 - float(np.mean([levenshtein(a, b) / k for a, b in pairs]))


def cycle_knn(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """Share of i for which some j in S_y(i) has i in S_x(j)."""
    near_x, near_y = neighbors(x, k), neighbors(y, k)
    return float(np.mean([any(i in near_x[j] for j in near_y[i]) for i in range(len(near_x))]))


def cycle_knn_reverse(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """The cycle that leaves through x and comes back through y."""
    return cycle_knn(y, x, k)


def linear_kernel(features: np.ndarray) -> np.ndarray:
    """Every inner product, each summed alike, so equal rows give equal entries."""
    rows = np.asarray(features, dtype=np.float64)
    return np.array([[float(np.sum(a * b)) for b in rows] for a in rows])


def rbf_kernel(features: np.ndarray, sigma: float | None = None) -> np.ndarray:
    """exp(-d^2 / (2 sigma^2)); sigma None is the median distance between different samples."""
    rows = np.asarray(features, dtype=np.float64)
    squared = np.array([[float(np.sum((a - b) ** 2)) for b in rows] for a in rows])
    if sigma is None:
        sigma = float(np.median(np.sqrt(squared)[~np.eye(len(rows), dtype=bool)]))
    return np.exp(-squared / (2 * sigma**2))


def centered(kernel: np.ndarray) -> np.ndarray:
    """H K H."""
    n = len(kernel)
    h = np.eye(n) - np.ones((n, n)) / n
    return h @ kernel @ h


def hsic(kernel_x: np.ndarray, kernel_y: np.ndarray) -> float:
    """tr(HKH HLH) / (n - 1)^2."""
    return float(np.trace(centered(kernel_x) @ centered(kernel_y))) / (len(kernel_x) - 1) ** 2


def hsic_unbiased(kernel_x: np.ndarray, kernel_y: np.ndarray) -> float:
    """Song et al. 2012, eq. 5; as the released code reads it where a matrix is not symmetric."""
    n = len(kernel_x)
    off = 1.0 - np.eye(n)
    a, b, one = off * kernel_x, off * kernel_y, np.ones(n)
    trace = sum(a[i, j] * b[j, i] for i in range(n) for j in range(n))
    sums = (one @ a @ one) * (one @ b @ one) / np.float64((n - 1) * (n - 2))
    cross = 2 * (one @ a @ b @ one) / np.float64(n - 2)
    return float((trace + sums - cross) / np.float64(n * (n - 3)))


def _aligned(
    measure: Callable[[np.ndarray, np.ndarray], float], kernel_x: np.ndarray, kernel_y: np.ndarray
) -> float:
    both = measure(kernel_x, kernel_x) * measure(kernel_y, kernel_y)
    return float(measure(kernel_x, kernel_y) / np.sqrt(np.float64(both)))


def cka(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with linear kernels."""
    return _aligned(hsic, linear_kernel(x), linear_kernel(y))


def cka_rbf(x: np.ndarray, y: np.ndarray, k: int = 0, sigma: float | None = None) -> float:
    """CKA with Gaussian kernels."""
    return _aligned(hsic, rbf_kernel(x, sigma), rbf_kernel(y, sigma))


def unbiased_cka(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """CKA with the unbiased HSIC."""
    return _aligned(hsic_unbiased, linear_kernel(x), linear_kernel(y))


def top_directions(features: np.ndarray, count: int = 10) -> np.ndarray:
    """The top left singular vectors once columns are centered and scaled."""
    rows = np.asarray(features, dtype=np.float64)
    scaled = np.zeros_like(rows)
    for j in range(rows.shape[1]):
        column = rows[:, j]
        if column.min() < column.max():
            scaled[:, j] = (column - column.mean()) / column.std()
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    rank = int(np.sum(values > values.max() * max(rows.shape) * np.finfo(np.float64).eps))
    return left[:, : min(count, rank)]


def svcca(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """Mean singular value of U_x' U_y."""
    return float(np.linalg.svd(top_directions(x).T @ top_directions(y), compute_uv=False).mean())


def cknna(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """CKA over pairs that are k-neighbors on both sides; kernels are centered first."""
    near_x, near_y = neighbors(x, k), neighbors(y, k)
    kernel_x, kernel_y = centered(linear_kernel(x)), centered(linear_kernel(y))
    both = own_x = own_y = 0.0
    for i in range(len(near_x)):
        both += sum(kernel_x[i, j] * kernel_y[i, j] for j in set(near_x[i]) & set(near_y[i]))
        own_x += sum(kernel_x[i, j] ** 2 for j in near_x[i])
        own_y += sum(kernel_y[i, j] ** 2 for j in near_y[i])
    return float(both / np.sqrt(own_x * own_y))


def neighbor_mask(features: np.ndarray, k: int) -> np.ndarray:
    """(i, j) is 1 where j is one of i's neighbors."""
    mask = np.zeros((len(features), len(features)))
    for i, row in enumerate(neighbors(features, k)):
        mask[i, row] = 1.0
    return mask


def cknna_released(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """What the released code computes, without its epsilon: masked kernels, then unbiased HSIC."""
    kernel_x, kernel_y = linear_kernel(x), linear_kernel(y)
    mask_x, mask_y = neighbor_mask(x, k), neighbor_mask(y, k)
    mask = mask_x * mask_y
    own_x = hsic_unbiased(mask_x * kernel_x, mask_x * kernel_x)
    own_y = hsic_unbiased(mask_y * kernel_y, mask_y * kernel_y)
    both = hsic_unbiased(mask * kernel_x, mask * kernel_y)
    return float(both / np.sqrt(np.float64(own_x * own_y)))


def rsa(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """Spearman correlation of the similarities of all pairs i < j."""
    upper = np.triu_indices(len(x), 1)
    one, other = (rankdata(linear_kernel(side)[upper]) for side in (x, y))
    return float(np.corrcoef(one, other)[0, 1])


def procrustes(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """2 - 2 ||X'Y||_* / (||X||_F ||Y||_F) of centered columns: a distance."""
    a, b = (np.asarray(side, dtype=np.float64) for side in (x, y))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    nuclear = np.linalg.svd(a.T @ b, compute_uv=False).sum()
    return float(2 - 2 * nuclear / (np.linalg.norm(a) * np.linalg.norm(b)))


def linear_predictivity(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """1 - GCV / GCV of the mean, the best of the penalties, hat matrices by solving."""
    a, b = (np.asarray(side, dtype=np.float64) for side in (x, y))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    n = len(a)
    kernel = a @ a.T
    mean = np.trace(kernel) / (n - 1)
    alone = np.sum(b**2) / n / (1 - 1 / n) ** 2
    found = [0.0]
    for penalty in (1e-4, 1e-1, 10.0):
        hat = np.linalg.solve(kernel + penalty * mean * np.eye(n), kernel)
        gcv = np.sum((b - hat @ b) ** 2) / n / (1 - (1 + np.trace(hat)) / n) ** 2
        found.append(1 - gcv / alone)
    return float(min(1.0, max(found)))


def linear_predictivity_reverse(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """The other way round: x's features told from y's."""
    return linear_predictivity(y, x)


def pwcca(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """Canonical correlations of the leading directions, weighed by what they tell of x."""
    one, other = top_directions(x), top_directions(y)
    left, correlations, _ = np.linalg.svd(one.T @ other, full_matrices=False)
    variates = one @ left
    features = np.asarray(x, dtype=np.float64)
    spread = features.std(axis=0)
    flat = np.isclose(spread, 0, atol=1e-12)
    scaled = (features - features.mean(axis=0)) / np.where(flat, np.inf, spread)
    # Where correlations tie, any turn of their variates is one: the principal axes are taken.
    told: list[np.ndarray] = []
    for rho in sorted({round(float(value), 7) for value in correlations}, reverse=True):
        same = variates[:, np.isclose(correlations, rho, rtol=0, atol=1e-7)].T @ scaled
        told += [size * axis for size, axis in zip(*np.linalg.svd(same)[1:], strict=False)]
    weights = [sum(abs(float(part)) for part in row) for row in told]
    return float(np.average(correlations, weights=weights))


def pwcca_reverse(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """The same, weighed by what the directions tell of y."""
    return pwcca(y, x)


def adjusted_rv(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """(RV - E) / (1 - E) with the mean over permutations in closed form."""
    one, other = (centered(linear_kernel(side)) for side in (x, y))
    both = np.sqrt(np.float64(np.trace(one @ one) * np.trace(other @ other)))
    rv = np.trace(one @ other) / both
    chance = np.trace(one) * np.trace(other) / (len(x) - 1) / both
    return float((rv - chance) / (1 - chance))


def corrected_cka(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """Unbiased HSICs; of a side with itself over pairs of different features only."""

    def own(side: np.ndarray) -> float:
        rows = np.asarray(side, dtype=np.float64)
        d = rows.shape[1]
        whole = hsic_unbiased(rows @ rows.T, rows @ rows.T)
        alone = sum(
            hsic_unbiased(np.outer(feature, feature), np.outer(feature, feature))
            for feature in (rows - rows.mean(axis=0)).T
        )
        apart = (whole - alone) / max(d * (d - 1), 1)
        return max(apart, 0.1 * whole / d**2)

    d, e = np.shape(x)[1], np.shape(y)[1]
    both = hsic_unbiased(linear_kernel(x), linear_kernel(y)) / (d * e)
    return float(np.clip(both / np.sqrt(np.float64(own(x) * own(y))), -1, 1))


def gulp(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """The squared distance by covariances, over what strangers have: Boix-Adsera et al. 2022."""
    a, b = (np.asarray(side, dtype=np.float64) for side in (x, y))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    a, b = (side / np.sqrt(np.mean(np.sum(side**2, axis=1))) for side in (a, b))
    n = len(a)
    of_a, of_b, cross = a.T @ a / n, b.T @ b / n, a.T @ b / n
    inverse_a, inverse_b = (np.linalg.inv(part + 0.01 * np.eye(len(part))) for part in (of_a, of_b))
    own = np.trace(inverse_a @ of_a @ inverse_a @ of_a) + np.trace(
        inverse_b @ of_b @ inverse_b @ of_b
    )
    return float(1 - 2 * np.trace(inverse_a @ cross @ inverse_b @ cross.T) / own)


def information_imbalance(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """The mean rank in y of the nearest in x, brought to 0 at best and 1 by chance."""
    one, other = linear_kernel(x), linear_kernel(y)
    n, ranks = len(one), []
    for i in range(n):
        rest = [j for j in range(n) if j != i]
        mine, theirs = one[i, rest], rankdata(np.round(-other[i, rest], 12))
        nearest = np.isclose(mine, mine.max(), rtol=0, atol=1e-12 * max(1.0, np.abs(one).max()))
        ranks.append(theirs[nearest].mean())
    return float(2 / (n - 2) * (np.mean(ranks) - 1))


def information_imbalance_reverse(x: np.ndarray, y: np.ndarray, k: int = 0) -> float:
    """The mean rank in x of the nearest in y."""
    return information_imbalance(y, x)


ORACLES: dict[str, Callable[[np.ndarray, np.ndarray, int], float]] = {
    "mutual_knn": mutual_knn,
    "jaccard_knn": jaccard_knn,
    "lcs_knn": lcs_knn,
    "edit_knn": edit_knn,
    "cycle_knn": cycle_knn,
    "cycle_knn_reverse": cycle_knn_reverse,
    "cka": cka,
    "cka_rbf": cka_rbf,
    "unbiased_cka": unbiased_cka,
    "svcca": svcca,
    "cknna": cknna,
    "cknna_released": cknna_released,
    "rsa": rsa,
    "procrustes": procrustes,
    "linear_predictivity": linear_predictivity,
    "linear_predictivity_reverse": linear_predictivity_reverse,
    "pwcca": pwcca,
    "pwcca_reverse": pwcca_reverse,
    "adjusted_rv": adjusted_rv,
    "corrected_cka": corrected_cka,
    "gulp": gulp,
    "information_imbalance": information_imbalance,
    "information_imbalance_reverse": information_imbalance_reverse,
}
