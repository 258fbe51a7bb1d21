"""Leading eigenvectors of many like kernels together, by block Krylov iterations: products only."""

from typing import Any

STEPS = 5
"""Blocks of a Krylov space before it is restarted from its best vectors."""
RESTARTS = 12
MORE = 6
"""Vectors of a block beyond those wanted: what lies close below them is told apart by these."""
TOLERANCE = 1e-8
"""Residual |Kv - lambda v| allowed, as a share of the largest eigenvalue."""


def is_small(size: int, components: int) -> bool:
    """Say whether kernels of that size are decomposed as fast as a whole."""
    return size < 2 * STEPS * (components + MORE)


def leading_eigenvectors(kernels: Any, start: Any, components: int, xp: Any) -> tuple[Any, ...]:
    """Return the leading eigenvectors of symmetric kernels, each with a Rayleigh quotient.

    From a start near them few products are needed: a subset's leading directions are near those of
    all samples. Golub and Van Loan 2013, sec. 10.3 (block Lanczos, restarted).

    Args:
        kernels: (count, m, m) float64, positive semidefinite.
        start: (count, m, at least components) float64, linearly independent columns.
        components: eigenvectors wanted.
        xp: numpy or torch, whichever the arrays are of.

    Returns:
        (count, m, components) orthonormal eigenvectors, (count, components) eigenvalues, largest
        first, and (count,) whether residuals are within `TOLERANCE`.
    """
    block = xp.linalg.qr(start)[0]
    turn = 0
    while True:
        turn += 1
        space, images = block, kernels @ block
        for _ in range(STEPS - 1):
            fresh = images[..., -block.shape[-1] :]
            for _ in range(2):  # the second pass mends what rounding left of the first
                fresh = xp.linalg.qr(fresh - space @ (space.swapaxes(-1, -2) @ fresh))[0]
            space = xp.concatenate([space, fresh], axis=-1)
            images = xp.concatenate([images, kernels @ fresh], axis=-1)
        small = space.swapaxes(-1, -2) @ images
        found, turns = xp.linalg.eigh((small + small.swapaxes(-1, -2)) / 2)
        # Ascending: the last are the largest.
        turns = turns[..., -block.shape[-1] :]
        best = turns[..., -components:]
        vectors, values = space @ best, found[..., -components:]
        away = images @ best - vectors * values[..., None, :]
        residuals = xp.amax((away**2).sum(-2), -1) ** 0.5 / values[..., -1]
        if turn == RESTARTS or bool((residuals <= TOLERANCE).all()):
            return xp.flip(vectors, (-1,)), xp.flip(values, (-1,)), residuals <= TOLERANCE
        block = space @ turns
