"""Color against known values and loops, and pairs of pixels without a bias of edges."""

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prh_core.color_cooccurrence import (
    Word,
    centroids,
    customary,
    frequent,
    lab_to_srgb,
    srgb_to_lab,
    together,
)
from prh_core.errors import LayoutError

# Bruce Lindbloom's calculator, D65, no adaptation.
KNOWN = {
    (255, 255, 255): (100.0, 0.0, 0.0),
    (0, 0, 0): (0.0, 0.0, 0.0),
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (128, 128, 128): (53.5850, 0.0, 0.0),
}


@pytest.mark.parametrize(("rgb", "lab"), KNOWN.items())
def test_lab_of_known_colors(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    found = srgb_to_lab(np.array(rgb, np.uint8))
    np.testing.assert_allclose(found, lab, atol=0.02)
    np.testing.assert_allclose(found, srgb_to_lab(np.array(rgb) / 255))


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_lab_and_back_is_the_same_color(rgb: list[int]) -> None:
    back = lab_to_srgb(srgb_to_lab(np.array(rgb, np.uint8)))
    np.testing.assert_allclose(back * 255, rgb, atol=0.02)


def test_a_color_no_screen_shows_is_cut_to_one_it_does() -> None:
    found = lab_to_srgb(np.array([[50.0, 200.0, -200.0], [200.0, 0.0, 0.0]]))
    assert found.min() >= 0
    assert found.max() <= 1
    with pytest.raises(LayoutError, match="CIELAB"):
        lab_to_srgb(np.array([np.nan, 0, 0]))


@given(st.floats(0, 1), st.floats(0, 1))
def test_lightness_rises_and_gray_has_no_hue(a: float, b: float) -> None:
    low, high = sorted((a, b))
    found = srgb_to_lab(np.array([[low] * 3, [high] * 3]))
    assert found[0, 0] <= found[1, 0]
    np.testing.assert_allclose(found[:, 1:], 0, atol=0.02)


def test_shapes_are_kept_and_nonsense_refused() -> None:
    assert srgb_to_lab(np.zeros((2, 5, 3), np.uint8)).shape == (2, 5, 3)
    for bad, named in (
        (np.zeros((2, 4)), "colors"),
        (np.full((2, 3), 1.5), "0 to 1"),
        (np.full((2, 3), np.nan), "0 to 1"),
    ):
        with pytest.raises(LayoutError, match=named):
            srgb_to_lab(bad)


def test_common_words_are_kept_most_used_first() -> None:
    uses = {"teal": 99, "red": 300, "blue": 300, "green": 120, "pink": 100}
    words = [Word(name, (50.0, 0.0, 0.0), count) for name, count in uses.items()]
    assert [w.name for w in customary(words)] == ["blue", "red", "green", "pink"]
    assert [w.name for w in customary(words, most=2)] == ["blue", "red"]
    with pytest.raises(LayoutError, match="3 words have 120 uses"):
        customary(words, least=120)


def test_words_stand_at_the_centroid_of_what_they_named() -> None:
    chips = np.array([[10.0, 0, 0], [30, 4, 0], [50, 0, 9]])
    found = centroids(["dark", "dark", "light"], chips)
    assert found == [Word("dark", (20.0, 2.0, 0.0), 2), Word("light", (50.0, 0.0, 9.0), 1)]
    with pytest.raises(LayoutError, match="a word per chip"):
        centroids(["dark"], chips)


def checks(size: int) -> np.ndarray:
    """Return an image whose four quarters have four colors."""
    image = np.zeros((1, size, size, 3), np.uint8)
    half = size // 2
    image[0, :half, half:] = (250, 0, 0)
    image[0, half:, :half] = (0, 250, 0)
    image[0, half:, half:] = (0, 0, 250)
    return image


def test_every_ordered_pair_within_the_disc_is_as_likely() -> None:
    """Against a loop over all of them, in a small image where edges are everywhere."""
    image = checks(6)
    found = together(image, grid=4, radius=3, pairs=400_000, seed=1)
    wanted = np.zeros((4, 4))
    order = {cell: i for i, cell in enumerate(found.cells.tolist())}

    def cell(y: int, x: int) -> int:
        r, g, b = (int(v) * 4 // 256 for v in image[0, y, x])
        return order[(r * 4 + g) * 4 + b]

    for y in range(6):
        for x in range(6):
            for v in range(6):
                for u in range(6):
                    if 0 < (v - y) ** 2 + (u - x) ** 2 <= 9:
                        wanted[cell(y, x), cell(v, u)] += 1
    assert found.counts.sum() == 400_000
    np.testing.assert_allclose(found.counts / 400_000, wanted / wanted.sum(), atol=0.003)


def test_images_of_several_sizes_count_pixel_by_pixel() -> None:
    """A pixel of a small image is as likely as one of a large image, and no pair crosses over."""
    small, large = np.zeros((4, 4, 3), np.uint8), np.full((8, 16, 3), 255, np.uint8)
    found = together([small, large], grid=2, radius=1, pairs=200_000)
    assert found.counts[0, 1] == found.counts[1, 0] == 0
    neighbors = 2 * (4 * 3 * 2), 2 * (8 * 15 + 7 * 16)
    share = found.counts[0, 0] / found.counts.sum()
    assert share == pytest.approx(neighbors[0] / sum(neighbors), abs=0.003)


def test_the_same_seed_gives_the_same_counts_and_cells_their_mean_color() -> None:
    image = checks(32)
    first, again = (together(image, pairs=5000, seed=2) for _ in range(2))
    np.testing.assert_array_equal(first.counts, again.counts)
    assert len(first.cells) == 4
    np.testing.assert_allclose(np.sort(first.rgb.max(axis=1)), [0, *[250 / 255] * 3])
    hues = [colorsys.rgb_to_hsv(*rgb)[0] for rgb in first.rgb if rgb.max() > 0]
    np.testing.assert_allclose(sorted(hues), [0, 1 / 3, 2 / 3])


def test_rare_colors_are_left_out_with_their_pairs() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    for place, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]):
        image[:, 8 * (place + 1) : 8 * (place + 2)] = color
    image[0, 0] = (255, 0, 255)
    seen = together([image], grid=2, pairs=50_000)
    kept = frequent(seen, 0.01)
    assert len(seen.cells) == 6
    assert len(kept.cells) == 5
    places = np.searchsorted(seen.cells, kept.cells)
    np.testing.assert_array_equal(kept.counts, seen.counts[np.ix_(places, places)])
    with pytest.raises(LayoutError, match="0 of 6 colors take 90.0% of the pixels or more"):
        frequent(seen, 0.9)


@pytest.mark.parametrize(
    ("images", "more", "named"),
    [
        (np.zeros((2, 8, 8)), {}, "images"),
        (np.zeros((2, 8, 8, 3)), {}, "bytes"),
        (np.zeros((0, 8, 8, 3), np.uint8), {}, "images"),
        (np.zeros((2, 1, 8, 3), np.uint8), {}, "no pairs"),
        (np.zeros((2, 8, 8, 3), np.uint8), {"grid": 1}, "grid"),
        (np.zeros((2, 8, 8, 3), np.uint8), {"radius": 0}, "radius"),
    ],
)
def test_what_are_no_images_is_refused(images: np.ndarray, more: dict, named: str) -> None:
    with pytest.raises(LayoutError, match=named):
        together(images, **more)
