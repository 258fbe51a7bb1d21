"""The door through which features enter: every accepted form, every refusal."""

import numpy as np
import pytest
import torch

from prh_core.errors import FeatureShapeError, NotFiniteError, SampleCountError
from prh_core.types import as_layers

ROWS = np.arange(12, dtype=np.float64).reshape(4, 3)


@pytest.mark.parametrize(
    ("features", "layers"),
    [
        (ROWS, 1),
        (np.stack([ROWS, 2 * ROWS]), 2),
        ([ROWS, ROWS[:, :2]], 2),
        (torch.tensor(ROWS, requires_grad=True), 1),
        (torch.tensor(ROWS).to(torch.bfloat16), 1),
        ((torch.tensor(ROWS).half(), ROWS.astype(np.float16)), 2),
        (ROWS.astype(np.int64), 1),
        (np.asfortranarray(ROWS), 1),
        (ROWS[::-1], 1),
    ],
)
def test_every_form_becomes_contiguous_float32(features: object, layers: int) -> None:
    found = as_layers(features)
    assert len(found) == layers
    assert all(layer.dtype == np.float32 and layer.flags.c_contiguous for layer in found)


def test_values_are_kept() -> None:
    assert np.array_equal(as_layers(ROWS[::-1])[0], ROWS[::-1].astype(np.float32))


@pytest.mark.parametrize("bad", [np.ones(3), np.ones((2, 2, 2, 2)), [], [np.ones(3)], "abc"])
def test_other_shapes_are_refused(bad: object) -> None:
    with pytest.raises(FeatureShapeError):
        as_layers(bad)


@pytest.mark.parametrize("bad", [np.ones((0, 3)), np.ones((3, 0))])
def test_empty_layers_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(FeatureShapeError, match="layer 0 should be"):
        as_layers(bad)


def test_layers_of_different_n_are_refused() -> None:
    with pytest.raises(SampleCountError, match="layer 1 holds 3 samples, layer 0 holds 4"):
        as_layers([ROWS, ROWS[:3]])


@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "nan"), (np.inf, "inf"), (1e300, "beyond float32's range")],
)
def test_a_value_that_is_not_finite_is_named(value: float, words: str) -> None:
    rows = ROWS.copy()
    rows[2, 1] = value
    with pytest.raises(NotFiniteError, match=f"bloom: layer 1 .* row 2, column 1: .*{words}"):
        as_layers([ROWS, rows], "bloom")
