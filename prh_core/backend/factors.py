"""What the mathematics asks about factors and subspaces, float64, done by numpy and LAPACK."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import NDArray
from scipy import linalg

from prh_core.compiled.ranks import neighbor_ranks

ROWS_AT_ONCE = 2**13
"""Rows multiplied in float32 before their products are summed in float64."""
FLAT = 1e-6
"""A column whose spread is below this share of its mean is constant up to float32's rounding."""
ROUNDING = 1e-12
"""Directions with a smaller share of the largest variance are rounding."""

SPARE = 0.9
"""Features are few where they are fewer than this share of the samples."""

Table = Float64[np.ndarray, "lx ly"]


class Factors:
    """A layer's factor F, (n, at most n), has FF' = its centered kernel; kept there as `Any`."""

    def centered_columns(self, rows: Any, standardize: bool) -> Any:
        """Center the columns of float64 rows, in place; scale them to one spread where asked."""
        mean = rows.mean(axis=0)
        wide = rows
        wide -= mean
        if standardize:
            spread = wide.std(axis=0)
            flat = spread <= FLAT * np.abs(mean)
            wide /= np.where(flat, 1.0, spread)
            wide[:, flat] = 0
        return wide

    def narrowed(self, wide: Any) -> Any:
        """Return F with FF' = ww' and at most n columns: w' = QR gives w = R'Q'."""
        n, d = wide.shape
        if d <= n:
            return wide
        upper = linalg.qr(wide.T, mode="r", check_finite=False)[0]
        return np.array(upper[:n].T, dtype=np.float64)

    def side_by_side(self, parts: Sequence[Any]) -> Any:
        """Return factors beside each other, (n, sum of their widths)."""
        return np.hstack(parts)

    def root_of_sum(self, parts: Sequence[Any]) -> Any:
        """Return F with FF' the sum of the parts' squares, by the pivoted Cholesky factor.

        A third of the time of QR; singular values below 1e-8 of the largest are lost.
        """
        gram = parts[0] @ parts[0].T
        for part in parts[1:]:
            gram += part @ part.T
        return cholesky_factor(gram)

    def norm(self, factor: Any) -> float:
        """Return the Frobenius norm."""
        return float(np.linalg.norm(factor))

    def leading(self, factor: Any, components: int) -> tuple[Any, int]:
        """Return at most so many leading left singular vectors, (n, components), and their number.

        Exact: from the eigendecomposition of the smaller of FF' and F'F, in float64. Columns beyond
        their number are zero.
        """
        n, d = factor.shape
        few = min(components, n - 1, d)
        values, vectors = _eigenvectors(factor.T @ factor if d < n else factor @ factor.T, few)
        basis = factor @ vectors / np.sqrt(values) if d < n else vectors
        padded = np.zeros((n, components))
        padded[:, : len(values)] = basis
        return padded, len(values)

    def leading_of_subsets(
        self, factor: Any, basis: Any, subsets: Sequence[Int64[np.ndarray, " m"]]
    ) -> tuple[Any, Int64[np.ndarray, " subsets"]]:
        """Return what `leading` does of each subset of as many rows, centered anew.

        Args:
            factor: (n, at most n).
            basis: (n, components) leading left singular vectors of all rows.
            subsets: rows of each.

        Returns:
            (subsets, m, components), and their numbers.
        """
        m, components = len(subsets[0]), basis.shape[1]
        bases = np.zeros((len(subsets), m, components))
        counts = np.empty(len(subsets), dtype=np.int64)
        wide = factor.shape[1] >= m
        kernel = factor @ factor.T if wide else None
        for at, rows in enumerate(subsets):
            if kernel is None:
                part = factor[rows]
                bases[at], counts[at] = self.leading(part - part.mean(axis=0), components)
                continue
            part = centered_twice(kernel[np.ix_(rows, rows)])
            vectors = _eigenvectors(part, min(components, m - 1))[1]
            counts[at] = vectors.shape[1]
            bases[at, :, : counts[at]] = vectors
        return bases, counts

    def leading_of_gram(self, gram: Any, components: int) -> tuple[Any, int]:
        """Return the same of F, of which only FF' is known."""
        vectors = _eigenvectors(gram, min(components, len(gram) - 1))[1]
        padded = np.zeros((len(gram), components))
        padded[:, : vectors.shape[1]] = vectors
        return padded, vectors.shape[1]

    def spectrum(self, rows: Any, kernel: Any) -> tuple[Float64[np.ndarray, " rank"], Any, bool]:
        """Return eigenvalues and eigenvectors of the kernel of centered rows, and if these are all.

        Of the rows' own products where there are rows: there are as many vectors as features then,
        and of other directions nothing is known but that their eigenvalue is 0.

        Args:
            rows: (n, d) float64, centered; None: the kernel's are wanted.
            kernel: (n, n) float64; None with rows.

        Returns:
            (r,) values on the host; (n, r) float32 vectors; whether n - 1 directions are there.
        """
        if rows is not None:
            values, vectors = linalg.eigh(rows.T @ rows, driver="evd", check_finite=False)
            real = values > ROUNDING * values[-1]
            values = values[real]
            turned = (vectors[:, real] / np.sqrt(values)).astype(np.float32)
            return values, rows.astype(np.float32) @ turned, False
        values, vectors = linalg.eigh(kernel, driver="evd", check_finite=False)
        # The mean, which every centered kernel sends to 0, is left out of all of them.
        vectors -= vectors.mean(axis=0)
        return values.clip(0), vectors.astype(np.float32), True

    def leftover(self, vectors: Any, left: Float64[np.ndarray, " rank"], whole: bool) -> Any:
        """Return the sum of left_i^2 v_i v_i', float32; directions that are not there count 1.

        The mean, which no regression leaves, counts nothing beside centered kernels.
        """
        if whole:
            part = vectors * left.astype(np.float32)
            return part @ part.T
        part = vectors * np.sqrt(1 - np.square(left)).astype(np.float32)
        out = part @ part.T
        out *= -1
        np.einsum("ii->i", out)[:] += 1
        return out

    def neighbor_ranks(self, kernel: Any) -> Any:
        """Return each row's ranks of the other samples, ties sharing a rank; its own is 0."""
        return neighbor_ranks(kernel)

    def ridge_hat(self, kernel: Any, penalty: float) -> Any:
        """Return K (K + penalty)^-1 = I - penalty (K + penalty)^-1 of a float64 kernel."""
        inverse = kernel.copy()
        np.einsum("ii->i", inverse)[:] += penalty
        factor, wrong = linalg.lapack.dpotrf(inverse, lower=1, overwrite_a=1)
        inverse, bad = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
        if wrong or bad:
            raise np.linalg.LinAlgError(f"K + {penalty:g} is not positive definite")
        hat = np.tril(inverse, -1) * -penalty
        hat += hat.T
        np.einsum("ii->i", hat)[:] = 1 - penalty * np.diagonal(inverse)
        return hat

    def squared_cross_products(
        self, x: Any, y: Any, order_x: Int64[np.ndarray, " n"], order_y: Int64[np.ndarray, " n"]
    ) -> float:
        """Return |X'Y|^2 of rows in those orders: float32 products in parts, summed in float64."""
        total = np.zeros((x.shape[1], y.shape[1]))
        for start in range(0, len(order_x), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            total += x[order_x[rows]].T @ y[order_y[rows]]
        return float(np.square(total).sum())

    def correlations(self, x: Any, y: Any) -> Table:
        """Return the sum of singular values of x_a'y_b: (lx, n, c), (ly, n, c) -> (lx, ly)."""
        between = between_layers(x, y)
        return np.linalg.svd(between, compute_uv=False).sum(axis=2)

    def paired_correlations(self, x: Any, y: Any) -> Float64[np.ndarray, " subsets"]:
        """Return the sum of singular values of x_s'y_s: (subsets, m, c) twice -> (subsets,)."""
        return np.linalg.svd(x.swapaxes(1, 2) @ y, compute_uv=False).sum(axis=1)

    def nuclear_norms(self, x: Any, ys: Sequence[Any]) -> Float64[np.ndarray, " ys"]:
        """Return the sum of singular values of x'y, (n, p) and (n, q), for every y."""
        return np.array([linalg.svdvals(x.T @ y).sum() for y in ys])


def _eigenvectors(
    small: Float64[np.ndarray, "m m"], few: int
) -> tuple[Float64[np.ndarray, " found"], Float64[np.ndarray, "m found"]]:
    """Return so few of the largest eigenvalues, and their vectors; none that are rounding."""
    size = len(small)
    # Bisection and inverse iteration: for so few of so many the fastest of LAPACK's drivers.
    values, vectors = linalg.eigh(
        small, subset_by_index=[size - few, size - 1], driver="evx", check_finite=False
    )
    real = values > ROUNDING * values[-1]
    return values[real][::-1], vectors[:, real][:, ::-1]


def centered_twice(kernels: Any) -> Any:
    """Return HKH of each kernel, (..., m, m): the inner products of rows centered anew."""
    means = kernels.mean(-1)
    whole = means.mean(-1)[..., None, None]
    return kernels - means[..., None, :] - means[..., :, None] + whole


def between_layers(x: Any, y: Any) -> Any:
    """Return x_a'y_b of all layers as (lx, ly, c, c), by one product."""
    lx, n, c = x.shape
    flat = [side.swapaxes(1, 2).reshape(-1, n) for side in (x, y)]
    return (flat[0] @ flat[1].T).reshape(lx, c, len(y), c).swapaxes(1, 2)


def cholesky_factor(gram: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n rank"]:
    """Return F with FF' = gram, of as many columns as it has rank; the matrix is overwritten."""
    lower, pivots, rank, _ = linalg.lapack.dpstrf(gram, lower=1)
    factor: NDArray[np.float64] = np.zeros((len(gram), rank))
    factor[pivots - 1] = np.tril(lower)[:, :rank]
    return factor
