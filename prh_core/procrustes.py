"""Bring one layout onto another: Kabsch and Umeyama's similarity transform (paper, Fig. 8)."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from prh_core.errors import LayoutError

_FLAT = 1e-9
"""Share of the largest singular value below which a direction is none."""


class Similarity(NamedTuple):
    """A rotation, a scale and a shift: x goes to scale * x @ rotation.T + shift."""

    rotation: Float64[np.ndarray, "d d"]
    """Orthogonal; its determinant is -1 where `reflected`."""
    scale: float
    shift: Float64[np.ndarray, " d"]
    reflected: bool
    moved: Float64[np.ndarray, "n d"]
    """Where the points come to lie."""
    residuals: Float64[np.ndarray, " n"]
    """Distance of each from its target, in the target's unit."""
    rmsd: float
    """Their root mean square, by weight."""
    r_squared: float
    """Share of the target's weighted variance that is met: 1 - residual / total."""

    def apply(self, points: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "m d"]:
        """Move other points likewise."""
        return self.scale * points @ self.rotation.T + self.shift


def kabsch_umeyama(
    points: Float64[np.ndarray, "n d"],
    target: Float64[np.ndarray, "n d"],
    *,
    weights: Float64[np.ndarray, " n"] | None = None,
    scaled: bool = True,
    mirror: bool = False,
) -> Similarity:
    """Return the similarity transform of points that comes nearest to the target.

    Minimizes sum_i w_i |s R x_i + t - y_i|^2 over rotations R (det R = 1), scales s and shifts t
    (Kabsch 1976; Umeyama 1991). A layout from distances has no handedness, so `mirror` tries the
    points with their last axis turned, too, as the paper does with z and -z, and keeps the better.

    Args:
        points: n points to move.
        target: n points to meet, in the same order.
        weights: of the points, none below zero; equal by default.
        scaled: whether to scale.
        mirror: whether to try the mirror image.

    Raises:
        LayoutError: shapes that do not fit, values that are not finite, weights that are none, or
            points or targets that lie on a line (d = 3) or in one place: any rotation about it
            would do.
    """
    x, y, w = _checked(points, target, weights)
    straight = _fit_rotation(x, y, w, scaled)
    if not mirror:
        return straight
    flip = np.ones(x.shape[1])
    flip[-1] = -1
    turned = _fit_rotation(x * flip, y, w, scaled)
    if straight.rmsd <= turned.rmsd:
        return straight
    return turned._replace(rotation=turned.rotation * flip, reflected=True)


def _fit_rotation(x: np.ndarray, y: np.ndarray, w: np.ndarray, scaled: bool) -> Similarity:
    d = x.shape[1]
    mean_x, mean_y = w @ x, w @ y
    a, b = x - mean_x, y - mean_y
    spread_x, spread_y = float(w @ (a * a).sum(axis=1)), float(w @ (b * b).sum(axis=1))
    for which, centered, size in (("points", a, np.abs(x).max()), ("target", b, np.abs(y).max())):
        values = np.linalg.svd(centered * np.sqrt(w)[:, None], compute_uv=False)
        together = not values[0] > _FLAT * size
        if together or int(np.sum(values > _FLAT * values[0])) < d - 1:
            shape = "in one place" if together else "on a line"
            raise LayoutError(f"the {which} lie {shape}: no rotation is better than another")
    u, values, vt = np.linalg.svd((b * w[:, None]).T @ a)
    sign = np.ones(d)
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        sign[-1] = -1
    rotation = (u * sign) @ vt
    scale = float(values @ sign) / spread_x if scaled else 1.0
    shift = mean_y - scale * rotation @ mean_x
    moved = scale * x @ rotation.T + shift
    residuals = np.linalg.norm(moved - y, axis=1)
    left = float(w @ residuals**2)
    return Similarity(
        rotation, scale, shift, False, moved, residuals, math.sqrt(left), 1 - left / spread_y
    )


def _checked(
    points: np.ndarray, target: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.asarray(points, np.float64), np.asarray(target, np.float64)
    if x.ndim != 2 or x.shape != y.shape or x.shape[1] < 2 or len(x) < 2:
        raise LayoutError(f"expected two layouts (n, d) of one shape, got {x.shape} and {y.shape}")
    w = np.ones(len(x)) if weights is None else np.asarray(weights, np.float64)
    if w.shape != (len(x),) or not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise LayoutError(f"expected {len(x)} weights, none below zero and not all zero")
    if not np.isfinite(x).all() or not np.isfinite(y).all():
        raise LayoutError("points or target hold NaN or infinity")
    return x, y, w / w.sum()
