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
}
