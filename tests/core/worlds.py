"""Simulated worlds: two noisy views of the same latent samples."""

import numpy as np


def two_views(seed: int, n: int = 100, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return two linear views, (n, 12) and (n, 10), of five latent causes."""
    maps = np.random.default_rng(12345)
    to_x, to_y = maps.normal(size=(5, 12)), maps.normal(size=(5, 10))
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 5))
    return (
        latent @ to_x + noise * 2 * rng.normal(size=(n, 12)),
        latent @ to_y + noise * 2 * rng.normal(size=(n, 10)),
    )
