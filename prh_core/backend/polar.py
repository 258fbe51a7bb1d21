"""Sums of singular values on a torch device, by the polar factor: products only."""

import importlib
import math
from typing import Any

from prh_core.backend.precision import widest

torch: Any = importlib.import_module("torch")

TOLERANCE = 1e-6
"""Relative change by the last step beyond which a sum is not taken for converged."""
_GROWTH = (3.4445, -4.7750, 2.0315)
"""x -> ax + bx^3 + cx^5 brings small singular values up 3.4-fold a step and keeps those in (0, 1]
between 0.68 and 1.21; found by Jordan et al. 2024 (Muon)."""
_POLISHING = 6
"""Steps x -> 1.5x - 0.5x^3, which then bring all to 1."""
_UNSEEN = 1e-7
"""Share of the sum that singular values may hold which were too small to be brought up."""


def nuclear_norms(matrices: Any) -> tuple[Any, Any]:
    """Return the sum of singular values of every matrix, and which sums converged.

    |M|_* = <U, M> with U the polar factor, found by Newton-Schulz iterations from M / |M|_F. All
    singular values are then at most 1, and since |M|_* >= |M|_F, r of them below t |M|_F hold at
    most r t of the sum: enough steps are made that this is 1e-7.

    Args:
        matrices: (count, p, q), in the precision they are to be iterated in.

    Returns:
        (count,) sums, and (count,) whether the last step changed them by at most `TOLERANCE`.
    """
    if matrices.shape[1] < matrices.shape[2]:
        matrices = matrices.transpose(1, 2)
    rank = matrices.shape[2]
    wide = widest(matrices.device)
    norms = matrices.square().sum(dim=(1, 2), dtype=wide).sqrt()
    tiny = torch.finfo(matrices.dtype).tiny
    x = matrices / norms.to(matrices.dtype).clamp(min=tiny)[:, None, None]
    a, b, c = _GROWTH
    for _ in range(math.ceil(math.log(rank / _UNSEEN) / math.log(a))):
        square = x.transpose(1, 2) @ x
        x = a * x + x @ (b * square + c * square @ square)
    sums = before = torch.zeros_like(norms)
    for _ in range(_POLISHING):
        x = 1.5 * x - 0.5 * x @ (x.transpose(1, 2) @ x)
        before, sums = sums, (x * matrices).sum(dim=(1, 2), dtype=wide)
    return sums, (sums - before).abs() <= TOLERANCE * sums
