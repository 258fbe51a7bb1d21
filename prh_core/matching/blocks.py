"""Disjoint draws of samples, each matched by itself."""

import numpy as np
from jaxtyping import Int64

from prh_core.errors import SampleCountError
from prh_core.matching.spaces import LEAST


def disjoint_blocks(
    total: int, n: int, blocks: int | None = None, seed: int = 0
) -> list[Int64[np.ndarray, " _"]]:
    """Return rows of disjoint blocks of n samples, drawn; of all samples where n is more.

    Args:
        total: samples there are.
        n: samples a block.
        blocks: how many; None for as many as there are.
        seed: of the drawing.

    Raises:
        SampleCountError: fewer than 4 samples a block, no block, or more than there are.
    """
    n = min(n, total)
    if n < LEAST or (blocks is not None and blocks < 1):
        raise SampleCountError(
            f"expected a block or more of {LEAST} samples or more, got {blocks} of {n}"
        )
    count = total // n if blocks is None else blocks
    if n * count > total:
        raise SampleCountError(
            f"{count} blocks of {n} take {n * count:,} samples, and there are {total:,}: take "
            f"{total // n} blocks at most, or a smaller n"
        )
    order = np.random.default_rng(seed).permutation(total)
    return [order[at * n : (at + 1) * n] for at in range(count)]
