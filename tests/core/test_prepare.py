"""Truncation and normalization against slow definitions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prh_core.errors import DegenerateLayerError, FeatureShapeError
from prh_core.prepare import (
    constant_layers,
    exact_threshold,
    mean_threshold,
    normalize,
    truncate,
)

floats = st.floats(-1e6, 1e6, width=32)
layer_stacks = arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 7)), elements=floats
)


@given(layer_stacks)
def test_exact_threshold_is_the_element_a_full_sort_puts_there(stack: np.ndarray) -> None:
    everything = np.sort(np.abs(stack).ravel())
    assert exact_threshold(list(stack)) == everything[int(0.95 * everything.size)]


@given(layer_stacks)
def test_mean_threshold_is_torchs_quantile_per_sample_averaged(stack: np.ndarray) -> None:
    # The released code's words: torch.quantile(feats.abs().flatten(1), 0.95, dim=1).mean()
    feats = torch.tensor(stack).transpose(0, 1)
    expected = torch.quantile(feats.abs().flatten(start_dim=1).double(), 0.95, dim=1).mean()
    assert mean_threshold(list(stack)) == pytest.approx(float(expected), rel=1e-6, abs=1e-30)


def test_one_threshold_for_equal_widths_and_one_per_layer_otherwise() -> None:
    rng = np.random.default_rng(0)
    small = rng.normal(size=(20, 5)).astype(np.float32)
    large = 100 * rng.normal(size=(20, 5)).astype(np.float32)
    wide = 100 * rng.normal(size=(20, 6)).astype(np.float32)
    shared = truncate([small, large], "exact")
    assert np.array_equal(shared[0], small), "the large layer sets the threshold for both"
    own = truncate([small, wide], "exact")
    threshold = np.sort(np.abs(small).ravel())[int(0.95 * small.size)]
    assert np.array_equal(own[0], np.clip(small, -threshold, threshold))


def test_truncation_none_changes_nothing_and_an_unknown_one_is_refused() -> None:
    layers = [np.eye(3, dtype=np.float32)]
    assert truncate(layers, None) is layers
    with pytest.raises(FeatureShapeError, match="expected one of"):
        truncate(layers, "median")


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_normalize_survives_extreme_scales(scale: float) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(30, 12))
    unit = normalize([(scale * rows).astype(np.float32)])[0]
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.allclose(unit.exact(), expected, atol=1e-6)


def test_a_row_without_direction_is_named() -> None:
    rows = np.ones((4, 3), dtype=np.float32)
    rows[2] = 0
    with pytest.raises(DegenerateLayerError, match="llama: row 2 of layer 1 is all zeros"):
        normalize([np.ones((4, 3), dtype=np.float32), rows], "llama")


def test_constant_layers_are_found() -> None:
    varied = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert constant_layers([varied, np.ones((3, 2), dtype=np.float32)]).tolist() == [False, True]
