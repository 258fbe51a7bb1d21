"""Colors: sRGB and CIELAB, color words, and which colors stand near each other in pictures.

The paper's Fig. 8 compares layouts of colors with CIELAB, in which equal distances look about
equally different (CIE 1976).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from prh_core.errors import LayoutError

LEAST_NAMED = 100
"""Uses below which a color word is dropped (Lindsey and Brown 2014, as the paper took them)."""
WORDS = 20
RADIUS = 4
"""Pixels apart, at most, that count as together (paper, Fig. 8)."""
PAIRS = 300_000
_WHITE = np.array([0.95047, 1.0, 1.08883])
"""D65, 2 degrees, as in sRGB (IEC 61966-2-1)."""
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip


def srgb_to_lab(rgb: np.ndarray) -> Float64[np.ndarray, "*shape 3"]:
    """Return CIELAB (L* 0 to 100, a*, b*) of sRGB colors, white D65.

    Args:
        rgb: (..., 3), 0 to 1, or bytes 0 to 255.

    Raises:
        LayoutError: no colors, or values outside of that.
    """
    colors = np.asarray(rgb)
    values = colors / 255 if colors.dtype == np.uint8 else np.asarray(colors, np.float64)
    if colors.ndim < 1 or colors.shape[-1] != 3:
        raise LayoutError(f"expected colors (..., 3), got {colors.shape}")
    if not np.isfinite(values).all() or (values < 0).any() or (values > 1).any():
        raise LayoutError("expected sRGB values from 0 to 1, or bytes")
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    x = linear @ _TO_XYZ.T / _WHITE
    small = 6 / 29
    f = np.where(x > small**3, np.cbrt(x), x / (3 * small**2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])],
        axis=-1,
    )


def lab_to_srgb(lab: np.ndarray) -> Float64[np.ndarray, "*shape 3"]:
    """Return sRGB, 0 to 1, of CIELAB colors; what no screen shows is cut to what it does.

    Raises:
        LayoutError: no colors.
    """
    colors = np.asarray(lab, np.float64)
    if colors.ndim < 1 or colors.shape[-1] != 3 or not np.isfinite(colors).all():
        raise LayoutError(f"expected finite CIELAB colors (..., 3), got {colors.shape}")
    y = (colors[..., 0] + 16) / 116
    f = np.stack([y + colors[..., 1] / 500, y, y - colors[..., 2] / 200], axis=-1)
    small = 6 / 29
    xyz = _WHITE * np.where(f > small, f**3, 3 * small**2 * (f - 4 / 29))
    linear = np.clip(xyz @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


class Word(NamedTuple):
    """A color word, where people put it, and how often they used it."""

    name: str
    lab: tuple[float, float, float]
    """CIELAB centroid of what was called by it."""
    uses: int
    """How often it was used; 0 where that is not told."""


def customary(words: Iterable[Word], *, least: int = LEAST_NAMED, most: int = WORDS) -> list[Word]:
    """Return the words in common use: `least` uses or more, the `most` used first.

    The paper's rule on Lindsey and Brown's namings: words used under 100 times are dropped, which
    leaves 20.

    Raises:
        LayoutError: fewer than four are left, too few for a layout.
    """
    kept = sorted((word for word in words if word.uses >= least), key=lambda w: (-w.uses, w.name))
    if len(kept) < 4:
        raise LayoutError(f"{len(kept)} words have {least} uses or more; a layout needs four")
    return kept[:most]


def centroids(named: Sequence[str], chips: Float64[np.ndarray, "n 3"]) -> list[Word]:
    """Return each word at the CIELAB centroid of the chips it named.

    Args:
        named: n words, one per naming.
        chips: n CIELAB colors, what was named.

    Raises:
        LayoutError: they do not fit together.
    """
    if len(named) != len(chips):
        raise LayoutError(f"expected a word per chip, got {len(named)} and {len(chips)}")
    names, place = np.unique(np.array(named), return_inverse=True)
    uses = np.bincount(place)
    totals = np.stack([np.bincount(place, chips[:, axis]) for axis in range(3)], axis=1)
    means = totals / uses[:, None]
    return [
        Word(str(name), (float(l_), float(a), float(b)), int(count))
        for name, (l_, a, b), count in zip(names, means, uses, strict=True)
    ]


class Together(NamedTuple):
    """How often colors stood near each other."""

    counts: Float64[np.ndarray, "c c"]
    """[a, b]: pairs whose first pixel had color a and whose second b."""
    cells: Int64[np.ndarray, " c"]
    """Cells of the grid that were seen, r * grid^2 + g * grid + b."""
    rgb: Float64[np.ndarray, "c 3"]
    """Mean sRGB of the pixels in each, 0 to 1."""


def together(
    images: Sequence[np.ndarray] | np.ndarray,
    *,
    grid: int = 6,
    radius: int = RADIUS,
    pairs: int = PAIRS,
    seed: int = 0,
) -> Together:
    """Count colors that stand at most `radius` pixels apart, on a grid of RGB.

    The first pixel is uniform over all pixels of all images, the second uniform over the offsets
    of the disc; a pair that leaves its image is drawn again, both pixels anew. So every ordered
    pair of pixels within the disc is as likely as any other, at edges too: clipping or wrapping
    would make pairs along an edge likelier.

    Args:
        images: (height, width, 3) bytes each, of any sizes; (n, height, width, 3) will do.
        grid: cells per channel; a color is its cell.
        radius: Euclidean, in pixels.
        pairs: to draw.
        seed: of the drawing.

    Raises:
        LayoutError: no such images, one of a single pixel's width, or a grid or radius that is
            none.
    """
    heights, widths = _sizes(images)
    if not 2 <= grid <= 256 or radius < 1 or pairs < 1:
        raise LayoutError("expected a grid of 2 to 256, a radius and a number of pairs above zero")
    reach = np.arange(-radius, radius + 1)
    offsets = np.array(
        [(i, j) for i in reach for j in reach if 0 < i * i + j * j <= radius * radius]
    )
    pixels = np.concatenate([image.reshape(-1, 3) for image in images])
    starts = np.concatenate([[0], np.cumsum(heights * widths)])
    rng = np.random.default_rng(seed)
    first: list[np.ndarray] = []
    second: list[np.ndarray] = []
    left = pairs
    while left > 0:
        ask = left + left // 2 + 64
        here = rng.integers(0, len(pixels), ask)
        image = np.searchsorted(starts, here, side="right") - 1
        y, x = np.divmod(here - starts[image], widths[image])
        step = offsets[rng.integers(0, len(offsets), ask)]
        there_y, there_x = y + step[:, 0], x + step[:, 1]
        inside = (there_y >= 0) & (there_y < heights[image])
        inside &= (there_x >= 0) & (there_x < widths[image])
        taken = np.flatnonzero(inside)[:left]
        there = starts[image[taken]] + there_y[taken] * widths[image[taken]] + there_x[taken]
        first.append(pixels[here[taken]])
        second.append(pixels[there])
        left -= len(taken)
    sides = [np.concatenate(side) for side in (first, second)]
    cells = [_cell(side, grid) for side in sides]
    seen, place = np.unique(np.concatenate(cells), return_inverse=True)
    a, b = place[:pairs], place[pairs:]
    size = len(seen)
    counts = np.bincount(a * size + b, minlength=size * size).reshape(size, size)
    colors = np.concatenate(sides).astype(np.float64) / 255
    uses = np.bincount(place)
    means = np.stack([np.bincount(place, colors[:, c]) / uses for c in range(3)], axis=1)
    return Together(counts.astype(np.float64), seen.astype(np.int64), means)


def frequent(seen: Together, least: float) -> Together:
    """Return the colors that take at least this share of the pairs' places, and their pairs.

    How far a rare color is from others its few pixels do not tell.

    Raises:
        LayoutError: fewer than four are left, too few for a layout.
    """
    uses = seen.counts.sum(axis=0) + seen.counts.sum(axis=1)
    kept = np.flatnonzero(uses >= least * uses.sum())
    if len(kept) < 4:
        raise LayoutError(
            f"{len(kept)} of {len(uses)} colors take {least:.1%} of the pixels or more; a layout "
            "needs four"
        )
    return Together(seen.counts[np.ix_(kept, kept)], seen.cells[kept], seen.rgb[kept])


def _sizes(
    images: Sequence[np.ndarray] | np.ndarray,
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    if not len(images):
        raise LayoutError("expected images (height, width, 3) as bytes, got none")
    for image in images:
        if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8:
            raise LayoutError(f"expected images (height, width, 3) as bytes, got {image.shape}")
        if min(image.shape[:2]) <= 1:
            raise LayoutError(f"images of {image.shape[0]} x {image.shape[1]} pixels hold no pairs")
    heights = np.array([image.shape[0] for image in images], np.int64)
    widths = np.array([image.shape[1] for image in images], np.int64)
    return heights, widths


def _cell(rgb: np.ndarray, grid: int) -> np.ndarray:
    place = rgb.astype(np.int64) * grid // 256
    return (place[:, 0] * grid + place[:, 1]) * grid + place[:, 2]
