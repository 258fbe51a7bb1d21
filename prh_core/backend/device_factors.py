"""Factors and subspaces on a device of torch's: `prh_core.backend.factors.Factors`."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prh_core.backend import lists
from prh_core.backend.factors import (
    FLAT,
    ROUNDING,
    ROWS_AT_ONCE,
    between_layers,
    centered_twice,
    cholesky_factor,
)
from prh_core.backend.leading import MORE, is_small, leading_eigenvectors
from prh_core.backend.polar import nuclear_norms
from prh_core.backend.precision import full_precision, widest

torch: Any = importlib.import_module("torch")


class DeviceFactors:
    """Factors stay there, in float64 where the device has it."""

    put: Callable[..., Any]
    """Brings an array to the device."""
    host: Callable[..., NDArray[Any]]
    """Brings one back."""

    def centered_columns(self, rows: Any, standardize: bool) -> Any:
        """Center the columns of float64 rows, in place; scale them to one spread where asked."""
        mean = rows.mean(dim=0)
        wide = rows.sub_(mean)
        if standardize:
            spread = wide.std(dim=0, correction=0)
            flat = spread <= FLAT * mean.abs()
            wide = torch.where(flat, 0.0, wide / torch.where(flat, 1.0, spread))
        return wide

    def narrowed(self, wide: Any) -> Any:
        """Return F with FF' = ww' and at most n columns: w' = QR gives w = R'Q'."""
        n, d = wide.shape
        if d <= n:
            return wide
        return torch.linalg.qr(wide.T, mode="r").R.T.contiguous()

    def side_by_side(self, parts: Sequence[Any]) -> Any:
        """Return factors beside each other, (n, sum of their widths)."""
        return torch.cat(list(parts), dim=1)

    def root_of_sum(self, parts: Sequence[Any]) -> Any:
        """Return F with FF' the sum of the parts' squares; LAPACK's pivoted Cholesky factor."""
        gram = sum(part @ part.T for part in parts)
        return self.put(cholesky_factor(self.host(gram).copy()))

    def norm(self, factor: Any) -> float:
        """Return the Frobenius norm."""
        return float(torch.linalg.vector_norm(factor))

    def leading(self, factor: Any, components: int) -> tuple[Any, int]:
        """Return at most so many leading left singular vectors, and their number."""
        n, d = factor.shape
        few = min(components, n - 1, d)
        values, vectors = torch.linalg.eigh(factor.T @ factor if d < n else factor @ factor.T)
        values, vectors = values[-few:].flip(0), vectors[:, -few:].flip(1)
        count = int((values > ROUNDING * values[0]).sum())
        values, vectors = values[:count], vectors[:, :count]
        padded = torch.zeros((n, components), dtype=factor.dtype, device=factor.device)
        padded[:, :count] = factor @ vectors / values.sqrt() if d < n else vectors
        return padded, count

    def leading_of_subsets(
        self, factor: Any, basis: Any, subsets: Sequence[NDArray[np.int64]]
    ) -> tuple[Any, NDArray[np.int64]]:
        """Return what `leading` does of each subset of rows: all subsets in the same products."""
        m, components = len(subsets[0]), basis.shape[1]
        rows = self.put(np.stack(subsets))
        if is_small(m, components):
            return self._each_subset(factor, rows, components)
        kernel = factor @ factor.T
        kernels = centered_twice(kernel[rows[:, :, None], rows[:, None, :]])
        # Beside the leading vectors of all rows, some that they may have missed.
        more = np.random.default_rng(0).standard_normal((len(subsets), m, MORE))
        start = torch.cat([basis[rows].to(factor.dtype), self.put(more)], dim=2)
        vectors, values, converged = leading_eigenvectors(kernels, start, components, torch)
        if not bool(converged.all()):
            rest = torch.nonzero(~converged)[:, 0]
            found, those = torch.linalg.eigh(kernels[rest])
            values[rest] = found[:, -components:].flip(1)
            vectors[rest] = those[:, :, -components:].flip(2)
        real = values > ROUNDING * values[:, :1]
        return vectors * real[:, None, :], self.host(real.sum(dim=1))

    def _each_subset(self, factor: Any, rows: Any, components: int) -> tuple[Any, Any]:
        parts = factor[rows] - factor[rows].mean(dim=1, keepdim=True)
        spans = [self.leading(part, components) for part in parts]
        counts = np.array([count for _, count in spans], dtype=np.int64)
        return torch.stack([basis for basis, _ in spans]), counts

    def leading_of_gram(self, gram: Any, components: int) -> tuple[Any, int]:
        """Return the leading left singular vectors of F, of which only FF' is known."""
        few = min(components, len(gram) - 1)
        values, vectors = torch.linalg.eigh(gram)
        values, vectors = values[-few:].flip(0), vectors[:, -few:].flip(1)
        count = int((values > ROUNDING * values[0]).sum())
        padded = torch.zeros((len(gram), components), dtype=gram.dtype, device=gram.device)
        padded[:, :count] = vectors[:, :count]
        return padded, count

    def spectrum(self, rows: Any, kernel: Any) -> tuple[NDArray[np.float64], Any, bool]:
        """Return eigenvalues and eigenvectors of the kernel of centered rows, and if these are all.

        In the widest type that the device has.
        """
        if rows is not None:
            with full_precision():
                values, vectors = torch.linalg.eigh(rows.T @ rows)
                real = values > ROUNDING * values[-1]
                values = values[real]
                vectors = rows @ (vectors[:, real] / values.sqrt())
            return self.host(values).astype(np.float64), vectors.float(), False
        values, vectors = torch.linalg.eigh(kernel)
        vectors -= vectors.mean(dim=0)
        return self.host(values.clip(0)).astype(np.float64), vectors.float(), True

    def leftover(self, vectors: Any, left: NDArray[np.float64], whole: bool) -> Any:
        """Return the sum of left_i^2 v_i v_i', float32; directions that are not there count 1."""
        shares = left if whole else np.sqrt(1 - np.square(left))
        part = vectors * self.put(shares.astype(np.float32))
        with full_precision():
            out = part @ part.T
        if not whole:
            out.neg_().diagonal().add_(1)
        return out

    def neighbor_ranks(self, kernel: Any) -> Any:
        """Return each row's ranks of the other samples, ties sharing a rank; its own is 0."""
        row = -kernel
        row.fill_diagonal_(-torch.inf)
        ordered = row.sort(dim=1).values
        first = torch.searchsorted(ordered, row)
        last = torch.searchsorted(ordered, row, right=True)
        return (first + last - 1).float() / 2

    def ridge_hat(self, kernel: Any, penalty: float) -> Any:
        """Return K (K + penalty)^-1 = I - penalty (K + penalty)^-1."""
        same = torch.eye(len(kernel), dtype=kernel.dtype, device=kernel.device)
        with full_precision():
            factor = torch.linalg.cholesky(kernel + penalty * same)
            return same - penalty * torch.cholesky_inverse(factor)

    def squared_cross_products(
        self, x: Any, y: Any, order_x: NDArray[np.int64], order_y: NDArray[np.int64]
    ) -> float:
        """Return |X'Y|^2 of rows in those orders."""
        total = torch.zeros((x.shape[1], y.shape[1]), dtype=widest(x.device), device=x.device)
        with full_precision():
            for start in range(0, len(order_x), ROWS_AT_ONCE):
                rows = slice(start, start + ROWS_AT_ONCE)
                total += x[self.put(order_x[rows])].T @ y[self.put(order_y[rows])]
        return float(total.square().sum())

    def correlations(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Return the sum of singular values of x_a'y_b: (lx, n, c), (ly, n, c) -> (lx, ly)."""
        between = between_layers(x, y)
        sums = self._nuclear_norms(between.reshape(-1, *between.shape[2:]))
        return sums.reshape(between.shape[:2])

    def paired_correlations(self, x: Any, y: Any) -> NDArray[np.float64]:
        """Return the sum of singular values of x_s'y_s: (subsets, m, c) twice -> (subsets,)."""
        return self._nuclear_norms(x.transpose(1, 2) @ y)

    def nuclear_norms(self, x: Any, ys: Sequence[Any]) -> NDArray[np.float64]:
        """Return the sum of singular values of x'y, (n, p) and (n, q), for every y.

        Multiplied in float64, iterated in float32; those of one width together.
        """
        sums = np.empty(len(ys))
        widths = [y.shape[1] for y in ys]
        for width in set(widths):
            same = [at for at, other in enumerate(widths) if other == width]
            most = max(1, lists.BYTES // (32 * x.shape[1] * width))
            for start in range(0, len(same), most):
                some = same[start : start + most]
                sums[some] = self._nuclear_norms(x.T @ torch.stack([ys[at] for at in some]))
        return sums

    def _nuclear_norms(self, matrices: Any) -> NDArray[np.float64]:
        """Return sums of singular values; those that do not converge by LAPACK."""
        with full_precision():
            sums, converged = nuclear_norms(matrices.float())
        found = lists.host_table(sums)
        for at in np.flatnonzero(~self.host(converged)):
            found[at] = np.linalg.svd(self.host(matrices[at]), compute_uv=False).sum()
        return found
